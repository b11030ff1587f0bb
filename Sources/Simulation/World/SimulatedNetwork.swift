import ConfigurationFiles

/// The ways between regions, each ordered pair its own.
final class SimulatedNetwork {
    private let regionCount: Int
    private var paths: [Path]
    private unowned let world: World

    /// One direction between two regions.
    struct Path {
        /// The half of a round trip, before jitter, or the median of the distribution.
        var latency: VirtualDuration
        /// What is drawn instead; nil where there is none.
        let distribution: LatencyDistribution?
        var jitter: Double
        var loss: Double
        /// Bytes a second; nil for as many as there are.
        fileprivate(set) var bandwidth: Double?
        /// What that is without a fault, and what a fault makes of it.
        fileprivate var ownBandwidth: Double?
        fileprivate var limit: Double?
        var latencyFactor = 1.0
        /// How many faults block it.
        var blockCount = 0
        /// What waits for the bytes before it to have left.
        fileprivate var queue: [Transmission] = []
        /// Where the queue begins.
        fileprivate var queueStart = 0
        fileprivate var isSending = false
        /// Counts changes of the bandwidth, which begin the present transmission anew.
        fileprivate var bandwidthNumber = 0
        /// Counts messages that began or ceased to leave.
        fileprivate var transmissionNumber: UInt64 = 0
        var generator: Generator
        /// What was sent on it, in bytes.
        var byteCount = 0
        /// How many connections were opened to ship changes on it.
        var connectionCount = 0
    }

    /// A message that is to leave.
    fileprivate struct Transmission {
        let byteCount: Int
        /// Whether its connection is still open: what a closed one had to send is dropped.
        let isWanted: () -> Bool
        let departed: (_ latency: VirtualDuration) -> Void
    }

    init(world: World, _ scenario: Scenario) {
        self.world = world
        let names = scenario.topology.regions.map(\.name)
        regionCount = names.count
        paths = []
        for (from, first) in names.enumerated() {
            for (to, second) in names.enumerated() {
                let distribution = scenario.network.latency.last {
                    ($0.from ?? first) == first && ($0.to ?? second) == second
                }?.distribution
                let roundTrip = scenario.topology.roundTrip(between: first, and: second) ?? .milliseconds(1)
                paths.append(
                    Path(
                        latency: VirtualDuration(
                            nanoseconds: distribution.map { UInt64($0.nanoseconds(share: 0.5)) }
                                ?? VirtualDuration(roundTrip).nanoseconds / 2),
                        distribution: distribution, jitter: scenario.network.jitter, loss: scenario.network.loss,
                        bandwidth: scenario.network.bandwidth.map(Double.init),
                        ownBandwidth: scenario.network.bandwidth.map(Double.init),
                        generator: world.randomness.generator(for: "network/\(from)-\(to)")))
            }
        }
    }

    subscript(from: Int, to: Int) -> Path {
        get { paths[from * regionCount + to] }
        set { paths[from * regionCount + to] = newValue }
    }

    func isBlocked(from: Int, to: Int) -> Bool { self[from, to].blockCount > 0 }

    /// Whether messages go both ways.
    func isOpen(between first: Int, and second: Int) -> Bool {
        !isBlocked(from: first, to: second) && !isBlocked(from: second, to: first)
    }

    func block(from: Int, to: Int) { self[from, to].blockCount += 1 }

    /// Ends one block; when it was the last, what was held back goes on its way.
    func unblock(from: Int, to: Int) {
        self[from, to].blockCount -= 1
        guard self[from, to].blockCount == 0 else { return }
        world.connectionsChanged(from: from, to: to)
    }

    /// Sends a message, where it leaves at once.
    ///
    /// - Returns: the time until it arrives; nil where it has to wait, for ``enqueue(from:to:byteCount:departed:)``.
    func transmit(from: Int, to: Int, byteCount: Int) -> VirtualDuration? {
        let index = from * regionCount + to
        guard paths[index].bandwidth == nil, !paths[index].isSending else { return nil }
        paths[index].byteCount += byteCount
        return draw(index)
    }

    /// Sends a message after those before it; `departed` runs when its last byte has left, with the time until it arrives.
    func enqueue(
        from: Int, to: Int, byteCount: Int, isWanted: @escaping () -> Bool,
        departed: @escaping (_ latency: VirtualDuration) -> Void
    ) {
        let index = from * regionCount + to
        paths[index].byteCount += byteCount
        paths[index].queue.append(Transmission(byteCount: byteCount, isWanted: isWanted, departed: departed))
        if !paths[index].isSending { sendNext(index) }
    }

    /// Plans how bandwidths change.
    func plan(_ changes: [BandwidthPlan]) {
        for change in changes {
            let sources = change.from.map { world.region(named: $0).map { [$0] } ?? [] } ?? world.regions
            let targets = change.to.map { world.region(named: $0).map { [$0] } ?? [] } ?? world.regions
            let ways = sources.flatMap { from in targets.map { from.index * regionCount + $0.index } }
            world.schedule(at: .zero + VirtualDuration(change.at)) { [self] in
                for index in ways {
                    paths[index].ownBandwidth = change.bandwidth.map(Double.init)
                    setBandwidth(index)
                }
            }
        }
    }

    /// Sets how many bytes a second a fault lets through from one region to another; nil for as many as there are without it.
    func limitBandwidth(_ limit: Double?, from: Int, to: Int) {
        paths[from * regionCount + to].limit = limit
        setBandwidth(from * regionCount + to)
    }

    private func setBandwidth(_ index: Int) {
        paths[index].bandwidth = paths[index].limit ?? paths[index].ownBandwidth
        paths[index].bandwidthNumber += 1
        paths[index].transmissionNumber += 1
        sendNext(index)
    }

    /// The bytes that wait to leave.
    func queuedByteCount(from: Int, to: Int) -> Int {
        let path = self[from, to]
        return path.queue[path.queueStart...].reduce(0) { $0 + $1.byteCount }
    }

    private func sendNext(_ index: Int) {
        while paths[index].queueStart < paths[index].queue.count {
            let next = paths[index].queue[paths[index].queueStart]
            guard next.isWanted() else {
                paths[index].queueStart += 1
                continue
            }
            guard let bandwidth = paths[index].bandwidth else {
                paths[index].queueStart += 1
                next.departed(draw(index))
                continue
            }
            paths[index].isSending = true
            let number = paths[index].bandwidthNumber
            paths[index].transmissionNumber += 1
            tellOfBytes(index, transmission: paths[index].transmissionNumber)
            let time = VirtualDuration(nanoseconds: UInt64(Double(next.byteCount) / max(1, bandwidth) * 1e9))
            world.schedule(after: time) { [self] in
                guard number == paths[index].bandwidthNumber else { return }
                paths[index].queueStart += 1
                paths[index].transmissionNumber += 1
                next.departed(draw(index))
                sendNext(index)
            }
            if paths[index].queueStart > 256 {
                paths[index].queue.removeFirst(paths[index].queueStart)
                paths[index].queueStart = 0
            }
            return
        }
        paths[index].isSending = false
        paths[index].queue = []
        paths[index].queueStart = 0
    }

    /// Tells of bytes that arrive while a long message is on a narrow way.
    private func tellOfBytes(_ index: Int, transmission: UInt64) {
        world.schedule(after: .milliseconds(100)) { [self] in
            guard paths[index].transmissionNumber == transmission else { return }
            world.bytesTravelled(from: index / regionCount, to: index % regionCount)
            tellOfBytes(index, transmission: transmission)
        }
    }

    /// How long a message that leaves now is on its way.
    private func draw(_ index: Int) -> VirtualDuration {
        var latency: Double
        if let distribution = paths[index].distribution {
            latency = distribution.draw(using: &paths[index].generator) * paths[index].latencyFactor
        } else {
            latency = Double(paths[index].latency.nanoseconds) * paths[index].latencyFactor
            latency *= paths[index].generator.logNormal(sigma: paths[index].jitter)
        }
        // A segment that is lost is sent again after a retransmission timeout, which doubles: RFC 6298.
        var timeout = max(200e6, latency * 4)
        while paths[index].generator.happens(paths[index].loss), timeout < 60e9 {
            latency += timeout
            timeout *= 2
        }
        return VirtualDuration(nanoseconds: UInt64(latency))
    }

    /// How long a short message is on its way, beside what others are being sent.
    func latency(from: Int, to: Int) -> VirtualDuration {
        let index = from * regionCount + to
        if let distribution = paths[index].distribution {
            let drawn = distribution.draw(using: &paths[index].generator)
            return VirtualDuration(nanoseconds: UInt64(drawn * paths[index].latencyFactor))
        }
        let factor = paths[index].generator.logNormal(sigma: paths[index].jitter) * paths[index].latencyFactor
        return VirtualDuration(nanoseconds: UInt64(Double(paths[index].latency.nanoseconds) * factor))
    }
}
