import ConfigurationFiles
import Glibc
import RegionCore

/// Measures the room on the file system that holds a region's data.
struct DiskGauge: Sendable {
    private let path: String
    private let reserveByteCount: UInt64
    private var lastMeasured: UInt64?
    private var room: DiskRoom?

    /// How often it is measured at the most, in milliseconds.
    private static let intervalMilliseconds: UInt64 = 100

    /// - Parameters:
    ///   - path: a folder on the file system.
    ///   - topology: says what is not to be used up; of a small file system it is a tenth at the most.
    init(at path: String, in topology: Topology) {
        self.path = path
        reserveByteCount = UInt64(max(0, topology.disk.reserveByteCount))
    }

    /// The room as of the last tenth of a second; nil where the file system does not tell.
    mutating func room(at monotonicMilliseconds: UInt64) -> DiskRoom? {
        if let lastMeasured, monotonicMilliseconds < lastMeasured + Self.intervalMilliseconds { return room }
        lastMeasured = monotonicMilliseconds
        room = measure()
        return room
    }

    /// The room now.
    func measure() -> DiskRoom? {
        var system = statvfs()
        guard statvfs(path, &system) == 0 else { return nil }
        let blockByteCount = UInt64(system.f_frsize)
        return DiskRoom(
            availableByteCount: UInt64(system.f_bavail) * blockByteCount,
            reserveByteCount: min(reserveByteCount, UInt64(system.f_blocks) * blockByteCount / 10))
    }
}
