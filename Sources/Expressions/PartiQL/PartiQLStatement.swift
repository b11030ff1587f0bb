public import ItemModel

/// One statement in DynamoDB's dialect of PartiQL, with the values of its parameters in their places.
///
/// It is lowered to what expressions are lowered to: conditions, projections and updates. What takes the table's schema, such as which
/// conditions make up the key, is for ``PartiQLKeys``. Source: AWS developer guide, "PartiQL for DynamoDB".
public enum PartiQLStatement: Sendable, Hashable {
    case select(Select)
    case insert(Insert)
    case update(Update)
    case delete(Delete)
    /// `EXISTS(SELECT …)`, which is for transactions.
    case exists(Select)

    /// What a statement reads from or writes to.
    public struct Source: Sendable, Hashable {
        /// The table's name or ARN.
        public let table: Text
        /// Of a select alone.
        public let index: Text?
    }

    public struct Select: Sendable, Hashable {
        public let source: Source
        /// Nil for `*`.
        public let columns: [Column]?
        public let condition: Condition?
        public let order: [Order]
    }

    /// Something that a select returns, under a name.
    public struct Column: Sendable, Hashable {
        public let path: DocumentPath
        public let name: Text
    }

    /// One term of ORDER BY.
    public struct Order: Sendable, Hashable {
        public let name: Text
        public let isAscending: Bool
    }

    public struct Insert: Sendable, Hashable {
        public let source: Source
        public let item: Item
    }

    public struct Update: Sendable, Hashable {
        public let source: Source
        public let update: UpdateExpression
        public let condition: Condition
        public let returning: Returning?
    }

    public struct Delete: Sendable, Hashable {
        public let source: Source
        public let condition: Condition
        public let returning: Returning?
    }

    /// What RETURNING asks for.
    public struct Returning: Sendable, Hashable {
        /// Whether only what was changed.
        public let isModifiedOnly: Bool
        /// Whether as it is after the change.
        public let isNew: Bool
    }

    /// Reads a statement.
    ///
    /// - Parameter parameters: what the question marks stand for, in their order; there must be as many of both.
    public init(parsing text: Text, parameters: [AttributeValue]) throws(ExpressionError) {
        self = try reporting(in: nil) { () throws(ExpressionFault) in
            var parser = try PartiQLParser(text, parameters: parameters)
            return try parser.parse()
        }
    }

    public var source: Source {
        switch self {
        case .select(let select), .exists(let select): select.source
        case .insert(let insert): insert.source
        case .update(let update): update.source
        case .delete(let delete): delete.source
        }
    }
}
