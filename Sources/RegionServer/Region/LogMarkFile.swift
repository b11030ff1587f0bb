import Foundation
import Glibc
import RegionStore

/// The file beside a region's data folder that says how far its log had got: `<folder>.mark`.
///
/// Beside and not in it, so that a copy of the folder that is put back does not bring its own mark. Written in place after each commit and
/// left to the kernel: it outlives the process, and after a loss of power it may be behind, which finds less and never too much.
///
/// Touched by the writer's thread alone once the region runs.
final class LogMarkFile: @unchecked Sendable {
    private let descriptor: Int32

    /// The file's path for a data folder.
    static func path(for folder: String) -> String { base(of: folder) + ".mark" }

    /// What the names of all that stands beside a data folder begin with.
    static func base(of folder: String) -> String {
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        return folder
    }

    /// Opens the file, or makes it.
    ///
    /// - Returns: nil with the reason where that cannot be done.
    static func open(at path: String) -> Result<LogMarkFile, Failure> {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { return .failure(Failure(reason: String(cString: strerror(errno)))) }
        return .success(LogMarkFile(descriptor))
    }

    struct Failure: Error, Hashable {
        let reason: String
    }

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// What the file says.
    func read() -> LogMarkReading {
        var bytes = [UInt8](repeating: 0, count: LogMark.byteCount)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == LogMark.byteCount, let mark = try? LogMark(decoding: bytes) else { return .missing }
        return .found(mark)
    }

    /// Notes how far the log has got.
    ///
    /// - Returns: the reason where that failed.
    func write(_ mark: LogMark) -> Failure? {
        let bytes = mark.encoded()
        let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard count != bytes.count else { return nil }
        return Failure(
            reason: count < 0 ? String(cString: strerror(errno)) : "\(count) of \(bytes.count) bytes were written")
    }
}
