import Glibc

/// Small files that appear whole or not at all, with the right mode from their first moment.
enum CertificateFile {
    /// More than any chain or key in PEM has.
    private static let readLimit = 1 << 20

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    static func makeDirectory(_ path: String) throws(CertificateError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw .unwritableFile(path: path, reason: lastError())
        }
    }

    static func read(_ path: String) throws(CertificateError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadableFile(path: path, reason: lastError()) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadableFile(path: path, reason: lastError()) }
            if count == 0 { break }
            bytes += piece[..<count]
            guard bytes.count <= readLimit else { throw .unreadableFile(path: path, reason: "it is too large") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalidFile(path: path, reason: "it is not text")
        }
        return text
    }

    /// Writes a new file beside `path`, makes it durable and then gives it its name.
    ///
    /// Without `replacing`, a file that has the name by then is left alone and `fileExists` is thrown.
    static func write(_ text: String, to path: String, mode: mode_t, replacing: Bool) throws(CertificateError) {
        // Another process that writes the same file at the same time has another number.
        let temporaryPath = "\(path).new-\(getpid())"
        unlink(temporaryPath)
        let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .unwritableFile(path: temporaryPath, reason: lastError()) }
        defer { unlink(temporaryPath) }
        guard writeAll(Array(text.utf8), to: descriptor), fsync(descriptor) == 0 else {
            let reason = lastError()
            close(descriptor)
            throw .unwritableFile(path: temporaryPath, reason: reason)
        }
        close(descriptor)
        if replacing {
            guard rename(temporaryPath, path) == 0 else { throw .unwritableFile(path: path, reason: lastError()) }
        } else if link(temporaryPath, path) != 0 {
            if errno == EEXIST { throw .fileExists(path: path) }
            throw .unwritableFile(path: path, reason: lastError())
        }
    }

    /// Whether the text is an IPv4 or IPv6 address.
    static func isAddress(_ text: String) -> Bool {
        [AF_INET, AF_INET6].contains { family in
            var bytes = in6_addr()
            return inet_pton(family, text, &bytes) == 1
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    private static func lastError() -> String {
        String(cString: strerror(errno))
    }
}
