import HybridClock
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

/// Whatever bytes come, from a peer or from a damaged disk, the answer is a typed error: never a trap, and never a change.
@Suite struct HostileBytesTests {
    /// A decoder by name, with bytes that it accepts.
    struct Decoder: CustomTestStringConvertible {
        let name: String
        let valid: [UInt8]
        /// Whether each beginning of the bytes is refused: where the rest has no length of its own it is not.
        var endsItself = true
        let decode: @Sendable ([UInt8]) throws(BinaryDecodingError) -> Void

        var testDescription: String { name }
    }

    static var decoders: [Decoder] {
        var vector = ByteWriter()
        CodecTests.vector.encode(into: &vector)
        var local = ByteWriter()
        CodecTests.localState.encode(into: &local)
        return [
            Decoder(
                name: "ForgottenTail",
                valid: ForgottenTail(
                    log: Origin(rawValue: 1), held: LogPosition(rawValue: 2), known: LogPosition(rawValue: 3)
                ).encoded()
            ) {
                bytes throws(BinaryDecodingError) in _ = try ForgottenTail(decoding: bytes)
            },
            Decoder(
                name: "LogMark",
                valid: LogMark(incarnation: Incarnation(high: 1, low: 2), position: LogPosition(rawValue: 3)).encoded()
            ) {
                bytes throws(BinaryDecodingError) in _ = try LogMark(decoding: bytes)
            },
            Decoder(name: "ChangeRecord", valid: CodecTests.record.encoded(), endsItself: false) {
                bytes throws(BinaryDecodingError) in _ = try ChangeRecord(decoding: bytes)
            },
            Decoder(name: "ChangeRecord.header", valid: CodecTests.record.encoded(), endsItself: false) {
                bytes throws(BinaryDecodingError) in _ = try ChangeRecord.header(of: bytes)
            },
            Decoder(
                name: "LogEntry", valid: LogEntry(record: [1, 2], outcome: .superseded, oldImage: [3]).encoded(),
                endsItself: false
            ) {
                bytes throws(BinaryDecodingError) in _ = try LogEntry(decoding: bytes)
            },
            Decoder(
                name: "StoredLogEntry",
                valid: LogEntry(record: CodecTests.record.encoded(), outcome: .applied, oldImage: [3]).encoded(),
                endsItself: false
            ) {
                bytes throws(BinaryDecodingError) in _ = try StoredLogEntry(bytes).header()
            },
            Decoder(name: "CatalogEntry", valid: CodecTests.entry.encoded()) {
                bytes throws(BinaryDecodingError) in _ = try CatalogEntry(decoding: bytes)
            },
            Decoder(name: "LocalTableState", valid: local.bytes) { bytes throws(BinaryDecodingError) in
                var reader = ByteReader(bytes)
                _ = try LocalTableState(from: &reader)
            },
            Decoder(name: "AppliedVector", valid: vector.bytes) { bytes throws(BinaryDecodingError) in
                var reader = ByteReader(bytes)
                _ = try AppliedVector(from: &reader)
            },
            Decoder(
                name: "ItemValue",
                valid: ItemValue.encode(version: CodecTests.version, item: item("a", ["n": 1]).encoded())
            ) { bytes throws(BinaryDecodingError) in
                guard try ItemValue(decoding: bytes).decodedItem() != nil else { throw .truncated(at: 0) }
            },
        ]
    }

    @Test(arguments: decoders)
    func `every truncation, flipped bit and random string is refused or read, and never traps`(_ decoder: Decoder)
        throws
    {
        try decoder.decode(decoder.valid)
        for count in 0..<decoder.valid.count {
            let beginning = Array(decoder.valid.prefix(count))
            if decoder.endsItself {
                #expect(throws: BinaryDecodingError.self) { try decoder.decode(beginning) }
            } else {
                try? decoder.decode(beginning)
            }
        }
        for index in decoder.valid.indices {
            for bit in 0..<8 {
                var bytes = decoder.valid
                bytes[index] ^= 1 << UInt8(bit)
                try? decoder.decode(bytes)
            }
        }
        var generator = SplitMix64(seed: 4)
        for _ in 0..<2000 {
            try? decoder.decode(generator.bytes(count: generator.below(80)))
            var bytes = decoder.valid
            for _ in 0..<(1 + generator.below(4)) {
                bytes[generator.below(bytes.count)] = [0, 1, 0x7F, 0x80, 0xFF][generator.below(5)]
            }
            try? decoder.decode(bytes)
        }
    }

    @Test func `what no region writes in a change record is refused`() throws {
        var bytes = CodecTests.record.encoded()
        for (index, value) in [(0, 2), (0, 0), (1, 0), (1, 4), (2, 0), (2, 4), (3, 2), (3, 0x80)] as [(Int, UInt8)] {
            var changed = bytes
            changed[index] = value
            #expect(throws: BinaryDecodingError.self) { try ChangeRecord(decoding: changed) }
        }
        for index in 4..<12 { bytes[index] = 0 }
        #expect(throws: BinaryDecodingError.self) { try ChangeRecord(decoding: bytes) }
        let bounds = ChangeRecord(
            kind: .put, cause: .user, position: LogPosition(rawValue: 1), version: .zero, replaced: .zero,
            table: TableUUID(high: 0, low: 0), transaction: .init(index: 3, count: 3), payload: [])
        #expect(throws: BinaryDecodingError.self) { try ChangeRecord(decoding: bounds.encoded()) }
    }

    @Test func `hostile batches leave a region as it was`() throws {
        let world = try World(2)
        try world[1].createTable(indexes: [.global("i", "color")])
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        let start = world[1].reader.lastPosition
        try world[1].put(item("a", ["color": "red"]))
        try world[1].delete(["pk": "b"])
        try world[1].update("T", .setTableClass(.infrequentAccess))
        let page = try world[1].reader.changes(
            after: start, upTo: world[1].reader.lastPosition,
            matching: world.filter(world[1], world[2], world[1].origin),
            byteLimit: .max)
        #expect(page.records.count == 3)
        let before = try world[2].contents()
        var generator = SplitMix64(seed: 5)
        var refusals = 0
        for _ in 0..<3000 {
            var records = page.records
            let index = generator.below(records.count)
            switch generator.below(4) {
            case 0: records[index].removeLast(1 + generator.below(records[index].count))
            case 1: records[index][generator.below(records[index].count)] ^= 1 << UInt8(generator.below(8))
            case 2: records[index] = generator.bytes(count: generator.below(100))
            default: records[index].insert(UInt8(generator.below(256)), at: generator.below(records[index].count + 1))
            }
            do {
                try world[2].store.apply(
                    ReceivedBatch(
                        origin: world[1].origin, records: records, position: page.readPosition, isComplete: true),
                    at: world[2].now)
                // Bytes that mean something, if only something else: back to what was committed.
                try world[2].restart()
            } catch let error as ApplyError {
                refusals += 1
                if case .storage = error { Issue.record("\(error)") }
                #expect(!world[2].store.hasPendingChanges)
                #expect(world[2].store.failure == nil)
            }
        }
        #expect(refusals > 1000)
        #expect(try world[2].contents() == before)
    }

    @Test func `a record that does not fit its table is refused with the whole batch`() throws {
        let world = try World(2)
        let table = try world[1].createTable()
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        let position = world[1].reader.lastPosition
        let before = try world[2].contents()
        func record(_ offset: UInt64, _ item: Item, kind: ChangeRecord.Kind = .put) -> [UInt8] {
            ChangeRecord(
                kind: kind, cause: .user, position: LogPosition(rawValue: position.rawValue + offset),
                version: Version(stamp: HybridTimestamp(milliseconds: world[1].now), origin: world[1].origin),
                replaced: .zero, table: table.uuid, payload: item.encoded()
            ).encoded()
        }
        for bad in [["n": 1], ["pk": 5], ["pk": ""]] as [Item] {
            for kind in [ChangeRecord.Kind.put, .delete] {
                let batch = ReceivedBatch(
                    origin: world[1].origin, records: [record(1, item("fine")), record(2, bad, kind: kind)],
                    position: LogPosition(rawValue: position.rawValue + 2), isComplete: true)
                #expect(throws: ApplyError.self) { try world[2].store.apply(batch, at: world[2].now) }
                #expect(!world[2].store.hasPendingChanges)
            }
        }
        let beyond = ReceivedBatch(
            origin: world[1].origin, records: [record(5, item("fine"))],
            position: LogPosition(rawValue: position.rawValue + 2), isComplete: true)
        #expect(throws: ApplyError.self) { try world[2].store.apply(beyond, at: world[2].now) }
        let foreign = ReceivedBatch(
            origin: Origin(rawValue: 5 << 48), records: [record(1, item("fine"))],
            position: LogPosition(rawValue: position.rawValue + 2), isComplete: true)
        #expect(throws: ApplyError.self) { try world[2].store.apply(foreign, at: world[2].now) }
        #expect(try world[2].contents() == before)
    }

    @Test func `hostile snapshots and catalogs leave a region as it was`() throws {
        let world = try World(2)
        try world[1].createTable(indexes: [.global("i", "color")])
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        let (region, replica) = (world[2], try world[2].replica())
        region.store.transferAgain(replica, lacking: world[1].origin, from: world[1].origin)
        try region.commit()
        let before = try region.contents()
        func expectRefused(_ body: () throws -> Void) throws {
            #expect(throws: ApplyError.self) { try body() }
            #expect(!region.store.hasPendingChanges && region.store.failure == nil)
            #expect(try region.contents() == before)
        }
        let good = SnapshotItem(version: CodecTests.version, isTombstone: false, payload: item("a").encoded())
        let unfit: [Item] = [[:], ["n": 1], ["pk": 4]]
        for payload in unfit.map({ $0.encoded() }) + [[], [0xFF], Array(item("a").encoded().dropLast())] {
            let bad = SnapshotItem(version: CodecTests.version, isTombstone: false, payload: payload)
            let part = SnapshotPart(items: [good, bad], from: [], to: nil, vector: AppliedVector())
            try expectRefused { try region.store.applySnapshot(part, of: replica, at: region.now) }
        }
        let entry = try #require(world[1].store.region.catalog.all.first).entry
        var otherName = CatalogEntry(uuid: entry.uuid, name: "other")
        _ = otherName.merge(entry)
        let late = Version(stamp: HybridTimestamp(milliseconds: region.now + 1), origin: world[1].origin)
        var otherKey = entry
        otherKey.set(
            SettingName.table, to: TableFoundation(keySchema: .sorted, localIndexes: []).encoded(), version: late)
        var noKey = CatalogEntry(uuid: TableUUID(high: 8, low: 8), name: "new")
        noKey.set(SettingName.table, to: ["key": "nonsense"], version: late)
        var undeleted = CatalogEntry(uuid: TableUUID(high: 8, low: 9), name: "new")
        undeleted.set(SettingName.deleted, to: nil, version: late)
        let malformed =
            [otherName, otherKey, noKey, undeleted].map { $0.encoded() } + [Array(entry.encoded().dropLast())]
        for bad in malformed {
            try expectRefused {
                try region.store.applyCatalog(
                    [entry.encoded(), bad], from: world[1].origin, position: LogPosition(rawValue: 99), isReset: true,
                    at: region.now)
            }
        }
        // It would have every table of that log count as deleted until then.
        var collected = CollectedTables()
        collected.note(Version(stamp: HybridTimestamp(milliseconds: region.now + 120_000), origin: world[1].origin))
        try expectRefused {
            try region.store.applyCatalog(
                [], collected: collected, from: world[1].origin, position: LogPosition(rawValue: 99), isReset: true,
                at: region.now)
        }
    }

    @Test func `a store whose meta values are damaged is refused, and does not trap`() throws {
        let region = try TestRegion()
        try region.createTable("U")
        _ = try region.store.deleteTable("U", at: region.now)
        try region.createTable()
        try region.put(item("a"))
        let image = try region.image()
        var generator = SplitMix64(seed: 6)
        for operation in image.operations {
            guard case .put(let keyspace, let key, let value) = operation,
                [Layout.meta, Layout.catalog, Layout.deletedTables].contains(keyspace)
            else { continue }
            for _ in 0..<40 {
                var bytes = value
                switch generator.below(3) {
                case 0 where !bytes.isEmpty: bytes.removeLast(1 + generator.below(bytes.count))
                case 1: bytes = generator.bytes(count: bytes.count)
                default: bytes = [UInt8](repeating: generator.chance(1, of: 2) ? 0 : 0xFF, count: bytes.count)
                }
                var damaged = image
                damaged.put(key, bytes, in: keyspace)
                _ = try? TestRegion(opening: damaged, configuration: region.configuration)
            }
        }
        for (key, value) in [
            (Layout.MetaKey.format, Layout.bigEndian(Layout.formatVersion + 1)),
            (Layout.MetaKey.log, [UInt8](repeating: 0, count: 24)),
            (Layout.MetaKey.log, Layout.bigEndian(5, 3) + Layout.bigEndian(UInt64(0))),
            (Layout.MetaKey.highWaterMark, [1]), (Layout.MetaKey.vector, [0, 0, 0, 1]),
            (Layout.MetaKey.incarnation, []), (Layout.MetaKey.collectedTables, [0, 0, 0, 1]),
        ] {
            var damaged = image
            damaged.put(key, value, in: Layout.meta)
            #expect(throws: RegionStoreError.self) {
                try TestRegion(opening: damaged, configuration: region.configuration)
            }
        }
    }

    @Test func `a store of another region is refused`() throws {
        let region = try TestRegion(1)
        var generator = SplitMix64(seed: 1)
        let other = try TestRegion(2).configuration
        #expect(
            throws: RegionStoreError.otherRegion(found: RegionID(rawValue: 1), expected: RegionID(rawValue: 2))
        ) { try RegionStore(opening: region.disk, configuration: other, using: &generator) }
    }
}
