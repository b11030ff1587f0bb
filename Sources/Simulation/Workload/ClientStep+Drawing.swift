import ItemModel

/// The conditions and updates that simulated clients choose from; a request's mark decides, so that a run needs no more chance.
extension ClientCondition {
    /// Whether there is no item of the key.
    static let isNew = ClientCondition.isAbsent("pk")

    /// Whether the item is still the one that was read.
    static func isUnchanged(since mark: AttributeValue?) -> ClientCondition {
        mark.map { .equals("mark", $0) } ?? .isAbsent("mark")
    }

    /// One that some items meet and some do not; nil in three of four cases.
    static func drawn(by mark: UInt64) -> ClientCondition? {
        let bits = Hashing.mixed(mark)
        guard bits & 3 == 0 else { return nil }
        let group = Text("g\(bits >> 8 % 7)")
        let bound = Int(bits >> 16 & 31)
        switch bits >> 2 & 7 {
        case 0: return .isBelow("count", bound)
        case 1: return .any([.isBetween("count", bound, bound + 16), .isAbsent("count")])
        case 2: return .all([.exists("pk"), .not(.equals("group", .string(group)))])
        case 3: return .isOneOf("group", [.string(group), .string("g1"), .string("g4")])
        case 4: return .not(.contains("tags", Text("t\(bound & 3)")))
        case 5: return .all([.begins("group", with: "g"), .any([.exists("tags"), .isBelow("visits", bound)])])
        case 6: return .any([.isLarger("visitors", than: bound & 3), .isAbsent("visitors")])
        default: return .all([.isLarger("filler", than: 8), .not(.isBetween("visits", 1, 1 + bound))])
        }
    }
}

extension [ClientChange] {
    /// What an update does to an item: it always marks it, so that it makes one where there is none.
    ///
    /// - Parameter attempt: how often the same was asked for before.
    static func drawn(by mark: UInt64, attempt: Int) -> [ClientChange] {
        let bits = Hashing.mixed(mark &+ 1)
        let number = Int(truncatingIfNeeded: mark >> 1 &+ UInt64(attempt))
        let marked = ClientChange.set("mark", .number(Number(number)))
        let tag = Text("t\(bits >> 8 & 3)")
        switch bits & 7 {
        case 0: return [.addToSet("tags", tag), .increase("visits", 1), marked]
        case 1: return [.deleteFromSet("tags", tag), marked, .add("count", -1)]
        case 2: return [.append("visitors", .number(Number(number & 0xFF))), marked]
        case 3: return [.remove("visitors"), marked, .increase("visits", 2)]
        default: return [.add("count", 1), marked, .set("group", .string(Text("g\(mark % 7)")))]
        }
    }
}
