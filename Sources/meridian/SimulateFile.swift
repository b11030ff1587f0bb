import Foundation

/// A file that is written line by line, as the trace of a run is.
final class SimulateFile {
    private static let bufferByteCount = 1 << 20

    private let path: String
    private let handle: FileHandle
    private var buffer = Data()
    /// Why no more is written.
    private var failure: CommandFailure?

    /// Makes an empty file, in place of one that is there.
    init(creating path: String) throws(CommandFailure) {
        self.path = path
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw CommandFailure("the file \(path) can't be written") }
        self.handle = handle
    }

    func write(_ line: String) {
        buffer.append(contentsOf: line.utf8)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.bufferByteCount { flush() }
    }

    /// Writes what is left.
    ///
    /// - Throws: what went wrong with any of the lines.
    func close() throws(CommandFailure) {
        flush()
        if let failure { throw failure }
    }

    private func flush() {
        defer { buffer.removeAll(keepingCapacity: true) }
        guard failure == nil else { return }
        do {
            try handle.write(contentsOf: buffer)
        } catch {
            failure = CommandFailure("the file \(path) can't be written: \(error.localizedDescription)")
        }
    }

    /// Writes a whole file, in place of one that is there; who reads it sees the old one or the new one.
    static func write(_ text: String, to path: String) throws(CommandFailure) {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandFailure("the file \(path) can't be written: \(error.localizedDescription)")
        }
    }

    /// A value as JSON for people and programs: indented, with the members in order.
    static func json(_ value: some Encodable) throws(CommandFailure) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw CommandFailure("the result can't be put into JSON: \(error)")
        }
    }
}
