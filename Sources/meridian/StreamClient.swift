import AWSProtocol
import ConfigurationFiles
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A client of the DynamoDB Streams API, or of another one of a region's, which asks again for as long as the region does not answer.
struct StreamClient: Sendable {
    private let service: String
    private let url: URL
    private let host: String
    private let signer: RequestSigner

    /// An answer that asking again would not change.
    struct Failure: Error, CustomStringConvertible {
        /// The exception's name, such as `ResourceNotFoundException`.
        let code: String
        let message: String

        var description: String { "\(code): \(message)" }
    }

    /// How long to wait before asking again, in milliseconds: at first, and at most after doubling.
    private static let backoffMilliseconds = (first: 50.0, most: 2_000.0)

    /// Nil where `endpoint` is no address.
    ///
    /// - Parameter service: what stands before the operation in a request's target.
    init?(endpoint: String, region: String, key: AccessKey, service: String = "DynamoDBStreams_20120810") {
        self.service = service
        guard let url = URL(string: endpoint), let name = url.host, ["http", "https"].contains(url.scheme ?? "") else {
            return nil
        }
        self.url = url
        // What the URL loading system sends as `Host`.
        let shown = name.contains(":") ? "[\(name)]" : name
        host = url.port.map { "\(shown):\($0)" } ?? shown
        signer = RequestSigner(
            credential: Credential(accessKeyID: key.id, secret: key.secret), region: region, service: "dynamodb")
    }

    /// The members of the answer to an operation.
    ///
    /// - Throws: `Failure`, or a cancellation.
    func call(_ operation: String, _ request: [String: Any]) async throws -> [String: Any] {
        let body = try JSONSerialization.data(withJSONObject: request)
        var backoff = Self.backoffMilliseconds.first
        var isSilent = false
        while true {
            switch await answer(operation, body) {
            case .success(let members): return members
            case .failure(let failure): throw failure
            case .again(let reason):
                if !isSilent { Self.warn("\(host): \(reason); trying again") }
                isSilent = true
            }
            // Half of it by chance, so that many clients do not come all at once.
            try await Task.sleep(for: .milliseconds(backoff * Double.random(in: 0.5...1)))
            backoff = min(backoff * 2, Self.backoffMilliseconds.most)
        }
    }

    private enum Answer {
        case success([String: Any])
        case failure(Failure)
        /// Why there is none yet.
        case again(String)
    }

    private func answer(_ operation: String, _ body: Data) async -> Answer {
        let fields = [
            (name: "content-type", value: "application/x-amz-json-1.0"),
            (name: "x-amz-target", value: "\(service).\(operation)"),
        ]
        var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: 20)
        request.httpMethod = "POST"
        request.httpBody = body
        let now = Int64(Date().timeIntervalSince1970)
        let signature = signer.sign(
            method: "POST", target: "/", host: host, fields: fields, body: Array(body), at: now)
        for field in fields + signature {
            request.setValue(field.value, forHTTPHeaderField: field.name)
        }
        let answer: (data: Data, response: URLResponse)
        do {
            answer = try await URLSession.shared.data(for: request)
        } catch {
            return .again("it does not answer")
        }
        let status = (answer.response as? HTTPURLResponse)?.statusCode ?? 0
        // A connection that breaks off can leave half an answer.
        guard let members = try? JSONSerialization.jsonObject(with: answer.data) as? [String: Any] else {
            return .again("it answered with status \(status) and no JSON")
        }
        if status == 200 { return .success(members) }
        let type = members["__type"] as? String ?? "status \(status)"
        let code = type.split(separator: "#").last.map(String.init) ?? type
        let message = (members["message"] ?? members["Message"]) as? String ?? ""
        let isPassing = status >= 500 || ["ThrottlingException", "LimitExceededException"].contains(code)
        return isPassing ? .again(code) : .failure(Failure(code: code, message: message))
    }

    /// The key to sign with: the environment's, or the first of a topology; nil where there is none.
    static func accessKey(of topology: Topology?) -> AccessKey? {
        let environment = ProcessInfo.processInfo.environment
        guard let id = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            return topology?.accessKeys.first
        }
        return AccessKey(id: id, secret: secret)
    }

    /// Tells whoever runs the command, beside its output.
    static func warn(_ text: String) {
        FileHandle.standardError.write(Data("meridian: \(text)\n".utf8))
    }
}
