/// A network address as configuration files write it: `host:port`, with an IPv6 address in brackets.
public struct HostAndPort: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, without brackets.
    public var host: String
    /// 1 to 65535.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8000`, `db.example.com:8000` or `[::1]:8000`; nothing when `text` is anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard 1...5 ~= digits.utf8.count, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let port = Int(digits),
            1...65_535 ~= port
        else { return nil }
        var host = text[..<colon]
        if host.first == "[", host.last == "]", host.utf8.count > 2 {
            host = host.dropFirst().dropLast()
            guard host.contains(":"), Self.isHost(host, allowing: ":") else { return nil }
        } else {
            guard Self.isHost(host, allowing: nil) else { return nil }
        }
        self.init(host: String(host), port: port)
    }

    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether only this host can reach the address: `localhost`, 127.0.0.0/8 or `::1`.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
    }

    /// Whether `text` is made of what names and addresses are made of.
    private static func isHost(_ text: Substring, allowing extra: Character?) -> Bool {
        1...253 ~= text.utf8.count
            && text.allSatisfy {
                $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == "_" || $0 == extra)
            }
    }
}
