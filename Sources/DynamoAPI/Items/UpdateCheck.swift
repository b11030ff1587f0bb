import Expressions
import ItemModel
import RegionStore

extension UpdateExpression {
    /// Throws where the update, whatever item it meets, does not fit the keys of the table and of its indexes.
    func check(fits table: Table) throws(DynamoFault) {
        do throws(ExpressionError) {
            try checkLeavesKey(table.keySchema.attributes.map(\.name))
        } catch {
            throw .validation(error.message)
        }
        guard !table.indexes.isEmpty else { return }
        for (name, kind) in definiteKinds {
            for index in table.indexes {
                guard let attribute = index.definition.keySchema.attributes.first(where: { $0.name == name }) else {
                    continue
                }
                guard attribute.kind == kind else {
                    throw .indexKeyMismatch(index.name, name, expected: attribute.kind, found: kind)
                }
            }
        }
        let nested = nestedAttributeNames.first { name in
            table.indexes.contains { $0.definition.keySchema.attributes.contains { $0.name == name } }
        }
        if let nested {
            throw .validation(
                """
                Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: \(nested)
                """)
        }
    }
}
