import ItemModel
import RegionStore

/// Gives every table and every item of a run a small number, so that checkers keep what they know in arrays.
///
/// An item is told from others by a hash of 64 bits over its table and the form of its key: of a million items two meet once in
/// tens of millions of runs, and what would follow is a violation that somebody looks at.
final class ItemNumbers {
    /// A table that some region was seen to have.
    struct TableInfo {
        let uuid: TableUUID
        let name: Text
        let keySchema: KeySchema
        /// Its identity, mixed into its items' hashes.
        fileprivate let salt: UInt64
    }

    private(set) var tables: [TableInfo] = []
    /// Looked up only.
    private var tableNumbers: [TableUUID: Int] = [:]
    /// Looked up only.
    private var numbers: [UInt64: Int32] = [:]
    /// By the item's number, which table it is of.
    private(set) var tableOfItem: [Int32] = []
    /// By the item's number, the form of its key.
    private var forms: [[UInt8]] = []
    /// By the item's number, the hash of its partition key's form.
    private var partitionHashes: [UInt64] = []
    /// By sixteen times the table's number and the highest bits of the partition's hash, the items there.
    private var itemsOfPart: [[Int32]] = []
    static let partCount = 16
    private var scratch: [UInt8] = []

    var count: Int { tableOfItem.count }

    /// The number of a table, which it keeps when it is gone from every region.
    func number(of table: Table) -> Int {
        if let number = tableNumbers[table.uuid] { return number }
        let number = tables.count
        tables.append(
            TableInfo(
                uuid: table.uuid, name: table.name, keySchema: table.keySchema,
                salt: (table.uuid.high ^ table.uuid.low) &* 0x9E37_79B9_7F4A_7C15))
        tableNumbers[table.uuid] = number
        return number
    }

    /// The number of a table that was seen before.
    func number(ofTable uuid: TableUUID) -> Int? { tableNumbers[uuid] }

    /// The item that has these key attributes; nil where they do not fit the schema.
    func number(of key: Item, inTable table: Int) -> Int? {
        scratch.removeAll(keepingCapacity: true)
        for attribute in tables[table].keySchema.partition {
            guard let value = key[attribute.name], KeyEncoder.append(value, to: &scratch) else { return nil }
        }
        for attribute in tables[table].keySchema.sort {
            guard let value = key[attribute.name], KeyEncoder.append(value, to: &scratch) else { return nil }
        }
        return number(ofForm: scratch, from: 0, inTable: table)
    }

    /// The item whose binary form lies in `range`, of which only the key is decoded.
    func number(ofBinary bytes: [UInt8], in range: Range<Int>, inTable table: Int) -> Int? {
        let item = BinaryItem(bytes, in: range)
        let schema = tables[table].keySchema
        scratch.removeAll(keepingCapacity: true)
        for attributes in [schema.partition, schema.sort] {
            for attribute in attributes {
                guard let value = try? item.value(named: attribute.name), KeyEncoder.append(value, to: &scratch) else {
                    return nil
                }
            }
        }
        return number(ofForm: scratch, from: 0, inTable: table)
    }

    /// The item whose key's form are the bytes from `offset` on, as they stand in the `items` keyspace.
    func number(ofForm bytes: [UInt8], from offset: Int, inTable table: Int) -> Int {
        let hash = Hashing.hash(bytes, from: offset) ^ tables[table].salt
        if let number = numbers[hash] { return Int(number) }
        let number = Int32(tableOfItem.count)
        numbers[hash] = number
        tableOfItem.append(Int32(table))
        let form = Array(bytes[offset...])
        let partition = PartitionHash.hash(partitionForm(of: form, inTable: table))
        partitionHashes.append(partition)
        forms.append(form)
        let part = Self.partCount * table + Int(partition >> 60)
        while itemsOfPart.count <= part { itemsOfPart.append([]) }
        itemsOfPart[part].append(number)
        return Int(number)
    }

    /// The items of a table that were seen whose partition's hash lies in one of its sixteen equal parts.
    func items(ofTable table: Int, part: Int) -> [Int32] {
        let place = Self.partCount * table + part
        return place < itemsOfPart.count ? itemsOfPart[place] : []
    }

    /// The hash of the item's partition key, by which it lies in its table.
    func partitionHash(of item: Int) -> UInt64 { partitionHashes[item] }

    /// The form of the item's key, the partition key's part of it first.
    func form(of item: Int) -> [UInt8] { forms[item] }

    private func partitionForm(of form: [UInt8], inTable table: Int) -> [UInt8] {
        var reader = ByteReader(form)
        for attribute in tables[table].keySchema.partition {
            guard let kind = KeyKind(rawValue: attribute.kind.rawValue),
                (try? KeyDecoder.decodeKeyValue(kind: kind, from: &reader)) != nil
            else { return form }
        }
        return Array(form[..<reader.offset])
    }

    func tableName(of item: Int) -> String { tables[Int(tableOfItem[item])].name.string }

    /// The table and the key of an item, for people.
    func text(of item: Int) -> String { "\(tableName(of: item))[\(keyText(of: item))]" }

    /// The attributes of an item's key, for people: `pk=17, sk=3`.
    func keyText(of item: Int) -> String {
        let table = tables[Int(tableOfItem[item])]
        var reader = ByteReader(forms[item])
        var parts: [String] = []
        for attribute in table.keySchema.attributes {
            guard let kind = KeyKind(rawValue: attribute.kind.rawValue),
                let value = try? KeyDecoder.decodeKeyValue(kind: kind, from: &reader)
            else { break }
            switch value {
            case .string(let text): parts.append("\(attribute.name)=\(text)")
            case .number(let number): parts.append("\(attribute.name)=\(number)")
            default: parts.append("\(attribute.name)=\(value)")
            }
        }
        return parts.joined(separator: ", ")
    }
}

/// Hashes that tell bytes apart within one run; not made to withstand anybody.
enum Hashing {
    static func hash(_ bytes: [UInt8], from offset: Int) -> UInt64 {
        hash(bytes, in: min(offset, bytes.count)..<bytes.count)
    }

    /// Eight bytes at a time; of what is long, four times eight beside each other, so that no multiplication waits for another.
    static func hash(_ bytes: [UInt8], in range: Range<Int>) -> UInt64 {
        bytes[range].withUnsafeBytes { buffer in
            func word(_ place: Int) -> UInt64 { buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self) }
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(truncatingIfNeeded: buffer.count)
            var place = 0
            if buffer.count >= 64 {
                var lanes = (hash, hash &+ 1, hash &+ 2, hash &+ 3)
                while place + 32 <= buffer.count {
                    lanes.0 = mixed(lanes.0 ^ word(place))
                    lanes.1 = mixed(lanes.1 ^ word(place + 8))
                    lanes.2 = mixed(lanes.2 ^ word(place + 16))
                    lanes.3 = mixed(lanes.3 ^ word(place + 24))
                    place += 32
                }
                hash = mixed(mixed(mixed(mixed(lanes.0) ^ lanes.1) ^ lanes.2) ^ lanes.3)
            }
            while place + 8 <= buffer.count {
                hash = mixed(hash ^ word(place))
                place += 8
            }
            var rest: UInt64 = 0
            while place < buffer.count {
                rest = rest << 8 | UInt64(buffer[place])
                place += 1
            }
            return mixed(hash ^ rest)
        }
    }

    /// Stafford's variant 13 of the finaliser of MurmurHash3, 2011.
    static func mixed(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
