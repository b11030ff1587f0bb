/// The 32-bit cyclic redundancy check of Castagnoli, as iSCSI and ext4 use it (RFC 3720, appendix B.4).
///
/// It finds every burst of up to 32 wrong bits. Eight bytes are taken at a step by Kounavis and Berry's slicing ("A systematic
/// approach to building high performance software-based CRC generators", 2005).
struct CRC32C {
    private var register: UInt32 = ~0

    /// Eight tables of 256 entries: what a byte does to the register from each of the eight places of a step.
    private static let tables: [UInt32] = {
        let reversedPolynomial: UInt32 = 0x82F6_3B78
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var remainder = UInt32(byte)
            for _ in 0..<8 {
                remainder = (remainder >> 1) ^ (remainder & 1 == 1 ? reversedPolynomial : 0)
            }
            tables[byte] = remainder
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = (previous >> 8) ^ tables[Int(previous & 0xFF)]
        }
        return tables
    }()

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        register = Self.tables.withUnsafeBufferPointer { tables in
            var register = register
            var offset = 0
            while bytes.count - offset >= 8 {
                let chunk = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let mixed = chunk ^ UInt64(register)
                var next: UInt32 = 0
                for place in 0..<8 {
                    let byte = Int(truncatingIfNeeded: mixed >> UInt64(8 * place)) & 0xFF
                    next ^= tables[(7 - place) * 256 + byte]
                }
                register = next
                offset += 8
            }
            while offset < bytes.count {
                register = (register >> 8) ^ tables[Int((register ^ UInt32(bytes[offset])) & 0xFF)]
                offset += 1
            }
            return register
        }
    }

    var value: UInt32 { ~register }

    static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }
}
