import AWSProtocol
import DynamoAPI
import ItemModel
import KeyValueStore
import Logging
import NIOCore
import NIOPosix
import RegionStore

/// A region as DynamoDB's operations see it: the reader, and the writer's queue.
struct RegionGateway<Store: KeyValueStore>: RegionAccess {
    let reader: RegionReader<Store>
    let regionName: Text
    let writer: WriterThread<Store>
    let clock: SystemClock
    /// Where answers are made for callers that come from no event loop.
    let group: MultiThreadedEventLoopGroup
    /// Where the disk is waited for.
    let threads: BoundedThreadPool

    func nowMilliseconds() -> UInt64 { clock.physicalMilliseconds() }

    func submit(_ command: RegionCommand, completion: @escaping @Sendable (SubmissionResult) -> Void) {
        let eventLoop = MultiThreadedEventLoopGroup.currentEventLoop ?? group.any()
        let ticket = WriterThread<Store>.Ticket(eventLoop: eventLoop) { outcome in
            completion(outcome.map(SubmissionResult.done) ?? .failed)
        }
        if writer.submit(command, isBounded: true, ticket) != nil { completion(.overloaded) }
    }

    func readFromDisk(_ body: @escaping @Sendable () -> Void) -> Bool { threads.submit(body) }
}

/// DynamoDB's operations behind the endpoint.
///
/// What reads one item that is in memory is answered on the connection's event loop: that takes microseconds, less than a change of threads.
/// What waits for the disk or may read many runs on threads of its own, and is refused like a write where too much waits for them.
struct DynamoEndpoint<Store: KeyValueStore>: EndpointService {
    let dispatcher: Dispatcher<RegionGateway<Store>>
    let callers: Callers
    let threads: BoundedThreadPool
    let recorder: RequestRecorder
    let logger: Logger

    func respond(to request: EndpointRequest, reply: EndpointReply) -> EndpointResponse? {
        if request.target == RequestRecorder.target {
            return recorder.answer(request, caller: callers.caller(with: request.accessKey))
        }
        recorder.note(request)
        guard dispatcher.mayTakeLong(target: request.target) else { return answer(request, reply) }
        let isTaken = threads.submit {
            if let response = answer(request, reply) { reply.send(response) }
        }
        return isTaken ? nil : EndpointResponse(.overloaded)
    }

    func faultPrecedingAuthentication(of request: EndpointRequest) -> EndpointResponse? {
        if request.target == RequestRecorder.target { return nil }
        return request.body.withUnsafeReadableBytes {
            dispatcher.faultPrecedingAuthentication(target: request.target, body: $0)
        }.map(EndpointResponse.init)
    }

    private func answer(_ request: EndpointRequest, _ reply: EndpointReply) -> EndpointResponse? {
        let (target, id) = (request.target, request.id)
        return request.body.withUnsafeReadableBytes { body in
            dispatcher.answer(
                target: target, body: body, caller: callers.caller(with: request.accessKey)
            ) { reply.send(response($0, to: target, id)) }
        }.map { response($0, to: target, id) }
    }

    /// An internal error is logged with the request that it was found by.
    private func response(_ response: APIResponse, to target: String, _ id: RequestID) -> EndpointResponse {
        if let cause = response.internalCause {
            logger.error(
                "a request failed: \(cause)", metadata: ["operation": "\(target)", "request": "\(id.text)"])
        }
        return EndpointResponse(response)
    }
}

extension RequestRecorder {
    /// Notes requests by the tables that a region has.
    convenience init(of reader: RegionReader<some KeyValueStore>) {
        self.init { name, index in
            guard let table = reader.table(named: name) else { return nil }
            let schema =
                index.map { name in table.indexes.first { $0.definition.name == name }?.definition.keySchema }
                ?? table.keySchema
            guard let schema, let partition = schema.partition.first else { return nil }
            return (partition.name, schema.sort.first?.name)
        }
    }
}

extension EndpointResponse {
    fileprivate init(_ response: APIResponse) {
        self.init(status: response.status, body: response.body)
    }
}
