import ItemModel
import RegionStore

/// The two sorts of capacity that a table has, each by itself.
enum CapacityKind: Sendable, Hashable {
    case read
    case write
}

/// How much capacity a table or an index has, and by whose word.
struct CapacityLimit: Sendable, Equatable {
    let unitsPerSecond: Int
    let cause: Cause

    enum Cause: Sendable {
        /// The table's or the index's `ProvisionedThroughput`.
        case provisioned
        /// The maxima in `OnDemandThroughput`.
        case onDemandMaximum
    }
}

extension Table {
    /// The limit on reading or writing the table itself, or a global index of it, in that region; nil for none.
    ///
    /// A local index has the table's own.
    func capacityLimit(on kind: CapacityKind, of index: SecondaryIndex?, in region: Text) -> CapacityLimit? {
        // A table's throughput has its replica's overrides in it already.
        let definition = index.flatMap { $0.isGlobal ? $0.definition : nil }
        let override = definition.flatMap { definition in
            replicas.first { $0.region == region }?.overrides.indexReadCapacityUnits
                .first { $0.index == definition.name }
        }
        switch billingMode {
        case .provisioned:
            let throughput = definition.map(\.throughput) ?? throughput
            let units = kind == .read ? override?.readCapacityUnits ?? throughput?.read : throughput?.write
            return units.map { CapacityLimit(unitsPerSecond: $0, cause: .provisioned) }
        case .payPerRequest:
            let maxima = definition.map(\.onDemandThroughput) ?? onDemandThroughput
            let units =
                kind == .read ? override?.maximumReadRequestUnits ?? maxima?.maximumRead : maxima?.maximumWrite
            // A replica may override its table's maximum by none.
            return units.flatMap { $0 < 0 ? nil : CapacityLimit(unitsPerSecond: $0, cause: .onDemandMaximum) }
        }
    }

    /// Whether the table or one of its indexes has a limit on writes.
    func limitsWrites(in region: Text) -> Bool {
        billingMode == .provisioned || onDemandThroughput?.maximumWrite != nil
            || indexes.contains { capacityLimit(on: .write, of: $0, in: region) != nil }
    }
}

/// Why a request was throttled, and what it was that had nothing left.
///
/// Source: AWS API reference, `ThrottlingReason`.
struct ThrottlingReason: Sendable, Equatable {
    let reason: String
    /// The ARN of the table or of the index.
    let resource: String

    init(_ limit: CapacityLimit, on kind: CapacityKind, index: Text?, tableARN: String) {
        let owner = index == nil ? "Table" : "Index"
        let access = kind == .read ? "Read" : "Write"
        let cause =
            switch limit.cause {
            case .provisioned: "ProvisionedThroughputExceeded"
            case .onDemandMaximum: "MaxOnDemandThroughputExceeded"
            }
        reason = "\(owner)\(access)\(cause)"
        resource = index.map { "\(tableARN)/index/\($0)" } ?? tableARN
    }
}

extension DynamoFault {
    /// Nothing is left of a capacity: the client is to come again later.
    static func throttled(
        by limit: CapacityLimit, on kind: CapacityKind, index: Text?, tableARN: String
    ) -> DynamoFault {
        let reason = ThrottlingReason(limit, on: kind, index: index, tableARN: tableARN)
        switch limit.cause {
        case .onDemandMaximum:
            return DynamoFault(
                throttling: "ThrottlingException",
                "Throughput exceeds the maximum OnDemandThroughput configured on table or index", reason,
                .lowercase)
        case .provisioned where index == nil:
            return DynamoFault(
                throttling: "ProvisionedThroughputExceededException",
                """
                The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning \
                level with the UpdateTable API.
                """, reason, .capitalized)
        case .provisioned:
            return DynamoFault(
                throttling: "ProvisionedThroughputExceededException",
                """
                The level of configured provisioned throughput for one or more global secondary indexes of the table was \
                exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the \
                UpdateTable API
                """, reason, .capitalized)
        }
    }
}
