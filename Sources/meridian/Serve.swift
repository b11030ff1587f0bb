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
            topology. SIGTERM and SIGINT stop it gracefully. Log lines go to the standard error. It waits where its disk is full; where its \
            data is damaged it ends with the exit status \(Self.damagedStatus), and --repair-from fills it anew.
            """)

    @Option(help: ArgumentHelp("The name of the region in the topology.", valueName: "name"))
    var region: String

    @OptionGroup var topology: TopologyOption

    @Option(
        help: ArgumentHelp(
            "The folder of the region's data; made if it is missing. Without it, the one that the topology names, or data/<region>.",
            valueName: "folder"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Set the data folder aside, as <folder>.damaged, and fill a new one from the other regions: from this one what it has.",
            valueName: "region"))
    var repairFrom: String?

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
        options.repairFrom = repairFrom
        if repairFrom != nil {
            let folder: String
            do {
                folder = try RepairFolder.setAside(for: options, in: topology)
            } catch {
                throw CommandFailure("\(error)")
            }
            logger.notice("the damaged data is kept in \(folder), and the region is filled anew")
        }

        // Before anything runs, so that no signal ends the process unprepared.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let failure = await withTaskGroup(of: Failure?.self, returning: Failure?.self) { [options] group in
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
        guard let failure else { return }
        if !failure.isLogged { FileHandle.standardError.write(Data("Error: \(failure.error)\n".utf8)) }
        if case .damaged = failure.error { throw ExitCode(Self.damagedStatus) }
        throw ExitCode.failure
    }

    /// Why the command ends by itself.
    private struct Failure {
        let error: RegionError
        /// Whether the log says it.
        let isLogged: Bool
    }

    /// What the process ends with where the store is damaged: starting it once more does not help.
    static let damagedStatus: Int32 = 3

    /// Runs the region until the task is cancelled, opening its store anew where it has to.
    ///
    /// - Returns: why it cannot go on; nil where it was cancelled.
    private static func live(_ options: RegionOptions, in topology: Topology) async -> Failure? {
        while !Task.isCancelled {
            let running: RegionProcess
            do {
                running = try await RegionProcess.start(options, in: topology)
            } catch RegionError.full(let path, let reason) {
                options.logger.error("\(RegionError.full(path: path, reason: reason)); the region waits for room")
                await RegionProcess.waitForRoom(options, in: topology)
                continue
            } catch {
                return Task.isCancelled ? nil : Failure(error: error, isLogged: false)
            }
            let failure = await running.failure()
            switch failure {
            case nil: break
            case .mustReopen?: options.logger.notice("the store is opened anew")
            case .full?: options.logger.error("\(failure.map { "\($0)" } ?? ""); the region waits for room")
            case let error?: options.logger.critical("\(error)")
            }
            // Stopping takes its time, cancelled or not.
            await Task { await running.stop() }.value
            switch failure {
            case nil: return nil
            case .mustReopen?: continue
            case .full?: await RegionProcess.waitForRoom(options, in: topology)
            case let error?: return Failure(error: error, isLogged: true)
            }
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
