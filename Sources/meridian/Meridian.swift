import ArgumentParser
import RegionServer

/// The command line.
@main
struct Meridian: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "meridian",
        abstract: "DynamoDB-compatible global tables that anyone can run.",
        discussion: """
            Every region of a topology file is a complete store of its own. It answers DynamoDB's API, commits locally, and \
            ships each commit to the other regions. Start with:

              meridian up --topology Regions/three-continents.yaml
            """,
        version: meridianVersion,
        subcommands: [Up.self, Serve.self, Status.self, Certificates.self, Simulate.self, Record.self, Stream.self])
}
