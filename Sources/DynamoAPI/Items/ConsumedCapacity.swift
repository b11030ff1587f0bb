import AWSProtocol
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
    /// What kind of request took them.
    private let kind: Kind
    /// Of the table itself.
    private(set) var tableUnits = 0.0
    /// Of the indexes touched, in the order of the first touch.
    private var indexes: [Index] = []

    /// Transactions take twice as much of the table, though not of its indexes, and say of what.
    enum Kind: Sendable {
        case single
        case transactionalRead
        case transactionalWrite

        /// How many units there are to each of a single request.
        fileprivate var factor: Double { self == .single ? 1 : 2 }

        fileprivate var member: StaticString? {
            switch self {
            case .single: nil
            case .transactionalRead: "ReadCapacityUnits"
            case .transactionalWrite: "WriteCapacityUnits"
            }
        }
    }

    private struct Index {
        let name: Text
        let isGlobal: Bool
        var units: Double
    }

    private static let readUnitByteCount = 4096
    private static let writeUnitByteCount = 1024

    init(_ tableName: Text, _ kind: Kind = .single) {
        self.tableName = tableName
        self.kind = kind
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

    mutating func addTable(_ units: Double) { tableUnits += units * kind.factor }

    mutating func addIndex(_ name: Text, isGlobal: Bool, _ units: Double) {
        if let position = indexes.firstIndex(where: { $0.name == name }) {
            indexes[position].units += units
        } else {
            indexes.append(Index(name: name, isGlobal: isGlobal, units: units))
        }
    }

    /// What is taken of the table's own capacity: local indexes have none beside it.
    var unitsOfTable: Double { indexes.reduce(tableUnits) { $1.isGlobal ? $0 : $0 + $1.units } }

    /// What is taken of each global index that is touched.
    var unitsOfGlobalIndexes: [(name: Text, units: Double)] {
        indexes.compactMap { $0.isGlobal ? ($0.name, $0.units) : nil }
    }

    /// Adds what a write of an item took: the larger of the item before and after it, and every index entry.
    mutating func addWrite(_ result: ItemWriteResult) {
        addWrite(oldSize: result.oldSize, newSize: result.newSize, result.indexEffects)
    }

    /// Adds what a write of an item is about to take.
    mutating func addWrite(_ demand: WriteDemand) {
        addWrite(oldSize: demand.oldSize, newSize: demand.newSize, demand.indexEffects)
    }

    private mutating func addWrite(oldSize: Int, newSize: Int, _ effects: [ItemWriteResult.IndexEffect]) {
        addTable(Self.writeUnits(max(oldSize, newSize)))
        for effect in effects {
            addIndex(
                effect.index, isGlobal: effect.isGlobal, effect.entrySizes.reduce(0) { $0 + Self.writeUnits($1) })
        }
    }

    /// Writes the value, an object.
    func write(to writer: inout JSONWriter, level: CapacityLevel) {
        writer.beginObject()
        writer.member("TableName", tableName.string)
        writeMembers(indexes.reduce(tableUnits) { $0 + $1.units }, to: &writer)
        if level == .indexes {
            writer.name("Table")
            writeUnits(tableUnits, to: &writer)
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
            writeUnits(index.units, to: &writer)
        }
        writer.endObject()
    }

    private func writeUnits(_ units: Double, to writer: inout JSONWriter) {
        writer.beginObject()
        writeMembers(units, to: &writer)
        writer.endObject()
    }

    private func writeMembers(_ units: Double, to writer: inout JSONWriter) {
        writer.name("CapacityUnits")
        writer.double(units)
        guard let member = kind.member else { return }
        writer.name(member)
        writer.double(units)
    }
}
