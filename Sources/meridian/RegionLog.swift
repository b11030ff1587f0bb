import Foundation

/// What a region's process has written into its log since its start.
struct RegionLog: Sendable {
    let path: String
    /// How long the log was when the process was started.
    let startOffset: UInt64

    /// The last line of a region that ended by itself that says why; nothing where none does.
    func reasonOfEnd() -> String? { Self.reason(in: text(), levels: ["critical"]) }

    /// The last thing that troubled a region that runs.
    func lastTrouble() -> String? { Self.reason(in: text(), levels: ["critical", "error", "warning"]) }

    /// How much of the end of a log is read.
    private static let byteCountMax: UInt64 = 64 << 10

    private func text() -> String {
        guard let file = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)) else { return "" }
        defer { try? file.close() }
        guard let end = try? file.seekToEnd(), end > startOffset else { return "" }
        do {
            try file.seek(toOffset: max(startOffset, end - min(end, Self.byteCountMax)))
            return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        } catch {
            return ""
        }
    }

    /// The last error of a command, of the Swift runtime, or in a log line of one of `levels`; without what stands before it in its line.
    ///
    /// The error of a command may have several lines, and ends the text or stands before a log line.
    static func reason(in text: String, levels: Set<String>) -> String? {
        let lines = text.split(separator: "\n")
        guard let index = lines.lastIndex(where: { head(of: $0, levels) != nil }),
            let head = head(of: lines[index], levels)
        else { return nil }
        let first = lines[index].dropFirst(head.count)
        guard head == Self.commandError else { return String(first) }
        let rest = lines[(index + 1)...].prefix { level(of: $0) == nil }
        return ([first] + rest).joined(separator: "\n")
    }

    /// What an error that a command ends with begins with.
    private static let commandError = "Error: "
    private static let runtimeError = "Fatal error: "

    /// What stands before the reason in a line; nothing where the line says none.
    private static func head(of line: Substring, _ levels: Set<String>) -> Substring? {
        if line.hasPrefix(commandError) { return line.prefix(commandError.count) }
        if let level = level(of: line) {
            guard levels.contains(String(level)), let source = line.range(of: " ["),
                let end = line[source.upperBound...].range(of: "] ")
            else { return nil }
            return line[..<end.upperBound]
        }
        return line.range(of: runtimeError).map { line[..<$0.upperBound] }
    }

    /// The level of a log line, which stands after its time.
    private static func level(of line: Substring) -> Substring? {
        let words = line.split(separator: " ", maxSplits: 3)
        guard words.count == 4, words[2] == "meridian:", words[0].first?.isNumber == true else { return nil }
        return words[1]
    }
}
