import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// What PutItem, UpdateItem and DeleteItem have in common: how their answer is shaped, and how they reach the writer.
struct WriteOptions: Sendable {
    let returnValues: ReturnValues
    let capacityLevel: CapacityLevel
    /// Whether a failed condition's answer holds the item.
    let returnsItemOnFailure: Bool
    private let returnsCollectionMetrics: Bool
    /// Whether the update is one of `AttributeUpdates`, which decides the words about the item that it meets.
    private let isLegacyUpdate: Bool

    /// What `ReturnValues` asks for; the raw value is DynamoDB's name of it.
    enum ReturnValues: String, Sendable {
        case none = "NONE"
        case allOld = "ALL_OLD"
        case updatedOld = "UPDATED_OLD"
        case allNew = "ALL_NEW"
        case updatedNew = "UPDATED_NEW"
    }

    init(_ request: JSONValue, isLegacyUpdate: Bool = false) {
        returnValues = request["ReturnValues"].flatMap { ReturnValues(rawValue: $0.string) } ?? .none
        capacityLevel = CapacityLevel(request)
        returnsItemOnFailure = request["ReturnValuesOnConditionCheckFailure"]?.isString("ALL_OLD") ?? false
        returnsCollectionMetrics = ItemCollectionMetrics.areWanted(by: request)
        self.isLegacyUpdate = isLegacyUpdate
    }

    /// Throws unless the values to return are those of an operation that replaces or deletes.
    func checkReturnsOldOnly() throws(DynamoFault) {
        guard returnValues == .none || returnValues == .allOld else {
            throw .validation("ReturnValues can only be ALL_OLD or NONE")
        }
    }
}

extension Environment {
    /// Has the writer run `write`, and answers with what it did, or with the fault.
    func submit(
        _ write: ItemWrite, of reference: TableReference, _ options: WriteOptions,
        completion: @escaping Dispatcher<Gateway>.Completion
    ) {
        submit(.write(write), \.write, completion) { result in
            switch result {
            case .success(let result): options.response(to: result, of: write, reference)
            case .failure(let error): fault(error, of: write) { options.fault($0, of: write) }.response
            }
        }
    }

    /// What a client is told of a refused write.
    ///
    /// - Parameter describe: says so where the write was not throttled.
    func fault(
        _ error: ItemWriteError, of write: ItemWrite, _ describe: (ItemWriteError) -> DynamoFault
    ) -> DynamoFault {
        guard case .throttled(let resource) = error else { return describe(error) }
        return writeFault(resource, of: write.table)
    }
}

extension WriteOptions {
    /// What a client is told of a refused write.
    func fault(_ error: ItemWriteError, of write: ItemWrite) -> DynamoFault {
        if isLegacyUpdate, case .expression(let error) = error { return LegacyUpdates.fault(error) }
        return DynamoFault(error, returnsItem: returnsItemOnFailure, isUpdate: write.isUpdate)
    }

    func response(to result: ItemWriteResult, of write: ItemWrite, _ reference: TableReference) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        do throws(DynamoFault) {
            try writeAttributes(of: result, to: &writer)
        } catch {
            return error.response
        }
        if capacityLevel != .none {
            var capacity = ConsumedCapacity(reference.given)
            capacity.addWrite(result)
            writer.name("ConsumedCapacity")
            capacity.write(to: &writer, level: capacityLevel)
        }
        if returnsCollectionMetrics, ItemCollectionMetrics.exist(for: write.table) {
            writer.name("ItemCollectionMetrics")
            ItemCollectionMetrics(
                of: write.action.item, in: write.table, byteCount: result.collectionByteCount
            ).write(to: &writer)
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }

    private func writeAttributes(
        of result: ItemWriteResult, to writer: inout JSONWriter
    ) throws(DynamoFault) {
        let attributes: Item?
        switch returnValues {
        case .none: return
        case .allOld:
            guard let old = result.old else { return }
            writer.name("Attributes")
            return try ItemProjection.write(old.binaryItem, nil, to: &writer)
        case .allNew: attributes = result.new
        case .updatedOld:
            guard let old = result.old, let updated = result.updated else { return }
            attributes = updated.updatedOld(from: try old.checkedItem())
        case .updatedNew: attributes = result.updated?.updatedNew()
        }
        guard let attributes, !attributes.isEmpty else { return }
        writer.name("Attributes")
        writer.item(attributes)
    }
}

extension ItemWrite {
    var isUpdate: Bool {
        if case .update = action { true } else { false }
    }
}

extension DynamoFault {
    /// What a client is told of a refused write.
    ///
    /// - Parameters:
    ///   - returnsItem: whether a failed condition's fault holds the item.
    ///   - isUpdate: which decides the words about index keys.
    init(_ error: ItemWriteError, returnsItem: Bool, isUpdate: Bool) {
        self =
            switch error {
            case .conditionFailed(let item): .conditionalCheckFailed(stored: returnsItem ? item : nil)
            case .expression(let error): .validation(error.message)
            case .itemTooLarge(isUpdate: false): .itemTooLarge
            case .itemTooLarge(isUpdate: true):
                .validation("Item size to update has exceeded the maximum allowed size")
            case .indexKeyInvalid(let index, let attribute, let expected, let found):
                isUpdate
                    ? .updatedIndexKeyInvalid(expected: expected, found: found)
                    : .indexKeyInvalid(index: index, attribute: attribute, expected: expected, found: found)
            case .indexKeyTooLarge(let part):
                isUpdate
                    ? .invalidParameters(
                        "The update expression attempted to update the secondary index key beyond allowed size limits")
                    : .keyTooLarge(part)
            case .itemCollectionTooLarge: .itemCollectionTooLarge
            case .tableNotFound: .tableNotFound
            // Who knows the limits says more of it.
            case .throttled: .overloaded
            case .storage(let cause): .internalError(cause)
            }
    }

    static let itemTooLarge = DynamoFault.validation("Item size has exceeded the maximum allowed size")

    private static func indexKeyInvalid(
        index: Text, attribute: Text, expected: AttributeValue.Kind, found: AttributeValue
    ) -> DynamoFault {
        guard found.kind == expected else {
            return .indexKeyMismatch(index, attribute, expected: expected, found: found.kind)
        }
        return .validation(
            """
            One or more parameter values are not valid. A value specified for a secondary index key is not supported. The \
            AttributeValue for a key attribute cannot contain an empty \(expected == .string ? "string" : "binary") value. \
            IndexName: \(index), IndexKey: \(attribute)
            """)
    }

    /// The value of an index's key attribute has another type than the attribute.
    static func indexKeyMismatch(
        _ index: Text, _ attribute: Text, expected: AttributeValue.Kind, found: AttributeValue.Kind
    ) -> DynamoFault {
        .invalidParameters(
            """
            Type mismatch for Index Key \(attribute) Expected: \(expected.rawValue) Actual: \(found.rawValue) IndexName: \(index)
            """)
    }

    private static func updatedIndexKeyInvalid(
        expected: AttributeValue.Kind, found: AttributeValue
    ) -> DynamoFault {
        guard found.kind == expected else {
            return .validation(
                "The update expression attempted to update the secondary index key to unsupported type")
        }
        return .validation(
            """
            One or more parameter values are not valid. The update expression attempted to update a secondary index key to a \
            value that is not supported. The AttributeValue for a key attribute cannot contain an empty \
            \(expected == .string ? "string" : "binary") value.
            """)
    }
}
