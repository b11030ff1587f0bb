import ItemModel
import Synchronization

/// What the catalog's stored values say, kept from one read to the next: links ask at every read of the log, and it hardly ever
/// changes.
///
/// It goes by the stored bytes themselves, so that it is right for any snapshot, however old.
final class DecodedCatalog: Sendable {
    typealias Value = (entry: CatalogEntry, local: LocalTableState)

    private let last = Mutex<(bytes: [[UInt8]], values: [Value])>(([], []))

    /// What `bytes` say, the values of the `catalog` keyspace in their order.
    func values(_ bytes: [[UInt8]]) throws(BinaryDecodingError) -> [Value] {
        let (knownBytes, knownValues) = last.withLock { ($0.bytes, $0.values) }
        if bytes == knownBytes { return knownValues }
        var values: [Value] = []
        for value in bytes {
            var reader = ByteReader(value)
            values.append((try CatalogEntry(from: &reader), try LocalTableState(from: &reader)))
        }
        last.withLock { [values] in $0 = (bytes, values) }
        return values
    }
}
