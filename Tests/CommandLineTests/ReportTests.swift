import ConfigurationFiles
import Testing

@testable import RegionServer
@testable import meridian

@Suite("What the command line prints")
struct ReportTests {
    @Test("stands in columns as wide as their longest cell")
    func table() {
        var table = TextTable([.text("NAME"), .number("COUNT"), .text("NOTE")])
        table.add(["a", "5"])
        table.add(["longer", "12345678", "here"])
        #expect(
            table.lines == [
                "NAME       COUNT  NOTE",
                "a              5",
                "longer  12345678  here",
            ])
    }

    @Test(
        "says durations in their largest unit",
        arguments: [
            (0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (59_999, "59.9 s"), (60_000, "1 min"), (3_600_000, "1 h"),
            (172_800_000, "2 d"),
        ] as [(UInt64, String)])
    func durations(milliseconds: UInt64, text: String) {
        #expect(StatusReport.duration(milliseconds) == text)
    }

    @Test(
        "says bytes in binary units",
        arguments: [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 << 20, "5.0 MiB"), (3 << 42, "12.0 TiB")])
    func bytes(count: Int, text: String) {
        #expect(StatusReport.bytes(count) == text)
    }

    @Test("names regions that do not answer")
    func unreachable() {
        let address = HostAndPort(host: "127.0.0.1", port: 9)
        let region = Topology.Region(
            name: "us-east-1", id: 1, endpoint: address, replication: address, admin: address, data: "data")
        let report = StatusReport([(region, .failure(StatusClient.Failure(description: "no answer at \(address)")))])
        #expect(report.lines.contains { $0.hasPrefix("us-east-1  no answer at 127.0.0.1:9") })
    }
}
