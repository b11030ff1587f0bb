/// What the outages of a run cost, as tables of its page.
enum HTMLBill {
    /// What is lost, stale, overwritten and without answers, each where there is any.
    static func tables(of result: RunResult) -> String {
        let bill = result.bill
        return lostWrites(of: bill, count: result.lostAcknowledgedWrites) + staleReads(of: bill)
            + overwrittenWrites(of: bill) + overwrites(of: bill) + unavailability(of: bill)
    }

    private static func lostWrites(of bill: RunResult.Bill, count: Int) -> String {
        guard !bill.lostWrites.isEmpty else { return "" }
        return HTMLText.table(
            caption("Lost writes", listed: bill.lostWrites.count, of: count),
            columns: ["Table", "Key", "Acknowledged by", "At", "Age at the loss"],
            rows: bill.lostWrites.map {
                [
                    $0.table, $0.key, $0.region, Figures.moment(seconds: $0.acknowledgedSeconds),
                    Figures.duration(milliseconds: $0.ageMilliseconds),
                ]
            })
    }

    private static func staleReads(of bill: RunResult.Bill) -> String {
        let reads = bill.staleReads.filter { $0.count > 0 }
        guard !reads.isEmpty else { return "" }
        return HTMLText.table(
            "Stale reads", columns: ["Region", "Reads", "p50", "p99", "Max"],
            rows: reads.map { region in
                [region.region, Figures.count(region.count)]
                    + [region.p50Milliseconds, region.p99Milliseconds, region.maxMilliseconds].map {
                        Figures.duration(milliseconds: $0)
                    }
            })
    }

    private static func overwrittenWrites(of bill: RunResult.Bill) -> String {
        guard !bill.overwrittenWrites.isEmpty else { return "" }
        return HTMLText.table(
            "Overwritten writes", columns: ["Acknowledged by", "Overwritten by", "Writes"],
            rows: bill.overwrittenWrites.map { [$0.region, $0.by, Figures.count($0.count)] })
    }

    private static func overwrites(of bill: RunResult.Bill) -> String {
        guard !bill.overwrites.isEmpty else { return "" }
        return HTMLText.table(
            caption("Which writes were overwritten", listed: bill.overwrites.count, of: bill.overwrittenCount),
            columns: ["Table", "Key", "Acknowledged by", "At", "Overwritten by", "At"],
            rows: bill.overwrites.map {
                [
                    $0.table, $0.key, $0.region, Figures.moment(seconds: $0.acknowledgedSeconds), $0.by,
                    Figures.moment(seconds: $0.overwrittenSeconds),
                ]
            })
    }

    private static func unavailability(of bill: RunResult.Bill) -> String {
        let groups = bill.unavailability.filter { $0.seconds > 0 }
        guard !groups.isEmpty else { return "" }
        return HTMLText.table(
            "Unavailable seconds", columns: ["Clients", "Of", "Seconds"],
            rows: groups.map { [$0.group, $0.region, Figures.count($0.seconds)] })
    }

    private static func caption(_ name: String, listed: Int, of count: Int) -> String {
        listed < count ? "\(name): the first \(Figures.count(listed)) of \(Figures.count(count))" : name
    }
}
