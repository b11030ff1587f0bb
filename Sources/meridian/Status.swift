import ArgumentParser
import ConfigurationFiles
import Foundation
import RegionServer

/// Shows what every region says of itself.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show each region's links, lag, positions and stable time.",
        discussion: """
            Stable time is how long ago everything that any region had written was in that region. Lag is the time from a commit until \
            the other region has it on disk. The exit code is 1 when a region does not answer.
            """)

    @OptionGroup var topology: TopologyOption

    @Flag(help: "Print everything that the regions say, as JSON.")
    var json = false

    func run() async throws {
        let results = await StatusClient().statuses(of: try topology.load())
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let statuses = results.compactMap { try? $0.status.get() }
            print(String(decoding: try encoder.encode(statuses), as: UTF8.self))
        } else {
            for line in StatusReport(results).lines { print(line) }
        }
        guard results.allSatisfy({ (try? $0.status.get()) != nil }) else { throw ExitCode(1) }
    }
}

/// What `meridian status` prints.
struct StatusReport {
    private let results: [(region: Topology.Region, status: Result<RegionStatus, StatusClient.Failure>)]

    init(_ results: [(region: Topology.Region, status: Result<RegionStatus, StatusClient.Failure>)]) {
        self.results = results
    }

    var lines: [String] {
        var regions = TextTable([
            .text("REGION"), .text("STATE"), .number("PID"), .number("UP"), .number("TABLES"), .number("ITEMS"),
            .number("LOG"), .number("CONFLICTS"), .number("STABLE"),
        ])
        var links = TextTable([
            .text("LINK"), .text("STATE"), .number("SHIPPED"), .number("DURABLE"), .number("BACKLOG"),
            .number("LAG P50"),
            .number("LAG P99"), .number("BYTES"), .number("ON WIRE"), .text("ERROR"),
        ])
        for (region, result) in results {
            switch result {
            case .failure(let failure): regions.add([region.name, "\(failure)"])
            case .success(let status):
                regions.add(row(of: status))
                for link in status.outgoing { links.add(row(of: link, in: status)) }
            }
        }
        return regions.lines + [""] + links.lines + doubts + lapses
    }

    /// A line for each region that takes no writes.
    private var doubts: [String] {
        let doubts = results.compactMap { region, result -> String? in
            guard case .success(let status) = result, !status.takesWrites else { return nil }
            return "\(region.name) \(status.readiness)"
        }
        return doubts.isEmpty ? [] : [""] + doubts
    }

    /// A line for each follower that the log was not kept for.
    private var lapses: [String] {
        let lapsed = results.flatMap { region, result -> [String] in
            guard case .success(let status) = result else { return [] }
            return status.followers.compactMap { follower in
                follower.lapse.map {
                    "\(region.name): \(follower.name) has lapsed at \(follower.position) by the bound of \($0); it needs a snapshot transfer"
                }
            }
        }
        return lapsed.isEmpty ? [] : [""] + lapsed
    }

    private func row(of status: RegionStatus) -> [String] {
        let behind = status.clockMilliseconds - min(status.clockMilliseconds, status.stableTimeMilliseconds)
        return [
            status.region, status.takesWrites ? "up" : "read-only", "\(status.pid)",
            Self.duration(UInt64(status.uptimeSeconds * 1000)),
            "\(status.tables.count)", "\(status.tables.reduce(0) { $0 + $1.itemCount })", "\(status.log.position)",
            "\(status.counters.conflicts)",
            status.stableTimeMilliseconds == 0 ? "unknown" : "\(Self.duration(behind)) ago",
        ]
    }

    private func row(of link: RegionStatus.Outgoing, in status: RegionStatus) -> [String] {
        let lag = status.lag.first { $0.region == link.region }
        return [
            "\(status.region) → \(link.region)", link.state, "\(link.shippedPosition)", "\(link.acknowledgedPosition)",
            link.backlog.map { "\($0)" } ?? "-", lag?.p50Milliseconds.map(Self.duration) ?? "-",
            lag?.p99Milliseconds.map(Self.duration) ?? "-", Self.bytes(link.bytesBeforeCompression),
            Self.bytes(link.bytesAfterCompression), link.lastError ?? "",
        ]
    }

    /// In the largest unit that leaves at least one, such as `850 ms`, `12.3 s` or `5 h`.
    static func duration(_ milliseconds: UInt64) -> String {
        switch milliseconds {
        case ..<1000: "\(milliseconds) ms"
        case ..<60_000: "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
        case ..<3_600_000: "\(milliseconds / 60_000) min"
        case ..<(48 * 3_600_000): "\(milliseconds / 3_600_000) h"
        default: "\(milliseconds / 86_400_000) d"
        }
    }

    /// In binary units, such as `12.3 KiB`.
    static func bytes(_ count: Int) -> String {
        var (value, units) = (Double(count), ["KiB", "MiB", "GiB", "TiB"][...])
        guard value >= 1024 else { return "\(count) B" }
        value /= 1024
        while value >= 1024, units.count > 1 {
            value /= 1024
            units = units.dropFirst()
        }
        return String(format: "%.1f ", value) + (units.first ?? "")
    }
}
