import HybridClock
import ItemModel
import RegionStore
import Replication
import TestSupport
import Testing

@Suite("The messages of a link")
struct LinkMessageTests {
    @Test("Every message is read back as it was written")
    func roundTrip() throws {
        var messages = RandomMessages(seed: 1)
        for number in 0..<20_000 {
            let message = messages.message(ofKind: number % RandomMessages.kindCount)
            #expect(try LinkMessage(decoding: message.encoded()) == message)
        }
    }

    static let origin = Origin(rawValue: 0x0002_AABB_CCDD_EEFF)
    static let replica = LocalReplica(
        table: TableUUID(high: 0x0102_0304_0506_0708, low: 0x1112_1314_1516_1718), id: TableID(rawValue: 7))
    static let incarnation = Incarnation(high: 0xAABB_CCDD_EEFF_4001, low: 0x8002_0304_0506_0708)
    static var collected: CollectedTables {
        var collected = CollectedTables()
        collected.note(Version(stamp: HybridTimestamp(rawValue: 7), origin: origin))
        return collected
    }
    static var vector: AppliedVector {
        var vector = AppliedVector()
        vector.raise(origin, to: LogPosition(rawValue: 9))
        return vector
    }

    static let golden: [(LinkMessage, String)] = [
        (
            .hello(
                .init(
                    versions: 1...2, region: RegionID(rawValue: 3), name: "eu", incarnation: incarnation,
                    clockMilliseconds: 0x1234)),
            "014d52444e000100020003026575aabbccddeeff400180020304050607080000000000001234"
        ),
        (
            .welcome(
                .init(
                    version: 1, region: RegionID(rawValue: 3), name: "eu", incarnation: incarnation,
                    clockMilliseconds: 0x1234, vector: vector)),
            "0200010003026575aabbccddeeff40018002030405060708000000000000123400000001"
                + "0002aabbccddeeff0000000000000009"
        ),
        (.refuse(.init(code: .clock, text: "no")), "0304026e6f"),
        (
            .catalog(
                sequence: 5,
                .init(
                    position: LogPosition(rawValue: 6), isReset: true, entries: [[0xAA], []], collected: collected)),
            "040000000000000005000000000000000601" + "0201aa00" + "00000001" + "0002aabbccddeeff" + "0000000000000007"
        ),
        (
            .changes(
                sequence: 5,
                .init(
                    batch: ReceivedBatch(
                        origin: origin, records: [[1, 2]], position: LogPosition(rawValue: 6), isComplete: true))),
            "0500000000000000050002aabbccddeeff00000000000000060101020102"
        ),
        (
            .heartbeat(
                sequence: 5,
                .init(
                    position: LogPosition(rawValue: 6), closed: HybridTimestamp(rawValue: 7), clockMilliseconds: 8,
                    directory: RegionDirectory(alive: [origin], ended: [Origin(rawValue: origin.rawValue + 1)]))),
            "060000000000000005000000000000000600000000000000070000000000000008010002aabbccddeeff010002aabbccddef0000000000"
        ),
        (
            .acknowledge(sequence: 5, vector: vector, clockMilliseconds: 6),
            "070000000000000005000000010002aabbccddeeff0000000000000009" + "0000000000000006"
        ),
        (.request(.transfer(replica)), "0801010203040506070811121314151617180000" + "0007"),
        (
            .request(.catchUp(replica, added: LogPosition(rawValue: 3), of: origin, after: LogPosition(rawValue: 4))),
            "08020102030405060708111213141516171800000007" + "0000000000000003" + "0002aabbccddeeff0000000000000004"
        ),
        (
            .request(.relay(origin, after: LogPosition(rawValue: 4))),
            "08030002aabbccddeeff0000000000000004"
        ),
        (.request(.stopRelaying(origin)), "08040002aabbccddeeff"),
        (
            .snapshotPart(
                sequence: 5, replica,
                SnapshotPart(
                    items: [
                        SnapshotItem(
                            version: Version(stamp: HybridTimestamp(rawValue: 1), origin: origin), isTombstone: true,
                            payload: [0xFE])
                    ], from: [0xAB], to: [0xCD, 0xEF], vector: vector)),
            "0900000000000000050102030405060708111213141516171800000007"
                + "000000010002aabbccddeeff0000000000000009" + "01ab" + "0102cdef"
                + "0100000000000000010002aabbccddeeff0101fe"
        ),
        (
            .snapshotPart(sequence: 5, replica, SnapshotPart(items: [], from: [], to: nil, vector: AppliedVector())),
            "0900000000000000050102030405060708111213141516171800000007" + "00000000" + "00" + "00" + "00"
        ),
        (
            .snapshotEnd(sequence: 5, replica, vector),
            "0a00000000000000050102030405060708111213141516171800000007"
                + "000000010002aabbccddeeff0000000000000009"
        ),
        (
            .catchUpEnd(sequence: 5, replica, of: origin, after: LogPosition(rawValue: 4)),
            "0b00000000000000050102030405060708111213141516171800000007"
                + "0002aabbccddeeff0000000000000004"
        ),
        (
            .unavailable(.stopRelaying(origin), .trimmed),
            "0c040002aabbccddeeff03"
        ),
        (.alive, "0e"),
        (
            .request(
                .orphanedOrigin(
                    of: origin, after: LogPosition(rawValue: 4), successor: Origin(rawValue: origin.rawValue + 1))),
            "08050002aabbccddeeff00000000000000040002aabbccddef00"
        ),
        (
            .orphanedOriginEnd(
                sequence: 5, of: origin, after: LogPosition(rawValue: 4), seen: LogPosition(rawValue: 9),
                isTrimmed: true),
            "0d00000000000000050002aabbccddeeff0000000000000004000000000000000901"
        ),
    ]

    @Test("Every kind has the bytes that it has had from the first version on", arguments: golden.indices)
    func bytes(index: Int) throws {
        let (message, hex) = Self.golden[index]
        #expect(message.encoded().map(Self.hex).joined() == hex)
        #expect(try LinkMessage(decoding: message.encoded()) == message)
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return byte < 16 ? "0\(digits)" : digits
    }

    @Test("Every truncation is refused, and so is a byte too many")
    func truncations() throws {
        var messages = RandomMessages(seed: 2)
        for kind in 0..<RandomMessages.kindCount {
            for _ in 0..<20 {
                let bytes = messages.message(ofKind: kind).encoded()
                for count in 0..<bytes.count {
                    #expect(throws: BinaryDecodingError.self) { try LinkMessage(decoding: Array(bytes.prefix(count))) }
                }
                #expect(throws: BinaryDecodingError.self) { try LinkMessage(decoding: bytes + [0]) }
            }
        }
    }

    @Test("What flipped bits leave readable is written back to the same bytes")
    func flips() throws {
        var messages = RandomMessages(seed: 3)
        for number in 0..<300 {
            let bytes = messages.message(ofKind: number % RandomMessages.kindCount).encoded()
            for bit in 0..<min(bytes.count * 8, 1_000) {
                var damaged = bytes
                damaged[bit / 8] ^= 1 << (bit % 8)
                guard let message = try? LinkMessage(decoding: damaged) else { continue }
                #expect(message.encoded() == damaged)
            }
        }
    }

    @Test("Random bytes are read or refused, and nothing else happens")
    func noise() {
        var random = SplitMix64(seed: 4)
        for number in 0..<50_000 {
            var bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in random.next(upTo: UInt8.max) }
            if !bytes.isEmpty { bytes[0] = UInt8(number % 14) }
            guard let message = try? LinkMessage(decoding: bytes) else { continue }
            #expect(message.encoded() == bytes)
        }
    }

    @Test(
        "A count that the bytes cannot hold is refused before memory is taken for it", arguments: [4, 5, 9] as [UInt8])
    func hugeCounts(kind: UInt8) {
        let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
        let fixed = [4: 17, 5: 25, 9: 28][kind] ?? 0
        for count in [huge, [0x80, 0x80, 0x80, 0x80, 0x01], [0xFF, 0x7F]] {
            let bytes = [kind] + [UInt8](repeating: 0, count: fixed) + count
            #expect(throws: BinaryDecodingError.self) { try LinkMessage(decoding: bytes) }
        }
        // A vector of four billion origins.
        let vector: [UInt8] = [7] + [UInt8](repeating: 0, count: 8) + [0xFF, 0xFF, 0xFF, 0xFF]
        #expect(throws: BinaryDecodingError.self) { try LinkMessage(decoding: vector) }
    }

    @Test("More elements than a message may have are refused, though the bytes are there")
    func tooManyElements() {
        var writer = ByteWriter()
        writer.append(4 as UInt8)
        writer.append(contentsOf: [UInt8](repeating: 0, count: 17))
        writer.appendLength(1_000_001)
        writer.append(contentsOf: [UInt8](repeating: 0, count: 1_000_001))
        #expect(throws: BinaryDecodingError.self) { try LinkMessage(decoding: writer.bytes) }
    }

    @Test("What is no hello of this protocol is told so at its first bytes")
    func otherProtocol() {
        #expect(throws: BinaryDecodingError.invalid("protocol's name", at: 1)) {
            try LinkMessage(decoding: [1] + Array("GET / HTTP/1.1\r\n\r\n".utf8))
        }
    }
}
