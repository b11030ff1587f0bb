import ItemModel
import Testing

@testable import DynamoAPI

@Suite struct HashSetOrderTests {
    /// The first two as the service has listed them; the third as a JVM lists them.
    @Test(
        arguments: [
            (["id", "user", "created_at"], ["created_at", "id", "user"]),
            (["my-string", "my-hash"], ["my-hash", "my-string"]),
            (["b", "a", "c", "a"], ["a", "b", "c"]),
            ([], []),
        ] as [([Text], [Text])])
    func `names are listed in the order of a hash set`(names: [Text], listed: [Text]) {
        #expect(HashSetOrder.of(names) == listed)
        #expect(Set(HashSetOrder.of(names.reversed())) == Set(listed))
    }

    @Test func `many names are in as many buckets as a table of their number has`() {
        // Their hash codes are those of the letters, 97 to 122: with 13 names a table has 32 buckets.
        let letters = (0..<13).map { Text(String(UnicodeScalar(UInt8(97 + $0)))) }
        #expect(HashSetOrder.of(letters.shuffled()) == letters)
        // Of 16 buckets "a" and "q" have the same one, in which they stay as they came.
        #expect(HashSetOrder.of(["q", "b", "a"]) == ["q", "a", "b"])
        #expect(HashSetOrder.of(["a", "b", "q"]) == ["a", "q", "b"])
    }
}
