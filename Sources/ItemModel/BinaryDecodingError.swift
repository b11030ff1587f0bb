/// Why bytes are not what an encoder writes, with the offset in the buffer at which that shows.
public enum BinaryDecodingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The bytes end, or the enclosing length does, before the field that begins at the offset.
    case truncated(at: Int)
    /// The field at the offset holds what no encoder writes: "varint" or "change record's kind", say.
    case invalid(String, at: Int)
    /// The form ended at the offset and bytes follow it.
    case trailingBytes(at: Int)

    public var description: String {
        switch self {
        case .truncated(let offset): "the bytes end within the field at offset \(offset)"
        case .invalid(let what, let offset): "the \(what) at offset \(offset) is not valid"
        case .trailingBytes(let offset): "the form ends at offset \(offset), but more bytes follow"
        }
    }
}
