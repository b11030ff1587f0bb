import ItemModel

/// What clients' conditions and updates mean, written down once more and apart from the store's: nothing here is shared with it but the form
/// of attribute values.
extension ClientCondition {
    /// Whether an item meets the condition; nil is one that does not exist.
    func holds(for item: Item?) -> Bool {
        switch self {
        case .exists(let name): return item?[name] != nil
        case .isAbsent(let name): return item?[name] == nil
        case .equals(let name, let value): return item?[name] == value
        case .isBelow(let name, let bound):
            guard let number = Self.integer(item?[name]) else { return false }
            return number < bound
        case .isBetween(let name, let low, let high):
            guard let number = Self.integer(item?[name]) else { return false }
            return low <= number && number <= high
        case .isOneOf(let name, let values):
            guard let found = item?[name] else { return false }
            return values.contains { $0 == found }
        case .begins(let name, let prefix):
            guard case .string(let text)? = item?[name] else { return false }
            return text.string.hasPrefix(prefix.string)
        case .contains(let name, let element):
            guard case .stringSet(let elements)? = item?[name] else { return false }
            return elements.contains(element)
        case .isLarger(let name, let bound):
            switch item?[name] {
            case .list(let elements): return elements.count > bound
            case .binary(let bytes): return bytes.count > bound
            default: return false
            }
        case .all(let conditions): return conditions.allSatisfy { $0.holds(for: item) }
        case .any(let conditions): return conditions.contains { $0.holds(for: item) }
        case .not(let condition): return !condition.holds(for: item)
        }
    }

    fileprivate static func integer(_ value: AttributeValue?) -> Int? {
        guard case .number(let number)? = value else { return nil }
        return number.intValue
    }
}

extension ClientStep {
    /// The item after the step, where its condition holds; nil for none.
    func outcome(on item: Item?) -> Item? {
        switch action {
        case .check: return item
        case .delete: return nil
        case .put(let item): return item
        case .update(let changes):
            let old = item ?? Item()
            var new = item ?? key
            // What is read is read of the item as it was.
            for change in changes { new[change.name] = change.value(after: old[change.name]) }
            return new
        }
    }

    /// The attributes that an update touches.
    var touchedNames: [Text] {
        if case .update(let changes) = action { changes.map(\.name) } else { [] }
    }
}

extension ClientChange {
    /// The attribute after the change; nil for none.
    fileprivate func value(after old: AttributeValue?) -> AttributeValue? {
        switch self {
        case .set(_, let value): return value
        case .remove: return nil
        case .add(_, let amount), .increase(_, let amount):
            return .number(Number((ClientCondition.integer(old) ?? 0) + amount))
        case .append(_, let value):
            guard case .list(let elements)? = old else { return .list([value]) }
            return .list(elements + [value])
        case .addToSet(_, let element):
            guard case .stringSet(let elements)? = old else { return .stringSet([element]) }
            return .stringSet(elements.contains(element) ? elements : (elements + [element]).sorted())
        case .deleteFromSet(_, let element):
            guard case .stringSet(let elements)? = old else { return old }
            let rest = elements.filter { $0 != element }
            return rest.isEmpty ? nil : .stringSet(rest)
        }
    }
}
