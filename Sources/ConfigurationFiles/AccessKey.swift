/// A caller's key: what requests are signed with, and whom a verified request is from.
public struct AccessKey: Equatable, Sendable {
    /// What the caller sends, up to 128 letters, digits, `_` and `-`.
    public let id: String
    /// What only the caller and the region know.
    public let secret: String
    /// Whom the key belongs to, for logs and policies.
    public let name: String?
    /// The actions that the caller may ask for, as patterns with `*` and `?`, without `dynamodb:`; nil for all.
    public let actions: [String]?
    /// The names of the tables that the caller may use, as patterns likewise; nil for all.
    public let tables: [String]?

    public init(
        id: String, secret: String, name: String? = nil, actions: [String]? = nil, tables: [String]? = nil
    ) {
        self.id = id
        self.secret = secret
        self.name = name
        self.actions = actions
        self.tables = tables
    }

    /// Whether `id` can stand in a credential, where `/`, `,`, `=` and spaces separate.
    package static func isValid(id: String) -> Bool {
        1...128 ~= id.utf8.count
            && id.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
