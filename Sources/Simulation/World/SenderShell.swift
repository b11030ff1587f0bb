import RegionStore
import Replication

/// Owns the sending end of one link, as the process of a region does.
final class SenderShell: LinkShell {
    unowned let region: SimulatedRegion
    let peer: SimulatedRegion
    var connection: Connection?
    private(set) var machine: SenderLink
    private var reads: LinkReads<SimulatedStore>
    private var timer = 0
    private(set) var connectionCount = 0
    private let store: RegionStore<SimulatedStore>
    private var lastBounds: SenderLink.LogBounds?

    init(from region: SimulatedRegion, store: RegionStore<SimulatedStore>, to peer: SimulatedRegion) {
        self.region = region
        self.store = store
        self.peer = peer
        reads = LinkReads(reader: store.reader, peer: peer.identity.name)
        machine = SenderLink(
            from: region.linkIdentity(of: store), to: peer.identity, configuration: region.world.linkConfiguration,
            log: Self.bounds(of: store))
    }

    func start() { perform(machine.start(at: region.instant)) }

    /// The region has committed, and its log is now within these bounds.
    ///
    /// Where they are as before nothing is due: the machine has looked after each thing that happened to it.
    func logAdvanced(to bounds: SenderLink.LogBounds) {
        guard bounds != lastBounds else { return }
        lastBounds = bounds
        perform(machine.logAdvanced(to: bounds, at: region.instant))
    }

    func peerCameUp() { perform(machine.peerCameUp(at: region.instant)) }

    func received(_ message: LinkMessage, on connection: Connection) {
        guard connection === self.connection else { return }
        perform(machine.received(message, at: region.instant))
    }

    func connectionEnded(_ connection: Connection) {
        guard connection === self.connection else { return }
        self.connection = nil
        reads = LinkReads(reader: store.reader, peer: peer.identity.name)
        region.world.trace.note(
            .disconnected, at: region.world.now, UInt64(region.index), UInt64(peer.index))
        perform(machine.disconnected(at: region.instant, using: &region.generator))
    }

    static func bounds(of store: RegionStore<SimulatedStore>) -> SenderLink.LogBounds {
        SenderLink.LogBounds(
            start: store.reader.logStart, end: store.reader.lastPosition, closed: store.closedTimestamp,
            past: store.pastIncarnations)
    }

    private func perform(_ actions: [SenderLink.Action]) {
        for action in actions {
            switch action {
            case .connect: connect()
            case .send(let message):
                guard let connection else { continue }
                for message in region.world.hooks.messages(message, from: region.index, to: peer.index) {
                    connection.sendToReceiver(message)
                }
            case .read(let read): start(read)
            case .noteAcknowledged(let vector): region.acknowledged(by: peer, vector)
            case .recordLag: break
            case .wakeAt(let milliseconds): wake(at: milliseconds)
            case .close:
                guard let connection else { continue }
                connection.close()
                // This end knows at once.
                region.world.schedule(after: .zero, on: region, of: region.process) { [weak self] in
                    self?.connectionEnded(connection)
                }
            }
        }
    }

    private func wake(at milliseconds: UInt64) {
        timer += 1
        let number = timer
        let time = max(region.world.now, VirtualTime(nanoseconds: milliseconds * 1_000_000))
        region.world.schedule(after: time - region.world.now, on: region, of: region.process) { [weak self] in
            guard let self, number == timer else { return }
            perform(machine.timerFired(at: region.instant))
        }
    }

    private func connect() {
        region.world.dial(from: self) { [weak self] connection in
            guard let self else { return }
            guard let connection else {
                return perform(machine.disconnected(at: region.instant, using: &region.generator))
            }
            self.connection = connection
            connectionCount += 1
            region.world.trace.note(.connected, at: region.world.now, UInt64(region.index), UInt64(peer.index))
            perform(machine.connected(at: region.instant))
        }
    }

    private func start(_ read: SenderLink.Read) {
        let (connection, reads) = (connection, reads)
        region.world.schedule(after: region.readTime, on: region, of: region.process) { [weak self] in
            guard let self, connection === self.connection else { return }
            do {
                perform(machine.readFinished(try reads.perform(read), at: region.instant))
            } catch {
                connection?.close()
            }
        }
    }
}
