import Expressions
import ItemModel

/// One comparison of an attribute, as the parameters that expressions replaced write it.
struct LegacyComparison {
    let name: Text
    let comparator: Comparator
    let values: [AttributeValue]

    /// What can be compared; the raw value is DynamoDB's name of it.
    enum Comparator: String {
        case equal = "EQ"
        case notEqual = "NE"
        case less = "LT"
        case lessOrEqual = "LE"
        case greater = "GT"
        case greaterOrEqual = "GE"
        case between = "BETWEEN"
        case `in` = "IN"
        case beginsWith = "BEGINS_WITH"
        case contains = "CONTAINS"
        case notContains = "NOT_CONTAINS"
        case exists = "NOT_NULL"
        case notExists = "NULL"

        /// How many values it takes.
        fileprivate var valueCount: ClosedRange<Int> {
            switch self {
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .beginsWith, .contains,
                .notContains:
                1...1
            case .between: 2...2
            case .in: 1...Int.max
            case .exists, .notExists: 0...0
            }
        }

        /// The types that its values may have; nil for every type.
        fileprivate var valueKinds: [AttributeValue.Kind]? {
            switch self {
            case .less, .lessOrEqual, .greater, .greaterOrEqual, .between, .in, .contains, .notContains:
                [.string, .number, .binary]
            case .beginsWith: [.string, .binary]
            case .equal, .notEqual, .exists, .notExists: nil
            }
        }
    }

    /// Checks number and types of the values.
    init(_ name: Text, _ comparator: Comparator, _ values: [AttributeValue]) throws(DynamoFault) {
        guard comparator.valueCount.contains(values.count) else {
            throw .invalidParameters(
                "Invalid number of argument(s) for the \(comparator.rawValue) ComparisonOperator")
        }
        if let kind = values.first?.kind {
            guard values.allSatisfy({ $0.kind == kind }) else {
                throw .invalidParameters("AttributeValues inside AttributeValueList must all be of the same type")
            }
            if let allowed = comparator.valueKinds, !allowed.contains(kind) {
                throw .invalidParameters(
                    "ComparisonOperator \(comparator.rawValue) is not valid for \(kind.rawValue) AttributeValue type")
            }
        }
        (self.name, self.comparator, self.values) = (name, comparator, values)
        if comparator == .between, !Self.isOrdered(values) {
            throw .validation(
                "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
        }
    }

    /// Whether the first value is not above the second: said with the evaluator itself, so that there is one order only.
    private static func isOrdered(_ values: [AttributeValue]) -> Bool {
        guard values.count == 2 else { return true }
        return Condition(.comparison(.lessOrEqual, .value(values[0]), .value(values[1]))).evaluate(Item())
    }

    /// The comparison in the tree of expressions.
    var node: Condition.Node {
        let path = DocumentPath(name)
        let attribute = Operand<BoundStage>.path(path)
        let operands = values.map { Operand<BoundStage>.value($0) }
        guard let operand = operands.first else {
            return comparator == .exists ? .attributeExists(path) : .attributeNotExists(path)
        }
        switch comparator {
        case .equal: return .comparison(.equal, attribute, operand)
        case .notEqual: return .comparison(.notEqual, attribute, operand)
        case .less: return .comparison(.less, attribute, operand)
        case .lessOrEqual: return .comparison(.lessOrEqual, attribute, operand)
        case .greater: return .comparison(.greater, attribute, operand)
        case .greaterOrEqual: return .comparison(.greaterOrEqual, attribute, operand)
        case .between: return .between(attribute, lower: operand, upper: operands.last ?? operand)
        case .in: return .in(attribute, operands)
        case .beginsWith: return .beginsWith(attribute, prefix: operand)
        case .contains: return .contains(attribute, operand)
        // Of an attribute that is not there neither holds, unlike in expressions.
        case .notContains: return .and([.attributeExists(path), .not(.contains(attribute, operand))])
        case .exists: return .attributeExists(path)
        case .notExists: return .attributeNotExists(path)
        }
    }
}
