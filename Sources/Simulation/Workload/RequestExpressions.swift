import Expressions
import ItemModel

/// The expressions that simulated clients use, bound once rather than parsed each time.
enum RequestExpressions {
    /// Whether there is no item of the key.
    static let isAbsent = Condition(.attributeNotExists(DocumentPath("pk")))

    /// Whether the item is still the one that was read.
    static func isUnchanged(since mark: AttributeValue?) -> Condition {
        guard let mark else { return Condition(.attributeNotExists(DocumentPath("mark"))) }
        return Condition(.comparison(.equal, .path(DocumentPath("mark")), .value(mark)))
    }

    /// Counts one attribute up, and marks the item.
    static func increment(marking mark: Int) -> UpdateExpression? {
        try? UpdateExpression([
            .add(DocumentPath("count"), .number(Number(1))),
            .set(DocumentPath("mark"), .value(.number(Number(mark)))),
            .set(DocumentPath("group"), .value(.string(Text("g\(abs(mark % 7))")))),
        ])
    }
}
