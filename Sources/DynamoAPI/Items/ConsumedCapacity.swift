import ItemModel
import RegionStore

/// What `ReturnConsumedCapacity` asks for; the raw value is DynamoDB's name of it.
enum CapacityLevel: String, Sendable {
    case none = "NONE"
    case total = "TOTAL"
    /// The table and each index apart, too.
    case indexes = "INDEXES"

    init(_ request: JSONValue) {
        self = request["ReturnConsumedCapacity"].flatMap { CapacityLevel(rawValue: $0.string) } ?? .none
    }
}

/// The capacity units that requests took from one table and its indexes.
///
/// Source: AWS developer guide, "Read and write operations": capacity unit consumption.
struct ConsumedCapacity {
    /// The table as the request named it.
    let tableName: Text
    /// Of the table itself.
    private(set) var tableUnits = 0.0
    /// Of the indexes touched, in the order of the first touch.
    private var indexes: [Index] = []

    private struct Index {
        let name: Text
        let isGlobal: Bool
        var units: Double
    }

    private static let readUnitByteCount = 4096
    private static let writeUnitByteCount = 1024

    init(_ tableName: Text) {
        self.tableName = tableName
    }

    /// The units of reading `byteCount` bytes: half of them where an eventually consistent read will do.
    static func readUnits(_ byteCount: Int, isConsistent: Bool) -> Double {
        let units = max(1, (byteCount + readUnitByteCount - 1) / readUnitByteCount)
        return isConsistent ? Double(units) : Double(units) / 2
    }

    /// The units of writing an item or an index entry.
    static func writeUnits(_ byteCount: Int) -> Double {
        Double(max(1, (byteCount + writeUnitByteCount - 1) / writeUnitByteCount))
    }

    mutating func addTable(_ units: Double) { tableUnits += units }

    mutating func addIndex(_ name: Text, isGlobal: Bool, _ units: Double) {
        if let position = indexes.firstIndex(where: { $0.name == name }) {
            indexes[position].units += units
        } else {
            indexes.append(Index(name: name, isGlobal: isGlobal, units: units))
        }
    }

    /// Adds what a write of an item took: the larger of the item before and after it, and every index entry.
    mutating func addWrite(_ result: ItemWriteResult) {
        addTable(Self.writeUnits(max(result.oldSize, result.newSize)))
        for effect in result.indexEffects {
            addIndex(
                effect.index, isGlobal: effect.isGlobal, effect.entrySizes.reduce(0) { $0 + Self.writeUnits($1) })
        }
    }

    /// Writes the value, an object.
    func write(to writer: inout JSONWriter, level: CapacityLevel) {
        writer.beginObject()
        writer.member("TableName", tableName.string)
        writer.name("CapacityUnits")
        writer.units(indexes.reduce(tableUnits) { $0 + $1.units })
        if level == .indexes {
            writer.name("Table")
            Self.writeUnits(tableUnits, to: &writer)
            writeIndexes("LocalSecondaryIndexes", isGlobal: false, to: &writer)
            writeIndexes("GlobalSecondaryIndexes", isGlobal: true, to: &writer)
        }
        writer.endObject()
    }

    private func writeIndexes(_ member: StaticString, isGlobal: Bool, to writer: inout JSONWriter) {
        let indexes = indexes.filter { $0.isGlobal == isGlobal }
        guard !indexes.isEmpty else { return }
        writer.name(member)
        writer.beginObject()
        for index in indexes {
            writer.name(text: index.name)
            Self.writeUnits(index.units, to: &writer)
        }
        writer.endObject()
    }

    private static func writeUnits(_ units: Double, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("CapacityUnits")
        writer.units(units)
        writer.endObject()
    }
}
