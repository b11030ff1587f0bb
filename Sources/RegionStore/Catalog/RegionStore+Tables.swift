import HybridClock
public import ItemModel
import KeyValueStore

/// Changes of tables that clients ask for.
extension RegionStore {
    /// Makes a table with one replica, this region's.
    ///
    /// - Throws: `tableExists` also while a table of that name is being deleted; `limitExceeded` at the bound of
    ///   tables.
    public func createTable(
        _ specification: TableSpecification, at nowMilliseconds: UInt64
    ) throws(CatalogError) -> Table {
        if let failure { throw .storage("\(failure)") }
        guard region.catalog.local(named: specification.name) == nil else { throw .tableExists(specification.name) }
        guard region.catalog.localCount < configuration.maximumTableCount else {
            throw .limitExceeded("a region holds at most \(configuration.maximumTableCount) tables")
        }
        let version = region.nextVersion(at: nowMilliseconds)
        var state = Catalog.TableState(
            creating: specification, TableID(rawValue: region.catalog.takeShortID()), in: configuration.name,
            version: version, at: nowMilliseconds)
        region.reconcile(&state, at: nowMilliseconds)
        region.logCatalogChange(state.entry, version: version)
        return try localTable(specification.name).table
    }

    /// Changes a table's settings: all of `changes` or, on an error, none.
    public func updateTable(
        _ name: Text, _ changes: [TableChange], at nowMilliseconds: UInt64
    ) throws(CatalogError) -> Table {
        if let failure { throw .storage("\(failure)") }
        var (state, table) = try localTable(name)
        try table.checkChangeable(by: changes)
        let version = region.nextVersion(at: nowMilliseconds)
        // With what is pending: the round may have changed another table of that name.
        let regions = region.catalog.regions(withReplicaNamed: name)
        var update = CatalogUpdate(state, of: table, configuration, version: version, at: nowMilliseconds) {
            regions.contains($0)
        }
        for change in changes { try update.apply(change) }
        state.entry = update.entry
        region.reconcile(&state, at: nowMilliseconds)
        region.logCatalogChange(state.entry, version: version)
        return try localTable(name).table
    }

    /// Deletes this region's replica and its data; with it the table, where no other region has a replica.
    public func deleteTable(_ name: Text, at nowMilliseconds: UInt64) throws(CatalogError) -> Table {
        if let failure { throw .storage("\(failure)") }
        var (state, table) = try localTable(name)
        try table.checkDeletable(configuration, at: nowMilliseconds)
        let version = region.nextVersion(at: nowMilliseconds)
        region.dropReplica(&state, version: version)
        region.logCatalogChange(state.entry, version: version)
        return table
    }

    private func localTable(_ name: Text) throws(CatalogError) -> (state: Catalog.TableState, table: Table) {
        guard let state = region.catalog.local(named: name), let table = state.table else { throw .tableNotFound(name) }
        return (state, table)
    }

    /// Changes what only this region's replica of a table has; nothing of it is logged.
    public func changeLocalSettings(
        of name: Text, _ change: LocalSettingsChange, at nowMilliseconds: UInt64
    ) throws(LocalSettingsRefusal) -> LocalSettingsResult {
        if let failure { throw .storage("\(failure)") }
        return try region.catalog.change(change, ofTable: name, at: nowMilliseconds)
    }
}
