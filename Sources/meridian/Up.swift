import ArgumentParser
import ConfigurationFiles
import Foundation
import RegionServer
import UnixSignals

/// Runs every region of a topology on this machine.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run every region of a topology on this machine, each as a process of its own.",
        discussion: """
            Certificates for the links are made where they are missing. Each region's log lines go to <folder>/<region>.log. A region \
            that ends is reported and not started again: the others run on. SIGINT and SIGTERM stop all of them.
            """)

    @OptionGroup var topology: TopologyOption

    @Option(
        help: ArgumentHelp("The folder in which each region has a folder of its own for its data.", valueName: "folder")
    )
    var data = "data"

    @Flag(help: "Answer every request without a look at its signature.")
    var insecureNoAuth = false

    @Flag(help: "Let clients take any capacity, whatever tables have provisioned and whatever their maxima.")
    var noThrottling = false

    @Option(help: "The least important log lines to write: \(LogLevel.list).")
    var logLevel = LogLevel.info

    func run() async throws {
        let loaded = try topology.load()
        for region in loaded.regions where !region.endpointListener.isLoopback {
            throw CommandFailure(
                "\(region.name) listens at \(region.endpointListener): `up` runs regions on loopback addresses; use `serve` on each host"
            )
        }
        let folder = try CertificateFolder(of: loaded)
        if !folder.regionsWithoutCertificate.isEmpty {
            for line in try folder.fill(replacing: false) { print(line) }
        }
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let fleet = Fleet()
        for region in loaded.regions { try fleet.start(region, arguments: arguments(for: region), folder: data) }
        do {
            try await printWhenReady(loaded, fleet)
            let (ends, end) = AsyncStream.makeStream(of: Void.self)
            let signalled = Task {
                for await _ in signals { break }
                end.finish()
            }
            Task {
                await fleet.waitForAll()
                end.finish()
            }
            for await _ in ends {}
            signalled.cancel()
        } catch let ended as RegionEnded {
            await fleet.stop()
            // More may have failed meanwhile, mostly for the same reason.
            let failures = fleet.ended.filter(\.isFailure)
            throw CommandFailure((failures.isEmpty ? ended.ends : failures).map(explained).joined(separator: "\n"))
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }

    /// Regions have ended before all were up.
    private struct RegionEnded: Error {
        let ends: [Fleet.End]
    }

    /// How a region has ended, with what `up` itself cannot do.
    private func explained(_ end: Fleet.End) -> String {
        guard !end.isSignal, end.status == Serve.damagedStatus else { return "\(end)" }
        return """
            \(end)
            `up` does not repair: the command is `meridian serve --region \(end.region) --topology \(topology.path) \
            --data \(data)/\(end.region) --repair-from <region>`, while the other regions run
            """
    }

    private func arguments(for region: Topology.Region) -> [String] {
        var arguments = [
            "serve", "--region", region.name, "--topology", topology.path, "--data", "\(data)/\(region.name)",
            "--log-level", logLevel.rawValue, "--stop-with-standard-input",
        ]
        if insecureNoAuth { arguments.append("--insecure-no-auth") }
        if noThrottling { arguments.append("--no-throttling") }
        return arguments
    }

    private func printWhenReady(_ topology: Topology, _ fleet: Fleet) async throws {
        let deadline = Date(timeIntervalSinceNow: 60)
        while true {
            let results = await StatusClient().statuses(of: topology)
            // A process of an earlier run may hold the port.
            let answers = results.compactMap { try? $0.status.get() }
                .filter { fleet.pids.contains($0.pid) && $0.endpoint != nil }
            if answers.count == results.count {
                printTable(topology, answers)
                fleet.reportEnds()
                return
            }
            let ends = fleet.ended
            if !ends.isEmpty { throw RegionEnded(ends: ends) }
            guard Date() < deadline else {
                let answering = Set(answers.map(\.region))
                let silent = fleet.logs.filter { !answering.contains($0.key) }.sorted { $0.key < $1.key }
                throw CommandFailure(
                    silent.map { region, log in
                        "\(region) did not answer within 60 s, and its log is \(log.path): "
                            + (log.lastTrouble() ?? "it tells of no trouble")
                    }.joined(separator: "\n"))
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func printTable(_ topology: Topology, _ statuses: [RegionStatus]) {
        var table = TextTable([
            .text("REGION"), .number("PID"), .text("ENDPOINT"), .text("STATUS"), .text("DATA"), .text("LOG"),
        ])
        for (region, status) in zip(topology.regions, statuses) {
            let scheme = region.endpointTLS == nil ? "http" : "https"
            table.add([
                region.name, "\(status.pid)", "\(scheme)://\(region.endpoint)", "http://\(region.admin)/status",
                "\(data)/\(region.name)", Fleet.logPath(of: region, in: data),
            ])
        }
        for line in table.lines { print(line) }
        if let key = topology.accessKeys.first, !insecureNoAuth {
            print("clients sign as \(key.id), with the secret in \(self.topology.path)")
        }
        print("all \(topology.regions.count) regions are up")
        fflush(nil)
    }
}
