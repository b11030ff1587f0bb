import ArgumentParser
import ConfigurationFiles
import RegionServer

/// The topology file, which every command takes.
struct TopologyOption: ParsableArguments {
    @Option(name: .customLong("topology"), help: ArgumentHelp("The topology file.", valueName: "file"))
    var path: String

    /// Reads the file.
    ///
    /// - Throws: everything that is wrong in it, with file and line.
    func load() throws -> Topology { try Self.load(path: path) }

    /// Reads a topology file that an option of another command names.
    static func load(path: String) throws -> Topology {
        do {
            return try Topology.load(path: path)
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}

/// Something that a command cannot do, in words for whoever runs it.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
