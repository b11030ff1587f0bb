import KeyValueStore
import RegionStore

/// Damaged blocks on a region's disk: the process ends when a read meets the first, and stays down until the disk is whole.
///
/// Starting it once more would not help, so nobody does.
///
/// Unchecked Sendable: a simulation has one thread.
final class DamagedDisk: @unchecked Sendable {
    private unowned let region: SimulatedRegion
    /// Of 65,536 hashes, how many are those of damaged keys.
    private let damagedHashCount: UInt64
    private var isFound = false
    private var holdsRegion = false
    private var isWhole = false

    /// - Parameter share: of the keys of items, 0 to 1.
    init(of region: SimulatedRegion, share: Double) {
        self.region = region
        damagedHashCount = UInt64(min(1, max(0, share)) * 65_536)
    }

    /// What a read of the key meets.
    func read(_ key: [UInt8], _ keyspace: Keyspace) -> KeyValueStoreError? {
        guard keyspace == Layout.items, !isWhole else { return nil }
        // Which keys stand in damaged blocks is decided by their bytes.
        let hash = key.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        guard hash >> 48 < damagedHashCount else { return nil }
        let error = KeyValueStoreError.corruption("simulated checksum mismatch")
        if !isFound {
            isFound = true
            // Not at once: the process is in the middle of its read.
            region.world.schedule(after: .zero) { [self] in endProcess(error) }
        }
        return error
    }

    private func endProcess(_ error: KeyValueStoreError) {
        guard !isWhole else { return }
        holdsRegion = true
        region.hold()
        region.fail(error, restarts: false)
    }

    /// Ends the damage, as the blocks or the whole disk are replaced; the process starts again if nothing else keeps it down.
    func makeWhole() {
        guard !isWhole else { return }
        isWhole = true
        if holdsRegion { region.release() }
    }
}
