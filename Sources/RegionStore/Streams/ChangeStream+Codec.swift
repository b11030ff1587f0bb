import ItemModel

/// How a stream stands in the `meta` keyspace.
extension ChangeStream {
    private static let formatVersion: UInt8 = 1

    /// Binary form: format 1 · id 4 · table UUID 16 · name · view type · key schema as a binary map · created 8 · closed + 1, zero
    /// for none, 8 · count of shards · each: number 4 · parent + 1, zero for none, 4 · slot 4 · slots 4 · first 8 · last 8 · opened 8 ·
    /// closed + 1, zero for none, 8 · whether its end is forgotten 1.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(Self.formatVersion)
        writer.append(id.rawValue)
        writer.append(table.high)
        writer.append(table.low)
        writer.appendLengthPrefixed(tableName)
        writer.appendLengthPrefixed(Text(viewType.rawValue))
        writer.appendLengthPrefixed(keySchema.encoded().encoded())
        writer.append(createdMilliseconds)
        writer.append(closedMilliseconds.map { $0 + 1 } ?? 0)
        writer.appendLength(shards.count)
        for shard in shards {
            writer.append(shard.number)
            writer.append(shard.parent.map { $0 + 1 } ?? 0)
            writer.append(shard.slot)
            writer.append(shard.slotCount)
            writer.append(shard.first.rawValue)
            writer.append(shard.last?.rawValue ?? 0)
            writer.append(shard.openedMilliseconds)
            writer.append(shard.closedMilliseconds.map { $0 + 1 } ?? 0)
            writer.append(shard.isForgotten ? 1 as UInt8 : 0)
        }
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        guard try reader.readUInt8() == Self.formatVersion else { throw .invalid("stream's format version", at: 0) }
        id = StreamID(rawValue: try reader.readUInt32())
        table = TableUUID(high: try reader.readUInt64(), low: try reader.readUInt64())
        let start = reader.offset
        guard let name = Text(validating: try reader.readLengthPrefixedBytes()),
            let view = Text(validating: try reader.readLengthPrefixedBytes()).flatMap({
                StreamViewType(rawValue: $0.string)
            }),
            let schema = KeySchema(try AttributeMap(decoding: try reader.readLengthPrefixedBytes()))
        else { throw .invalid("stream's table", at: start) }
        (tableName, viewType, keySchema) = (name, view, schema)
        createdMilliseconds = try reader.readUInt64()
        let closed = try reader.readUInt64()
        closedMilliseconds = closed == 0 ? nil : closed - 1
        shards = []
        for _ in 0..<(try reader.readLength()) {
            let shard = try StreamShard(from: &reader)
            if let last = shards.last, last.number >= shard.number {
                throw .invalid("stream's shards out of order", at: reader.offset)
            }
            shards.append(shard)
        }
        try reader.expectEnd()
    }
}

extension StreamShard {
    fileprivate init(from reader: inout ByteReader) throws(BinaryDecodingError) {
        let start = reader.offset
        let number = try reader.readUInt32()
        let parent = try reader.readUInt32()
        let (slot, slotCount) = (try reader.readUInt32(), try reader.readUInt32())
        guard slot < slotCount else { throw .invalid("shard's slot", at: start) }
        self.init(
            number: number, parent: parent == 0 ? nil : parent - 1, slot: slot, slotCount: slotCount,
            first: LogPosition(rawValue: try reader.readUInt64()), last: try reader.readUInt64(),
            openedMilliseconds: try reader.readUInt64(), closed: try reader.readUInt64())
        switch try reader.readUInt8() {
        case 0: isForgotten = false
        case 1: isForgotten = true
        default: throw .invalid("whether a shard's end is forgotten", at: reader.offset - 1)
        }
    }

    /// Zero stands for none.
    private init(
        number: UInt32, parent: UInt32?, slot: UInt32, slotCount: UInt32, first: LogPosition, last: UInt64,
        openedMilliseconds: UInt64, closed: UInt64
    ) {
        self.init(
            number: number, parent: parent, slot: slot, slotCount: slotCount, first: first,
            openedMilliseconds: openedMilliseconds)
        // A shard can be closed before anything was ever logged.
        if closed != 0 {
            self.last = LogPosition(rawValue: last)
            closedMilliseconds = closed - 1
        }
    }
}
