/// The gravest fault found so far: DynamoDB reports one, and by its rank, not by where it stands.
struct FaultLedger {
    private(set) var gravest: (rank: FaultRank, fault: ExpressionFault)?

    /// Notes `fault`; of equal rank the one noted first stays.
    mutating func note(_ fault: ExpressionFault, _ rank: FaultRank) {
        if let gravest, gravest.rank.rawValue <= rank.rawValue { return }
        gravest = (rank, fault)
    }

    /// Throws the gravest fault, if there is any.
    func check() throws(ExpressionFault) {
        if let gravest { throw gravest.fault }
    }
}

/// The order in which DynamoDB looks for faults in an expression whose syntax is right.
///
/// Undefined placeholders come between `reservedWord` and `operandCount`.
enum FaultRank: Int {
    case redundantParentheses
    case unknownFunction
    case misusedFunction
    case repeatedSection
    case path
    case limit
    case reservedWord
    case operandCount
    case documentPathRequired
    case operandsNotDistinct
    case pathsOverlap
    case pathsConflict
    case operandType
}
