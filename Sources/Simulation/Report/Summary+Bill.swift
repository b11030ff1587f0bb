extension Summary {
    /// The most lost writes that are listed; the others are only counted.
    private static let lostWriteCountMax = 3

    /// What the outages cost, region by region; nothing where they cost nothing.
    static func bill(of result: RunResult, _ layout: TextLayout) -> [String] {
        let bill = result.bill
        let rows = result.regions.map { region in
            let reads = bill.staleReads.first { $0.region == region } ?? .init(region: region)
            let overwritten = bill.overwrittenWrites.filter { $0.region == region }.reduce(0) { $0 + $1.count }
            let seconds = bill.unavailability.filter { $0.region == region }.map(\.seconds).max() ?? 0
            return (region: region, reads: reads, overwritten: overwritten, seconds: seconds)
        }
        guard !bill.lostWrites.isEmpty || rows.contains(where: { $0.reads.count + $0.overwritten + $0.seconds > 0 })
        else {
            return []
        }
        let header = ["Outage bill", "stale reads", "p99", "oldest", "overwritten", "unavailable"]
        let cells = rows.map { row in
            let ages = [row.reads.p99Milliseconds, row.reads.maxMilliseconds]
            return ["  \(row.region)", Figures.count(row.reads.count)]
                + ages.map { row.reads.count == 0 ? "–" : Figures.duration(milliseconds: $0) }
                + [Figures.count(row.overwritten), "\(Figures.count(row.seconds)) s"]
        }
        var lines = layout.aligned([header] + cells, textColumns: 1)
        for write in bill.lostWrites.prefix(lostWriteCountMax) {
            lines += layout.wrapped(
                "lost: \(write.table)[\(write.key)], acknowledged by \(write.region) at "
                    + "\(Figures.moment(seconds: write.acknowledgedSeconds)), "
                    + "\(Figures.duration(milliseconds: write.ageMilliseconds)) old", mark: " ")
        }
        let more = result.lostAcknowledgedWrites - min(bill.lostWrites.count, lostWriteCountMax)
        if more > 0, !bill.lostWrites.isEmpty { lines.append("    and \(Figures.count(more)) more") }
        return lines + [""]
    }
}
