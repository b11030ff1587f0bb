import KeyValueStore
import Testing

@Suite struct KeyRangeTests {
    @Test(
        arguments: [
            ([1], [2]), ([1, 2], [1, 3]), ([1, 0xFF], [2]), ([1, 0xFF, 0xFF], [2]), ([0xFE, 0xFF], [0xFF]),
        ] as [([UInt8], [UInt8])])
    func `a prefix's successor is the least key above all that begin with it`(prefix: [UInt8], successor: [UInt8]) {
        #expect(KeyRange.successor(ofPrefix: prefix) == successor)
        #expect(KeyRange(prefix: prefix) == KeyRange(from: prefix, to: successor))
    }

    @Test(arguments: [[], [0xFF], [0xFF, 0xFF]] as [[UInt8]])
    func `a prefix of the highest bytes has no successor`(prefix: [UInt8]) {
        #expect(KeyRange.successor(ofPrefix: prefix) == nil)
        #expect(KeyRange(prefix: prefix) == KeyRange(from: prefix, to: nil))
    }

    @Test func `a batch counts the bytes of its keys, values and bounds`() {
        let items = Keyspace(index: 0, name: "items")
        var batch = WriteBatch()
        #expect(batch.isEmpty)
        batch.put([1], [2, 3], in: items)
        batch.delete([1, 2], in: items)
        batch.deleteRange(KeyRange(from: [1], to: [2, 3]), in: items)
        batch.deleteRange(KeyRange(from: [1], to: nil), in: items)
        #expect(batch.byteCount == 9)
        #expect(batch.operations.count == 4)
        #expect(!batch.isEmpty)
    }
}
