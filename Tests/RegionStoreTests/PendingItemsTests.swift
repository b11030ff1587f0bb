import TestSupport
import Testing

@testable import RegionStore

@Suite struct PendingItemsTests {
    @Test func `what was written last under a key is found, however many keys there are`() {
        var random = SplitMix64(seed: 5)
        for keyCount in [1, 5, 12, 13, 40] {
            var items = PendingItems()
            var expected: [[UInt8]: [UInt8]?] = [:]
            for _ in 0..<200 {
                let key = [UInt8(random.next() % UInt64(keyCount))]
                let value: [UInt8]? = random.next() % 3 == 0 ? nil : [UInt8(truncatingIfNeeded: random.next())]
                items.set(key, to: value)
                expected[key] = .some(value)
                for key in 0...UInt8(keyCount) { #expect(items[[key]] == expected[[key]]) }
            }
        }
    }
}
