import ConfigurationFiles
import Logging
import NIOCore
import NIOPosix
import RegionServer

#if canImport(Glibc)
    import Glibc
#endif

/// Answers every operation with the same body, behind the endpoint that a region has.
///
/// There are HTTP, signatures and checksums, and no work. What it loses against the baseline is what the endpoint costs.
struct FixedAnswer: EndpointService {
    let response: EndpointResponse

    func respond(to request: EndpointRequest, reply: EndpointReply) -> EndpointResponse? {
        response
    }

    func faultPrecedingAuthentication(of request: EndpointRequest) -> EndpointResponse? {
        nil
    }
}

/// The value that follows `name` on the command line.
func option(_ name: String, default value: String) -> String {
    let arguments = CommandLine.arguments
    guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return value }
    return arguments[index + 1]
}

let port = Int(option("--port", default: "8301")) ?? 8301
let threads = Int(option("--threads", default: "2")) ?? 2
let bodyLength = Int(option("--body-length", default: "2")) ?? 2
let authentication: EndpointConfiguration.Authentication =
    CommandLine.arguments.contains("--insecure-no-auth")
    ? .none : .signatures(AccessKeys([AccessKey(id: "test", secret: "test")]))

let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
var random = SystemRandomNumberGenerator()
let server = try await EndpointServer.start(
    host: "127.0.0.1", port: port,
    service: FixedAnswer(
        response: EndpointResponse(body: [UInt8](repeating: UInt8(ascii: "x"), count: bodyLength))),
    configuration: EndpointConfiguration(region: "us-east-1", authentication: authentication), group: group,
    random: &random,
    clock: {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    },
    logger: Logger(label: "fixed-answer-server")
).get()
print("fixed answers ready on \(server.address.port ?? port)")
fflush(nil)
while true {
    try await Task.sleep(for: .seconds(3600))
}
