import ItemModel

/// What an action does at its path, once everything it reads is read.
enum AttributeChange: Sendable, Hashable {
    case put(AttributeValue)
    case remove
}

/// The structural half of an update: the leaves are indexes of changes.
extension PathTree<Int> {
    /// `item` with each change made at its path; throws where a path leads through what is not there or of another
    /// type.
    func applying(_ changes: [AttributeChange], to item: Item) throws(ExpressionFault) -> Item {
        var item = item
        for member in members { item[member.name] = try member.tree.applying(changes, to: item[member.name]) }
        return item
    }

    private func applying(
        _ changes: [AttributeChange], to value: AttributeValue?
    ) throws(ExpressionFault) -> AttributeValue? {
        if let leaf {
            switch changes[leaf] {
            case .put(let value): return value
            case .remove: return nil
            }
        }
        switch value {
        case .map(let map) where elements.isEmpty: return .map(try applying(changes, to: map))
        case .list(let list) where members.isEmpty: return .list(try applying(changes, to: list))
        default: throw .pathInvalidForUpdate
        }
    }

    /// Elements beyond the end are appended in the order of their indexes; what was removed closes up after that.
    private func applying(
        _ changes: [AttributeChange], to list: [AttributeValue]
    ) throws(ExpressionFault) -> [AttributeValue] {
        var result: [AttributeValue] = []
        result.reserveCapacity(list.count + elements.count)
        var next = 0
        for element in elements {
            let isInside = element.index < list.count
            let end = isInside ? element.index : list.count
            result += list[next..<end]
            next = isInside ? end + 1 : end
            let old = isInside ? list[element.index] : nil
            if let new = try element.tree.applying(changes, to: old) { result.append(new) }
        }
        return result + list[next...]
    }
}
