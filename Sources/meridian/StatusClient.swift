import ConfigurationFiles
import Foundation
import RegionServer

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Asks regions for their status.
struct StatusClient: Sendable {
    /// Why a region did not tell.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What holds the port of a region that has not started need not answer anything.
    private static let answerSecondsMax = 5.0

    /// On Linux the time limit of a request is that of its session.
    private static let session: URLSession = {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = answerSecondsMax
        return URLSession(configuration: configuration)
    }()

    /// What the region at its administration address says of itself.
    ///
    /// It answers with a result, as Swift 6.3.1 miscompiles typed errors thrown in a task group's asynchronous closures when it
    /// optimises: the tuples of the group came out with other numbers than had been put in.
    private func status(of region: Topology.Region) async -> Result<RegionStatus, Failure> {
        guard let url = URL(string: "http://\(region.admin)/status") else {
            return .failure(Failure(description: "\(region.admin) is no address"))
        }
        let answer: (data: Data, response: URLResponse)
        do {
            answer = try await Self.session.data(for: URLRequest(url: url, timeoutInterval: Self.answerSecondsMax))
        } catch {
            return .failure(Failure(description: "no answer at \(region.admin)"))
        }
        guard (answer.response as? HTTPURLResponse)?.statusCode == 200 else {
            return .failure(Failure(description: "no status at \(region.admin)"))
        }
        do {
            return .success(try JSONDecoder().decode(RegionStatus.self, from: answer.data))
        } catch {
            return .failure(
                Failure(description: "what answers at \(region.admin) is no region of this version"))
        }
    }

    /// Every region's status or why there is none, in the topology's order.
    func statuses(of topology: Topology) async -> [(region: Topology.Region, status: Result<RegionStatus, Failure>)] {
        await withTaskGroup(of: (index: Int, status: Result<RegionStatus, Failure>).self) { group in
            for (index, region) in topology.regions.enumerated() {
                group.addTask { (index, await status(of: region)) }
            }
            var results: [(region: Topology.Region, status: Result<RegionStatus, Failure>)] = topology.regions.map {
                ($0, .failure(Failure(description: "not asked")))
            }
            for await result in group { results[result.index].status = result.status }
            return results
        }
    }
}
