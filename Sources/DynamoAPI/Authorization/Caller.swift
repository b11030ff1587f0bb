public import ItemModel

/// Who sends a request, and what that one may do.
public struct Caller: Sendable {
    /// What a refusal calls the caller.
    public let name: String
    /// Nil for everything.
    let rights: Rights?

    /// Who may do everything.
    public static let unrestricted = Caller(name: "root", rights: nil)

    /// - Parameters:
    ///   - actions: names of actions, in which `*` stands for any characters and `?` for one; nil for all.
    ///   - tables: names of tables, likewise. Operations that name no table take the right to all of them.
    public init(name: String, actions: [String]? = nil, tables: [String]? = nil) {
        self.init(
            name: name,
            rights: actions == nil && tables == nil
                ? nil
                : Rights(
                    actions: (actions ?? ["*"]).map(Pattern.init), tables: (tables ?? ["*"]).map(Pattern.init)))
    }

    /// Those of `patterns` that are about no action of `actions`: mistakes, as they allow nothing.
    public static func patterns(_ patterns: [String], matchingNoneOf actions: [String]) -> [String] {
        patterns.filter { text in
            let pattern = Pattern(text)
            return !actions.contains { pattern.matches(Array($0.utf8)) }
        }
    }

    /// Whether the caller may do something with a table that no operation of DynamoDB's does.
    public func mayDo(_ action: String, with table: Text) -> Bool {
        rights.map { $0.allow(Array(action.utf8), with: table) } ?? true
    }

    private init(name: String, rights: Rights?) {
        self.name = name
        self.rights = rights
    }

    struct Rights: Sendable {
        let actions: [Pattern]
        let tables: [Pattern]

        func allow(_ access: Access) -> Bool {
            allow(Array(access.action.description.utf8), with: access.tableName)
        }

        func allow(_ action: [UInt8], with table: Text?) -> Bool {
            guard actions.contains(where: { $0.matches(action) }) else { return false }
            guard let name = table else { return tables.contains { $0.matchesAll } }
            let bytes = Array(name.utf8)
            return tables.contains { $0.matches(bytes) }
        }
    }

    /// A name with `*` and `?` in it.
    struct Pattern: Sendable {
        private let bytes: [UInt8]

        init(_ text: String) { bytes = Array(text.utf8) }

        var matchesAll: Bool { !bytes.isEmpty && bytes.allSatisfy { $0 == UInt8(ascii: "*") } }

        /// Whether the whole of `name` is what the pattern says.
        ///
        /// It goes back to the last star only, so the time is bounded by the product of the two lengths.
        func matches(_ name: [UInt8]) -> Bool {
            var (place, position) = (0, 0)
            var retry: (place: Int, position: Int)?
            while position < name.count {
                if place < bytes.count, bytes[place] == UInt8(ascii: "*") {
                    place += 1
                    retry = (place, position)
                } else if place < bytes.count, bytes[place] == UInt8(ascii: "?") || bytes[place] == name[position] {
                    place += 1
                    position += 1
                } else if let (starPlace, starPosition) = retry {
                    place = starPlace
                    position = starPosition + 1
                    retry = (starPlace, starPosition + 1)
                } else {
                    return false
                }
            }
            return bytes[place...].allSatisfy { $0 == UInt8(ascii: "*") }
        }
    }
}
