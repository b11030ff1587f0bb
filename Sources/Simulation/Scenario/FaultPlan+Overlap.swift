extension FaultPlan {
    /// What a fault has to itself while it lasts, in words.
    ///
    /// A process cannot crash while it is down, and a link cannot have two bandwidths. Faults of different things may
    /// come together, and so may partitions: what one or the other cuts is cut.
    var exclusive: [String] {
        switch kind {
        case .crash(let region), .powerLoss(let region), .restart(let region), .pause(let region),
            .diskLoss(let region), .oldCopy(let region):
            ["the process of \(region)"]
        case .slowProcess(let region, _): ["the speed of \(region)"]
        case .slowDisk(let region, _): ["the speed of \(region)'s disk"]
        case .diskErrors(let region), .diskFull(let region): ["the commits of \(region)"]
        case .bitFlips(let region, _): ["the blocks of \(region)'s disk"]
        case .oneWayPartition(let from, let to): ["the way from \(from) to \(to)"]
        case .flapping(let from, let to, _, _):
            // A link that flaps does so both ways.
            ["the link of \(min(from, to)) and \(max(from, to))"]
        case .slowLink(let from, let to, _, _): ["the speed from \(from) to \(to)"]
        case .clockDrift(let region, _), .leapSmear(let region, _): ["the rate of \(region)'s clock"]
        // A step for good leaves the clock free for the next; one that is taken back does not.
        case .clockStep(let region, _): duration == nil ? [] : ["the setting of \(region)'s clock"]
        case .partition, .reset, .createTable, .deleteTable, .addReplica, .removeReplica, .addIndex, .removeIndex,
            .changeSetting:
            []
        }
    }

    /// Whether both are there at one time; an end and a beginning at the same time are not.
    func overlaps(_ other: FaultPlan) -> Bool {
        func end(_ fault: FaultPlan) -> Duration? { fault.duration.map { fault.at + $0 } }
        return end(self).map { other.at < $0 } ?? true && end(other).map { at < $0 } ?? true
    }

    /// What both would need to themselves at one time; nil when they can be together.
    func clash(with other: FaultPlan) -> String? {
        overlaps(other) ? exclusive.first(where: other.exclusive.contains) : nil
    }
}
