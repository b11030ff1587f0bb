public import ConfigurationFiles
import Foundation
import Glibc

/// Sets a region's damaged data folder aside, so that the region begins anew and is filled by the others.
///
/// The mark beside the folder stays: the new store knows from it how far the lost log had got, fetches its tail from the other regions, and
/// names what none of them has.
public enum RepairFolder {
    /// Where the folder is kept.
    public static func path(for folder: String) -> String { LogMarkFile.base(of: folder) + ".damaged" }

    /// Renames the data folder of the region that `options` name.
    ///
    /// - Returns: where it is now.
    /// - Throws: `RegionError` where there is none, one was set aside before, or a process uses it; nothing has changed then.
    public static func setAside(for options: RegionOptions, in topology: Topology) throws -> String {
        guard let region = topology.region(named: options.region) else {
            throw RegionError.unknownRegion(options.region, known: topology.regions.map(\.name))
        }
        let others = topology.regions.map(\.name).filter { $0 != region.name }
        guard let source = options.repairFrom, others.contains(source) else {
            throw RegionError.repair("\(region.name) can be repaired from \(others.joined(separator: " or "))")
        }
        let folder = options.dataFolder(of: region)
        let target = path(for: folder)
        guard FileManager.default.fileExists(atPath: folder) else {
            throw RegionError.repair(
                "there is no folder \(folder): start without --repair-from, and the region is filled")
        }
        guard !FileManager.default.fileExists(atPath: target) else {
            throw RegionError.repair(
                """
                \(target) is there from an earlier repair: start without --repair-from to go on with that, or remove it first
                """)
        }
        let lock = open(folder + "/LOCK", O_RDWR | O_CLOEXEC)
        defer { if lock >= 0 { close(lock) } }
        if lock >= 0 {
            var claim = flock(
                l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
            guard fcntl(lock, F_SETLK, &claim) == 0 else { throw RegionError.repair("a process uses \(folder)") }
        }
        guard rename(folder, target) == 0 else {
            throw RegionError.repair("\(folder) cannot be renamed to \(target): \(String(cString: strerror(errno)))")
        }
        return target
    }
}
