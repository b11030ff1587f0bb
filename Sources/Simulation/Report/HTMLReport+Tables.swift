extension HTMLReport {
    static func tables(of result: RunResult) -> String {
        let clients = HTMLText.table(
            "What clients saw",
            columns: [
                "Clients of", "Requests", "Failed", "Unavailable", "Failed over", "Tried again",
                "Refused by condition",
                "Writes acknowledged", "p50", "p99", "Longest outage",
            ],
            rows: result.requests.map {
                [
                    $0.region, Figures.count($0.count), Figures.count($0.failed), Figures.share($0.unavailability),
                    Figures.count($0.failedOver), Figures.count($0.retried), Figures.count($0.refusedByCondition),
                    Figures.count($0.acknowledgedWrites), Figures.duration(milliseconds: $0.p50Milliseconds),
                    Figures.duration(milliseconds: $0.p99Milliseconds),
                    Figures.duration(seconds: $0.longestOutageSeconds),
                ]
            })
        let links = HTMLText.table(
            "Staleness and traffic",
            columns: ["Link", "p50", "p99", "Max", "Changes", "Shipped", "Connections"],
            rows: result.links.map {
                let isIdle = $0.changes == 0
                let ages = [$0.stalenessP50Milliseconds, $0.stalenessP99Milliseconds, $0.stalenessMaxMilliseconds]
                return ["\($0.from) → \($0.to)"]
                    + ages.map { isIdle ? "–" : Figures.duration(milliseconds: $0) }
                    + [Figures.count($0.changes), Figures.bytes(Double($0.bytes)), Figures.count($0.connections)]
            })
        let recoveries = HTMLText.table(
            "Recoveries",
            columns: ["Region", "Struck from", "Until", "Clients served after", "In step after", "Recovery time"],
            rows: result.recoveries.map {
                [$0.region, Figures.moment(seconds: $0.fromSeconds), Figures.moment(seconds: $0.untilSeconds)]
                    + [$0.servedMilliseconds, $0.inStepMilliseconds, $0.milliseconds].map {
                        $0.map { Figures.duration(milliseconds: $0) } ?? "never"
                    }
            })
        return (result.recoveries.isEmpty ? "" : recoveries) + (result.requests.isEmpty ? "" : clients)
            + (result.links.isEmpty ? "" : links)
    }
}
