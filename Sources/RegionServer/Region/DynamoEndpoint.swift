import DynamoAPI
import ItemModel
import KeyValueStore
import NIOCore
import NIOPosix
import RegionStore

/// A region as DynamoDB's operations see it: the reader, and the writer's queue.
struct RegionGateway<Store: KeyValueStore>: RegionAccess {
    let reader: RegionReader<Store>
    let regionName: Text
    let writer: RegionWriter<Store>
    let clock: SystemClock

    func nowMilliseconds() -> UInt64 { clock.physicalMilliseconds() }

    func submit<Result: Sendable>(
        _ command: @escaping @Sendable (RegionStore<Store>, _ nowMilliseconds: UInt64) -> Result,
        completion: @escaping @Sendable (SubmissionResult<Result>) -> Void
    ) {
        let command = ClosureCommand(body: command) { outcome in
            switch outcome {
            case .done(let result): completion(.done(result))
            case .failed: completion(.failed)
            }
        }
        if !writer.submit(command, isBounded: true) { completion(.overloaded) }
    }
}

/// DynamoDB's operations behind the endpoint.
///
/// What reads one item is answered on the connection's event loop: a point read takes microseconds, less than a change of threads.
/// What may read many runs on threads of its own.
struct DynamoEndpoint<Store: KeyValueStore>: EndpointService {
    let dispatcher: Dispatcher<RegionGateway<Store>>
    let callers: Callers
    let threads: NIOThreadPool

    func respond(to request: EndpointRequest, reply: EndpointReply) -> EndpointResponse? {
        guard dispatcher.mayTakeLong(target: request.target) else { return answer(request, reply) }
        threads.submit { state in
            guard case .active = state else { return }
            if let response = answer(request, reply) { reply.send(response) }
        }
        return nil
    }

    func faultPrecedingAuthentication(of request: EndpointRequest) -> EndpointResponse? {
        request.body.withUnsafeReadableBytes {
            dispatcher.faultPrecedingAuthentication(target: request.target, body: $0)
        }.map(EndpointResponse.init)
    }

    private func answer(_ request: EndpointRequest, _ reply: EndpointReply) -> EndpointResponse? {
        request.body.withUnsafeReadableBytes { body in
            dispatcher.answer(
                target: request.target, body: body, caller: callers.caller(with: request.accessKey)
            ) { reply.send(EndpointResponse($0)) }
        }.map(EndpointResponse.init)
    }
}

extension EndpointResponse {
    fileprivate init(_ response: APIResponse) {
        self.init(status: response.status, body: response.body)
    }
}
