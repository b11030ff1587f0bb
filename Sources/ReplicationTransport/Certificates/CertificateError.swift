/// Why a certificate could not be made or its files not be written.
///
/// Nothing has been replaced when it is thrown.
public enum CertificateError: Error, Sendable, Hashable {
    /// The file is there, and replacing it was not asked for.
    case fileExists(path: String)
    case unreadableFile(path: String, reason: String)
    case unwritableFile(path: String, reason: String)
    /// The file is not a certificate or a private key in PEM.
    case invalidFile(path: String, reason: String)
    /// Of an authority's two files only one is there.
    case incompleteAuthority(missingPath: String)
    case privateKeyMismatch(certificatePath: String, privateKeyPath: String)
    /// The certificate cannot sign others.
    case notAnAuthority(path: String)
    case authorityExpired(path: String)
    /// The text cannot be the name of a region, or one of the further names is neither a host name nor an IP address.
    case invalidName(String, reason: String)
    case invalidValidity(days: Int)
    case signingFailed(reason: String)
}

extension CertificateError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .fileExists(let path):
            "\(path) exists already"
        case .unreadableFile(let path, let reason):
            "cannot read \(path): \(reason)"
        case .unwritableFile(let path, let reason):
            "cannot write \(path): \(reason)"
        case .invalidFile(let path, let reason):
            "\(path) is not what it should be: \(reason)"
        case .incompleteAuthority(let missingPath):
            "the authority's other file is there, but \(missingPath) is not"
        case .privateKeyMismatch(let certificatePath, let privateKeyPath):
            "the private key in \(privateKeyPath) is not that of the certificate in \(certificatePath)"
        case .notAnAuthority(let path):
            "the certificate in \(path) may not sign others"
        case .authorityExpired(let path):
            "the authority's certificate in \(path) has expired"
        case .invalidName(let name, let reason):
            "\"\(name)\" cannot be in a certificate: \(reason)"
        case .invalidValidity(let days):
            "a certificate cannot be valid for \(days) days: 1 to 36500 can be asked for"
        case .signingFailed(let reason):
            "the certificate could not be made: \(reason)"
        }
    }
}
