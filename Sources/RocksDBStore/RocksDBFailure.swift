import CRocksDB
import FoundationEssentials
import Glibc
import KeyValueStore

/// The text of an error that the engine has handed over, which is freed.
func takeMessage(_ failure: UnsafeMutablePointer<CChar>) -> String {
    defer { rocksdb_free(failure) }
    return String(cString: failure)
}

extension KeyValueStoreError {
    /// What `strerror(ENOSPC)` says, which the engine puts into its messages.
    private static let noRoom = "No space left on device"

    /// The meaning of the engine's `message` while a store is open.
    init(message: String) {
        if message.contains(Self.noRoom) {
            self = .full(message)
        } else if message.hasPrefix("Corruption") || message.hasPrefix("IO error: No such file or directory") {
            self = .corruption(message)
        } else {
            self = .engine(message)
        }
    }

    /// Whether a read ended because the disk was not to be asked: the engine's `Status::Incomplete`.
    var isIncomplete: Bool {
        guard case .engine(let message) = self else { return false }
        return message.hasPrefix("Result incomplete")
    }

    /// The meaning of the engine's `message` while the store at `path` is being opened.
    init(opening path: String, message: String) {
        if message.contains(Self.noRoom) {
            self = .full(message)
        } else if message.contains("/LOCK: ") {
            // This process would lose its own lock by opening the file, and the engine says of its own that it holds it.
            self = .inUse(message.contains("current process") ? "this process" : lockHolder(at: path + "/LOCK"))
        } else if message.hasPrefix("Corruption") {
            self = .corruption(message)
        } else {
            self = .unavailable("\(path) cannot be opened: \(message)")
        }
    }
}

/// The process that has locked the file at `path`, in words.
private func lockHolder(at path: String) -> String {
    let file = open(path, O_RDWR | O_CLOEXEC)
    guard file >= 0 else { return "another process" }
    defer { close(file) }
    var lock = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    // Zero is a process that this one's namespace does not show.
    guard fcntl(file, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK), lock.l_pid > 0 else {
        return "another process"
    }
    let name = try? String(contentsOfFile: "/proc/\(lock.l_pid)/comm", encoding: .utf8)
    return "process \(lock.l_pid)" + (name.map { " (\($0.split(separator: "\n").first ?? ""))" } ?? "")
}
