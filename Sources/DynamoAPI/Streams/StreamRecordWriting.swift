import AWSProtocol
import ItemModel
import RegionStore

/// A record as GetRecords shows it.
struct StreamRecordWriting {
    let stream: ChangeStream
    let region: Text
    /// The region's incarnation, which tells its events from those of a region that lost its disk.
    let origin: Origin

    func write(_ record: StreamRecord, to writer: inout JSONWriter) throws(DynamoFault) {
        var size = record.keys.sizeInBytes
        if let image = record.newImage { size += try image.checkedSize() }
        if let image = record.oldImage { size += try image.checkedSize() }
        writer.beginObject()
        writer.member("eventID", eventID(of: record))
        writer.member("eventName", name(of: record.event))
        writer.member("eventVersion", "1.1")
        writer.member("eventSource", "aws:dynamodb")
        writer.member("awsRegion", region.string)
        writer.name("dynamodb")
        writer.beginObject()
        writer.member("ApproximateCreationDateTime", Int(clamping: record.arrivedMilliseconds / 1000))
        writer.name("Keys")
        writer.item(record.keys)
        try write(record.newImage, named: "NewImage", to: &writer)
        try write(record.oldImage, named: "OldImage", to: &writer)
        writer.member("SequenceNumber", SequenceNumber.text(of: record.position))
        writer.member("SizeBytes", size)
        writer.member("StreamViewType", stream.viewType.rawValue)
        writer.endObject()
        if record.isExpiry {
            writer.name("userIdentity")
            writer.beginObject()
            writer.member("PrincipalId", "dynamodb.amazonaws.com")
            writer.member("Type", "Service")
            writer.endObject()
        }
        writer.endObject()
    }

    private func write(
        _ image: BinaryItem?, named name: StaticString, to writer: inout JSONWriter
    ) throws(DynamoFault) {
        guard let image else { return }
        writer.name(name)
        try ItemProjection.write(image, nil, to: &writer)
    }

    private func name(of event: StreamEvent) -> String {
        switch event {
        case .insert: "INSERT"
        case .modify: "MODIFY"
        case .remove: "REMOVE"
        }
    }

    /// The same whenever and by whomever the record is read, and no other record's.
    private func eventID(of record: StreamRecord) -> String {
        var writer = ByteWriter()
        writer.append(stream.id.rawValue)
        writer.append(record.position.rawValue)
        func half(_ number: UInt64) -> String {
            ShardName.digits(
                of: SipHash.hash(writer.bytes, key: (origin.rawValue, number)), count: 16, radix: 16)
        }
        return half(0) + half(1)
    }
}
