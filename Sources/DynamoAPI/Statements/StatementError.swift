import AWSProtocol
import ItemModel

/// Why one statement of a batch failed: an exception's name without its end, for the most part.
///
/// Source: AWS API reference, `BatchStatementError`.
struct StatementError {
    private let code: String
    private let message: String?
    private let item: Item?

    init(_ fault: DynamoFault) {
        code =
            switch fault.code {
            case "ValidationException": "ValidationError"
            case "ConditionalCheckFailedException": "ConditionalCheckFailed"
            case "DuplicateItemException": "DuplicateItem"
            case "ResourceNotFoundException": "ResourceNotFound"
            case "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded"
            case "ThrottlingException": "ThrottlingError"
            default: "InternalServerError"
            }
        message = fault.message
        item = fault.item
    }

    /// Writes the value, an object.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("Code", code)
        if let message { writer.member("Message", message) }
        if let item {
            writer.name("Item")
            writer.item(item)
        }
        writer.endObject()
    }
}
