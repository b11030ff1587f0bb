import ArgumentParser
import ConfigurationFiles
import Foundation
import Logging
import RegionServer
import UnixSignals

/// Runs one region until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run one region.",
        discussion: """
            It answers DynamoDB's API at its endpoint, keeps its data in its folder, and links with the other regions of the \
            topology. SIGTERM and SIGINT stop it gracefully. Log lines go to the standard error.
            """)

    @Option(help: ArgumentHelp("The name of the region in the topology.", valueName: "name"))
    var region: String

    @OptionGroup var topology: TopologyOption

    @Option(
        help: ArgumentHelp(
            "The folder of the region's data; made if it is missing. Without it, the one that the topology names, or data/<region>.",
            valueName: "folder"))
    var data: String?

    @Flag(help: "Answer every request without a look at its signature; on loopback addresses only.")
    var insecureNoAuth = false

    @Flag(help: "Let clients take any capacity, whatever tables have provisioned and whatever their maxima.")
    var noThrottling = false

    @Option(help: "The least important log lines to write: \(LogLevel.list).")
    var logLevel = LogLevel.info

    @Flag(help: .hidden)
    var stopWithStandardInput = false

    func run() async throws {
        let topology = try topology.load()
        var logger = Logger(label: "meridian", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = logLevel.level
        logger[metadataKey: "region"] = "\(region)"
        var options = RegionOptions(region: region, logger: logger)
        options.data = data
        options.insecureNoAuth = insecureNoAuth
        options.disablesThrottling = noThrottling

        // Before anything runs, so that no signal ends the process unprepared.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let failure = await withTaskGroup(of: String?.self, returning: String?.self) { [options] group in
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            if stopWithStandardInput {
                let input = StandardInputEnd()
                group.addTask {
                    await input.wait()
                    return nil
                }
            }
            group.addTask { await Self.live(options, in: topology) }
            let first = await group.next() ?? nil
            group.cancelAll()
            // The region stops before the command ends.
            await group.waitForAll()
            return first
        }
        if let failure { throw CommandFailure(failure) }
    }

    /// Runs the region until the task is cancelled, opening its store anew where it has to.
    ///
    /// - Returns: why it cannot go on; nil where it was cancelled.
    private static func live(_ options: RegionOptions, in topology: Topology) async -> String? {
        while !Task.isCancelled {
            let running: RegionProcess
            do {
                running = try await RegionProcess.start(options, in: topology)
            } catch {
                return Task.isCancelled ? nil : "\(error)"
            }
            let failure = await running.failure()
            // Stopping takes its time, cancelled or not.
            await Task { await running.stop() }.value
            guard case .mustReopen? = failure else { return failure.map { "\($0)" } }
            options.logger.notice("the region is started anew")
        }
        return nil
    }
}

/// The end of the standard input: whoever started the process holds the other end, and is gone.
private final class StandardInputEnd: Sendable {
    private let ended: AsyncStream<Void>

    init() {
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        self.ended = ended
        Thread.detachNewThread {
            while true {
                let data = FileHandle.standardInput.availableData
                if data.isEmpty { break }
            }
            continuation.finish()
        }
    }

    /// Returns at the end of the input, or when the task is cancelled.
    func wait() async {
        for await _ in ended {}
    }
}

/// How important a log line must be to be written.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
    case debug, info, warning, error

    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
