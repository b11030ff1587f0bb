import HybridClock
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

@Suite struct CodecTests {
    static let origin = Origin(rawValue: 0x0002_1122_3344_5566)
    static let version = Version(stamp: HybridTimestamp(milliseconds: 0x0102_0304_0506, counter: 7), origin: origin)

    static let record = ChangeRecord(
        kind: .put, cause: .user, position: LogPosition(rawValue: 9), version: version,
        replaced: Version(
            stamp: HybridTimestamp(milliseconds: 1, counter: 2), origin: Origin(rawValue: 0x0003_0000_0000_0001)),
        table: TableUUID(high: 0xAAAA, low: 0xBBBB), payload: item("a", ["n": 1]).encoded())

    static var entry: CatalogEntry {
        var entry = CatalogEntry(uuid: TableUUID(high: 1, low: 2), name: "orders")
        entry.set(
            SettingName.table, to: TableFoundation(keySchema: .sorted, localIndexes: []).encoded(), version: version)
        entry.set(SettingName.index("i"), to: nil, version: version)
        entry.set(
            SettingName.replica("us-east-1"), to: Replica.encoded(status: .active, created: version),
            version: version)
        return entry
    }

    static var vector: AppliedVector {
        var vector = AppliedVector()
        for number in [5, 1, 3] as [UInt64] {
            vector.raise(Origin(rawValue: number << 48), to: LogPosition(rawValue: number * 100))
        }
        return vector
    }

    static var localState: LocalTableState {
        var local = LocalTableState()
        local.tableID = TableID(rawValue: 7)
        local.createdMilliseconds = 1_700_000_000_000
        local.indexes = [.init(name: "i", id: IndexID(rawValue: 8), shape: ["key": .map([:])], needsBackfill: true)]
        local.streamLabelMilliseconds = 5
        local.settings.settingsReplicationMode = "ENABLED"
        local.settings.tags = [Tag(key: "k", value: "v")]
        local.needsTransfer = true
        local.isServing = true
        local.snapshotVector = vector
        local.catchUps = vector
        return local
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test func `a change record's bytes are what they were in the first release`() {
        #expect(
            hex(Self.record.encoded())
                == "010101000000000000000009" + "01020304050600070002112233445566" + "00000000000100020003000000000001"
                + "000000000000aaaa000000000000bbbb" + hex(item("a", ["n": 1]).encoded()))
        let transaction = ChangeRecord(
            kind: .delete, cause: .timeToLive, position: LogPosition(rawValue: 1), version: .zero, replaced: .zero,
            table: TableUUID(high: 0, low: 0), transaction: .init(index: 1, count: 3), payload: [0xFF])
        #expect(
            hex(transaction.encoded())
                == "010202010000000000000001" + String(repeating: "0", count: 96) + "00010003" + "ff")
    }

    @Test func `a log entry's bytes are what they were in the first release`() {
        #expect(
            hex(LogEntry(record: [1, 2, 3], outcome: .applied, oldImage: [9, 8]).encoded()) == "03010203" + "01"
                + "0908")
        #expect(hex(LogEntry(record: [], outcome: .superseded).encoded()) == "0002")
        #expect(LogEntry.Outcome.repeated.rawValue == 3)
    }

    @Test func `an item's value, its tombstone and a vector have the bytes of the first release`() {
        #expect(
            hex(ItemValue.encode(version: Self.version, item: [0x00])) == "01020304050600070002112233445566" + "00"
                + "00")
        #expect(hex(ItemValue.encode(version: Self.version, item: nil)) == "01020304050600070002112233445566" + "01")
        var writer = ByteWriter()
        Self.vector.encode(into: &writer)
        #expect(
            hex(writer.bytes)
                == "00000003" + "0001000000000000" + "0000000000000064" + "0003000000000000" + "000000000000012c"
                + "0005000000000000" + "00000000000001f4")
    }

    @Test func `everything reads back as it was written`() throws {
        #expect(try ChangeRecord(decoding: Self.record.encoded()) == Self.record)
        let header = try ChangeRecord.header(of: Self.record.encoded())
        #expect(
            header
                == .init(
                    kind: .put, cause: .user, position: Self.record.position, version: Self.version,
                    table: Self.record.table,
                    transaction: Self.record.transaction)
        )
        let entry = LogEntry(record: Self.record.encoded(), outcome: .superseded, oldImage: [1])
        #expect(try LogEntry(decoding: entry.encoded()) == entry)
        let stored = try StoredLogEntry(entry.encoded())
        #expect(stored.record == entry.record && stored.outcome == .superseded && stored.hasOldImage)
        #expect(try stored.header() == header)
        #expect(try !StoredLogEntry(LogEntry(record: [1], outcome: .applied).encoded()).hasOldImage)
        for transaction in [nil, ChangeRecord.TransactionBounds(index: 1, count: 3)] {
            let record = ChangeRecord(
                kind: .put, cause: .timeToLive, position: Self.record.position, version: Self.version,
                replaced: Self.version, table: Self.record.table, transaction: transaction,
                payload: Self.record.payload)
            let old = item("b").encoded()
            let stored = try StoredLogEntry(
                LogEntry(record: record.encoded(), outcome: .applied, oldImage: old).encoded())
            let header = try stored.header()
            #expect(header.cause == .timeToLive && header.transaction == transaction)
            #expect(stored.payload(header) == BinaryItem(record.payload) && stored.oldImage == BinaryItem(old))
        }
        #expect(try CatalogEntry(decoding: Self.entry.encoded()) == Self.entry)
        var writer = ByteWriter()
        Self.localState.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try LocalTableState(from: &reader) == Self.localState)
        #expect(reader.isAtEnd)
        writer = ByteWriter()
        Self.vector.encode(into: &writer)
        reader = ByteReader(writer.bytes)
        #expect(try AppliedVector(from: &reader) == Self.vector)
    }

    @Test func `versions are ordered by stamp, then by origin, and so are their bytes`() throws {
        var generator = SplitMix64(seed: 1)
        func version() -> Version {
            Version(
                stamp: HybridTimestamp(rawValue: generator.chance(1, of: 2) ? 5 : generator.next()),
                origin: Origin(rawValue: generator.chance(1, of: 2) ? 6 : generator.next()))
        }
        for _ in 0..<1000 {
            let (left, right) = (version(), version())
            var (leftWriter, rightWriter) = (ByteWriter(), ByteWriter())
            left.encode(into: &leftWriter)
            right.encode(into: &rightWriter)
            #expect((left < right) == leftWriter.bytes.lexicographicallyPrecedes(rightWriter.bytes))
            #expect((left == right) == (leftWriter.bytes == rightWriter.bytes))
        }
    }

    @Test func `positions of a vector only grow, and its origins stay sorted`() {
        var generator = SplitMix64(seed: 2)
        var vector = AppliedVector()
        var model: [UInt64: UInt64] = [:]
        for _ in 0..<2000 {
            let (origin, position) = (UInt64(generator.below(20)), UInt64(generator.below(50)))
            if generator.chance(1, of: 20) {
                vector.remove(Origin(rawValue: origin))
                model[origin] = nil
            } else {
                vector.raise(Origin(rawValue: origin), to: LogPosition(rawValue: position))
                model[origin] = max(model[origin] ?? 0, position)
            }
        }
        #expect(vector.entries.map(\.origin.rawValue) == model.keys.sorted())
        for (origin, position) in model { #expect(vector[Origin(rawValue: origin)].rawValue == position) }
        #expect(!vector.contains(Origin(rawValue: 99)) && vector[Origin(rawValue: 99)] == .zero)
    }

    @Test func `a store's incarnation is a random UUID, and its origin says which region it is`() {
        var generator = SplitMix64(seed: 3)
        let incarnation = Incarnation.random(using: &generator)
        let text = incarnation.description
        #expect(text.count == 36 && text.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
        #expect(text.split(separator: "-")[2].first == "4")
        #expect("89ab".contains(text.split(separator: "-")[3].first ?? " "))
        let origin = Origin(region: RegionID(rawValue: 7), incarnation: incarnation)
        #expect(origin.region == RegionID(rawValue: 7))
        #expect(text.replacing("-", with: "").hasPrefix(origin.description.dropFirst(2)))
    }
}
