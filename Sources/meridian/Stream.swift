import ArgumentParser
import ConfigurationFiles
import Foundation

/// Commands on tables' streams of changes.
struct Stream: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow the changes of a table.", subcommands: [Tail.self])
}

extension Stream {
    /// Prints a table's changes as they come.
    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the changes of a table, one JSON object a line, as they come.",
            discussion: """
                It is a client of the DynamoDB Streams API like any other: it follows shards to those that replace them, and an item's \
                changes come in their order. When the region is restarted or cannot be reached it tries again until it can, and goes on \
                where it was, without a gap or a repetition. It signs with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or, where they are \
                not set, with the topology's first access key.
                """)

        @Argument(help: "The table.")
        var table: String

        @Option(help: ArgumentHelp("The topology file, which says where regions are.", valueName: "file"))
        var topology: String?

        @Option(help: "The region to read in; the topology's first, or AWS_REGION, unless said.")
        var region: String?

        @Option(help: ArgumentHelp("Where the region answers, unless the topology says it.", valueName: "url"))
        var endpoint: String?

        @Option(
            help: ArgumentHelp(
                """
                Where to begin: latest, trim-horizon (the oldest change that is kept), a time such as 2026-11-23T08:00:00Z, or the \
                sequence number after which to go on.
                """, valueName: "place"))
        var from = StreamStart.latest

        @Option(help: ArgumentHelp("End after so many changes.", valueName: "count"))
        var limit: Int?

        func run() async throws {
            let client = try makeClient()
            var tail = StreamTail(table: table, from: from, limit: limit, client: client)
            do {
                try await tail.run()
            } catch let failure as StreamClient.Failure {
                throw CommandFailure("\(failure)")
            }
        }

        private func makeClient() throws -> StreamClient {
            let environment = ProcessInfo.processInfo.environment
            let known = try topology.map { try TopologyOption.load(path: $0) }
            let name = region ?? known?.regions.first?.name ?? environment["AWS_REGION"] ?? "us-east-1"
            let place = known?.region(named: name)
            if let known, place == nil, endpoint == nil {
                throw CommandFailure(
                    "the topology has no region \"\(name)\"; its regions are \(known.regions.map(\.name).joined(separator: ", "))"
                )
            }
            let url =
                endpoint
                ?? place.map { "\($0.endpointTLS == nil ? "http" : "https")://\($0.endpoint)" }
            guard let url else { throw CommandFailure("say where the region is, with --topology or --endpoint") }
            guard let key = StreamClient.accessKey(of: known) else {
                throw CommandFailure("there is no access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
            }
            guard let client = StreamClient(endpoint: url, region: name, key: key) else {
                throw CommandFailure("\(url) is no address of an endpoint, such as http://127.0.0.1:8000")
            }
            return client
        }
    }
}

/// Where `stream tail` begins.
enum StreamStart: ExpressibleByArgument, Equatable, Sendable {
    case latest
    case oldest
    /// After the change of that sequence number.
    case after(String)
    case time(Date)

    init?(argument: String) {
        switch argument {
        case "latest": self = .latest
        case "trim-horizon": self = .oldest
        default:
            if (21...40).contains(argument.utf8.count), argument.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
                self = .after(argument)
            } else if let date = try? Date(argument, strategy: .iso8601) {
                self = .time(date)
            } else {
                return nil
            }
        }
    }

    var defaultValueDescription: String {
        switch self {
        case .latest: "latest"
        case .oldest: "trim-horizon"
        case .after(let number): number
        case .time(let date): date.formatted(.iso8601)
        }
    }
}
