import COpenSSL
import NIOCore

/// Which end of a connection this is.
public enum TLSRole: Sendable, Hashable {
    case server
    /// The server's certificate must be for this name: of a link the region, of HTTPS the host.
    case client(expectedPeerName: String)
}

/// One TLS connection between two memory buffers: ciphertext in and out on one side, plaintext on the other.
///
/// It does no I/O: `TLSHandler` feeds it what came and sends what it makes. Not safe for use by two threads.
final class TLSSession {
    private let ssl: OpaquePointer
    /// Ciphertext from the peer, and for it.
    ///
    /// Both belong to `ssl`.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    /// OpenSSL allows nothing more after a fatal error, not even a close_notify.
    private var isBroken = false

    enum ReadResult {
        /// The buffer is full, and there may be more.
        case more
        /// All that came has been read.
        case drained
        /// The peer's close_notify: nothing follows.
        case ended
    }

    init(context: TLSContext, role: TLSRole) throws(TLSError) {
        ssl = try context.makeConnection()
        guard let incoming = meridian_BIO_new_endless(), let outgoing = meridian_BIO_new_endless() else {
            SSL_free(ssl)
            throw .library(reason: OpenSSLFailure.take().text)
        }
        self.incoming = incoming
        self.outgoing = outgoing
        SSL_set_bio(ssl, incoming, outgoing)
        switch role {
        case .server:
            let isRequired = context.configuration.requiresClientCertificate
            SSL_set_verify(
                ssl, isRequired ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE, nil)
            SSL_set_accept_state(ssl)
        case .client(let name):
            // An empty name would turn the check off, and one with a leading dot would match every name below it.
            guard !name.isEmpty, name.utf8.first != UInt8(ascii: "."), !name.utf8.contains(0) else {
                throw .invalidPeerName(name)
            }
            SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
            SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_WILDCARDS))
            guard SSL_set1_host(ssl, name) == 1, meridian_SSL_set_tlsext_host_name(ssl, name) == 1 else {
                throw .library(reason: OpenSSLFailure.take().text)
            }
            SSL_set_connect_state(ssl)
        }
    }

    deinit {
        SSL_free(ssl)
    }

    /// Takes ciphertext from the peer; what it says is learnt by `continueHandshake` or `read`.
    func receive(_ ciphertext: ByteBuffer) throws(TLSError) {
        let isTaken = ciphertext.withUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = BIO_write(
                    incoming, UnsafeRawBufferPointer(rebasing: rest).baseAddress, Int32(clamping: rest.count))
                guard count > 0 else { return false }
                rest = rest.dropFirst(Int(count))
            }
            return true
        }
        guard isTaken else { throw .library(reason: OpenSSLFailure.take().text) }
    }

    /// Goes as far in the handshake as what came allows; returns whether it is complete.
    ///
    /// Before an error is thrown the alert for the peer has been made: see `takeOutput`.
    func continueHandshake() throws(TLSError) -> Bool {
        OpenSSLFailure.clear()
        let result = SSL_do_handshake(ssl)
        if result == 1 { return true }
        if SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ { return false }
        isBroken = true
        throw handshakeError(OpenSSLFailure.take())
    }

    /// Appends plaintext to the free part of `buffer`, which has some, without making it longer.
    func read(into buffer: inout ByteBuffer) throws(TLSError) -> ReadResult {
        while buffer.writableBytes > 0 {
            OpenSSLFailure.clear()
            var status: Int32 = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { free in
                var count = 0
                status = SSL_read_ex(ssl, free.baseAddress, free.count, &count)
                return status == 1 ? count : 0
            }
            if status == 1 { continue }
            switch SSL_get_error(ssl, status) {
            case SSL_ERROR_WANT_READ:
                return .drained
            case SSL_ERROR_ZERO_RETURN:
                return .ended
            default:
                isBroken = true
                let failure = OpenSSLFailure.take()
                throw Self.isAlert(failure)
                    ? .refusedByPeer(reason: failure.text) : .protocolViolation(reason: failure.text)
            }
        }
        return .more
    }

    /// Encrypts `plaintext`, which must not be empty; `takeOutput` has the ciphertext.
    func write(_ plaintext: ByteBuffer) throws(TLSError) {
        OpenSSLFailure.clear()
        let isWritten = plaintext.withUnsafeReadableBytes { bytes in
            var count = 0
            return SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count) == 1 && count == bytes.count
        }
        guard isWritten else {
            isBroken = true
            throw .protocolViolation(reason: OpenSSLFailure.take().text)
        }
    }

    /// Makes the close_notify that tells the peer that nothing was cut off; nothing may be written after it.
    func sendCloseNotify() {
        guard !isBroken else { return }
        OpenSSLFailure.clear()
        // It returns 0 while the peer's own is still to come, and a fault of the peer is no matter any more.
        _ = SSL_shutdown(ssl)
        OpenSSLFailure.clear()
    }

    /// Takes the ciphertext that waits to be sent; nil where there is none.
    func takeOutput(allocator: ByteBufferAllocator) -> ByteBuffer? {
        let byteCount = outputByteCount
        guard byteCount > 0 else { return nil }
        var output = allocator.buffer(capacity: byteCount)
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: byteCount) { free in
            Int(max(0, BIO_read(outgoing, free.baseAddress, Int32(clamping: byteCount))))
        }
        return output
    }

    var outputByteCount: Int { Int(BIO_ctrl_pending(outgoing)) }

    /// Ciphertext that came and has not been decrypted: about what the plaintext will take.
    var undecryptedByteCount: Int { Int(BIO_ctrl_pending(incoming)) }

    /// The dNSNames of the peer's verified certificate in its order, or without any its common names; empty for a peer
    /// that stayed anonymous.
    ///
    /// Names that are not text are left out.
    var peerNames: [String] {
        guard let certificate = SSL_get0_peer_certificate(ssl) else { return [] }
        let names = NameList()
        let context = Unmanaged.passUnretained(names).toOpaque()
        let visitor: meridian_name_visitor = { context, bytes, byteCount in
            guard let context, let bytes, byteCount > 0 else { return }
            let text = UnsafeBufferPointer(start: bytes, count: Int(byteCount))
            guard !text.contains(0), let name = String(validating: text, as: UTF8.self) else { return }
            Unmanaged<NameList>.fromOpaque(context).takeUnretainedValue().names.append(name)
        }
        if meridian_X509_visit_dns_names(certificate, visitor, context) == 0 {
            meridian_X509_visit_common_names(certificate, visitor, context)
        }
        OpenSSLFailure.clear()
        return withExtendedLifetime(names) { names.names }
    }

    /// Such as "TLSv1.3".
    var protocolVersion: String { String(cString: SSL_get_version(ssl)) }

    private final class NameList {
        var names: [String] = []
    }

    private func handshakeError(_ failure: OpenSSLFailure) -> TLSError {
        guard failure.library == ERR_LIB_SSL else { return .handshakeFailed(reason: failure.text) }
        if failure.reason == SSL_R_CERTIFICATE_VERIFY_FAILED {
            let result = SSL_get_verify_result(ssl)
            return .peerNotVerified(reason: String(cString: X509_verify_cert_error_string(result)))
        }
        if failure.reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE { return .peerSentNoCertificate }
        return Self.isAlert(failure) ? .refusedByPeer(reason: failure.text) : .handshakeFailed(reason: failure.text)
    }

    /// OpenSSL numbers the alerts that it was sent from `SSL_AD_REASON_OFFSET` on.
    private static func isAlert(_ failure: OpenSSLFailure) -> Bool {
        failure.library == ERR_LIB_SSL && failure.reason >= SSL_AD_REASON_OFFSET
    }
}
