import ItemModel

/// Every stream whose records are kept, enabled or not.
struct StreamRegistry {
    private var enabled = LookupTable<TableUUID, ChangeStream>()
    /// The tables that have an enabled stream: strictly increasing.
    private(set) var enabledTables: [TableUUID] = []
    /// In the order in which they were disabled.
    private(set) var disabled: [ChangeStream] = []

    /// The enabled stream of a table.
    subscript(enabled table: TableUUID) -> ChangeStream? { enabled[table] }

    /// The stream of a table that a position of the log belongs to.
    func stream(of table: TableUUID, at position: LogPosition) -> ChangeStream? {
        if let stream = enabled[table], stream.shards.contains(where: { $0.contains(position) }) { return stream }
        return disabled.first { $0.table == table && $0.shards.contains { $0.contains(position) } }
    }

    /// Puts or replaces a stream.
    mutating func update(_ stream: ChangeStream) {
        guard !stream.isEnabled else { return enable(stream) }
        if enabled[stream.table]?.id == stream.id {
            enabled[stream.table] = nil
            enabledTables.removeAll { $0 == stream.table }
        }
        if let index = disabled.firstIndex(where: { $0.id == stream.id }) {
            disabled[index] = stream
        } else {
            disabled.append(stream)
        }
    }

    private mutating func enable(_ stream: ChangeStream) {
        if enabled[stream.table] == nil {
            enabledTables.insert(
                stream.table, at: enabledTables.firstIndex { $0 > stream.table } ?? enabledTables.endIndex)
        }
        enabled[stream.table] = stream
    }

    /// Forgets a disabled stream.
    mutating func remove(_ stream: ChangeStream) { disabled.removeAll { $0.id == stream.id } }

    /// All of them, by the names of their tables and then by their labels.
    var all: [ChangeStream] {
        (enabledTables.compactMap { enabled[$0] } + disabled).sorted {
            ($0.tableName, $0.createdMilliseconds, $0.id) < ($1.tableName, $1.createdMilliseconds, $1.id)
        }
    }
}
