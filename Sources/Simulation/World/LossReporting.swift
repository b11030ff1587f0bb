/// A checker that finds out what was lost.
protocol LossReporting {
    /// Acknowledged writes that are nowhere any more.
    var lostAcknowledgedWrites: Int { get }
    /// The age of the oldest of them when their region was lost.
    var recoveryPoint: VirtualDuration { get }
    /// The first of them, as many as are listed.
    var lostWrites: [RunResult.LostWrite] { get }
}
