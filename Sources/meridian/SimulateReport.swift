import Foundation
import Simulation

/// The folder of a report.
struct SimulateReport {
    private let folder: String

    /// Makes the folder where there is none.
    init(folder: String) throws(CommandFailure) {
        self.folder = folder
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure("the folder \(folder) can't be made: \(error.localizedDescription)")
        }
    }

    /// Writes the files, in place of those that have their names.
    ///
    /// - Parameter result: what `result.json` holds.
    func write(_ files: [ReportFile], result: some Encodable) throws(CommandFailure) {
        for file in files { try SimulateFile.write(file.text, to: "\(folder)/\(file.name)") }
        try SimulateFile.write(SimulateFile.json(result) + "\n", to: "\(folder)/result.json")
    }
}
