import Expressions
import ItemModel
import RegionStore

/// What a simulated client asks of one item, in terms of its own.
///
/// The store gets it as expressions; the checkers' model evaluates it by itself.
struct ClientStep {
    /// As the region knew it when it was asked.
    let table: Table
    let key: Item
    let action: Action
    var condition: ClientCondition?

    enum Action {
        /// The item with its key.
        case put(Item)
        case update([ClientChange])
        case delete
        /// Leaves the item as it is: a transaction's step.
        case check
    }

    /// What the store is asked; nil where the expressions cannot be made, and of a check.
    var write: ItemWrite? {
        do {
            let condition = try condition?.bound()
            switch action {
            case .put(let item): return ItemWrite(table: table, action: .put(item), condition: condition)
            case .update(let changes):
                return ItemWrite(
                    table: table, action: .update(key: key, try changes.bound()), condition: condition)
            case .delete: return ItemWrite(table: table, action: .delete(key: key), condition: condition)
            case .check: return nil
            }
        } catch {
            return nil
        }
    }

    /// The same in a transaction.
    var transactionStep: Transaction.Step? {
        if case .check = action {
            return (try? condition?.bound()).map { .check(ItemCheck(table: table, key: key, condition: $0)) }
        }
        return write.map { .write($0) }
    }
}

/// A change of one attribute by UpdateItem.
enum ClientChange: Sendable {
    case set(Text, AttributeValue)
    case remove(Text)
    /// Adds to a number, or to zero where there is none, by ADD.
    case add(Text, Int)
    /// The same by SET, `if_not_exists` and `+`.
    case increase(Text, Int)
    /// Appends to a list, or to an empty one where there is none.
    case append(Text, AttributeValue)
    case addToSet(Text, Text)
    case deleteFromSet(Text, Text)

    var name: Text {
        switch self {
        case .set(let name, _), .remove(let name), .add(let name, _), .increase(let name, _), .append(let name, _),
            .addToSet(let name, _), .deleteFromSet(let name, _):
            name
        }
    }
}

/// A condition on an item.
indirect enum ClientCondition: Sendable {
    case exists(Text)
    case isAbsent(Text)
    case equals(Text, AttributeValue)
    case isBelow(Text, Int)
    case isBetween(Text, Int, Int)
    case isOneOf(Text, [AttributeValue])
    case begins(Text, with: Text)
    /// Of a set of strings.
    case contains(Text, Text)
    /// Of a list or a binary.
    case isLarger(Text, than: Int)
    case all([ClientCondition])
    case any([ClientCondition])
    case not(ClientCondition)
}

// MARK: - Expressions

/// Parsed expressions by their text: what differs between requests is in their placeholders.
private let parsedExpressions = ExpressionCache()

/// An expression's text, whose names and values are all placeholders, or are written as they are for people.
private struct ExpressionText {
    private let isForPeople: Bool
    private var names: [Placeholders.Name] = []
    private var values = AttributeMap()
    private var valueCount = 0

    init(isForPeople: Bool = false) { self.isForPeople = isForPeople }

    mutating func name(_ name: Text) -> String {
        if isForPeople { return name.string }
        if let known = names.first(where: { $0.name == name }) { return known.placeholder.string }
        let placeholder = "#n\(names.count)"
        names.append(.init(placeholder: Text(placeholder), name: name))
        return placeholder
    }

    mutating func value(_ value: AttributeValue) -> String {
        if isForPeople { return "\(value)".replacing("ItemModel.AttributeValue.", with: "") }
        let placeholder = ":v\(valueCount)"
        valueCount += 1
        values[Text(placeholder)] = value
        return placeholder
    }

    func placeholders() throws(ExpressionError) -> Placeholders {
        try Placeholders(names: names.isEmpty ? nil : names, values: values.isEmpty ? nil : values)
    }
}

extension ClientCondition {
    func bound() throws(ExpressionError) -> Condition {
        var text = ExpressionText()
        let parsed = try parsedExpressions.condition(Text(written(in: &text)))
        return try parsed.bind(to: text.placeholders())
    }

    private func written(in text: inout ExpressionText) -> String {
        switch self {
        case .exists(let name): return "attribute_exists(\(text.name(name)))"
        case .isAbsent(let name): return "attribute_not_exists(\(text.name(name)))"
        case .equals(let name, let value): return "\(text.name(name)) = \(text.value(value))"
        case .isBelow(let name, let bound): return "\(text.name(name)) < \(text.value(.number(Number(bound))))"
        case .isBetween(let name, let low, let high):
            let name = text.name(name)
            return "\(name) BETWEEN \(text.value(.number(Number(low)))) AND \(text.value(.number(Number(high))))"
        case .isOneOf(let name, let values):
            let name = text.name(name)
            var list: [String] = []
            for value in values { list.append(text.value(value)) }
            return "\(name) IN (\(list.joined(separator: ", ")))"
        case .begins(let name, let prefix):
            return "begins_with(\(text.name(name)), \(text.value(.string(prefix))))"
        case .contains(let name, let element):
            return "contains(\(text.name(name)), \(text.value(.string(element))))"
        case .isLarger(let name, let bound):
            return "size(\(text.name(name))) > \(text.value(.number(Number(bound))))"
        case .all(let conditions): return Self.joined(conditions, " AND ", &text)
        case .any(let conditions): return Self.joined(conditions, " OR ", &text)
        case .not(let condition): return "NOT (\(condition.written(in: &text)))"
        }
    }

    private static func joined(
        _ conditions: [ClientCondition], _ separator: String, _ text: inout ExpressionText
    ) -> String {
        var parts: [String] = []
        for condition in conditions {
            let part = condition.written(in: &text)
            // DynamoDB refuses parentheses that change nothing around one operand alone.
            if case .any = condition { parts.append("(\(part))") } else { parts.append(part) }
        }
        return parts.joined(separator: separator)
    }
}

extension ClientCondition: CustomStringConvertible {
    var description: String {
        var text = ExpressionText(isForPeople: true)
        return written(in: &text)
    }
}

extension [ClientChange] {
    fileprivate func bound() throws(ExpressionError) -> UpdateExpression {
        var text = ExpressionText()
        let parsed = try parsedExpressions.update(Text(written(in: &text)))
        return try parsed.bind(to: text.placeholders())
    }

    /// As an expression, for people.
    var text: String {
        var text = ExpressionText(isForPeople: true)
        return written(in: &text)
    }

    private func written(in text: inout ExpressionText) -> String {
        var clauses: [(name: String, actions: [String])] = [("SET", []), ("REMOVE", []), ("ADD", []), ("DELETE", [])]
        for change in self {
            let name = text.name(change.name)
            switch change {
            case .set(_, let value): clauses[0].actions.append("\(name) = \(text.value(value))")
            case .increase(_, let amount):
                let zero = text.value(.number(0))
                clauses[0].actions.append(
                    "\(name) = if_not_exists(\(name), \(zero)) + \(text.value(.number(Number(amount))))")
            case .append(_, let value):
                let none = text.value(.list([]))
                clauses[0].actions.append(
                    "\(name) = list_append(if_not_exists(\(name), \(none)), \(text.value(.list([value]))))")
            case .remove: clauses[1].actions.append(name)
            case .add(_, let amount): clauses[2].actions.append("\(name) \(text.value(.number(Number(amount))))")
            case .addToSet(_, let element): clauses[2].actions.append("\(name) \(text.value(.stringSet([element])))")
            case .deleteFromSet(_, let element):
                clauses[3].actions.append("\(name) \(text.value(.stringSet([element])))")
            }
        }
        return clauses.filter { !$0.actions.isEmpty }.map { "\($0.name) \($0.actions.joined(separator: ", "))" }
            .joined(separator: " ")
    }
}
