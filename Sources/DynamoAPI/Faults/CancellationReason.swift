import AWSProtocol
import ItemModel
import RegionStore

/// What speaks against one action of a transaction.
///
/// Source: AWS API reference, `TransactionCanceledException`.
struct CancellationReason: Sendable, Equatable {
    let code: Code
    let message: String?
    /// What a failed condition was evaluated against, where the action asks for it.
    let item: Item?

    /// The service's names of the reasons.
    enum Code: String, Sendable {
        case none = "None"
        case conditionalCheckFailed = "ConditionalCheckFailed"
        case duplicateItem = "DuplicateItem"
        case itemCollectionTooLarge = "ItemCollectionSizeLimitExceeded"
        case provisionedThroughputExceeded = "ProvisionedThroughputExceeded"
        case throttlingError = "ThrottlingError"
        case validationError = "ValidationError"
    }

    /// Nothing speaks against it.
    static let none = CancellationReason(code: .none)

    init(code: Code, message: String? = nil, item: Item? = nil) {
        self.code = code
        self.message = message
        self.item = item
    }

    /// What breaks a rule that needs the table or the item.
    init(_ fault: DynamoFault) {
        self.init(code: .validationError, message: fault.message)
    }

    /// Nothing is left of a capacity that the action takes of.
    init(throttled fault: DynamoFault) {
        let isProvisioned = fault.code == "ProvisionedThroughputExceededException"
        self.init(
            code: isProvisioned ? .provisionedThroughputExceeded : .throttlingError, message: fault.message)
    }

    /// Writes the value, an object.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("Code", code.rawValue)
        if let message { writer.member("Message", message) }
        if let item {
            writer.name("Item")
            writer.item(item)
        }
        writer.endObject()
    }
}

extension DynamoFault {
    /// - Parameter reasons: one for each action, in their order.
    static func transactionCancelled(_ reasons: [CancellationReason]) -> DynamoFault {
        let codes = reasons.map(\.code.rawValue).joined(separator: ", ")
        return DynamoFault(
            transaction: "TransactionCanceledException",
            "Transaction cancelled, please refer cancellation reasons for specific reasons [\(codes)]", reasons)
    }

    /// One action does not fit its table's schema; those behind it are not looked at.
    static func transactionCancelled(by fault: DynamoFault, of index: Int, among count: Int) -> DynamoFault {
        var reasons = [CancellationReason](repeating: .none, count: count)
        reasons[index] = CancellationReason(fault)
        return .transactionCancelled(reasons)
    }

    /// The token was used for another request.
    static let idempotentParameterMismatch = DynamoFault(
        transaction: "IdempotentParameterMismatchException",
        "Request token was used with different request parameters within the last ten minutes")

    /// Two actions are about one item.
    static let multipleOperationsOnItem = DynamoFault.validation(
        "Transaction request cannot include multiple operations on one item")

    /// What a request to write holds is too large together.
    static let transactionPayloadTooLarge = DynamoFault.validation("The transaction's payload size cannot exceed 4 MB")

    /// The items that a transaction reads are too large together.
    static let transactionTooLarge = DynamoFault.validation(
        "The aggregate size of the items in the transaction cannot exceed 4 MB")
}
