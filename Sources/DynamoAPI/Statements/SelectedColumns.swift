import AWSProtocol
import Expressions
import ItemModel

/// Which attributes a SELECT returns, under which names.
enum SelectedColumns {
    /// Writes what `columns` select of a stored item; straight from its bytes where that is everything.
    static func write(
        _ stored: BinaryItem, _ columns: [PartiQLStatement.Column]?, to writer: inout JSONWriter
    ) throws(DynamoFault) {
        guard let columns else { return try ItemProjection.write(stored, nil, to: &writer) }
        do throws(BinaryDecodingError) {
            var item = Item()
            for column in columns {
                if let value = try column.path.value(of: stored) { item[column.name] = value }
            }
            writer.item(item)
        } catch {
            throw .internalError("\(error)")
        }
    }
}
