import ConfigurationFiles
import Foundation
import RegionServer
import Synchronization

/// The processes that `meridian up` has started, one a region.
final class Fleet: Sendable {
    private let state = Mutex(State())

    private struct State {
        var running: [Child] = []
        var ended: [End] = []
        /// Who waits for the last one to end.
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isStarting = true
        var isStopping = false
    }

    /// How one region's process has ended.
    struct End: Sendable, CustomStringConvertible {
        let region: String
        let log: RegionLog
        let status: Int32
        let isSignal: Bool

        /// Whether it was not for being told to stop.
        var isFailure: Bool { isSignal || status != 0 }

        /// What happened, and why as the region itself says it.
        var description: String {
            let how = isSignal ? "was ended by signal \(status)" : "ended with code \(status)"
            guard let reason = log.reasonOfEnd() else { return "\(region) \(how); its log is \(log.path)" }
            return "\(region) \(how), and its log is \(log.path): \(reason)"
        }
    }

    /// One region's process.
    ///
    /// Unchecked Sendable: the process and the pipe are never changed, and their methods used here may be called from any thread.
    private struct Child: @unchecked Sendable {
        let region: String
        let process: Process
        /// Its end tells the child to stop, even when this process was killed.
        let input: Pipe
        let log: RegionLog
    }

    static func logPath(of region: Topology.Region, in folder: String) -> String { "\(folder)/\(region.name).log" }

    var pids: [Int32] { state.withLock { $0.running.map(\.process.processIdentifier) } }

    /// The regions that have ended, in that order.
    var ended: [End] { state.withLock { $0.ended } }

    /// The logs of the regions that run, by their names.
    var logs: [String: RegionLog] {
        state.withLock { state in
            Dictionary(state.running.map { ($0.region, $0.log) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Has ends reported at once from now on; until then it is for whoever waits for the start to tell of them.
    func reportEnds() {
        let early = state.withLock { state in
            state.isStarting = false
            return state.ended
        }
        for end in early { report(end) }
    }

    /// Starts a region's process.
    func start(_ region: Topology.Region, arguments: [String], folder: String) throws {
        let path = Self.logPath(of: region, in: folder)
        let file: FileHandle
        let log: RegionLog
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
            file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            log = RegionLog(path: path, startOffset: try file.seekToEnd())
        } catch {
            throw CommandFailure("cannot write the log \(path): \(error.localizedDescription)")
        }
        let process = Process()
        let input = Pipe()
        // The other children must not hold it open.
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = file
        process.standardError = file
        let name = region.name
        process.terminationHandler = { [weak self] process in
            self?.noteEnd(
                End(
                    region: name, log: log, status: process.terminationStatus,
                    isSignal: process.terminationReason == .uncaughtSignal))
        }
        do {
            try process.run()
        } catch {
            throw CommandFailure("cannot start \(name): \(error.localizedDescription)")
        }
        state.withLock { $0.running.append(Child(region: name, process: process, input: input, log: log)) }
    }

    /// Returns when no region runs any more.
    ///
    /// It goes on waiting when its task is cancelled: no region shall outlive `meridian up`.
    func waitForAll() async {
        await withCheckedContinuation { waiter in
            let haveEnded = state.withLock { state in
                if !state.running.isEmpty { state.waiters.append(waiter) }
                return state.running.isEmpty
            }
            if haveEnded { waiter.resume() }
        }
    }

    /// Asks all regions to stop, and returns when they have.
    func stop() async {
        let running = state.withLock { state in
            state.isStopping = true
            return state.running
        }
        if running.isEmpty { return }
        for child in running { try? child.input.fileHandleForWriting.close() }
        await waitForAll()
    }

    private func noteEnd(_ end: End) {
        let (waiters, isReported) = state.withLock { state in
            state.running.removeAll { $0.region == end.region }
            state.ended.append(end)
            let waiters = state.running.isEmpty ? state.waiters : []
            if state.running.isEmpty { state.waiters = [] }
            return (waiters, !state.isStarting && !state.isStopping)
        }
        if isReported { report(end) }
        for waiter in waiters { waiter.resume() }
    }

    private func report(_ end: End) {
        FileHandle.standardError.write(Data("\(end)\n".utf8))
    }
}
