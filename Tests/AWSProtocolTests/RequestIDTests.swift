import TestSupport
import Testing

@testable import AWSProtocol

@Suite struct RequestIDTests {
    @Test func `the text is base32hex, from the most significant bit on`() {
        #expect(RequestID(0, 0, 0, 0).text == String(repeating: "0", count: 52))
        #expect(RequestID(.max, .max, .max, .max).text == String(repeating: "V", count: 51) + "G")
        #expect(RequestID(0x0001_0203_0405_0607, 0, 0, 0).text.hasPrefix("000G40O40K30E"))
    }

    @Test func `sources with different seeds draw different identifiers`() {
        var texts: Set<String> = []
        for seed in 0..<10 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var source = RequestIDSource(seededBy: &random)
            for _ in 0..<1000 { texts.insert(source.next().text) }
        }
        #expect(texts.count == 10_000)
    }
}
