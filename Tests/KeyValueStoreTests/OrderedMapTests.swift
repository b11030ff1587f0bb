import KeyValueStoreConformance
import TestSupport
import Testing

@testable import KeyValueStore

@Suite struct OrderedMapTests {
    private let everything = KeyRange(from: [], to: nil)

    @Test func `keys put in order fill their nodes`() {
        var map = OrderedMap()
        for index: UInt32 in 0..<40_000 { map.put(key(index), []) }
        #expect(map.brokenInvariant() == nil)
        #expect(map.count == 40_000)
        // 32 to the power of 3 is 32,768.
        #expect(map.depth == 4)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a map keeps its shape while it grows and shrinks at random`(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var map = OrderedMap()
        var model: [UInt32: Int] = [:]
        // Grows to some thousand entries, then shrinks to nothing.
        for round in 0..<40_000 {
            let number = UInt32.random(in: 0..<9_000, using: &generator)
            if Int.random(in: 0..<100, using: &generator) < (round < 20_000 ? 80 : 15) {
                map.put(key(number), [UInt8](repeating: 7, count: round % 5))
                model[number] = round % 5
            } else {
                map.remove(key(number))
                model[number] = nil
            }
            if round % 2_000 == 0 { #expect(map.brokenInvariant() == nil) }
        }
        for number: UInt32 in 0..<9_000 {
            #expect(map.value(for: key(number))?.count == model[number])
            map.remove(key(number))
        }
        #expect(map.brokenInvariant() == nil)
        #expect(map.count == 0)
        #expect(map.depth == 0)
    }

    @Test(arguments: [4, 5, 6] as [UInt64])
    func `a map keeps its shape while ranges are cut out of it`(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var map = OrderedMap()
        var model = Set<UInt32>()
        for _ in 0..<60 {
            for _ in 0..<400 {
                let number = UInt32.random(in: 0..<20_000, using: &generator)
                map.put(key(number), [1])
                model.insert(number)
            }
            let before = map
            let bounds = (0..<2).map { _ in UInt32.random(in: 0..<20_000, using: &generator) }.sorted()
            map.removeRange(KeyRange(from: key(bounds[0]), to: key(bounds[1])))
            let kept = model.filter { $0 < bounds[0] || $0 >= bounds[1] }
            #expect(map.brokenInvariant() == nil)
            #expect(before.brokenInvariant() == nil)
            #expect(before.count == model.count)
            #expect(keys(of: map) == kept.sorted().map(key))
            model = kept
        }
        map.removeRange(everything)
        #expect(map.depth == 0)
        #expect(map.brokenInvariant() == nil)
    }

    @Test func `a copy shares its nodes until they change, and then only those on the way`() {
        var map = OrderedMap()
        for index: UInt32 in 0..<20_000 { map.put(key(index), [0]) }
        var copies: [OrderedMap] = []
        for round: UInt8 in 1...20 {
            copies.append(map)
            for index: UInt32 in 0..<50 { map.put(key(index * 399 + UInt32(round)), [round]) }
            map.remove(key(19_900 + UInt32(round)))
        }
        for (round, copy) in copies.enumerated() {
            #expect(copy.brokenInvariant() == nil)
            #expect(copy.count == 20_000 - round)
            #expect(copy.value(for: key(399 + UInt32(round) + 1)) == [0])
        }
        #expect(map.brokenInvariant() == nil)
        #expect(map.value(for: key(399 + 20)) == [20])
    }

    @Test(arguments: [7, 8] as [UInt64])
    func `keys are ordered as their bytes are`(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<4_000 {
            let pair = (0..<2).map { _ in
                (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                    [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0 as UInt8
                }
            }
            let shared = Array(pair[0].prefix(Int.random(in: 0...20, using: &generator)))
            for (left, right) in [(pair[0], pair[1]), (pair[0], shared), (shared, pair[0] + [0]), (shared, shared)] {
                #expect(
                    (OrderedMapKey(left) < OrderedMapKey(right)) == left.lexicographicallyPrecedes(right),
                    "\(left) \(right)")
                #expect((OrderedMapKey(left) == OrderedMapKey(right)) == (left == right), "\(left) \(right)")
            }
        }
    }

    private func key(_ number: UInt32) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array("items/".utf8) + Array($0) }
    }

    private func keys(of map: OrderedMap) -> [[UInt8]] {
        var keys: [[UInt8]] = []
        map.visit(everything, direction: .forward) { key, _ in
            keys.append(key)
            return true
        }
        return keys
    }
}
