import AWSProtocol
import ItemModel
import RegionStore

/// What a change does to maxima of on-demand capacity.
struct RemovedMaxima: Sendable {
    var table: OnDemandChange?
    var indexes: [(name: Text, change: OnDemandChange)] = []
}

// The parts of descriptions that tables, indexes and replicas share.
extension JSONWriter {
    /// Writes a member whose value is an object of one member.
    mutating func object(_ name: StaticString, _ member: StaticString, _ value: String) {
        self.name(name)
        beginObject()
        self.member(member, value)
        endObject()
    }

    /// Writes a member whose value is an object of one member.
    mutating func object(_ name: StaticString, _ member: StaticString, _ value: Int) {
        self.name(name)
        beginObject()
        self.member(member, value)
        endObject()
    }

    mutating func keySchema(_ schema: KeySchema) {
        beginArray()
        for (attributes, role) in [(schema.partition, "HASH"), (schema.sort, "RANGE")] {
            for attribute in attributes {
                beginObject()
                member("AttributeName", attribute.name.string)
                member("KeyType", role)
                endObject()
            }
        }
        endArray()
    }

    mutating func projection(_ projection: IndexProjection) {
        beginObject()
        switch projection {
        case .all: member("ProjectionType", "ALL")
        case .keysOnly: member("ProjectionType", "KEYS_ONLY")
        case .include(let names):
            member("ProjectionType", "INCLUDE")
            name("NonKeyAttributes")
            beginArray()
            for name in names { string(name) }
            endArray()
        }
        endObject()
    }

    mutating func throughputDescription(
        _ throughput: Throughput?, history: ThroughputHistory, at nowMilliseconds: UInt64
    ) {
        name("ProvisionedThroughput")
        beginObject()
        if let time = history.increasedMilliseconds {
            name("LastIncreaseDateTime")
            timestamp(milliseconds: time)
        }
        if let time = history.decreasedMilliseconds {
            name("LastDecreaseDateTime")
            timestamp(milliseconds: time)
        }
        member("NumberOfDecreasesToday", history.decreaseCount(onDayOf: nowMilliseconds))
        member("ReadCapacityUnits", throughput?.read ?? 0)
        member("WriteCapacityUnits", throughput?.write ?? 0)
        endObject()
    }

    /// Writes the configured maxima that there are, and those that were just taken away as -1.
    mutating func onDemandThroughput(
        _ throughput: OnDemandThroughput?, readOverride: Int?, removed: OnDemandChange?
    ) {
        let override = readOverride.flatMap { $0 >= 0 ? $0 : nil }
        let read = (readOverride == nil ? throughput?.maximumRead : override) ?? (removed?.read == .remove ? -1 : nil)
        let write = throughput?.maximumWrite ?? (removed?.write == .remove ? -1 : nil)
        guard read != nil || write != nil else { return }
        name("OnDemandThroughput")
        beginObject()
        if let read { member("MaxReadRequestUnits", read) }
        if let write { member("MaxWriteRequestUnits", write) }
        endObject()
    }

    /// Writes what the table or index is ready to serve at once.
    mutating func warmThroughput(
        _ warm: WarmThroughput?, _ throughput: Throughput?, status: TableStatus
    ) {
        let current = CapacityReading.currentWarmThroughput(warm, throughput)
        name("WarmThroughput")
        beginObject()
        member("ReadUnitsPerSecond", current.read)
        member("WriteUnitsPerSecond", current.write)
        member("Status", status.rawValue)
        endObject()
    }
}
