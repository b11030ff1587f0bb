/// The hash of a partition key's form, which decides where in its table an item lies: XXH64 with seed 0.
///
/// It is part of the disk format, so it never changes. It does not guard against chosen collisions: all that whoever picks
/// keys that collide gains is a hot partition, which equal keys give him as well.
///
/// Source: the xxHash specification, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
public enum PartitionHash {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    public static func hash(_ bytes: [UInt8]) -> UInt64 { hash(bytes.span) }

    public static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            var accumulator = buffer.count < 32 ? prime5 : hashStripes(of: buffer, from: &offset)
            accumulator &+= UInt64(buffer.count)
            while buffer.count - offset >= 8 {
                accumulator ^= round(0, load(buffer, at: offset, as: UInt64.self))
                accumulator = rotate(accumulator, by: 27) &* prime1 &+ prime4
                offset += 8
            }
            if buffer.count - offset >= 4 {
                accumulator ^= UInt64(load(buffer, at: offset, as: UInt32.self)) &* prime1
                accumulator = rotate(accumulator, by: 23) &* prime2 &+ prime3
                offset += 4
            }
            while offset < buffer.count {
                accumulator ^= UInt64(buffer[offset]) &* prime5
                accumulator = rotate(accumulator, by: 11) &* prime1
                offset += 1
            }
            return avalanche(accumulator)
        }
    }

    /// Hashes all whole stripes of 32 bytes in four lanes, which it then merges.
    private static func hashStripes(of buffer: UnsafeRawBufferPointer, from offset: inout Int) -> UInt64 {
        var lane1 = prime1 &+ prime2
        var lane2 = prime2
        var lane3: UInt64 = 0
        var lane4 = 0 &- prime1
        while buffer.count - offset >= 32 {
            lane1 = round(lane1, load(buffer, at: offset, as: UInt64.self))
            lane2 = round(lane2, load(buffer, at: offset + 8, as: UInt64.self))
            lane3 = round(lane3, load(buffer, at: offset + 16, as: UInt64.self))
            lane4 = round(lane4, load(buffer, at: offset + 24, as: UInt64.self))
            offset += 32
        }
        var merged = rotate(lane1, by: 1) &+ rotate(lane2, by: 7) &+ rotate(lane3, by: 12) &+ rotate(lane4, by: 18)
        merged = (merged ^ round(0, lane1)) &* prime1 &+ prime4
        merged = (merged ^ round(0, lane2)) &* prime1 &+ prime4
        merged = (merged ^ round(0, lane3)) &* prime1 &+ prime4
        return (merged ^ round(0, lane4)) &* prime1 &+ prime4
    }

    private static func round(_ accumulator: UInt64, _ input: UInt64) -> UInt64 {
        rotate(accumulator &+ input &* prime2, by: 31) &* prime1
    }

    private static func avalanche(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 33)) &* prime2
        value = (value ^ (value >> 29)) &* prime3
        return value ^ (value >> 32)
    }

    private static func rotate(_ value: UInt64, by count: UInt64) -> UInt64 {
        (value &<< count) | (value &>> (64 - count))
    }

    private static func load<Word: FixedWidthInteger>(
        _ buffer: UnsafeRawBufferPointer, at offset: Int, as type: Word.Type
    ) -> Word {
        Word(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: type))
    }
}
