import ConfigurationFiles
import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// Answers `GET /status` and `GET /health` at a region's administration address.
///
/// It tells nothing of items, and takes no orders.
struct StatusServer: Sendable {
    private let services: ServiceGroup
    private let task: Task<Void, any Error>

    /// Listens at `address`.
    ///
    /// - Throws: when the address cannot be listened at.
    static func start(
        at address: HostAndPort, on group: any EventLoopGroup, logger: Logger,
        status: @escaping @Sendable () async -> RegionStatus?
    ) async throws -> StatusServer {
        let router = Router()
        router.get("health") { _, _ in "ok\n" }
        router.get("status") { _, _ -> Response in
            guard let status = await status() else {
                return Response(
                    status: .serviceUnavailable, headers: [.contentType: "text/plain"],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: "the region is stopping\n")))
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(status))))
        }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let (started, continuation) = AsyncThrowingStream.makeStream(of: Void.self)
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: "meridian"),
            onServerRunning: { _ in
                continuation.yield()
                continuation.finish()
            },
            eventLoopGroupProvider: .shared(group), logger: quiet)
        // Without signal handling of its own: the region stops it.
        var configuration = ServiceGroupConfiguration(services: [application], logger: quiet)
        configuration.maximumGracefulShutdownDuration = .seconds(2)
        let services = ServiceGroup(configuration: configuration)
        let task = Task {
            do {
                try await services.run()
            } catch {
                continuation.finish(throwing: error)
                throw error
            }
        }
        for try await _ in started {}
        return StatusServer(services: services, task: task)
    }

    /// Stops listening.
    func stop() async {
        await services.triggerGracefulShutdown()
        _ = await task.result
    }
}
