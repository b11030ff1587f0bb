import HybridClock
import TestSupport

@testable import RegionStore
@testable import Replication

/// A sending end, which a test's expectations cannot hold themselves as it cannot be copied.
final class Sender {
    var machine: SenderLink
    var random = SplitMix64(seed: 7)

    init(log: SenderLink.LogBounds) {
        machine = SenderLink(
            from: LinkFixtures.sender, to: LinkFixtures.regions[1], configuration: LinkFixtures.configuration, log: log)
    }

    var isStreaming: Bool { machine.isStreaming }
    var inFlightByteCount: Int { machine.inFlightByteCount }
    var shippedPosition: LogPosition { machine.shippedPosition }
    var acknowledgedPosition: LogPosition { machine.acknowledgedPosition }

    func received(_ message: LinkMessage, at now: UInt64 = 0) -> [SenderLink.Action] {
        machine.received(message, at: LinkFixtures.at(now))
    }

    func read(_ outcome: SenderLink.ReadOutcome, at now: UInt64 = 0) -> [SenderLink.Action] {
        machine.readFinished(outcome, at: LinkFixtures.at(now))
    }

    func disconnected(isRefusal: Bool = false, at now: UInt64) -> [SenderLink.Action] {
        machine.disconnected(isRefusal: isRefusal, at: LinkFixtures.at(now), using: &random)
    }

    func attemptFailed(isRefusal: Bool = false, at now: UInt64) -> [SenderLink.Action] {
        machine.attemptFailed(isRefusal: isRefusal, at: LinkFixtures.at(now), using: &random)
    }

    func timerFired(at now: UInt64) -> [SenderLink.Action] {
        machine.timerFired(at: LinkFixtures.at(now), using: &random)
    }

    /// Lets heartbeats come due until the sender gives its peer up.
    ///
    /// - Returns: when it does; nil where it does not by `end`.
    func silence(from start: UInt64, to end: UInt64) -> UInt64? {
        for now in stride(from: start, through: end, by: 100) {
            if case .close(.silence) = timerFired(at: now).first { return now }
        }
        return nil
    }

    func acknowledged(_ sequence: UInt64, _ vector: AppliedVector = AppliedVector()) -> [SenderLink.Action] {
        received(.acknowledge(sequence: sequence, vector: vector, clockMilliseconds: 0))
    }
}

/// What several tests of the sending end expect.
extension LinkFixtures {
    /// A sender whose peer has its log up to `position`.
    static func streaming(from position: UInt64, log: SenderLink.LogBounds) -> Sender {
        let streaming = Sender(log: log)
        _ = streaming.machine.start(at: at(0))
        _ = streaming.machine.connected(at: at(0))
        _ = streaming.received(welcome(vector((sender.origin, position))))
        return streaming
    }

    /// A read of the own log.
    static func changes(after position: UInt64, upTo end: UInt64) -> SenderLink.Action {
        .read(
            .changes(
                .init(
                    origin: sender.origin, after: Self.position(position), upTo: Self.position(end),
                    since: Self.position(position), table: nil, prerequisite: AppliedVector(), byteLimit: 100)))
    }

    /// A batch that is sent.
    static func batch(
        _ records: [[UInt8]], upTo position: UInt64, of origin: Origin? = nil, isComplete: Bool = true,
        sequence: UInt64
    ) -> SenderLink.Action {
        .send(
            .changes(
                sequence: sequence,
                .init(
                    batch: ReceivedBatch(
                        origin: origin ?? sender.origin, records: records, position: Self.position(position),
                        isComplete: isComplete))))
    }
}
