import ItemModel
import Testing

@Suite struct PartitionHashTests {
    /// From the reference implementation, of the bytes 3, 10, 17 and so on.
    @Test(
        arguments: [
            (0, 0xEF46_DB37_51D8_E999), (1, 0x1F25_C8D0_BC1F_4BB6), (3, 0x31D2_363F_52E5_64C9),
            (4, 0x9BB6_4B7D_66EE_9FDA), (7, 0x9A7B_1499_59CE_60D8), (8, 0xDAB9_9D95_C6F9_0092),
            (12, 0xD52E_4078_33AF_5133), (31, 0xA2AA_5F33_CC4A_6119), (32, 0x23C3_C17E_F790_FD97),
            (33, 0x50A7_CFC7_BA58_8784), (63, 0x5E3E_54B4_31C7_493C), (64, 0x0EB6_4B3E_F6EE_B01F),
            (100, 0xA61F_8D4C_170F_E531), (2048, 0x6307_1ECF_F231_EB40),
        ] as [(Int, UInt64)])
    func `the hash is XXH64`(count: Int, expected: UInt64) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
        #expect(PartitionHash.hash(bytes) == expected)
    }

    @Test func `the hash of a key's form stays what it is`() {
        #expect(PartitionHash.hash(Array("abc".utf8)) == 0x44BC_2CF5_AD77_0999)
        var form: [UInt8] = []
        KeyEncoder.append("customer#1" as Text, to: &form)
        #expect(PartitionHash.hash(form) == 0xA5E1_972D_966D_7AC1)
    }

    @Test func `keys that count up spread over the whole range`() {
        var buckets = [Int](repeating: 0, count: 64)
        for index in 0..<64_000 {
            var form: [UInt8] = []
            KeyEncoder.append(Number(index), to: &form)
            buckets[Int(PartitionHash.hash(form) >> 58)] += 1
        }
        #expect(buckets.allSatisfy { (850...1_150).contains($0) })
    }
}
