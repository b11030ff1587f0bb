import ConfigurationFiles
import ItemModel
import RegionCore
import RegionStore
import Replication

/// A run of a scenario: virtual time, the regions, the network between them, their clients, and what goes wrong.
///
/// Everything happens in events, one at a time, in the order of their times; everything that is left to chance is drawn from the
/// seed. So a scenario and a seed decide a run to the last byte. Reading order: this file, `SimulatedRegion`, `SimulatedNetwork`
/// and `Connection`, `World+Faults`, `ClientGroup`, then the checkers, `OutageBill` and `ReplayBill`.
final class World {
    let scenario: Scenario
    let randomness: Randomness
    let hooks: SimulationHooks
    private(set) var now = VirtualTime.zero
    private(set) var regions: [SimulatedRegion] = []
    private(set) lazy var network = SimulatedNetwork(world: self, scenario)
    let linkConfiguration: LinkConfiguration
    let regionIdentities: [RegionIdentity]
    var trace = Trace()
    var observers: [any WorldObserver] = []
    private(set) var violations: [RunResult.Violation] = []
    /// Whether nothing more happens once a checker has found something.
    var endsAtFirstViolation = false
    var isOver: Bool { endsAtFirstViolation && !violations.isEmpty }
    /// The first violation is what matters; more than so many only say the same again.
    private static let violationLimit = 50
    /// The changes of tables that a region has refused, with its reason.
    var refusedChanges: [(time: VirtualTime, text: String)] = []
    /// The last comparison of the regions.
    var agreement: AgreementState?
    private var events = EventQueue()
    private var connections: [Connection] = []

    init(_ scenario: Scenario, seed: UInt64, hooks: SimulationHooks = SimulationHooks()) {
        self.scenario = scenario
        self.hooks = hooks
        randomness = Randomness(seed: seed)
        var topology = scenario.topology
        scenario.links.apply(to: &topology)
        regionIdentities = topology.regionIdentities
        linkConfiguration = topology.linkConfiguration
        regions = regionIdentities.enumerated().map { SimulatedRegion($0.element, index: $0.offset, in: self) }
    }

    /// Lets go of all that is planned and connected, which leads back here: the run is over.
    func dismantle() {
        events = EventQueue()
        connections = []
        observers = []
        for region in regions { region.dismantle() }
    }

    func region(named name: String) -> SimulatedRegion? { regions.first { $0.name == name } }

    func storeConfiguration(of region: SimulatedRegion) -> RegionConfiguration {
        var configuration = scenario.topology.storeConfiguration(of: region.identity)
        scenario.log.apply(to: &configuration)
        return configuration
    }

    // MARK: - Time

    func schedule(at time: VirtualTime, _ body: @escaping () -> Void) {
        events.insert(at: max(time, now), body)
    }

    func schedule(after duration: VirtualDuration, _ body: @escaping () -> Void) {
        events.insert(at: now + duration, body)
    }

    /// Runs `body` later in one process: not when that has ended by then, and not while it is paused.
    func schedule(
        after duration: VirtualDuration, on region: SimulatedRegion, of process: Int, _ body: @escaping () -> Void
    ) {
        events.insert(at: now + duration, in: region, process: process, body)
    }

    func run(on region: SimulatedRegion, of process: Int, _ body: @escaping () -> Void) {
        region.run(in: process, body)
    }

    /// Lets everything happen that is due up to `end`.
    func run(until end: VirtualTime) {
        while !isOver, let next = events.nextTime, next <= end, let event = events.popFirst() {
            now = event.time
            if let region = event.region {
                region.run(in: event.process, event.body)
            } else {
                event.body()
            }
        }
        now = max(now, end)
    }

    // MARK: - Connections

    /// Opens a connection, as far as the network and the other process let it.
    ///
    /// - Parameters:
    ///   - answered: runs in the dialling process when the other host has answered.
    ///   - completion: runs in the dialling process; gets nil where it could not be opened.
    func dial(
        from: SimulatedRegion, to: SimulatedRegion, answered: @escaping () -> Void,
        completion: @escaping (Connection?) -> Void
    ) {
        let process = from.process
        func finish(after delay: VirtualDuration, _ connection: Connection?) {
            schedule(after: delay, on: from, of: process) { completion(connection) }
        }
        let patience = VirtualDuration(nanoseconds: linkConfiguration.connectMilliseconds * 1_000_000)
        guard network.isOpen(between: from.index, and: to.index) else { return finish(after: patience, nil) }
        let there = network.latency(from: from.index, to: to.index)
        let back = network.latency(from: to.index, to: from.index)
        schedule(after: there) { [self] in
            guard to.isUp else { return finish(after: back, nil) }
            guard !to.isPaused, network.isOpen(between: from.index, and: to.index), from.isUp, from.process == process
            else { return finish(after: patience, nil) }
            schedule(after: back, on: from, of: process, answered)
            // TCP's and TLS's handshakes take a round trip each.
            schedule(after: there + back) { [self] in
                guard from.isUp, from.process == process, let connection = to.accept(from: from) else {
                    return finish(after: back, nil)
                }
                connections.append(connection)
                network[from.index, to.index].connectionCount += 1
                finish(after: back, connection)
            }
        }
    }

    /// How many connections are open, and how many events are planned: neither may grow for ever.
    var connectionCount: Int { connections.count }
    var plannedEventCount: Int { events.count }

    func closed(_ connection: Connection) {
        connections.removeAll { $0 === connection }
    }

    func connections(of region: SimulatedRegion) -> [Connection] {
        connections.filter { $0.sender === region || $0.receiver === region }
    }

    func connections(between first: SimulatedRegion, and second: SimulatedRegion) -> [Connection] {
        connections(of: first).filter { $0.sender === second || $0.receiver === second }
    }

    /// Bytes have travelled from one region to another of a message that is not whole yet.
    ///
    /// Connections share a narrow way, so that each that has something to send gets some bytes through.
    func bytesTravelled(from: Int, to: Int) {
        let latency = network[from, to].latency
        for connection in connections { connection.bytesTravelled(from: from, to: to, latency: latency) }
    }

    /// A way between two regions is open again.
    func connectionsChanged(from: Int, to: Int) {
        for connection in connections { connection.wayOpened(from: from, to: to) }
    }

    // MARK: - What observers say

    func violate(_ checker: String, _ text: String) {
        guard violations.count < Self.violationLimit else { return }
        violations.append(RunResult.Violation(seconds: now.seconds, checker: checker, text: text))
    }

    func refused(_ error: ApplyError, at region: SimulatedRegion) {
        for observer in observers { observer.refused(error, at: region) }
    }
}
