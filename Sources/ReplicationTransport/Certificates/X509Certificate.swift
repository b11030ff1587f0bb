import COpenSSL

/// A private key that OpenSSL holds, and its public key.
final class PrivateKey {
    fileprivate let pointer: OpaquePointer

    /// Makes a P-256 key from the system's random numbers.
    init() throws(OpenSSLFailure) {
        OpenSSLFailure.clear()
        guard let pointer = meridian_EVP_PKEY_new_P256() else { throw .take() }
        self.pointer = pointer
    }

    /// Reads a key in PEM; one that is encrypted is an error.
    init(pem: String) throws(OpenSSLFailure) {
        pointer = try readPEM(pem) { PEM_read_bio_PrivateKey($0, nil, noPassphrase, nil) }
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// The key as PKCS #8 in PEM, not encrypted.
    func pem() throws(OpenSSLFailure) -> String {
        try writePEM { PEM_write_bio_PKCS8PrivateKey($0, pointer, nil, nil, 0, nil, nil) }
    }
}

/// A certificate (X.509 version 3, RFC 5280) that OpenSSL holds.
final class X509Certificate {
    private let pointer: OpaquePointer

    /// What a certificate says, but for what follows from its issuer and its key.
    struct Contents {
        var commonName: String
        /// In seconds since 1970.
        var validity: Range<Int>
        /// Each extension's number in OpenSSL and its value in the notation of x509v3_config(5), in order.
        var extensions: [(id: Int32, value: String)]
    }

    /// Reads the first certificate in PEM.
    init(pem: String) throws(OpenSSLFailure) {
        pointer = try readPEM(pem) { PEM_read_bio_X509($0, nil, noPassphrase, nil) }
    }

    /// Makes a certificate for `subjectKey`, signed by `issuerKey` with SHA-256.
    ///
    /// - Parameter issuer: whose key signs; nil for a certificate that its own key signs.
    init(
        _ contents: Contents, for subjectKey: PrivateKey, issuer: X509Certificate?, signedBy issuerKey: PrivateKey
    ) throws(OpenSSLFailure) {
        OpenSSLFailure.clear()
        guard let pointer = X509_new() else { throw .take() }
        self.pointer = pointer
        let issuer = issuer?.pointer ?? pointer
        let isDone =
            X509_set_version(pointer, Int(X509_VERSION_3)) == 1
            && meridian_X509_set_random_serial(pointer) == 1
            && ASN1_TIME_set(X509_getm_notBefore(pointer), contents.validity.lowerBound) != nil
            && ASN1_TIME_set(X509_getm_notAfter(pointer), contents.validity.upperBound) != nil
            && X509_set_pubkey(pointer, subjectKey.pointer) == 1
            && addSubject("O", "Meridian") && addSubject("CN", contents.commonName)
            && X509_set_issuer_name(pointer, X509_get_subject_name(issuer)) == 1
            && contents.extensions.allSatisfy { id, value in
                meridian_X509_add_extension(pointer, issuer, id, value) == 1
            }
            && X509_sign(pointer, issuerKey.pointer, EVP_sha256()) > 0
        guard isDone else { throw .take() }
    }

    deinit {
        X509_free(pointer)
    }

    func pem() throws(OpenSSLFailure) -> String {
        try writePEM { PEM_write_bio_X509($0, pointer) }
    }

    /// The end of its validity in seconds since 1970; nil where it holds no readable time.
    var notAfter: Int? {
        let seconds = meridian_X509_not_after_seconds(pointer)
        return seconds < 0 ? nil : Int(seconds)
    }

    /// Whether it may sign others.
    var isAuthority: Bool {
        // 1 is the only answer that comes of the certificate's own basic constraints and key usage.
        X509_check_ca(pointer) == 1
    }

    /// Whether it says which key is its own, which those that it signs can point to.
    var hasKeyIdentifier: Bool { X509_get0_subject_key_id(pointer) != nil }

    /// Whether `key` is the one that this certificate was made for.
    func belongs(to key: PrivateKey) -> Bool {
        defer { OpenSSLFailure.clear() }
        return X509_check_private_key(pointer, key.pointer) == 1
    }

    private func addSubject(_ field: String, _ value: String) -> Bool {
        let name = X509_get_subject_name(pointer)
        return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, value, Int32(value.utf8.count), -1, 0) == 1
    }
}

/// Without this OpenSSL would ask for a passphrase on the terminal.
private func noPassphrase(
    _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?
) -> Int32 { -1 }

private func readPEM(
    _ text: String, _ read: (OpaquePointer) -> OpaquePointer?
) throws(OpenSSLFailure) -> OpaquePointer {
    OpenSSLFailure.clear()
    let utf8 = Array(text.utf8)
    guard let input = BIO_new_mem_buf(utf8, Int32(utf8.count)) else { throw .take() }
    defer { BIO_free(input) }
    guard let object = read(input) else { throw .take() }
    return object
}

private func writePEM(_ write: (OpaquePointer) -> Int32) throws(OpenSSLFailure) -> String {
    OpenSSLFailure.clear()
    guard let output = BIO_new(BIO_s_mem()) else { throw .take() }
    defer { BIO_free(output) }
    guard write(output) == 1 else { throw .take() }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while case let count = BIO_read(output, &piece, Int32(piece.count)), count > 0 { text += piece[..<Int(count)] }
    return String(decoding: text, as: UTF8.self)
}
