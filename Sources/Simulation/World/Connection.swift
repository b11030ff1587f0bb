import RegionCore
import RegionStore
import Replication

/// One connection of a link: a stream of messages each way, in order, until it breaks.
///
/// As with TCP, what is sent while the way is blocked is held back and goes on when it is open again; when the connection breaks, some
/// of what was on its way has arrived, and neither end knows how much.
final class Connection {
    let sender: SimulatedRegion
    let receiver: SimulatedRegion
    /// What the receiver knows the connection by.
    private let number: LinkHub.LinkNumber
    private unowned let world: World
    private(set) var isOpen = true
    /// About what frame and TLS record add to a message; its compression is left out.
    private static let frameByteCount = 40
    private let toReceiver: Direction
    private let toSender: Direction

    /// The messages one way.
    private final class Direction {
        let from: Int
        let to: Int
        let isToReceiver: Bool
        /// When the last one arrives.
        var lastArrival = VirtualTime.zero
        /// The messages that wait for the way to be open, in the order in which they were sent.
        var held: [[UInt8]] = []
        /// How many messages wait for a narrow way.
        var queuedCount = 0

        init(from: SimulatedRegion, to: SimulatedRegion, isToReceiver: Bool) {
            self.from = from.index
            self.to = to.index
            self.isToReceiver = isToReceiver
        }
    }

    init(from sender: SimulatedRegion, to receiver: SimulatedRegion, _ number: LinkHub.LinkNumber, in world: World) {
        self.sender = sender
        self.receiver = receiver
        self.number = number
        self.world = world
        toReceiver = Direction(from: sender, to: receiver, isToReceiver: true)
        toSender = Direction(from: receiver, to: sender, isToReceiver: false)
    }

    private var senderEnd: LinkHub.LinkEnd { .outgoing(receiver.identity.id) }
    private var receiverEnd: LinkHub.LinkEnd { .incoming(number) }

    func sendToReceiver(_ message: LinkMessage) { send(message.encoded(), toReceiver) }

    func sendToSender(_ message: LinkMessage) { send(message.encoded(), toSender) }

    /// Sends what was held back on a way that is open again.
    func wayOpened(from: Int, to: Int) {
        for direction in [toReceiver, toSender] {
            guard direction.from == from, direction.to == to else { continue }
            let held = direction.held
            direction.held = []
            for message in held { send(message, direction) }
        }
    }

    /// Ends the connection after what was sent has arrived.
    func close() {
        let last = max(toReceiver.lastArrival, toSender.lastArrival, world.now)
        world.schedule(at: last) { self.break(after: .zero) }
    }

    /// Breaks the connection: what arrives later than `delay` from now never does, and each end learns of it in its own time.
    func `break`(after delay: VirtualDuration) {
        guard isOpen else { return }
        world.schedule(after: delay) { [self] in
            guard isOpen else { return }
            isOpen = false
            world.closed(self)
            for (region, end, other) in [(sender, senderEnd, receiver), (receiver, receiverEnd, sender)] {
                // Word of the end takes the same way; where that is blocked the end finds out by silence.
                guard !world.network.isBlocked(from: other.index, to: region.index) else { continue }
                let latency = world.network.latency(from: other.index, to: region.index)
                world.schedule(after: latency, on: region, of: region.process) {
                    region.connectionEnded(end, of: self)
                }
            }
        }
    }

    private func send(_ message: [UInt8], _ direction: Direction) {
        guard isOpen else { return }
        guard direction.held.isEmpty, !world.network.isBlocked(from: direction.from, to: direction.to) else {
            direction.held.append(message)
            return
        }
        let process = world.regions[direction.to].process
        let (from, to, byteCount) = (direction.from, direction.to, message.count + Self.frameByteCount)
        world.trace.note(
            .sent, at: world.now, UInt64(from) << 32 | UInt64(to), UInt64(byteCount), Hashing.hash(message, from: 0))
        if let latency = world.network.transmit(from: from, to: to, byteCount: byteCount) {
            return departed(message, direction, latency, to: process)
        }
        direction.queuedCount += 1
        world.network.enqueue(
            from: from, to: to, byteCount: byteCount, isWanted: { [self] in isOpen },
            departed: { [self] latency in
                direction.queuedCount -= 1
                departed(message, direction, latency, to: process)
            })
    }

    /// Part of what waits has gone out.
    func bytesTravelled(from: Int, to: Int, latency: VirtualDuration) {
        for direction in [toReceiver, toSender]
        where direction.from == from && direction.to == to && direction.queuedCount > 0 {
            let region = world.regions[to]
            world.schedule(after: latency, on: region, of: region.process) { [self] in
                guard isOpen, !world.network.isBlocked(from: from, to: to) else { return }
                region.receivedPart(on: direction.isToReceiver ? receiverEnd : senderEnd, of: self)
            }
        }
    }

    private func departed(
        _ message: [UInt8], _ direction: Direction, _ latency: VirtualDuration, to process: Int
    ) {
        guard isOpen else { return }
        let arrival = max(world.now + latency, direction.lastArrival)
        direction.lastArrival = arrival
        world.schedule(at: arrival) { [self] in arrive(message, direction, at: process) }
    }

    private func arrive(_ message: [UInt8], _ direction: Direction, at process: Int) {
        guard isOpen else { return }
        guard direction.held.isEmpty, !world.network.isBlocked(from: direction.from, to: direction.to) else {
            direction.held.append(message)
            return
        }
        world.run(on: world.regions[direction.to], of: process) { [self] in
            do {
                let message = try LinkMessage(decoding: message)
                if direction.isToReceiver {
                    receiver.received(message, on: receiverEnd, of: self)
                } else {
                    sender.received(message, on: senderEnd, of: self)
                }
            } catch {
                let (from, to) = (world.regions[direction.from].name, world.regions[direction.to].name)
                world.violate(
                    "replication", "\(to) cannot read a message of \(message.count) bytes from \(from): \(error)")
                self.break(after: .zero)
            }
        }
    }
}
