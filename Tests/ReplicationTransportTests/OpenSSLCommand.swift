import Foundation
import Synchronization

/// The system's `openssl`, as a process that the test talks to.
final class OpenSSLCommand: Sendable {
    private let process: Mutex<Process>
    private let input = Pipe()
    private let received = Mutex<[UInt8]>([])

    init(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        self.process = Mutex(process)
        output.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.received.withLock { $0 += data }
        }
        try process.run()
    }

    deinit {
        // Not by SIGTERM: threads of a pool have signals blocked, and what they start inherits that.
        if !hasEnded { kill() }
    }

    /// Runs one command to its end and returns whether it succeeded.
    static func run(_ arguments: [String]) throws -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    func write(_ text: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    func closeInput() throws {
        try input.fileHandleForWriting.close()
    }

    /// Ends the process without a word to its peer.
    func kill() {
        process.withLock { _ = Foundation.kill($0.processIdentifier, SIGKILL) }
    }

    /// All that it has said on both its outputs.
    var output: String { received.withLock { String(decoding: $0, as: UTF8.self) } }

    var hasEnded: Bool { process.withLock { !$0.isRunning } }
}
