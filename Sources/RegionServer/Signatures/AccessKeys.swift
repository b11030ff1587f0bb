import AWSProtocol
public import ConfigurationFiles

/// The access keys that a region knows: what verifies their signatures, and whose they are.
public struct AccessKeys: Sendable {
    private let keys: [AccessKey]
    /// By the same indexes as the keys.
    let credentials: CredentialTable

    /// Keeps `keys`; of two with one identifier the later one counts.
    public init(_ keys: [AccessKey]) {
        self.keys = keys
        credentials = CredentialTable(keys.map { Credential(accessKeyID: $0.id, secret: $0.secret) })
    }

    subscript(index: Int) -> AccessKey { keys[index] }
}
