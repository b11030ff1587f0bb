import Expressions
import ItemModel
import RegionStore

/// What a query asks for is under the rules of keys too.
extension KeySchema {
    /// The key as conditions see it.
    var conditionSchema: KeyCondition.Schema {
        KeyCondition.Schema(
            partition: partition.map { .init(name: $0.name, kind: $0.kind) },
            sort: sort.map { .init(name: $0.name, kind: $0.kind) })
    }

    /// Checks that the values that keys are compared with are not empty and not too long for a key.
    func checkValues(of condition: KeyCondition) throws(DynamoFault) {
        for (attribute, value) in zip(partition, condition.partition) {
            try KeySchema.check(value, of: attribute.name, isSort: false)
        }
        for (attribute, value) in zip(sort, condition.sortPrefix) {
            try KeySchema.check(value, of: attribute.name, isSort: true)
        }
        guard let range = condition.sortRange, sort.indices.contains(condition.sortPrefix.count) else { return }
        let name = sort[condition.sortPrefix.count].name
        for value in range.values { try KeySchema.check(value, of: name, isSort: true) }
    }
}

extension KeyCondition.SortRange {
    /// The values compared with.
    fileprivate var values: [AttributeValue] {
        switch self {
        case .less(let value), .lessOrEqual(let value), .greater(let value), .greaterOrEqual(let value),
            .beginsWith(let value):
            [value]
        case .between(let lower, let upper): [lower, upper]
        }
    }
}
