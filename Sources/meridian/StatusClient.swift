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

    /// What the region at that administration address says of itself.
    func status(of region: Topology.Region) async throws(Failure) -> RegionStatus {
        guard let url = URL(string: "http://\(region.admin)/status") else {
            throw Failure(description: "\(region.admin) is no address")
        }
        let data: Data
        let response: URLResponse
        do {
            (data, response) = try await URLSession.shared.data(for: URLRequest(url: url, timeoutInterval: 5))
        } catch {
            throw Failure(description: "no answer at \(region.admin)")
        }
        guard (response as? HTTPURLResponse)?.statusCode == 200 else {
            throw Failure(description: "no status at \(region.admin)")
        }
        do {
            return try JSONDecoder().decode(RegionStatus.self, from: data)
        } catch {
            throw Failure(description: "what answers at \(region.admin) is no region of this version")
        }
    }

    /// Every region's status or why there is none, in the topology's order.
    func statuses(of topology: Topology) async -> [(region: Topology.Region, status: Result<RegionStatus, Failure>)] {
        await withTaskGroup(of: (Int, Result<RegionStatus, Failure>).self) { group in
            for (index, region) in topology.regions.enumerated() {
                group.addTask {
                    do throws(Failure) {
                        return (index, .success(try await status(of: region)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var results: [(Int, Result<RegionStatus, Failure>)] = []
            for await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map { (topology.regions[$0.0], $0.1) }
        }
    }
}
