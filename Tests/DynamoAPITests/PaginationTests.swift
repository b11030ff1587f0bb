import TestSupport
import Testing

@testable import DynamoAPI

/// Tables with random keys, read in random pages: every item comes exactly once, and in order.
@Suite struct PaginationTests {
    @Test(arguments: UInt64(0)..<40)
    func `pages visit every item exactly once, whatever limit, segments and direction`(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let table = try RandomTable(using: &generator)
        for index in [nil, "global", "local"] as [String?] where index != "local" || table.hasSortKey {
            table.checkScan(through: index, segmentCount: 1, using: &generator)
            table.checkScan(through: index, segmentCount: Int.random(in: 2...7, using: &generator), using: &generator)
            for partition in 0..<4 {
                for isForward in [true, false] {
                    table.checkQuery(through: index, partition, isForward: isForward, using: &generator)
                }
            }
        }
    }
}

/// A table `t` of random items whose keys are small numbers written as strings, numbers or binaries.
private struct RandomTable {
    let endpoint: TestEndpoint
    let hasSortKey: Bool
    /// The type of every key attribute.
    private let kind: String
    private var entries: [Entry] = []

    /// One item: its number, and its key attributes where it has them.
    struct Entry {
        let id: Int
        let partition: Int
        let sort: Int
        let globalPartition: Int?
        let globalSort: Int?
        let localSort: Int?
    }

    init(using generator: inout SplitMix64) throws {
        endpoint = try TestEndpoint()
        hasSortKey = Bool.random(using: &generator)
        kind = ["S", "N", "B"][Int.random(in: 0..<3, using: &generator)]
        createTable(projection: ["ALL", "KEYS_ONLY"][Int.random(in: 0..<2, using: &generator)])
        let count = Int.random(in: 0...60, using: &generator)
        var keys: Set<[Int]> = []
        for id in 0..<count {
            let key = [
                Int.random(in: 0..<(hasSortKey ? 4 : 40), using: &generator),
                hasSortKey ? Int.random(in: 0..<20, using: &generator) : 0,
            ]
            guard keys.insert(key).inserted else { continue }
            func maybe(_ bound: Int) -> Int? {
                Int.random(in: 0..<4, using: &generator) == 0 ? nil : Int.random(in: 0..<bound, using: &generator)
            }
            let entry = Entry(
                id: id, partition: key[0], sort: key[1], globalPartition: maybe(4), globalSort: maybe(5),
                localSort: maybe(5))
            put(entry)
            // A deleted item is in no page.
            if Int.random(in: 0..<8, using: &generator) == 0 { delete(entry) } else { entries.append(entry) }
        }
    }

    private func value(_ number: Int) -> String {
        switch kind {
        case "S": #"{"S":"\#(String(UnicodeScalar(UInt8(97 + number))))"}"#
        case "N": #"{"N":"\#(number - 10)"}"#
        default:
            // One byte, whose Base64 is two characters and the padding.
            #"{"B":"\#(String(UnicodeScalar(UInt8(65 + number / 4))))\#(["A", "Q", "g", "w"][number % 4])=="}"#
        }
    }

    private func createTable(projection: String) {
        let names = ["pk", "gpk", "gsk"] + (hasSortKey ? ["sk", "lsk"] : [])
        let definitions = names.map { #"{"AttributeName":"\#($0)","AttributeType":"\#(kind)"}"# }
        func schema(_ hash: String, _ range: String?) -> String {
            let sort = range.map { #",{"AttributeName":"\#($0)","KeyType":"RANGE"}"# } ?? ""
            return #"[{"AttributeName":"\#(hash)","KeyType":"HASH"}\#(sort)]"#
        }
        let local = #"""
            "LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":\#(schema("pk", "lsk")),
             "Projection":{"ProjectionType":"\#(projection)"}}],
            """#
        endpoint(
            "CreateTable",
            #"""
            {"TableName":"tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[\#(definitions.joined(separator: ","))],
             "KeySchema":\#(schema("pk", hasSortKey ? "sk" : nil)),\#(hasSortKey ? local : "")
             "GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":\#(schema("gpk", "gsk")),
             "Projection":{"ProjectionType":"\#(projection)"}}]}
            """#)
    }

    private func key(_ entry: Entry) -> String {
        #""pk":\#(value(entry.partition))"# + (hasSortKey ? #","sk":\#(value(entry.sort))"# : "")
    }

    private func put(_ entry: Entry) {
        var item = key(entry) + #","id":{"N":"\#(entry.id)"}"#
        for (name, number) in [
            ("gpk", entry.globalPartition), ("gsk", entry.globalSort), ("lsk", hasSortKey ? entry.localSort : nil),
        ] {
            if let number { item += #","\#(name)":\#(value(number))"# }
        }
        #expect(endpoint("PutItem", #"{"TableName":"tab","Item":{\#(item)}}"#) == "{}")
    }

    private func delete(_ entry: Entry) {
        #expect(endpoint("DeleteItem", #"{"TableName":"tab","Key":{\#(key(entry))}}"#) == "{}")
    }

    /// The keys that identify an item, as the answers write them.
    private func identity(_ item: JSONTree) -> String { item["pk"].text + (hasSortKey ? item["sk"].text : "") }

    private func identity(_ entry: Entry) -> String {
        JSONTree("{\(key(entry))}").members.map(\.value.text).joined()
    }

    private func members(of index: String?) -> [Entry] {
        switch index {
        case "global": entries.filter { $0.globalPartition != nil && $0.globalSort != nil }
        case "local": entries.filter { $0.localSort != nil }
        default: entries
        }
    }

    func checkScan(through index: String?, segmentCount: Int, using generator: inout SplitMix64) {
        var found: [String] = []
        for segment in 0..<segmentCount {
            var parameters = #""TableName":"tab","Limit":\#(Int.random(in: 1...9, using: &generator))"#
            if let index { parameters += #","IndexName":"\#(index)""# }
            if segmentCount > 1 { parameters += #","Segment":\#(segment),"TotalSegments":\#(segmentCount)"# }
            for page in endpoint.pages("Scan", parameters) { found += page["Items"].elements.map(identity) }
        }
        #expect(found.sorted() == members(of: index).map(identity).sorted())
    }

    func checkQuery(
        through index: String?, _ partition: Int, isForward: Bool, using generator: inout SplitMix64
    ) {
        let attributes = index == "global" ? ("gpk", "gsk") : index == "local" ? ("pk", "lsk") : ("pk", "sk")
        func sort(_ entry: Entry) -> Int {
            switch index {
            case "global": entry.globalSort ?? 0
            case "local": entry.localSort ?? 0
            default: entry.sort
            }
        }
        let (low, high) = (Int.random(in: 0..<20, using: &generator), Int.random(in: 0..<20, using: &generator))
        let ranges: [(text: String, values: [Int], holds: (Int) -> Bool)] = [
            ("", [], { _ in true }),
            (" AND #s = :a", [low], { $0 == low }),
            (" AND #s < :a", [low], { $0 < low }),
            (" AND #s <= :a", [low], { $0 <= low }),
            (" AND #s > :a", [low], { $0 > low }),
            (" AND #s >= :a", [low], { $0 >= low }),
            (
                " AND #s BETWEEN :a AND :b", [min(low, high), max(low, high)],
                { (min(low, high)...max(low, high)).contains($0) }
            ),
        ]
        for range in hasSortKey || index != nil ? ranges : [ranges[0]] {
            var values = #"":p":\#(value(partition))"#
            for (name, number) in zip(["a", "b"], range.values) { values += #","\#(":" + name)":\#(value(number))"# }
            var parameters = #"""
                "TableName":"tab","Limit":\#(Int.random(in: 1...5, using: &generator)),"ScanIndexForward":\#(isForward),
                "KeyConditionExpression":"\#(attributes.0) = :p\#(range.text)","ExpressionAttributeValues":{\#(values)}
                """#
            if !range.values.isEmpty { parameters += ##","ExpressionAttributeNames":{"#s":"\##(attributes.1)"}"## }
            if let index { parameters += #","IndexName":"\#(index)""# }
            let found = endpoint.pages("Query", parameters, atMost: 100).flatMap { $0["Items"].elements.map(identity) }
            let expected = members(of: index).filter {
                (index == "global" ? $0.globalPartition : $0.partition) == partition && range.holds(sort($0))
            }
            #expect(found.sorted() == expected.map(identity).sorted())
            let sorts = Dictionary(uniqueKeysWithValues: expected.map { (identity($0), sort($0)) })
            let order = found.compactMap { sorts[$0] }
            #expect(order == (isForward ? order.sorted() : order.sorted().reversed()))
        }
    }
}
