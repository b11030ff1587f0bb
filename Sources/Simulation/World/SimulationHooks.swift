import KeyValueStore
import RegionStore
import Replication

/// What tests put between the production code and the simulated disk and network, to see that the checkers notice.
///
/// Nothing of it is set in a run that a user starts.
struct SimulationHooks {
    /// Changes a batch before it is written.
    var alterBatch: ((WriteBatch, InMemoryStore) -> WriteBatch)?
    /// Changes a message before it is sent, drops it or doubles it; regions by their places in the topology.
    var alterMessage: ((LinkMessage, _ from: Int, _ to: Int) -> [LinkMessage])?
    /// Has the store carry out another command than the one that a client asked for.
    var alterCommand: ((RegionCommand) -> RegionCommand)?
    /// Has the store read another page than the one that a client asked for.
    var alterRead: ((RangeRead) -> RangeRead)?
    /// Changes a page before it is answered.
    var alterPage: ((RangePage) -> RangePage)?
    /// Whether changes are acknowledged when they arrive.
    var acknowledgesBeforeCommit = false
    /// Whether clients are told of writes when they are queued.
    var answersBeforeCommit = false
    /// Whether disks say that they have synced what they have not.
    var ignoresSync = false
    /// Whether a region draws the same incarnation whenever its store is new.
    var repeatsIncarnations = false
    /// Whether regions take their clocks as they are.
    var trustsClocks = false
    /// Whether regions take their disks for the newest, whatever mark and peers say.
    var trustsDisks = false
}
