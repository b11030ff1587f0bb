import AWSProtocol
import ItemModel
public import RegionStore

/// Answers DynamoDB's requests to one region.
///
/// It may be used from any number of threads. What happens to every request, whatever its operation, happens here and once.
public final class Dispatcher<Gateway: RegionAccess>: Sendable {
    private let environment: Environment<Gateway>
    /// By the whole target.
    private let operations: [String: OperationTable<Gateway>.Entry]
    /// What is answered to the targets that are refused.
    private let refusals: [String: DynamoFault]

    /// Called once with the response of a request that could not be answered at once, on any thread.
    public typealias Completion = @Sendable (APIResponse) -> Void

    public init(gateway: Gateway, configuration: APIConfiguration = APIConfiguration()) {
        environment = Environment(gateway: gateway, configuration: configuration)
        operations = Dictionary(
            OperationTable<Gateway>.entries.map { ($0.target, $0) }, uniquingKeysWith: { first, _ in first })
        refusals = Dictionary(
            RefusedOperations.entries.map { ($0.service.target(of: $0.name), DynamoFault.refusedOperation($0)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Who decides whether writes have the capacity that they take: the store's owner sets it there before the first request.
    public var writeAdmission: (any WriteAdmission)? { environment.writeAdmission }

    /// Every operation of DynamoDB, those included that are refused: services in order, names in byte order.
    public static var operations: [OperationDescription] {
        let refused = RefusedOperations.entries.map {
            OperationDescription(service: $0.service, name: $0.name.description, coverage: .refused($0.reason))
        }
        let all = (OperationTable<Gateway>.entries.map(\.description) + refused).sorted { $0.name < $1.name }
        return DynamoService.allCases.flatMap { service in all.filter { $0.service == service } }
    }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - target: the header `X-Amz-Target`.
    ///   - body: the request's body; read within the call only.
    ///   - caller: whose request it is.
    ///   - completion: called later, once, when the answer has to wait for the writer.
    /// - Returns: the response, or nil when `completion` gets it.
    public func answer(
        target: String, body: UnsafeRawBufferPointer, caller: Caller = .unrestricted,
        completion: @escaping Completion
    ) -> APIResponse? {
        do throws(DynamoFault) {
            // Without a body the operation's name is judged first.
            if body.isEmpty { _ = try entry(for: target) }
            let document = try Self.document(in: body)
            let entry = try entry(for: target)
            return try document.withRoot(body) { request throws(DynamoFault) in
                try entry.answer(request, caller, environment, completion)
            }
        } catch {
            return error.response
        }
    }

    /// Answers a request whose body is an array.
    public func answer(
        target: String, body: [UInt8], caller: Caller = .unrestricted, completion: @escaping Completion
    ) -> APIResponse? {
        body.withUnsafeBytes { answer(target: target, body: $0, caller: caller, completion: completion) }
    }

    /// The names of the actions that callers can be allowed, in byte order.
    public static var actions: [String] {
        let others = Access.operationsWithoutAction.map(\.description)
        let own = OperationTable<Gateway>.entries.map(\.description.name).filter { !others.contains($0) }
        return (own + Access.furtherActions.map(\.description)).sorted()
    }

    /// Whether a request to `target` may take long to answer, as it reads many items.
    public func mayTakeLong(target: String) -> Bool { operations[target]?.mayTakeLong ?? false }

    /// The answer to a request whose signature is refused, where the service finds another fault before it looks at signatures.
    ///
    /// - Parameters:
    ///   - target: the header `X-Amz-Target`.
    ///   - body: the request's body; read within the call only.
    /// - Returns: nil when nothing is wrong but the signature.
    public func faultPrecedingAuthentication(target: String, body: UnsafeRawBufferPointer) -> APIResponse? {
        do throws(DynamoFault) {
            guard !body.isEmpty else {
                _ = try entry(for: target)
                return nil
            }
            let document = try Self.document(in: body)
            let entry = try entry(for: target)
            try document.withRoot(body) { request throws(DynamoFault) in try entry.checkTypes(request) }
            return nil
        } catch {
            return error.response
        }
    }

    private static func document(in body: UnsafeRawBufferPointer) throws(DynamoFault) -> JSONDocument {
        do {
            return try JSONDocument(parsing: body)
        } catch {
            throw DynamoFault(.serialization())
        }
    }

    private func entry(for target: String) throws(DynamoFault) -> OperationTable<Gateway>.Entry {
        guard let entry = operations[target] else { throw refusals[target] ?? .unknownOperation }
        return entry
    }
}
