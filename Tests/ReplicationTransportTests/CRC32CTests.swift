import TestSupport
import Testing

@testable import ReplicationTransport

@Suite struct CRC32CTests {
    /// RFC 3720, appendix B.4, and the usual check of the catalogue of parametrised CRC algorithms.
    @Test(
        arguments: [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            ([UInt8](0..<32), 0x46DD_794E),
            ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
            ([UInt8]("123456789".utf8), 0xE306_9283),
            ([], 0),
        ] as [([UInt8], UInt32)])
    func `the published checks come out`(bytes: [UInt8], expected: UInt32) {
        #expect(bytes.withUnsafeBytes(CRC32C.checksum(of:)) == expected)
    }

    @Test func `bytes taken in pieces have the checksum of the whole`() {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<200 {
            let bytes = generator.bytes(count: Int.random(in: 0...100, using: &generator))
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            var crc = CRC32C()
            bytes[..<cut].withUnsafeBytes { crc.update($0) }
            bytes[cut...].withUnsafeBytes { crc.update($0) }
            #expect(crc.value == bytes.withUnsafeBytes(CRC32C.checksum(of:)))
        }
    }
}
