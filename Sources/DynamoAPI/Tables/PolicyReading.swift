import AWSProtocol
import ItemModel
import RegionStore

/// The policies of a table and of its stream, with the rules on their revisions.
///
/// Sources: AWS API reference, `PutResourcePolicy`; AWS developer guide, "Resource-based policies for DynamoDB".
struct PolicyReading: Sendable {
    let resource: ResourceReference
    /// What the request believes the policy's revision to be.
    private let expectedRevision: Text?

    /// Of a document, white space included.
    private static let maximumByteCount = 20 * 1024
    /// What a request expects that wants there to be no policy.
    private static let noPolicy: Text = "NO_POLICY"

    init(_ request: JSONValue) throws(DynamoFault) {
        resource = try ResourceReference(request)
        expectedRevision = request["ExpectedRevisionId"]?.text
    }

    /// Throws for a document that is too large or no policy.
    static func check(_ document: Text) throws(DynamoFault) {
        guard document.byteCount <= maximumByteCount else {
            throw .invalidParameters("Maximum policy size of \(maximumByteCount) bytes exceeded")
        }
        let isPolicy = Array(document.utf8).withUnsafeBytes { bytes in
            guard let json = try? JSONDocument(parsing: bytes) else { return false }
            return json.withRoot(bytes) { root in root.kind == .object && root["Statement"] != nil }
        }
        guard isPolicy else { throw .invalidParameters("Invalid policy document: This policy contains invalid Json") }
    }

    /// What the table's settings call the resource.
    var key: Text { resource.streamLabel ?? "" }

    /// What the request believes the policy to be.
    var expectation: PolicyExpectation {
        switch expectedRevision {
        case nil: .anything
        case Self.noPolicy?: .noPolicy
        case let revision?: .revision(revision)
        }
    }

    func policy(in settings: LocalSettings) -> ResourcePolicy? { settings.policies.first { $0.resource == key } }

    /// The fault where the policy is not as the request expects it to be.
    ///
    /// - Parameter revision: what it is; nil where there is none.
    @Sendable func unexpected(_ revision: UInt64?) -> DynamoFault {
        let detail =
            switch (expectation, revision) {
            case (.noPolicy, let revision?):
                """
                Requested policy update expecting none to be present for table \(resource.table), but a policy exists with revision id \
                \(revision).
                """
            case (.revision(let expected), let revision?):
                """
                Requested update for policy with revision id \(expected), but the policy associated to target table \(resource.table) has \
                revision id \(revision).
                """
            case (_, nil), (.anything, _): "\(resource.arn)"
            }
        return .policyNotFound("Resource-based policy not found for the provided ResourceArn: \(detail)")
    }

    /// The fault where the table or the stream is not there.
    var missing: DynamoFault {
        .resourceNotFound(
            resource.streamLabel == nil
                ? "Requested resource not found: Table: \(resource.table) not found"
                : "Requested resource not found: Stream: \(resource.arn) not found")
    }

    /// The answer that tells a revision; the service sends an empty one where there was no policy to remove.
    static func response(revision: UInt64?) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("RevisionId", revision.map(String.init) ?? "")
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
