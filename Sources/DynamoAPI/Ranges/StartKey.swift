import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// The parameter `ExclusiveStartKey`: a key that a page before ended with, or that a client made up.
///
/// The item need not exist, but the key must be one that lies in what is read; the service's words differ between Query and Scan.
enum StartKey {
    private static let prefix = "The provided starting key is invalid"

    /// Reads the parameter.
    static func decode(_ json: JSONValue?) throws(DynamoFault) -> Item? {
        guard let json else { return nil }
        do throws(DynamoFault) {
            return try AttributeDecoding.item(json)
        } catch {
            throw .validation("\(prefix): \(error.message ?? "")")
        }
    }

    /// Checks a start key against the keys of the table and of the index that is read: exactly their attributes, each a value fit
    /// for a key.
    static func checkSchema(_ key: Item, of table: Table, _ index: SecondaryIndex?) throws(DynamoFault) {
        let schema = index?.definition.keySchema
        let attributes = attributes(of: table, index)
        guard key.count == attributes.count else { throw KeySchema.mismatch }
        for attribute in attributes {
            guard let value = key[attribute.name], value.kind == attribute.kind else { throw KeySchema.mismatch }
        }
        for schema in [table.keySchema, schema].compactMap(\.self) {
            for attribute in schema.partition { try check(attribute, in: key, isSort: false) }
            for attribute in schema.sort { try check(attribute, in: key, isSort: true) }
        }
    }

    /// What a start key consists of: the attributes of the table's key and of the index's, each once.
    private static func attributes(of table: Table, _ index: SecondaryIndex?) -> [KeyAttribute] {
        var attributes: [KeyAttribute] = []
        for attribute in table.keySchema.attributes + (index?.definition.keySchema.attributes ?? [])
        where !attributes.contains(where: { $0.name == attribute.name }) {
            attributes.append(attribute)
        }
        return attributes
    }

    private static func check(_ attribute: KeyAttribute, in key: Item, isSort: Bool) throws(DynamoFault) {
        guard let value = key[attribute.name] else { return }
        try KeySchema.check(value, of: attribute.name, isSort: isSort)
    }

    /// Checks a query's start key against the schema, whose faults it words otherwise than a scan.
    static func checkForQuery(_ key: Item, of table: Table, _ index: SecondaryIndex?) throws(DynamoFault) {
        let attributes = attributes(of: table, index)
        guard key.count == attributes.count, attributes.allSatisfy({ key[$0.name] != nil }) else {
            throw .validation(prefix)
        }
        func fits(_ attributes: [KeyAttribute]) -> Bool { attributes.allSatisfy { key[$0.name]?.kind == $0.kind } }
        guard fits((index?.definition.keySchema ?? table.keySchema).attributes) else { throw KeySchema.mismatch }
        guard fits(table.keySchema.attributes) else {
            throw .validation("\(prefix): \(KeySchema.mismatch.message ?? "")")
        }
        do throws(DynamoFault) {
            try checkSchema(key, of: table, index)
        } catch {
            throw .validation(prefix)
        }
    }

    /// Checks that a start key lies in the partition and in the range of sort keys that `condition` selects.
    static func check(_ key: Item, meets condition: KeyCondition, of schema: KeySchema) throws(DynamoFault) {
        for (attribute, value) in zip(schema.partition, condition.partition) where key[attribute.name] != value {
            throw .validation(
                "The provided starting key is outside query boundaries based on provided conditions")
        }
        for (attribute, value) in zip(schema.sort, condition.sortPrefix) where key[attribute.name] != value {
            throw mismatchesRange
        }
        guard let range = condition.sortRange, schema.sort.indices.contains(condition.sortPrefix.count) else { return }
        let operand = Operand<BoundStage>.path(DocumentPath(schema.sort[condition.sortPrefix.count].name))
        let node: Condition.Node =
            switch range {
            case .less(let value): .comparison(.less, operand, .value(value))
            case .lessOrEqual(let value): .comparison(.lessOrEqual, operand, .value(value))
            case .greater(let value): .comparison(.greater, operand, .value(value))
            case .greaterOrEqual(let value): .comparison(.greaterOrEqual, operand, .value(value))
            case .between(let lower, let upper): .between(operand, lower: .value(lower), upper: .value(upper))
            case .beginsWith(let prefix): .beginsWith(operand, prefix: .value(prefix))
            }
        guard Condition(node).evaluate(key) else { throw mismatchesRange }
    }

    /// Refuses the start key of a query that can find one item: nothing can stand behind that.
    static func refuse(_ key: Item) -> DynamoFault {
        let attributes = key.attributes.map { "\($0.name)=AttributeValue: {\(Self.text(of: $0.value))}" }
        return .validation(
            "The provided exclusive start key is invalid: ExclusiveStartKey: {\(attributes.joined(separator: ", "))}")
    }

    private static func text(of value: AttributeValue) -> String {
        switch value {
        case .string(let text): "S:\(text)"
        case .number(let number): "N:\(number)"
        case .binary(let bytes):
            bytes.withUnsafeBytes { bytes in
                var characters: [UInt8] = []
                Base64.encode(bytes, into: &characters)
                return "B:\(String(decoding: characters, as: UTF8.self))"
            }
        case .bool, .null, .list, .map, .stringSet, .numberSet, .binarySet: value.kind.rawValue
        }
    }

    private static let mismatchesRange = DynamoFault.validation(
        "The provided starting key does not match the range key predicate")

    /// Checks a scan's start key against the schema and against the segment that is read.
    static func check(_ key: Item, liesIn segment: Segment, of table: Table, _ index: SecondaryIndex?)
        throws(DynamoFault)
    {
        do throws(DynamoFault) {
            try checkSchema(key, of: table, index)
        } catch {
            throw .validation("\(prefix): \(error.message ?? "")")
        }
        let schema = index?.definition.keySchema ?? table.keySchema
        guard segment.contains(key, schema) else {
            throw .validation(
                """
                \(prefix): Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: \
                \(segment.count) Segment: \(segment.number)
                """)
        }
    }
}
