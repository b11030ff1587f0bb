import AWSProtocol
import ItemModel
import RegionStore

/// An error as a client of DynamoDB sees it; made by the named factories only.
///
/// Source: AWS developer guide, "Error handling with DynamoDB".
struct DynamoFault: Error, Sendable, Equatable {
    /// What the errors of every service have.
    let common: ServiceFault
    let details: Details

    /// What only some of DynamoDB's exceptions have.
    enum Details: Sendable, Equatable {
        case none
        /// Of a failed condition: the item that it was evaluated against, when the request asked for it.
        case item(Item)
        /// Of a cancelled transaction: what speaks against each action, in their order.
        case cancellation([CancellationReason])
        /// Of a request that nothing was left for: whose capacity is used up.
        case throttling(ThrottlingReason, ThrottlingSpelling)
        /// Of an internal error: what happened, for this region's log and not for the client.
        case cause(String)
    }

    /// What the member with the reasons for throttling is called: the service has two spellings.
    enum ThrottlingSpelling: Sendable {
        /// `throttlingReasons`.
        case lowercase
        /// `ThrottlingReasons`.
        case capitalized
    }

    private init(_ common: ServiceFault, _ details: Details) {
        self.common = common
        self.details = details
    }

    /// An error that any service could have.
    init(_ fault: ServiceFault) {
        self.init(fault, .none)
    }

    init(dynamo name: String, _ message: String, status: Int = 400, item: Item? = nil) {
        self.init(
            ServiceFault(DynamoService.namespace, name, message, status: status), item.map { .item($0) } ?? .none)
    }

    /// One of the exceptions about transactions, whose messages have a capital.
    init(transaction name: String, _ message: String, _ cancellationReasons: [CancellationReason]? = nil) {
        self.init(
            ServiceFault(DynamoService.namespace, name, message, messageName: .capitalized),
            cancellationReasons.map { .cancellation($0) } ?? .none)
    }

    /// One of the exceptions that say why they ask the client to come again later.
    init(throttling name: String, _ message: String, _ reason: ThrottlingReason, _ spelling: ThrottlingSpelling) {
        self.init(ServiceFault(DynamoService.namespace, name, message), .throttling(reason, spelling))
    }

    /// The exception's name without its namespace.
    var code: String { common.code }

    /// Nil where the service sends none.
    var message: String? { common.message }

    /// Of a failed condition: the item that it was evaluated against, when the request asked for it.
    var item: Item? {
        if case .item(let item) = details { item } else { nil }
    }

    /// Of an internal error: what happened.
    var internalCause: String? {
        if case .cause(let cause) = details { cause } else { nil }
    }
}

extension DynamoFault {
    /// `X-Amz-Target` names no operation.
    static let unknownOperation = DynamoFault(.unknownOperation)

    /// `X-Amz-Target` names an operation that the service has and that is not there.
    static func refusedOperation(_ operation: RefusedOperations.Entry) -> DynamoFault {
        DynamoFault(
            .coral(
                "UnknownOperationException",
                "The operation \(operation.name) is not supported: \(operation.reason)."))
    }

    /// The request breaks a rule; `message` says which.
    static func validation(_ message: String) -> DynamoFault {
        DynamoFault(.validation(message))
    }

    /// A validation error of the family that DynamoDB introduces with the same words.
    static func invalidParameters(_ detail: String) -> DynamoFault {
        .validation("One or more parameter values were invalid: \(detail)")
    }
}

extension DynamoFault {
    /// What comes before the texts of broken constraints.
    static func constraintEnvelope(count: Int) -> String { ServiceFault.constraintEnvelope(count: count) }

    /// A constraint that is broken where the service tells it in words of its own.
    ///
    /// - Parameters:
    ///   - path: the value's place as the service shows it.
    ///   - value: what it shows of the value; nil for nothing.
    static func brokenConstraint(at path: String, showing value: String? = nil, _ rule: String) -> DynamoFault {
        let subject = value.map { "Value '\($0)'" } ?? "Value"
        return .validation(
            "\(constraintEnvelope(count: 1))\(subject) at '\(path)' failed to satisfy constraint: \(rule)")
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
    static func conditionalCheckFailed(stored item: StoredItem?) -> DynamoFault {
        do throws(DynamoFault) {
            return DynamoFault(
                dynamo: "ConditionalCheckFailedException", "The conditional request failed",
                item: try item?.checkedItem())
        } catch {
            return error
        }
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
    ///
    /// - Parameter cause: what is logged; clients are not told.
    static func internalError(_ cause: String) -> DynamoFault {
        DynamoFault(
            ServiceFault(DynamoService.namespace, "InternalServerError", "Internal server error", status: 500),
            .cause(cause))
    }

    /// The region cannot do it now, and another one may: SDKs try again.
    static func unavailable(_ reason: String) -> DynamoFault {
        DynamoFault(dynamo: "InternalServerError", "The request was not carried out: \(reason)", status: 500)
    }
}

extension DynamoFault {
    /// The response that tells a client of the fault.
    var response: APIResponse {
        let body = common.body { writer in
            switch details {
            case .none, .cause: break
            case .item(let item):
                writer.name("Item")
                writer.item(item)
            case .cancellation(let reasons):
                writer.name("CancellationReasons")
                writer.beginArray()
                for reason in reasons { reason.write(to: &writer) }
                writer.endArray()
            case .throttling(let reason, let spelling):
                switch spelling {
                case .lowercase: writer.name("throttlingReasons")
                case .capitalized: writer.name("ThrottlingReasons")
                }
                writer.beginArray()
                writer.beginObject()
                writer.member("reason", reason.reason)
                writer.member("resource", reason.resource)
                writer.endObject()
                writer.endArray()
            }
        }
        return APIResponse(status: common.status, body: body, internalCause: internalCause)
    }
}
