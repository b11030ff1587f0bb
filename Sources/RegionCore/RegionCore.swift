/// The owner's loop of a region, as two machines that make no system call, read no clock and start no thread.
///
/// - ``RegionWriter`` owns the store: it takes commands out of a ``CommandQueue``, runs them and what maintenance is due, and says in each
///   ``CommitRound`` what has to be durable before anybody is answered.
///   It gives out stamps while the region's clock agrees with its witnesses: `ClockGuard`.
/// - ``LinkHub`` decides for all links: whom to dial, what to ship, what to ask for, what to hand to the writer.
///
/// Whoever runs a region is a shell around the two: threads and sockets in production, events in the simulator, steps in tests. A shell
/// hands in what happened and carries out what comes back, in its order; it decides nothing. Reading order: `Writer`, `Clock`, `Links`, then
/// `Topology+Configuration`, the one way from a topology file to what stores and links are told.
public enum RegionCore {
    /// How many commands of clients may wait: beyond it they are told to come again.
    public static let queueLimit = 10_000
    /// A round is closed when what it changes reaches this many bytes.
    public static let roundByteLimit = 4 << 20
}
