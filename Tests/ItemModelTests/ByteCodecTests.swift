import ItemModel
import Testing

@Suite struct ByteCodecTests {
    @Test func `elements are laid out as documented`() {
        var writer = ByteWriter(capacity: 64)
        writer.append(0x01 as UInt8)
        writer.append(0x0203 as UInt16)
        writer.append(0x0405_0607 as UInt32)
        writer.append(0x0809_0A0B_0C0D_0E0F as UInt64)
        writer.appendVarint(300)
        writer.appendLengthPrefixed([0xAA, 0xBB])
        writer.appendLengthPrefixed("é" as Text)
        writer.append(contentsOf: [0xCC])
        #expect(writer.bytes == bytes(hex: "01 0203 04050607 08090A0B0C0D0E0F AC02 02AABB 02C3A9 CC"))
    }

    @Test func `what is written is read back`() throws {
        var writer = ByteWriter(appendingTo: [0xEE])
        writer.append(UInt8.max)
        writer.append(UInt16.max - 1)
        writer.append(UInt32.max - 2)
        writer.append(UInt64.max - 3)
        writer.appendLengthPrefixed([1, 2, 3])
        writer.appendLengthPrefixed("text" as Text)
        writer.append(contentsOf: [4, 5])
        var reader = ByteReader(writer.bytes, in: 1..<writer.count)
        #expect(reader.peekUInt8() == 0xFF)
        #expect(try reader.readUInt8() == UInt8.max)
        #expect(try reader.readUInt16() == UInt16.max - 1)
        #expect(try reader.readUInt32() == UInt32.max - 2)
        #expect(try reader.readUInt64() == UInt64.max - 3)
        #expect(try reader.readLengthPrefixedBytes() == [1, 2, 3])
        #expect(try reader.readLengthPrefixedText() == "text")
        #expect(throws: BinaryDecodingError.trailingBytes(at: writer.count - 2)) { try reader.expectEnd() }
        #expect(reader.readRemainingBytes() == [4, 5])
        try reader.expectEnd()
        #expect(reader.isAtEnd)
        #expect(reader.peekUInt8() == nil)
    }

    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 1 << 35, (1 << 63) - 1, 1 << 63, UInt64.max] as [UInt64])
    func `a varint takes its fewest bytes`(value: UInt64) throws {
        var writer = ByteWriter()
        writer.appendVarint(value)
        #expect(writer.count == ByteWriter.varintByteCount(value))
        var reader = ByteReader(writer.bytes)
        #expect(try reader.readVarint() == value)
        try reader.expectEnd()
        for count in 0..<writer.count {
            var reader = ByteReader(Array(writer.bytes.prefix(count)))
            #expect(throws: BinaryDecodingError.truncated(at: 0)) { try reader.readVarint() }
        }
    }

    @Test(arguments: ["8000", "FF00", "808080808080808080 8000", "FFFFFFFFFFFFFFFFFF02", "FFFFFFFFFFFFFFFFFFFF01"])
    func `a varint with needless bytes or beyond 64 bits is refused`(hex: String) {
        var reader = ByteReader(bytes(hex: hex))
        #expect(throws: BinaryDecodingError.invalid("varint", at: 0)) { try reader.readVarint() }
    }

    @Test func `a length filled in afterwards is that of the content, whatever its size`() throws {
        for count in [0, 1, 127, 128, 129, 16_383, 16_384, 70_000] {
            let content = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            var (early, late) = (ByteWriter(), ByteWriter())
            for _ in 0..<2 {
                early.appendLengthPrefixed(content)
                let mark = late.beginLengthPrefixed()
                late.append(contentsOf: content)
                late.endLengthPrefixed(mark)
            }
            #expect(early.bytes == late.bytes)
        }
    }

    @Test func `lengths filled in afterwards nest`() throws {
        var writer = ByteWriter()
        let outer = writer.beginLengthPrefixed()
        let inner = writer.beginLengthPrefixed()
        writer.append(contentsOf: Array(repeating: 7, count: 200))
        writer.endLengthPrefixed(inner)
        writer.endLengthPrefixed(outer)
        var reader = ByteReader(writer.bytes)
        #expect(try reader.readLength() == 202)
        #expect(try reader.readLengthPrefixedBytes().count == 200)
    }

    @Test func `nothing is read past the end`() {
        var reader = ByteReader([1, 2, 3, 4, 5, 6, 7], in: 0..<1)
        #expect(throws: BinaryDecodingError.truncated(at: 0)) { try reader.readUInt16() }
        #expect(throws: BinaryDecodingError.truncated(at: 0)) { try reader.readUInt32() }
        #expect(throws: BinaryDecodingError.truncated(at: 0)) { try reader.readUInt64() }
        #expect(throws: BinaryDecodingError.truncated(at: 0)) { try reader.readBytes(count: 2) }
        #expect(throws: BinaryDecodingError.truncated(at: 0)) { try reader.skip(count: Int.max) }
        #expect(throws: BinaryDecodingError.truncated(at: 0)) { try reader.skip(count: -1) }
        #expect(throws: BinaryDecodingError.truncated(at: 0)) { try reader.readLength() }
        reader = ByteReader([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
        #expect(throws: BinaryDecodingError.truncated(at: 0)) { try reader.readLength() }
    }

    @Test func `text must be UTF-8`() {
        var reader = ByteReader([0x02, 0xC3, 0x28])
        #expect(throws: BinaryDecodingError.invalid("UTF-8", at: 1)) { try reader.readLengthPrefixedText() }
    }
}
