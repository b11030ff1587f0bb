import ItemModel
import RegionStore

/// What became of each recorded write: lost, late or overwritten.
struct ReplayBill {
    private let groups: [ClientGroup]
    private let world: World
    private let history: History?
    private let bill: OutageBill?
    private let times: DurableTimes?

    init(of groups: [ClientGroup], in world: World) {
        self.groups = groups
        self.world = world
        history = world.observers.lazy.compactMap { $0 as? History }.first
        bill = world.observers.lazy.compactMap { $0 as? OutageBill }.first
        times = world.observers.lazy.compactMap { $0 as? DurableTimes }.first
    }

    /// A row for each write of each trace, with a header.
    var text: String {
        var columns = [
            "group", "line", "time", "region", "operation", "key", "sort-key", "outcome", "answered", "committed", "in",
            "lost", "overwritten-by", "overwritten",
        ]
        columns += world.regions.map { "durable-\($0.name)" }
        var lines = [CommaSeparatedValues.row(columns)]
        var names: [String] = []
        for group in groups where !names.contains(group.plan.name) {
            names.append(group.plan.name)
            lines += rows(of: group.plan, groups.filter { $0.plan.name == group.plan.name })
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func rows(of plan: WorkloadPlan, _ groups: [ClientGroup]) -> [String] {
        guard let trace = plan.trace else { return [] }
        // By the request's place in the trace.
        var writes: [ReplayedWrite?] = trace.requests.map { _ in nil }
        for group in groups { for write in group.replayedWrites { writes[write.place] = write } }
        return zip(trace.requests, writes).compactMap { request, write in
            guard request.operation.isWrite else { return nil }
            let what = [
                plan.name, "\(request.line)",
                Self.seconds(write?.sentAt ?? start(of: plan) + VirtualDuration(nanoseconds: request.at)),
                request.region ?? plan.regions.first ?? "", request.operation.rawValue, request.partition,
                request.sort ?? "",
            ]
            return CommaSeparatedValues.row(what + figures(of: write))
        }
    }

    private func start(of plan: WorkloadPlan) -> VirtualTime { .zero + VirtualDuration(plan.from ?? .zero) }

    /// What follows after the request itself; empty where there is nothing to tell.
    private func figures(of write: ReplayedWrite?) -> [String] {
        guard let write else { return ["not sent"] + Array(repeating: "", count: 6 + world.regions.count) }
        let outcome =
            switch write.outcome {
            case .answered: "acknowledged"
            case .refusedByCondition: "refused"
            case .failed, nil: "failed"
            }
        let answered = write.outcome == .answered ? Self.seconds(write.endedAt) : ""
        guard let change = write.change, let origin = history?.history(of: change.origin) else {
            return [outcome, answered] + Array(repeating: "", count: 5 + world.regions.count)
        }
        // The log may have lost its end, with an old copy of the disk, and gone on with other changes: this one is nowhere then.
        guard let place = origin.place(at: change.position),
            origin.commitTime(of: UInt32(clamping: change.position.rawValue)) == change.at
        else { return lostFigures(outcome, answered, change.at, origin) }
        let found = origin.changes[place]
        let overwrite = bill?.overwrite(of: origin.mark(of: found))
        return [
            outcome, answered, Self.seconds(change.at), world.regions[origin.region].name, found.isLost ? "yes" : "no",
            overwrite.map { world.regions[$0.winner].name } ?? "", overwrite.map { Self.seconds($0.at) } ?? "",
        ]
            + world.regions.map { region in
                region.index == origin.region
                    ? Self.seconds(change.at)
                    : times?.time(of: change.position, of: change.origin, in: region.index).map(Self.seconds) ?? ""
            }
    }

    /// Of a write that was committed, and is in no log any more.
    private func lostFigures(
        _ outcome: String, _ answered: String, _ time: VirtualTime, _ origin: OriginHistory
    ) -> [String] {
        [outcome, answered, Self.seconds(time), world.regions[origin.region].name, "yes", "", ""]
            + world.regions.map { $0.index == origin.region ? Self.seconds(time) : "" }
    }

    /// Seconds of virtual time, to the microsecond.
    private static func seconds(_ time: VirtualTime) -> String { Figures.fixed(time.seconds, 6) }
}
