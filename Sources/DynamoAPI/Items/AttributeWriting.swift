import AWSProtocol
import ItemModel

extension JSONWriter {
    /// Writes an item or a map's content: an object of attribute values.
    mutating func item(_ item: AttributeMap) {
        beginObject()
        for attribute in item.attributes {
            name(text: attribute.name)
            attributeValue(attribute.value)
        }
        endObject()
    }

    /// Writes an attribute value: an object whose one member is named for the type.
    mutating func attributeValue(_ value: AttributeValue) {
        beginObject()
        name(value.kind.jsonName)
        switch value {
        case .string(let text): string(text)
        case .number(let value): number(value)
        case .binary(let bytes): bytes.withUnsafeBytes { base64($0) }
        case .bool(let value): bool(value)
        case .null: bool(true)
        case .list(let elements):
            beginArray()
            for element in elements { attributeValue(element) }
            endArray()
        case .map(let map): item(map)
        case .stringSet(let elements):
            beginArray()
            for element in elements { string(element) }
            endArray()
        case .numberSet(let elements):
            beginArray()
            for element in elements { number(element) }
            endArray()
        case .binarySet(let elements):
            beginArray()
            for element in elements { element.withUnsafeBytes { base64($0) } }
            endArray()
        }
        endObject()
    }

    /// Writes an item straight from its stored form: nothing is decoded that is not written, and nothing allocated beside the text.
    mutating func item(stored: BinaryItem) throws(BinaryDecodingError) {
        beginObject()
        // One of the two holds the bytes at a time: a second reference would have all of them copied with the next one written.
        var writing = StoredItemWriting(writer: JSONWriter(capacity: 0))
        swap(&self, &writing.writer)
        let result: Result<Void, BinaryDecodingError>
        do throws(BinaryDecodingError) {
            result = .success(try stored.visit(&writing))
        } catch {
            result = .failure(error)
        }
        swap(&self, &writing.writer)
        try result.get()
        endObject()
    }
}

extension AttributeValue.Kind {
    /// The name of the member that holds a value of the type.
    var jsonName: StaticString {
        switch self {
        case .string: "S"
        case .number: "N"
        case .binary: "B"
        case .bool: "BOOL"
        case .null: "NULL"
        case .list: "L"
        case .map: "M"
        case .stringSet: "SS"
        case .numberSet: "NS"
        case .binarySet: "BS"
        }
    }
}

/// Writes what it is shown of a stored item.
private struct StoredItemWriting: BinaryItemVisitor {
    var writer: JSONWriter
    /// Elements of a set stand without the object that elsewhere names a value's type.
    private var isInSet = false

    init(writer: JSONWriter) {
        self.writer = writer
    }

    mutating func attribute(named name: Span<UInt8>, at index: Int) {
        name.withUnsafeBytes { writer.name(utf8: $0) }
    }

    mutating func element(at index: Int) {}

    mutating func string(_ bytes: Span<UInt8>) {
        begin(.string)
        bytes.withUnsafeBytes { writer.string(utf8: $0) }
        end()
    }

    mutating func number(_ number: Number) {
        begin(.number)
        writer.number(number)
        end()
    }

    mutating func binary(_ bytes: Span<UInt8>) {
        begin(.binary)
        bytes.withUnsafeBytes { writer.base64($0) }
        end()
    }

    mutating func bool(_ value: Bool) {
        begin(.bool)
        writer.bool(value)
        end()
    }

    mutating func null() {
        begin(.null)
        writer.bool(true)
        end()
    }

    mutating func beginList(count: Int) {
        begin(.list)
        writer.beginArray()
    }

    mutating func endList() {
        writer.endArray()
        end()
    }

    mutating func beginMap(count: Int) {
        begin(.map)
        writer.beginObject()
    }

    mutating func endMap() {
        writer.endObject()
        end()
    }

    mutating func beginSet(_ kind: AttributeValue.Kind, count: Int) {
        begin(kind)
        writer.beginArray()
        isInSet = true
    }

    mutating func endSet() {
        isInSet = false
        writer.endArray()
        end()
    }

    private mutating func begin(_ kind: AttributeValue.Kind) {
        guard !isInSet else { return }
        writer.beginObject()
        writer.name(kind.jsonName)
    }

    private mutating func end() {
        guard !isInSet else { return }
        writer.endObject()
    }
}
