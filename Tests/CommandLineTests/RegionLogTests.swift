import Foundation
import Testing

@testable import meridian

@Suite struct RegionLogTests {
    private static func line(_ level: String, _ message: String) -> String {
        "2026-11-23T08:00:00+0000 \(level) meridian: origin=2/ab region=us-east-1 [RegionServer] \(message)"
    }

    private static let opened = line("info", "link from eu-west-1 open")
    private static let full = line("error", "the disk of data is full: [x] 0 B left")
    private static let damaged = line("critical", "the data in data is damaged")

    private static let reasons: [(text: String, reason: String?)] = [
        // What a command ends with, also over several lines.
        ("\(opened)\nError: cannot listen at 127.0.0.1:8000\n", "cannot listen at 127.0.0.1:8000"),
        ("Error: bad.yaml:3: unknown\nbad.yaml:4: unknown\n", "bad.yaml:3: unknown\nbad.yaml:4: unknown"),
        ("Error: the first\n\(opened)\nError: the last\n", "the last"),
        ("Error: the first\n\(opened)\n", "the first"),
        // What a region logs before it ends, and goes on logging.
        ("\(opened)\n\(damaged)\n\(opened)\n", "the data in data is damaged"),
        ("Store.swift:12: Fatal error: out of range\nStack dump\n", "out of range"),
        // What troubled it earlier need not be why it ended.
        ("\(full)\n\(opened)\n", nil),
        ("", nil),
    ]

    @Test(arguments: reasons)
    func `the reason of an end is the last that the region wrote`(text: String, reason: String?) {
        #expect(RegionLog.reason(in: text, levels: ["critical"]) == reason)
    }

    @Test func `a region that runs is troubled by the last error or warning`() {
        let text = "\(Self.full)\n\(Self.opened)\n"
        let reason = RegionLog.reason(in: text, levels: ["critical", "error", "warning"])
        #expect(reason == "the disk of data is full: [x] 0 B left")
    }

    @Test func `what an earlier process wrote is not read`() throws {
        let path = NSTemporaryDirectory() + "region-log-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let earlier = "Error: the port was taken\n"
        try Data((earlier + Self.opened + "\n").utf8).write(to: URL(fileURLWithPath: path))
        #expect(RegionLog(path: path, startOffset: UInt64(earlier.utf8.count)).reasonOfEnd() == nil)
        #expect(RegionLog(path: path, startOffset: 0).reasonOfEnd() == "the port was taken")
        #expect(RegionLog(path: path + "-missing", startOffset: 0).reasonOfEnd() == nil)
    }
}
