/// What `--json` prints of two configurations; the rules of ``RunDocument`` hold for it too.
public struct ComparisonDocument: Encodable {
    private let comparison: SweepComparison

    public init(_ comparison: SweepComparison) {
        self.comparison = comparison
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: MemberName.self)
        try members.encode(RunDocument.formatVersion, forKey: "formatVersion")
        try members.encode(comparison.failures.isEmpty, forKey: "hasPassed")
        try members.encode(Side(comparison.first), forKey: "first")
        try members.encode(Side(comparison.second), forKey: "second")
        try members.encode(comparison.pairCount, forKey: "pairCount")
        try members.encode(comparison.firstSeed, forKey: "firstSeed")
        try members.encode(comparison.lastSeed, forKey: "lastSeed")
        try members.encode(comparison.figures.map(Difference.init), forKey: "differences")
    }

    private struct Side: Encodable {
        let name: String
        let runCount: Int
        let failedCount: Int
        let failureInterval: ConfidenceInterval

        init(_ side: SweepComparison.Side) {
            name = side.name
            runCount = side.runCount
            failedCount = side.failedCount
            failureInterval = side.failureInterval
        }
    }

    private struct Difference: Encodable {
        let figure: SweepComparison.Figure

        init(_ figure: SweepComparison.Figure) { self.figure = figure }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: MemberName.self)
            try members.encode(figure.metric.name, forKey: "name")
            try members.encode(figure.count, forKey: "count")
            try members.encode(figure.firstMedian, forKey: "firstMedian")
            try members.encode(figure.secondMedian, forKey: "secondMedian")
            try members.encode(figure.medianDifference, forKey: "medianDifference")
            try members.encode(figure.medianDifferenceInterval, forKey: "medianDifferenceInterval")
            try members.encode(figure.meanDifference, forKey: "meanDifference")
            try members.encode(figure.meanDifferenceInterval, forKey: "meanDifferenceInterval")
            try members.encode(figure.lowerCount, forKey: "lowerCount")
            try members.encode(figure.higherCount, forKey: "higherCount")
            try members.encode(figure.equalCount, forKey: "equalCount")
        }
    }
}
