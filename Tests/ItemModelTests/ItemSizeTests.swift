import ItemModel
import Testing

@Suite struct ItemSizeTests {
    @Test(arguments: [
        ("0", 1), ("1", 2), ("-1", 3), ("12", 2), ("123", 3), ("100", 2), ("0.0001", 2), ("-1234", 4),
        ("99999999999999999999999999999999999999", 20), ("-99999999999999999999999999999999999999", 21),
        ("1.5", 3), ("123.4", 4), ("3.14159", 5), ("0.1", 2), ("12345", 4), ("-12", 3), ("15", 2), ("150", 3),
        ("10.01", 3),
        ("0.01", 2), ("0.011", 3), ("1e100", 2), ("1e101", 2), ("11e100", 2), ("11e101", 3), ("1e-130", 2),
    ])
    func `a number counts the digits of its integer part by two, and those of its fraction`(text: String, expected: Int)
        throws
    {
        #expect(try AttributeValue.number(Number(text)).sizeInBytes == expected)
    }

    @Test(arguments: [
        (AttributeValue.string("é😀"), 6), (.string(""), 0), (.binary([1, 2, 3]), 3), (.bool(false), 1), (.null, 1),
        (.list([]), 3), (.map([:]), 3), (.list([.null, .string("ab")]), 3 + 2 + 3), (.map(["name": .number(7)]), 3 + 7),
        (.list([.list([.map([:])])]), 11), (.stringSet(["a", "bcd"]), 4), (.numberSet([0, 100]), 3),
        (.binarySet([[], [1, 2]]), 2),
    ])
    func `values count as DynamoDB counts them`(value: AttributeValue, expected: Int) {
        #expect(value.sizeInBytes == expected)
    }

    @Test func `an item counts names and values`() {
        let item: Item = ["id": .string("abc"), "größe": .number(42), "flags": .list([.bool(true)])]
        #expect(item.sizeInBytes == (2 + 3) + (7 + 2) + (5 + 3 + 1 + 1))
        #expect(Item().sizeInBytes == 0)
    }

    @Test func `depth counts the lists and maps that lie in one another`() {
        #expect(AttributeValue.stringSet(["a"]).depth == 0)
        #expect(AttributeValue.list([]).depth == 1)
        #expect(AttributeValue.map(["a": .null, "b": .list([.map([:])])]).depth == 3)
        #expect((["a": .null, "b": .list([.null])] as Item).depth == 1)
        #expect(Item().depth == 0)
    }
}
