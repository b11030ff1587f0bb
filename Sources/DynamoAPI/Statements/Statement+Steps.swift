import Expressions
import ItemModel
import RegionStore

/// Statements about one item, as the region carries them out.
extension Statement {
    /// The write that an INSERT, an UPDATE or a DELETE is; nil for the others.
    func write(in table: Table) throws(DynamoFault) -> ItemWrite? {
        switch content {
        case .select, .exists: return nil
        case .insert(let insert):
            try table.keySchema.checkItem(insert.item)
            try table.checkIndexKeys(of: insert.item)
            guard insert.item.sizeInBytes <= 400 * 1024 else { throw .itemTooLarge }
            return ItemWrite(
                table: table, action: .put(insert.item), condition: Condition(.attributeNotExists(table.existencePath)))
        case .update(let update):
            let key = try key(in: table, update.condition)
            try update.update.check(fits: table)
            return ItemWrite(
                table: table, action: .update(key: key, update.update),
                condition: Condition(.and([.attributeExists(table.existencePath), update.condition.root])))
        case .delete(let delete):
            // Nothing to delete is no failure; something else than what the condition says is one.
            return ItemWrite(
                table: table, action: .delete(key: try key(in: table, delete.condition)),
                condition: Condition(.or([.attributeNotExists(table.existencePath), delete.condition.root])))
        }
    }

    /// The step of a transaction that a write or an EXISTS is; nil for a SELECT.
    func step(in table: Table) throws(DynamoFault) -> Transaction.Step? {
        guard case .exists(let select) = content else { return try write(in: table).map(Transaction.Step.write) }
        let key = try key(in: table, select.condition)
        let rest = select.condition.map { [$0.root] } ?? []
        return .check(
            ItemCheck(
                table: table, key: key, condition: Condition(.and([.attributeExists(table.existencePath)] + rest))))
    }

    /// The key that a condition on one item is about.
    func key(in table: Table, _ condition: Condition?) throws(DynamoFault) -> Item {
        let key: Item
        do throws(ExpressionError) {
            key = try PartiQLKeys(of: condition, schema: table.keySchema.conditionSchema).item()
        } catch {
            throw .validation(error.message)
        }
        try table.keySchema.checkKey(key)
        return key
    }

    /// What RETURNING asks for of a write's result.
    func returned(of result: ItemWriteResult) throws(DynamoFault) -> Item? {
        let returning: PartiQLStatement.Returning?
        switch content {
        case .update(let update): returning = update.returning
        case .delete(let delete): returning = delete.returning
        case .select, .exists, .insert: returning = nil
        }
        guard let returning else { return nil }
        switch (returning.isModifiedOnly, returning.isNew) {
        case (false, false): return try result.old?.checkedItem()
        case (false, true): return result.new
        case (true, false):
            guard let old = result.old, let updated = result.updated else { return nil }
            return updated.updatedOld(from: try old.checkedItem())
        case (true, true): return result.updated?.updatedNew()
        }
    }

    /// Whether it has a RETURNING, which a transaction has no answer for.
    var returnsSomething: Bool {
        switch content {
        case .update(let update): update.returning != nil
        case .delete(let delete): delete.returning != nil
        case .select, .exists, .insert: false
        }
    }
}

extension Table {
    /// What every item of the table has.
    fileprivate var existencePath: DocumentPath { DocumentPath(keySchema.partition.first?.name ?? "") }
}
