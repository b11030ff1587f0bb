/// A region's physical clock: it may be off, gain or lose, and be set.
struct SimulatedClock {
    /// What every clock would show at the start if it were right: milliseconds since the Unix epoch.
    static let epochMilliseconds: UInt64 = 1_750_000_000_000

    /// Where the present rate began, in virtual and in physical nanoseconds since the start.
    private var start: (virtual: Int64, physical: Int64) = (0, 0)
    /// Physical nanoseconds gained for a million virtual ones, times a thousand.
    private var partsPerBillion: Int64 = 0

    /// Milliseconds since the Unix epoch.
    func milliseconds(at time: VirtualTime) -> UInt64 {
        let physical = physicalNanoseconds(at: time) / 1_000_000
        let (sum, overflow) = Int64(Self.epochMilliseconds).addingReportingOverflow(physical)
        return overflow || sum < 0 ? 0 : UInt64(sum)
    }

    /// Sets the clock forwards or back.
    mutating func step(by nanoseconds: Int64, at time: VirtualTime) {
        start = (Int64(time.nanoseconds), physicalNanoseconds(at: time) &+ nanoseconds)
    }

    /// Makes the clock gain or lose from now on, in parts per million of its speed beside what it did before.
    mutating func drift(by partsPerMillion: Double, at time: VirtualTime) {
        start = (Int64(time.nanoseconds), physicalNanoseconds(at: time))
        partsPerBillion += Int64(partsPerMillion * 1000)
    }

    private func physicalNanoseconds(at time: VirtualTime) -> Int64 {
        let elapsed = Int64(time.nanoseconds) - start.virtual
        // By parts, so that an hour's nanoseconds times the rate do not overflow.
        let gained =
            elapsed / 1_000_000_000 * partsPerBillion + elapsed % 1_000_000_000 * partsPerBillion / 1_000_000_000
        return start.physical &+ elapsed &+ gained
    }
}
