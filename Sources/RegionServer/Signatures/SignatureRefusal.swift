import AWSProtocol

/// Why a request's signature was refused, for the region's operator: what the client sent, and what was expected.
///
/// It shows neither signatures nor tokens, and of what the client chose no more than a few plain characters.
struct SignatureRefusal: Equatable {
    /// What kind of refusal it is; there are not many.
    let cause: String
    let text: String

    /// - Parameters:
    ///   - claim: what the request says of its signature; nil where that cannot be read.
    ///   - region: the region that signatures must be for; nil where any will do.
    init(_ fault: ServiceFault, claim: SignatureClaim?, region: String?, service: String) {
        var kinds: [String] = []
        var reasons: [String] = []
        if let claim {
            if claim.service != service {
                kinds.append("service")
                reasons.append("it is signed for the service \(Self.quoted(claim.service)), and this one is \(service)")
            }
            if let region, claim.region != region {
                kinds.append("region")
                reasons.append(
                    "it is signed for the region \(Self.quoted(claim.region)), and this one is \(region): the client's region has to "
                        + "be that, unless the topology has `signature-region: any` for this one")
            }
            if !claim.isKeyKnown {
                kinds.append("key")
                reasons.append(
                    "it is signed with the access key \(Self.quoted(claim.accessKeyID)), which is not among the topology's access-keys"
                )
            }
            if claim.hasSessionToken {
                kinds.append("session token")
                reasons.append(
                    "it has the session token of temporary credentials, which there are not here: the client must have none, neither in "
                        + "AWS_SESSION_TOKEN nor in its profile")
            }
            if kinds.isEmpty, fault == .signatureMismatch {
                reasons.append(
                    "its signature does not fit: the client has another secret for the access key \(Self.quoted(claim.accessKeyID)) "
                        + "than the topology, or what it has signed was changed on the way")
            }
        }
        if reasons.isEmpty { reasons.append(Self.reason(fault)) }
        cause = ([fault.code] + kinds).joined(separator: ", ")
        text = "a request was refused with \(fault.code): \(reasons.joined(separator: "; "))"
    }

    /// What a fault says by itself.
    private static func reason(_ fault: ServiceFault) -> String {
        switch fault.code {
        case "MissingAuthenticationTokenException": "it has no signature of version 4"
        // Its message has the whole field with the signature in it.
        case "IncompleteSignatureException": "its signature lacks a part, or cannot be read"
        default: plain(fault.message ?? "", length: 200)
        }
    }

    private static func quoted(_ text: String) -> String { "\"\(plain(text, length: 64))\"" }

    /// The text without characters that could be taken for another line or for the end of the quotation.
    private static func plain(_ text: String, length: Int) -> String {
        let scalars = text.unicodeScalars.prefix(length).map { 0x20..<0x7F ~= $0.value && $0 != "\"" ? $0 : "?" }
        return String(String.UnicodeScalarView(scalars)) + (text.unicodeScalars.count > length ? "…" : "")
    }
}
