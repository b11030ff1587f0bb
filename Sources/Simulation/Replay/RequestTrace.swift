public import ItemModel

/// Requests that were recorded elsewhere, in the order of their times.
///
/// A scenario's workload names the file that they are read from, as comma-separated values or a CloudTrail log.
public struct RequestTrace: Sendable, Equatable {
    /// What a scenario says of the file.
    public struct Source: Sendable, Equatable {
        /// The path, relative to the scenario's folder.
        public var file: String
        /// Of which table the requests are taken; nil where the file has those of one table alone.
        public var table: String?
        /// The names that the partition and the sort key have in a CloudTrail log; nil where a key has one attribute.
        public var partitionKey: String?
        public var sortKey: String?
        /// Where all requests are made, whatever the file says; nil for where the file says.
        public var region: String?

        public init(file: String) {
            self.file = file
        }
    }

    public enum Operation: String, Sendable, CaseIterable {
        case get = "GetItem"
        case query = "Query"
        case scan = "Scan"
        case put = "PutItem"
        case update = "UpdateItem"
        case delete = "DeleteItem"

        public var isWrite: Bool {
            switch self {
            case .get, .query, .scan: false
            case .put, .update, .delete: true
            }
        }
    }

    /// One request.
    public struct Request: Sendable, Equatable {
        /// Where it stands in the file: the line, or the number of the record where a file's records are one array.
        public var line: Int
        /// Nanoseconds from the trace's beginning.
        public var at: UInt64
        public var operation: Operation
        /// The partition key's value as text; empty for a scan of the whole table.
        public var partition: String
        /// The sort key's value as text; nil where items have none, and of a query.
        public var sort: String?
        /// What stands for ``sort`` in the simulated table, whose sort key is a number: the value itself where all of the trace are
        /// numbers, and otherwise its place among them in the order of their bytes.
        public var sortNumber: Number?
        /// The size of what is written, in bytes; nil for the workload's item size.
        public var byteCount: Int?
        /// Where it was made; nil for the first of the workload's regions.
        public var region: String?
    }

    public var source: Source
    public var requests: [Request]
    /// What the file has and a replay cannot make: names of operations with how many there were, by rising name.
    public var leftOut: [LeftOut] = []

    public struct LeftOut: Sendable, Equatable {
        public var name: String
        public var count: Int
    }

    public init(source: Source, requests: [Request]) {
        self.source = source
        self.requests = requests
    }

    /// The largest attribute that fills an item, as in a scenario's `item-size`: with its key an item stays below DynamoDB's 400 KB.
    public static let byteCountMax = 390 << 10
}
