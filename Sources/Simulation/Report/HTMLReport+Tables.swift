extension HTMLReport {
    static func tables(of result: RunResult) -> String {
        let clients = HTMLText.table(
            "What clients saw",
            columns: [
                "Clients of", "Requests", "Failed", "Unavailable", "Failed over", "Refused by condition",
                "Writes acknowledged", "p50", "p99", "Longest outage",
            ],
            rows: result.requests.map {
                [
                    $0.region, Figures.count($0.count), Figures.count($0.failed), Figures.share($0.unavailability),
                    Figures.count($0.failedOver), Figures.count($0.refusedByCondition),
                    Figures.count($0.acknowledgedWrites), Figures.duration(milliseconds: $0.p50Milliseconds),
                    Figures.duration(milliseconds: $0.p99Milliseconds),
                    Figures.duration(seconds: $0.longestOutageSeconds),
                ]
            })
        let links = HTMLText.table(
            "Staleness and traffic",
            columns: ["Link", "p50", "p99", "Most", "Changes", "Shipped", "Connections"],
            rows: result.links.map {
                [
                    "\($0.from) → \($0.to)", Figures.duration(milliseconds: $0.stalenessP50Milliseconds),
                    Figures.duration(milliseconds: $0.stalenessP99Milliseconds),
                    Figures.duration(milliseconds: $0.stalenessMaxMilliseconds), Figures.count($0.changes),
                    Figures.bytes(Double($0.bytes)), Figures.count($0.connections),
                ]
            })
        return (result.requests.isEmpty ? "" : clients) + (result.links.isEmpty ? "" : links)
    }
}
