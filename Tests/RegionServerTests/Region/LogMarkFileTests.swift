import Foundation
import RegionStore
import Testing

@testable import RegionServer

/// The file beside a data folder that says how far its log had got.
@Suite struct LogMarkFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "log-mark-\(UUID())")

    private func withFolder(_ body: (String) throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appending(path: "region").path)
    }

    private func mark(_ position: UInt64) -> LogMark {
        LogMark(incarnation: Incarnation(high: 7, low: 8), position: LogPosition(rawValue: position))
    }

    @Test func `it stands beside the folder, however that is written`() {
        #expect(LogMarkFile.path(for: "data/us-east-1") == "data/us-east-1.mark")
        #expect(LogMarkFile.path(for: "/data/us-east-1//") == "/data/us-east-1.mark")
        #expect(LogMarkFile.path(for: "/") == "/.mark")
    }

    @Test func `what was noted last is read, also by the next process`() throws {
        try withFolder { data in
            let path = LogMarkFile.path(for: data)
            let file = try LogMarkFile.open(at: path).get()
            #expect(file.read() == .missing)
            #expect(file.write(mark(5)) == nil && file.write(mark(6)) == nil)
            #expect(file.read() == .found(mark(6)))
            #expect(try LogMarkFile.open(at: path).get().read() == .found(mark(6)))
        }
    }

    @Test func `bytes that are no mark are none`() throws {
        try withFolder { data in
            let path = LogMarkFile.path(for: data)
            for bytes in [Data(), Data(repeating: 0, count: 31), Data(repeating: 0xFF, count: 64)] {
                try bytes.write(to: URL(filePath: path))
                #expect(try LogMarkFile.open(at: path).get().read() == .missing)
            }
        }
    }

    @Test func `where it cannot be made the reason is told`() {
        guard case .failure(let failure) = LogMarkFile.open(at: "/nowhere/at-all/region.mark") else {
            Issue.record("a file in a folder that is not there")
            return
        }
        #expect(failure.reason == "No such file or directory")
    }
}
