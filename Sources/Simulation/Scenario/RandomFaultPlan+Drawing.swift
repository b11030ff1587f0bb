extension RandomFaultPlan {
    /// How often a fault is drawn again because it cannot be together with the others, before it is left out.
    private static let attemptsMax = 50

    /// Draws a timeline: the same one for the same state of the generator.
    ///
    /// No two of its faults need one thing to themselves at one time, and none needs what one of `beside` has. Where there is no room
    /// for so many, there are fewer than the plan's count. Times are whole milliseconds, so that a file can say them.
    ///
    /// - Parameters:
    ///   - regions: what can be struck, in an order that is always the same.
    ///   - beside: the faults that the scenario has anyway.
    /// - Returns: the faults in the order of their times.
    public func draw(
        using generator: inout Generator, regions: [String], beside: [FaultPlan] = []
    ) -> [FaultPlan] {
        let usable = kinds.filter { regions.count > 1 || !Self.linkKinds.contains($0) }
        guard !usable.isEmpty, !regions.isEmpty else { return [] }
        var drawn: [FaultPlan] = []
        for _ in 0..<(count.lowerBound + generator.below(count.upperBound - count.lowerBound + 1)) {
            for _ in 0..<Self.attemptsMax {
                let kind = usable[generator.below(usable.count)]
                let fault = fault(of: kind, regions: regions, using: &generator)
                let isOneLossTooMany =
                    kind == "disk-loss" && drawn.count { $0.kind.name == "disk-loss" } >= diskLossCountMax
                if isOneLossTooMany || (drawn + beside).contains(where: { fault.clash(with: $0) != nil }) { continue }
                drawn.append(fault)
                break
            }
        }
        return drawn.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    /// The kinds that strike what is between two regions.
    private static let linkKinds = ["partition", "one-way-partition", "flapping", "reset", "slow-link"]

    private func fault(of name: String, regions: [String], using generator: inout Generator) -> FaultPlan {
        let at = generator.milliseconds(in: within)
        let length = generator.milliseconds(in: lasting)
        let first = generator.below(regions.count)
        let region = regions[first]
        // Another one, each of them equally often; the same where there is no other, which no kind between two regions is drawn for.
        let other = regions[(first + 1 + generator.below(max(1, regions.count - 1))) % regions.count]
        let kind = kind(of: name, region: region, other: other, regions: regions, using: &generator)
        return FaultPlan(at: at, duration: kind.isOverAtOnce ? nil : length, kind: kind)
    }

    private func kind(
        of name: String, region: String, other: String, regions: [String], using generator: inout Generator
    ) -> FaultPlan.Kind {
        switch name {
        case "power-loss": return .powerLoss(region: region)
        case "restart": return .restart(region: region)
        case "pause": return .pause(region: region)
        case "disk-loss": return .diskLoss(region: region)
        case "slow-process": return .slowProcess(region: region, factor: Double(2 + generator.below(19)))
        case "slow-disk":
            return .slowDisk(
                region: region, latency: generator.milliseconds(in: .milliseconds(5)...(.milliseconds(200))))
        case "disk-errors": return .diskErrors(region: region)
        case "partition": return .partition(groups: groups(of: regions, using: &generator))
        case "one-way-partition": return .oneWayPartition(from: region, to: other)
        case "flapping":
            let pauses = Duration.milliseconds(200)...Duration.milliseconds(5000)
            let down = generator.milliseconds(in: pauses)
            return .flapping(from: region, to: other, down: down, up: generator.milliseconds(in: pauses))
        case "reset": return .reset(from: region, to: other)
        case "slow-link":
            let bandwidth = generator.happens(0.7) ? (16 << generator.below(7)) << 10 : nil
            let factor = Double(1 + generator.below(8))
            return .slowLink(
                from: region, to: other, bandwidth: bandwidth, latencyFactor: bandwidth == nil ? factor + 1 : factor)
        case "clock-step":
            // Up to half a minute: on both sides of the bound from which a region doubts its clock.
            let step = generator.milliseconds(in: .milliseconds(10)...(.milliseconds(1000 << generator.below(6))))
            return .clockStep(region: region, by: generator.happens(0.5) ? step : .zero - step)
        case "clock-drift":
            return .clockDrift(region: region, partsPerMillion: Double(generator.below(1001) - 500))
        default: return .crash(region: region)
        }
    }

    /// Two groups of some region each; sometimes a region is in neither, and reaches both.
    private func groups(of regions: [String], using generator: inout Generator) -> [[String]] {
        var mixed = regions
        for last in stride(from: mixed.count - 1, to: 0, by: -1) { mixed.swapAt(last, generator.below(last + 1)) }
        if mixed.count > 2, generator.happens(0.25) { mixed.removeLast() }
        let size = 1 + generator.below(mixed.count - 1)
        return [Array(mixed[..<size]), Array(mixed[size...])]
    }
}

extension Generator {
    /// Whole milliseconds, evenly distributed over the range; a range within one millisecond gives its beginning.
    fileprivate mutating func milliseconds(in range: ClosedRange<Duration>) -> Duration {
        let width = (range.upperBound - range.lowerBound) / .milliseconds(1)
        return range.lowerBound + .milliseconds(below(Int(width) + 1))
    }
}
