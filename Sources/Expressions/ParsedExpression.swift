public import ItemModel

/// A condition, filter or key-condition expression as it was written, ready to be bound to any number of requests.
public struct ParsedCondition: Sendable, Hashable, CustomStringConvertible {
    public let kind: ExpressionKind
    /// Every placeholder, in the order of the text.
    public let references: [PlaceholderReference]
    let root: ConditionNode<ParsedStage>
    /// What binding throws once every placeholder is known to be defined; `root` is not whole then.
    private let laterFault: ExpressionFault?

    /// Parses `text`; `kind` tells which of the three parameters it was given in.
    public init(parsing text: Text, as kind: ExpressionKind = .condition) throws(ExpressionError) {
        var parser = try reporting(in: kind) { () throws(ExpressionFault) in
            try ExpressionParser(text, keywords: [.and, .or, .not, .between, .in])
        }
        root = try reporting(in: kind) { () throws(ExpressionFault) in try parser.parseCondition() }
        self.kind = kind
        references = parser.references
        laterFault = parser.laterFaults.gravest?.fault
    }

    /// Puts in what the placeholders stand for, and checks the operands' types.
    public func bind(to placeholders: Placeholders) throws(ExpressionError) -> Condition {
        try reporting(in: kind) { () throws(ExpressionFault) in
            if let laterFault {
                try placeholders.check(references)
                throw laterFault
            }
            var binder = ConditionBinder(placeholders: placeholders)
            let bound = try binder.bind(root)
            try binder.faults.check()
            return Condition(bound)
        }
    }

    /// The expression in its shortest notation; it parses to the same tree.
    public var description: String { root.description }
}

/// A projection expression as it was written, ready to be bound to any number of requests.
public struct ParsedProjection: Sendable, Hashable, CustomStringConvertible {
    /// Every placeholder, in the order of the text.
    public let references: [PlaceholderReference]
    let paths: [PathReference]

    public init(parsing text: Text) throws(ExpressionError) {
        (paths, references) = try reporting(in: .projection) { () throws(ExpressionFault) in
            var parser = try ExpressionParser(text, keywords: [])
            let paths = try parser.parseProjection()
            return (paths, parser.references)
        }
    }

    /// Puts in what the placeholders stand for, and checks that the paths don't overlap.
    public func bind(to placeholders: Placeholders) throws(ExpressionError) -> Projection {
        try reporting(in: .projection) { () throws(ExpressionFault) in
            var bound: [DocumentPath] = []
            bound.reserveCapacity(paths.count)
            for path in paths { bound.append(try placeholders.resolve(path)) }
            return try Projection(checking: bound)
        }
    }

    /// The expression in its shortest notation; it parses to the same paths.
    public var description: String { paths.map(\.description).joined(separator: ", ") }
}

/// An update expression as it was written, ready to be bound to any number of requests.
public struct ParsedUpdate: Sendable, Hashable, CustomStringConvertible {
    /// Every placeholder, in the order of the text.
    public let references: [PlaceholderReference]
    let actions: [UpdateAction<ParsedStage>]
    /// What binding throws once every placeholder is known to be defined; `actions` are not whole then.
    private let laterFault: ExpressionFault?

    public init(parsing text: Text) throws(ExpressionError) {
        (actions, references, laterFault) = try reporting(in: .update) { () throws(ExpressionFault) in
            var parser = try ExpressionParser(text, keywords: [.set, .remove, .add, .delete])
            let actions = try parser.parseUpdate()
            return (actions, parser.references, parser.laterFaults.gravest?.fault)
        }
    }

    /// Puts in what the placeholders stand for, and checks that paths don't overlap and the operands' types.
    public func bind(to placeholders: Placeholders) throws(ExpressionError) -> UpdateExpression {
        try reporting(in: .update) { () throws(ExpressionFault) in
            if let laterFault {
                try placeholders.check(references)
                throw laterFault
            }
            var binder = UpdateBinder(placeholders: placeholders)
            let bound = try binder.bind(actions)
            return try UpdateExpression(checking: bound, faults: binder.faults)
        }
    }

    /// The expression in its shortest notation; it parses to the same actions.
    public var description: String { actions.expressionText }
}
