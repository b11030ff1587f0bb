import ConfigurationFiles
import Foundation
import RegionServer
import Synchronization

/// The processes that `meridian up` has started, one a region.
final class Fleet: Sendable {
    private let state = Mutex(State())

    private struct State {
        var running: [Child] = []
        /// What to say of each that has ended.
        var ended: [String] = []
        /// Who waits for the last one to end.
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isStopping = false
    }

    /// One region's process.
    ///
    /// Unchecked Sendable: the process and the pipe are never changed, and their methods used here may be called from any thread.
    private struct Child: @unchecked Sendable {
        let region: String
        let process: Process
        /// Its end tells the child to stop, even when this process was killed.
        let input: Pipe
    }

    static func logPath(of region: Topology.Region, in folder: String) -> String { "\(folder)/\(region.name).log" }

    var pids: [Int32] { state.withLock { $0.running.map(\.process.processIdentifier) } }

    /// What to say of the regions that have ended.
    var ended: [String] { state.withLock { $0.ended } }

    /// Starts a region's process.
    func start(_ region: Topology.Region, arguments: [String], folder: String) throws {
        let path = Self.logPath(of: region, in: folder)
        let log: FileHandle
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
            log = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try log.seekToEnd()
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
        process.standardOutput = log
        process.standardError = log
        let name = region.name
        process.terminationHandler = { [weak self] process in self?.ended(name, process, logPath: path) }
        do {
            try process.run()
        } catch {
            throw CommandFailure("cannot start \(name): \(error.localizedDescription)")
        }
        state.withLock { $0.running.append(Child(region: name, process: process, input: input)) }
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

    private func ended(_ region: String, _ process: Process, logPath: String) {
        let how =
            process.terminationReason == .uncaughtSignal
            ? "was ended by signal \(process.terminationStatus)" : "ended with code \(process.terminationStatus)"
        let (waiters, isExpected) = state.withLock { state in
            state.running.removeAll { $0.region == region }
            state.ended.append("\(region) \(how)")
            let waiters = state.running.isEmpty ? state.waiters : []
            if state.running.isEmpty { state.waiters = [] }
            return (waiters, state.isStopping)
        }
        if !isExpected {
            FileHandle.standardError.write(Data("\(region) \(how); its log is \(logPath)\n".utf8))
        }
        for waiter in waiters { waiter.resume() }
    }
}
