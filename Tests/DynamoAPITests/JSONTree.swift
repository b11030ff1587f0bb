import AWSProtocol
import ItemModel

/// A JSON text as a tree, for tests that look into answers or send parts of them back.
indirect enum JSONTree: Equatable {
    case null
    case bool(Bool)
    /// As it stands in the text.
    case number(String)
    case string(String)
    case array([JSONTree])
    case object([Member])

    struct Member: Equatable {
        let name: String
        let value: JSONTree
    }

    /// Parses `text`; null where it is no JSON.
    init(_ text: String) {
        let bytes = Array(text.utf8)
        let tree: JSONTree? = bytes.withUnsafeBytes { bytes in
            guard let document = try? JSONDocument(parsing: bytes) else { return nil }
            return document.withRoot(bytes) { JSONTree($0) }
        }
        self = tree ?? .null
    }

    private init(_ value: JSONValue) {
        switch value.kind {
        case .null: self = .null
        case .true: self = .bool(true)
        case .false: self = .bool(false)
        case .number: self = .number(String(decoding: value.rawBytes, as: UTF8.self))
        case .string: self = .string(value.string)
        case .array: self = .array(value.elements.map { JSONTree($0) })
        case .object: self = .object(value.members.map { Member(name: $0.name.string, value: JSONTree($0.value)) })
        }
    }

    /// The member of that name; null where there is none.
    subscript(name: String) -> JSONTree {
        guard case .object(let members) = self else { return .null }
        return members.first { $0.name == name }?.value ?? .null
    }

    var elements: [JSONTree] {
        if case .array(let elements) = self { elements } else { [] }
    }

    var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    var string: String {
        if case .string(let string) = self { string } else { "" }
    }

    var integer: Int? {
        if case .number(let digits) = self { Int(digits) } else { nil }
    }

    /// The tree as a JSON text.
    var text: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .null: preconditionFailure("requests need no null")
        case .bool(let value): writer.bool(value)
        case .number(let digits): writer.integer(Int(digits) ?? 0)
        case .string(let string): writer.string(string)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.name(text: Text(member.name))
                member.value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}

extension TestEndpoint {
    /// Sends a request and returns the answer's body as a tree.
    func tree(_ operation: String, _ body: String) -> JSONTree { JSONTree(self(operation, body)) }

    /// Sends a request for each page that it takes, and returns them all; a page too many ends it.
    func pages(_ operation: String, _ parameters: String, atMost count: Int = 1000) -> [JSONTree] {
        var pages: [JSONTree] = []
        var start = ""
        while pages.count < count {
            let page = tree(operation, "{\(parameters)\(start)}")
            pages.append(page)
            guard page["LastEvaluatedKey"] != .null else { break }
            start = #","ExclusiveStartKey":\#(page["LastEvaluatedKey"].text)"#
        }
        return pages
    }
}
