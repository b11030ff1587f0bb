import HybridClock
import RegionStore
import Replication

/// Judges a region's own physical clock by three witnesses: the monotonic clock of its host, the mark that its store keeps, and the clocks
/// of the other regions.
///
/// A region whose clock they contradict stamps, expires and trims nothing: what it stamped ahead of time would win over all that others
/// write until that time has come. It still takes what others have stamped, by the time that its witnesses say.
///
/// The other regions witness by majority, with the region's own clock as one of those who vote once it was confirmed. Models:
/// K. Marzullo, "Maintaining the Time in a Distributed System", 1984; TigerBeetle, "Three Clocks are Better than One", 2021.
struct ClockGuard: Sendable {
    /// How far two clocks may be apart, in milliseconds.
    private let bound: Int64
    /// In the order of their numbers, each with its last sample.
    private var peers: [Peer]
    /// What the physical clock showed beside the monotonic one when it was last right, in milliseconds.
    private var difference: Int64
    /// Up to when slews were taken over, by the monotonic clock.
    private var slewedAt: UInt64
    private let startedAt: UInt64
    /// Whether another region has confirmed the clock since the process started, or none was there to do it.
    private var isConfirmed: Bool
    /// Until when, by the monotonic clock, the last verdict of the peers stands while the clock is not set: it was trust.
    private var trustedUntil: UInt64 = 0

    private struct Peer {
        let region: RegionID
        var sample: ClockSample?
    }

    /// A clock may be slewed by that many parts of its speed without having been set: the kernel's own bound is half as large.
    private static let slewDivisor: UInt64 = 1_000
    /// How long a region that starts waits for another one to confirm its clock, in milliseconds.
    static let patienceMilliseconds: UInt64 = 2_000
    /// How far apart the bounds of a sample may be for it to confirm a clock, in milliseconds, where the bound on clocks is smaller.
    private static let confirmingWidth: Int64 = 2_000
    /// How long the peers' verdict stands while nothing happens, in milliseconds: slews and drift move no clock by more than one within it.
    private static let verdictLifetime: UInt64 = 1_000
    /// For how long a sample stays while later ones are less exact, in milliseconds.
    private static let sampleLifetime: UInt64 = 10_000

    init(_ configuration: RegionConfiguration, at now: LinkInstant) {
        bound = Int64(clamping: configuration.maximumClockOffsetMilliseconds)
        peers = configuration.regions.map(\.id).filter { $0 != configuration.region }.map { Peer(region: $0) }
        difference = Self.difference(now)
        slewedAt = now.monotonicMilliseconds
        startedAt = now.monotonicMilliseconds
        isConfirmed = peers.isEmpty
    }

    /// What the guard thinks of the clock at one moment.
    struct Verdict: Sendable, Hashable {
        /// Why nothing may be stamped; nil where the clock is trusted.
        let doubt: ClockDoubt?
        /// The time as the witnesses have it, in milliseconds since the Unix epoch: the clock's own where it is trusted.
        let milliseconds: UInt64
        /// Whether the region stops waiting for a confirmation just now, as no other one is there to give it.
        var isUnconfirmed = false
    }

    /// Takes a sample of another region's clock.
    mutating func note(_ sample: ClockSample, of region: RegionID) {
        guard let index = peers.firstIndex(where: { $0.region == region }) else { return }
        if let known = peers[index].sample, known.age(at: sample.monotonicMilliseconds) < Self.sampleLifetime {
            let bounds = Self.bounds(of: known, at: sample.monotonicMilliseconds)
            let isMoreExact = sample.width <= known.width
            guard isMoreExact || !bounds.overlaps(Self.bounds(of: sample, at: sample.monotonicMilliseconds)) else {
                return
            }
        }
        peers[index].sample = sample
        trustedUntil = 0
    }

    /// Judges the clock.
    ///
    /// - Parameter mark: the highest stamp that the region has given out or taken in.
    mutating func judge(at now: LinkInstant, mark: HybridTimestamp) -> Verdict {
        let own = Self.bounded(now.physicalMilliseconds)
        let step = followSlew(to: now)
        // Asked in every round, and mostly nothing has happened.
        if now.monotonicMilliseconds < trustedUntil, abs(step) <= 1, Self.bounded(mark.milliseconds) - own <= bound {
            return Verdict(doubt: nil, milliseconds: now.physicalMilliseconds)
        }
        trustedUntil = 0
        let votes = Votes(
            peers.compactMap { $0.sample.map { Self.bounds(of: $0, at: now.monotonicMilliseconds) } }, own, bound)
        if let offset = votes.contradiction(ofConfirmed: isConfirmed && abs(step) <= bound) {
            let doubt = ClockDoubt.contradicted(
                milliseconds: offset, by: offset > 0 ? votes.ahead.count : votes.behind.count,
                of: votes.count)
            // The first of several others to be heard after a start may be the one that is wrong: what was taken by its time would stay.
            let isFirstOfSeveral = !isConfirmed && votes.count == 1 && peers.count > 1 && isPatient(at: now)
            return Verdict(doubt: doubt, milliseconds: Self.time(own, less: isFirstOfSeveral ? 0 : offset))
        }
        if votes.isConfirmation {
            difference = Self.difference(now)
            isConfirmed = true
        } else if abs(step) > bound {
            return Verdict(doubt: .stepped(milliseconds: step), milliseconds: Self.time(own, less: step))
        }
        let behind = Self.bounded(mark.milliseconds) - own
        guard behind <= bound else {
            // Until another clock was heard the mark is the best that is known of the time.
            let time = isConfirmed ? now.physicalMilliseconds : mark.milliseconds
            return Verdict(doubt: .behindMark(milliseconds: behind), milliseconds: time)
        }
        if isConfirmed {
            let (end, overflow) = now.monotonicMilliseconds.addingReportingOverflow(Self.verdictLifetime)
            trustedUntil = overflow ? 0 : end
            return Verdict(doubt: nil, milliseconds: now.physicalMilliseconds)
        }
        guard !isPatient(at: now) else {
            return Verdict(doubt: .unconfirmed, milliseconds: now.physicalMilliseconds)
        }
        isConfirmed = true
        return Verdict(doubt: nil, milliseconds: now.physicalMilliseconds, isUnconfirmed: true)
    }

    /// Whether the region still waits for others to confirm its clock after a start.
    private func isPatient(at now: LinkInstant) -> Bool {
        now.monotonicMilliseconds - min(startedAt, now.monotonicMilliseconds) < Self.patienceMilliseconds
    }

    /// Takes slews over, which are slow.
    ///
    /// - Returns: how far ahead the clock was set against the monotonic one since it was last right; negative for back.
    private mutating func followSlew(to now: LinkInstant) -> Int64 {
        // By whole milliseconds, however often it is asked.
        let slew = (now.monotonicMilliseconds - min(slewedAt, now.monotonicMilliseconds)) / Self.slewDivisor
        if slew > 0 {
            let step = Self.difference(now) - difference
            difference += min(max(step, -Self.bounded(slew)), Self.bounded(slew))
            slewedAt += slew * Self.slewDivisor
        }
        return Self.difference(now) - difference
    }

    private static func difference(_ now: LinkInstant) -> Int64 {
        bounded(now.physicalMilliseconds) - bounded(now.monotonicMilliseconds)
    }

    private static func time(_ own: Int64, less offset: Int64) -> UInt64 { UInt64(max(0, own - offset)) }

    /// Milliseconds that can be added up: more than any stamp can hold count as that.
    private static func bounded(_ milliseconds: UInt64) -> Int64 {
        Int64(min(milliseconds, HybridTimestamp.maximumMilliseconds))
    }

    /// What a sampled clock can show by now, with the monotonic clocks of both hosts as far apart as they may be.
    private static func bounds(of sample: ClockSample, at monotonic: UInt64) -> ClosedRange<Int64> {
        let age = sample.age(at: monotonic)
        let elapsed = bounded(age)
        let slack = bounded(age / slewDivisor)
        return
            (bounded(sample.bounds.lowerBound) + elapsed - slack)...(bounded(sample.bounds.upperBound) + elapsed + slack)
    }

    /// How the other regions' clocks stand to the region's own.
    private struct Votes {
        private(set) var agreeing = 0
        /// By how much the own clock is ahead at the least of those that it cannot agree with; and how far behind others.
        private(set) var ahead: [Int64] = []
        private(set) var behind: [Int64] = []

        var count: Int { agreeing + ahead.count + behind.count }

        init(_ clocks: [ClosedRange<Int64>], _ own: Int64, _ bound: Int64) {
            for clock in clocks {
                if own - clock.upperBound > bound {
                    ahead.append(own - clock.upperBound)
                } else if clock.lowerBound - own > bound {
                    behind.append(clock.lowerBound - own)
                } else if clock.upperBound - clock.lowerBound <= max(2 * bound, ClockGuard.confirmingWidth) {
                    agreeing += 1
                }
            }
        }

        /// Whether the own clock and others that agree with it are most of those that are known.
        var isConfirmation: Bool { agreeing > 0 && agreeing + 1 > ahead.count + behind.count }

        /// How far ahead the own clock is, where most say so; negative for behind.
        ///
        /// - Parameter isConfirmed: whether the own clock has a vote.
        func contradiction(ofConfirmed isConfirmed: Bool) -> Int64? {
            let bar = agreeing + (isConfirmed ? 1 : 0)
            if ahead.count > bar { return ahead.sorted()[ahead.count / 2] }
            if behind.count > bar { return -behind.sorted()[behind.count / 2] }
            return nil
        }
    }
}

extension ClockSample {
    /// How far apart its bounds are, in milliseconds.
    fileprivate var width: UInt64 { bounds.upperBound - bounds.lowerBound }
}

/// Why a region does not trust its own clock.
public enum ClockDoubt: Sendable, Hashable, CustomStringConvertible {
    /// Most of the other regions that were heard have another time: so far is the clock ahead of them, or behind where it is negative.
    case contradicted(milliseconds: Int64, by: Int, of: Int)
    /// The clock was set by so much while the process ran, and most of the others do not say that it is right now.
    case stepped(milliseconds: Int64)
    /// The clock is so far behind what the region has stamped already.
    case behindMark(milliseconds: Int64)
    /// The process has just started, and no other region has confirmed the clock.
    case unconfirmed

    public var description: String {
        switch self {
        case .contradicted(let milliseconds, let count, let all):
            """
            it is \(milliseconds.magnitude) ms \(milliseconds > 0 ? "ahead of" : "behind") the clocks of \(count) of \(all) other regions
            """
        case .stepped(let milliseconds):
            """
            it was set \(milliseconds > 0 ? "ahead" : "back") by \(milliseconds.magnitude) ms, and no other region confirms it; where it is \
            right now, restart the region
            """
        case .behindMark(let milliseconds): "it is \(milliseconds) ms behind what the region has stamped already"
        case .unconfirmed: "the region has just started, and no other region has confirmed it yet"
        }
    }
}
