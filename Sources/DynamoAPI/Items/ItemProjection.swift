import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Which attributes a read returns, and how items are written to a response.
enum ItemProjection {
    /// Reads `ProjectionExpression` or what it replaced, `AttributesToGet`; nil where all attributes are wanted.
    static func read(
        _ request: JSONValue, _ expressions: ExpressionCache
    ) throws(DynamoFault) -> Projection? {
        let parameters = try ExpressionParameters(
            request, expressions, kinds: [.projection], excluding: ["AttributesToGet"])
        if let projection = parameters.projection { return projection }
        return try attributesToGet(request)
    }

    /// Reads `AttributesToGet`.
    static func attributesToGet(_ request: JSONValue) throws(DynamoFault) -> Projection? {
        guard let list = request["AttributesToGet"] else { return nil }
        let names = list.elements.map(\.text)
        for name in names { try AttributeDecoding.checkName(name) }
        var seen: Set<Text> = []
        for name in names where !seen.insert(name).inserted {
            throw .invalidParameters("Duplicate value in attribute name: \(name)")
        }
        do throws(ExpressionError) {
            return try Projection(names.sorted().map { DocumentPath($0) })
        } catch {
            throw .validation(error.message)
        }
    }

    /// What `projection` selects of a stored item.
    static func selected(of stored: BinaryItem, _ projection: Projection) throws(DynamoFault) -> Item {
        do throws(BinaryDecodingError) {
            var partial = Item()
            for name in projection.attributeNames { partial[name] = try stored.value(named: name) }
            return projection.apply(to: partial)
        } catch {
            throw .internalError("\(error)")
        }
    }

    /// Writes what `projection` selects of a stored item; straight from its bytes where that is everything.
    static func write(
        _ stored: BinaryItem, _ projection: Projection?, to writer: inout JSONWriter
    ) throws(DynamoFault) {
        if let projection { return writer.item(try selected(of: stored, projection)) }
        do throws(BinaryDecodingError) {
            try writer.item(stored: stored)
        } catch {
            throw .internalError("\(error)")
        }
    }
}

extension StoredItem {
    /// The item, decoded.
    func checkedItem() throws(DynamoFault) -> Item {
        do throws(BinaryDecodingError) {
            return try decoded()
        } catch {
            throw .internalError("\(error)")
        }
    }
}

extension BinaryItem {
    /// The item's size by DynamoDB's rules.
    func checkedSize() throws(DynamoFault) -> Int {
        do throws(BinaryDecodingError) {
            return try sizeInBytes()
        } catch {
            throw .internalError("\(error)")
        }
    }
}
