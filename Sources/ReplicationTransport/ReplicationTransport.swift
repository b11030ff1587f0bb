// Carries messages between two regions: zstd, frames and TLS on SwiftNIO. What a message means is not known here.
//
// A link is one TCP connection. On its way out a message passes
//
//     LinkConnection.send ─▶ ZstdCompressor ─▶ frame ─▶ TLSHandler ─▶ socket
//
// and on its way in the same stations in the opposite order. The window of zstd spans all messages of one direction of a
// link, so what an earlier batch said is not said again. A link lives and dies as a whole: any byte that is not as it should
// be ends it with a typed error, and its owner connects anew.
//
// Reading order: `FrameHeader`, `FrameDecoder`, `ZstdCompressor`, `ZstdDecompressor`, `MessageEncoder`, `MessageDecoder`; then
// `TLSContext`, `TLSSession`, `TLSHandler`; then `LinkConnection`, `LinkHandler`, `LinkListener`, `LinkConnector`.
// `CertificateAuthority` stands alone. `TLSContext` and `TLSHandler` serve the HTTPS endpoint too.
