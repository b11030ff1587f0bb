/// Where a group's clients go.
struct FailoverState {
    private let policy: WorkloadPlan.Failover
    private let home: Int
    /// Where they go one after the other: their own region first, then those with a replica from the nearest on, or those that are said.
    private let order: [Int]
    private var place = 0
    private var errorsInARow = 0
    private var leftAt = VirtualTime.zero

    init(_ policy: WorkloadPlan.Failover, home: Int, in world: World, table: TablePlan) {
        self.policy = policy
        self.home = home
        let others = world.regions.filter { $0.index != home && table.replicas.contains($0.name) }.map(\.index)
        switch policy {
        case .inOrder(let regions, _, _):
            order = [home] + regions.compactMap { world.region(named: $0)?.index }.filter { $0 != home }
        case .none, .nearest:
            order =
                [home]
                + others.sorted { (world.network[home, $0].latency, $0) < (world.network[home, $1].latency, $1) }
        }
    }

    mutating func target(at now: VirtualTime) -> Int {
        if let bounds = policy.bounds, place != 0, now - leftAt >= VirtualDuration(bounds.backAfter) {
            // The own region is tried anew; where it fails again the errors soon lead away.
            place = 0
            errorsInARow = 0
        }
        return order[place]
    }

    mutating func note(_ isSuccess: Bool, of target: Int, at now: VirtualTime) {
        guard let bounds = policy.bounds, target == order[place] else { return }
        errorsInARow = isSuccess ? 0 : errorsInARow + 1
        guard errorsInARow >= max(1, bounds.afterErrors) else { return }
        errorsInARow = 0
        if place == 0 { leftAt = now }
        place = (place + 1) % order.count
    }
}
