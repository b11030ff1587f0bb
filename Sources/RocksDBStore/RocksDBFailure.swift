import CRocksDB
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
            self = .unavailable("\(path) is in use by another process or by another store of this one (\(message))")
        } else if message.hasPrefix("Corruption") {
            self = .corruption(message)
        } else {
            self = .unavailable("\(path) cannot be opened: \(message)")
        }
    }
}
