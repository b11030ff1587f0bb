import ItemModel
import RegionStore

/// How long new indexes of tables take until they can be used in every region that has a replica of the table.
///
/// The time counts from when the scenario asks for the index. An index that is removed before, or whose table is, is no longer waited for.
struct IndexBuilds {
    private struct Build {
        let table: Text
        let index: Text
        let since: VirtualTime
    }

    private unowned let world: World
    private var building: [Build] = []
    /// Those that are over, in the order in which they were.
    private var finished: [RunResult.IndexBuild] = []

    init(of world: World) {
        self.world = world
    }

    /// A region has acknowledged a change of the catalog.
    mutating func changed(_ command: CatalogCommand) {
        guard case .updateTable(let table, let changes) = command else { return }
        for change in changes {
            switch change {
            case .createIndex(let definition):
                building.append(Build(table: table, index: definition.name, since: asked(definition.name, of: table)))
            case .deleteIndex(let name): building.removeAll { $0.table == table && $0.index == name }
            default: break
            }
        }
    }

    /// When the scenario asked for an index that was acknowledged now: it may have been asked for again and again.
    private func asked(_ index: Text, of table: Text) -> VirtualTime {
        let times = world.scenario.faults.compactMap { fault -> VirtualTime? in
            guard case .addIndex(let name, let added, _) = fault.kind, Text(name) == table, Text(added.name) == index
            else {
                return nil
            }
            let at = VirtualTime.zero + VirtualDuration(fault.at)
            return at <= world.now ? at : nil
        }
        return times.max() ?? world.now
    }

    /// A region has committed something: finds out which indexes can be used everywhere by now.
    mutating func committed() {
        guard !building.isEmpty else { return }
        var waiting: [Build] = []
        for build in building {
            // Without any region the table is gone, and nobody waits for its index.
            guard let regions = regions(with: build.table), regions.allSatisfy({ isActive(build, in: $0) }) else {
                waiting.append(build)
                continue
            }
            if !regions.isEmpty { finished.append(result(of: build, at: world.now)) }
        }
        building = waiting
    }

    private func isActive(_ build: Build, in region: SimulatedRegion) -> Bool {
        region.store?.reader.table(named: build.table)?.indexes
            .contains { $0.name == build.index && $0.status == .active } ?? false
    }

    /// The regions that have a replica of a table, as those know it that run; nil while one of them does not run.
    ///
    /// There are none where the table is gone.
    private func regions(with table: Text) -> [SimulatedRegion]? {
        var regions: [SimulatedRegion] = []
        for region in world.regions {
            let isNamed = world.regions.contains { other in
                other.store?.reader.table(named: table)?.replicas
                    .contains { $0.region == Text(region.name) && $0.status != .deleting } ?? false
            }
            guard let store = region.store else {
                if isNamed { return nil }
                continue
            }
            if isNamed || store.reader.table(named: table) != nil { regions.append(region) }
        }
        return regions
    }

    private func result(of build: Build, at time: VirtualTime?) -> RunResult.IndexBuild {
        RunResult.IndexBuild(
            table: "\(build.table)", index: "\(build.index)", seconds: build.since.seconds,
            activeMilliseconds: time.map { Double(($0 - build.since).nanoseconds) / 1e6 })
    }

    /// Every build, by when it was asked for.
    var results: [RunResult.IndexBuild] {
        (finished + building.map { result(of: $0, at: nil) }).enumerated()
            .sorted { ($0.element.seconds, $0.offset) < ($1.element.seconds, $1.offset) }.map(\.element)
    }
}
