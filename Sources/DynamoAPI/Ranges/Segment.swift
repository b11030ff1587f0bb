import AWSProtocol
import ItemModel
import RegionStore

/// One of the equal parts of a table's hashes that a parallel scan is divided into.
struct Segment: Sendable {
    /// From zero.
    let number: Int
    let count: Int

    /// Reads `Segment` and `TotalSegments`, which need one another; the whole table where there is neither.
    init(_ request: JSONValue) throws(DynamoFault) {
        switch (request["Segment"]?.integer, request["TotalSegments"]?.integer) {
        case (nil, nil): (number, count) = (0, 1)
        case (.some, nil):
            throw .validation(
                """
                The TotalSegments parameter is required but was not present in the request when Segment parameter is present
                """)
        case (nil, .some):
            throw .validation(
                """
                The Segment parameter is required but was not present in the request when parameter TotalSegments is present
                """)
        case (let number?, let count?):
            guard number < count else {
                throw .validation(
                    """
                    The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: \(number) is \
                    not less than TotalSegments: \(count)
                    """)
            }
            (self.number, self.count) = (number, count)
        }
    }

    /// Whether the item of `key` lies in the segment, by the hash of its partition key in the table or in an index.
    func contains(_ key: Item, _ schema: KeySchema) -> Bool {
        var forms: [UInt8] = []
        for attribute in schema.partition {
            guard let value = key[attribute.name], KeyEncoder.append(value, to: &forms) else { return false }
        }
        // A segment begins at the whole part of number · 2^64 / count, so this hash's is the last that begins at or below it.
        let position = (UInt128(PartitionHash.hash(forms)) + 1) * UInt128(count) - 1
        return Int(position >> 64) == number
    }
}
