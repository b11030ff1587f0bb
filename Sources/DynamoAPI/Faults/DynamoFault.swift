import ItemModel

/// An error as a client of DynamoDB sees it; made by the named factories only.
///
/// Sources: AWS developer guide, "Error handling with DynamoDB"; AWS API reference, "Common errors".
public struct DynamoFault: Error, Sendable, Equatable {
    /// The value of `__type`: a namespace, a number sign and the exception's name.
    public let type: String
    /// Nil where the service sends none.
    public let message: String?
    /// The HTTP status.
    public let status: Int
    /// Of a failed condition: the item that it was evaluated against, when the request asked for it.
    let item: Item?
    /// Of a cancelled transaction: what speaks against each action, in their order.
    let cancellationReasons: [CancellationReason]
    /// Of a request that nothing was left for: whose capacity is used up.
    let throttlingReasons: [ThrottlingReason]
    /// What the reasons are called: the service has two spellings.
    private let throttlingReasonsName: StaticString
    /// `message`, but `Message` with some exceptions.
    private let messageName: StaticString

    private init(
        _ type: String, _ message: String?, status: Int = 400, item: Item? = nil,
        cancellationReasons: [CancellationReason] = [], throttlingReasons: [ThrottlingReason] = [],
        throttlingReasonsName: StaticString = "ThrottlingReasons", messageName: StaticString = "message"
    ) {
        self.type = type
        self.message = message
        self.status = status
        self.item = item
        self.cancellationReasons = cancellationReasons
        self.throttlingReasons = throttlingReasons
        self.throttlingReasonsName = throttlingReasonsName
        self.messageName = messageName
    }

    init(dynamo name: String, _ message: String, status: Int = 400, item: Item? = nil) {
        self.init("com.amazonaws.dynamodb.v20120810#\(name)", message, status: status, item: item)
    }

    /// One of the exceptions about transactions, whose messages have a capital.
    init(transaction name: String, _ message: String, _ cancellationReasons: [CancellationReason] = []) {
        self.init(
            "com.amazonaws.dynamodb.v20120810#\(name)", message, cancellationReasons: cancellationReasons,
            messageName: "Message")
    }

    /// One of the exceptions that say why they ask the client to come again later.
    ///
    /// - Parameter member: what the exception calls the reason.
    init(throttling name: String, _ message: String, _ reason: ThrottlingReason, member: StaticString) {
        self.init(
            "com.amazonaws.dynamodb.v20120810#\(name)", message, throttlingReasons: [reason],
            throttlingReasonsName: member)
    }

    /// One of the errors that all services of the vendor have.
    init(coral name: String, _ message: String) {
        self.init("com.amazon.coral.service#\(name)", message, messageName: "Message")
    }

    public static func == (left: DynamoFault, right: DynamoFault) -> Bool {
        (left.type, left.message, left.status) == (right.type, right.message, right.status) && left.item == right.item
            && left.cancellationReasons == right.cancellationReasons
            && left.throttlingReasons == right.throttlingReasons
    }

    /// The exception's name without its namespace.
    public var code: String { String(type.drop { $0 != "#" }.dropFirst()) }
}

extension DynamoFault {
    /// The body is no JSON, or a value in it has the wrong type.
    public static func serialization(_ message: String? = nil) -> DynamoFault {
        DynamoFault("com.amazon.coral.service#SerializationException", message, messageName: "Message")
    }

    /// `X-Amz-Target` names no operation.
    public static let unknownOperation = DynamoFault("com.amazon.coral.service#UnknownOperationException", nil)

    /// `X-Amz-Target` names an operation that the service has and that is not there.
    static func refusedOperation(_ operation: RefusedOperations.Entry) -> DynamoFault {
        DynamoFault(
            "com.amazon.coral.service#UnknownOperationException",
            "The operation \(operation.name) is not supported: \(operation.reason).")
    }

    /// The request breaks a rule; `message` says which.
    public static func validation(_ message: String) -> DynamoFault {
        DynamoFault("com.amazon.coral.validate#ValidationException", message)
    }

    /// A validation error of the family that DynamoDB introduces with the same words.
    static func invalidParameters(_ detail: String) -> DynamoFault {
        .validation("One or more parameter values were invalid: \(detail)")
    }
}

extension DynamoFault {
    /// Of operations on items.
    static let tableNotFound = DynamoFault(dynamo: "ResourceNotFoundException", "Requested resource not found")

    /// Of operations on tables.
    static func tableNotFound(_ name: Text) -> DynamoFault {
        DynamoFault(
            dynamo: "ResourceNotFoundException", "Requested resource not found: Table: \(name) not found")
    }

    static func resourceInUse(_ message: String) -> DynamoFault {
        DynamoFault(dynamo: "ResourceInUseException", message)
    }

    static func resourceNotFound(_ message: String) -> DynamoFault {
        DynamoFault(dynamo: "ResourceNotFoundException", message)
    }

    static func limitExceeded(_ message: String) -> DynamoFault {
        DynamoFault(dynamo: "LimitExceededException", message)
    }
}

extension DynamoFault {
    /// Of operations on backups.
    static func backupTableNotFound(_ name: Text) -> DynamoFault {
        DynamoFault(dynamo: "TableNotFoundException", "Table not found: \(name)")
    }

    /// Of operations on tags and policies.
    ///
    /// The service's misspelling.
    static func resourceNotFound(arn: Text) -> DynamoFault {
        .resourceNotFound("Requested resource not found: ResourcArn: \(arn) not found")
    }

    static func policyNotFound(_ message: String) -> DynamoFault {
        DynamoFault(dynamo: "PolicyNotFoundException", message)
    }

    static func globalTableNotFound(_ message: String) -> DynamoFault {
        DynamoFault(dynamo: "GlobalTableNotFoundException", message)
    }
}

extension DynamoFault {
    /// - Parameter item: what the condition was evaluated against, where the request asks for it and there is one.
    static func conditionalCheckFailed(item: Item?) -> DynamoFault {
        DynamoFault(dynamo: "ConditionalCheckFailedException", "The conditional request failed", item: item)
    }
}

extension DynamoFault {
    /// The items of one partition key would be larger than a table with local indexes allows.
    static let itemCollectionTooLarge = DynamoFault(
        dynamo: "ItemCollectionSizeLimitExceededException", "Collection size exceeded.")
}

extension DynamoFault {
    /// A record after the place that a request names is no longer kept.
    static let trimmedDataAccess = DynamoFault(
        dynamo: "TrimmedDataAccessException",
        "The operation attempted to read past the oldest stream record in a shard.")

    static func expiredIterator(_ message: String) -> DynamoFault {
        DynamoFault(dynamo: "ExpiredIteratorException", message)
    }
}

extension DynamoFault {
    /// More requests wait for the writer than may: the client is to come again later.
    static let overloaded = DynamoFault(
        dynamo: "ThrottlingException", "Rate of requests exceeds the allowed throughput.")

    /// The store failed, or this program did.
    public static let internalError = DynamoFault(
        dynamo: "InternalServerError", "Internal server error", status: 500)
}

extension DynamoFault {
    /// The response that tells a client of the fault.
    public var response: APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("__type")
        writer.string(type)
        if let message {
            writer.name(messageName)
            writer.string(message)
        }
        if let item {
            writer.name("Item")
            writer.item(item)
        }
        if !cancellationReasons.isEmpty {
            writer.name("CancellationReasons")
            writer.beginArray()
            for reason in cancellationReasons { reason.write(to: &writer) }
            writer.endArray()
        }
        if !throttlingReasons.isEmpty {
            writer.name(throttlingReasonsName)
            writer.beginArray()
            for reason in throttlingReasons {
                writer.beginObject()
                writer.member("reason", reason.reason)
                writer.member("resource", reason.resource)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
        return APIResponse(status: status, body: writer.bytes)
    }
}
