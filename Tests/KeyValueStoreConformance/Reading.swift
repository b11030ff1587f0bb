import KeyValueStore
import TestSupport
import Testing

private struct VisitorFailure: Error {}

extension KeyValueStoreConformance {
    static var readingRules: [Rule] {
        [
            Rule("a key that was never put has no value") { make in
                let store = try make()
                #expect(try store.text("a") == nil)
                #expect(try store.values(for: [], in: alpha) == [])
                #expect(try store.values(for: [[1], [2]], in: alpha) == [nil, nil])
            },
            Rule("the last value put is the value") { make in
                let store = try make()
                try store.commit { $0.put("a", "1") }
                try store.commit(.synced) { $0.put("a", "2") }
                #expect(try store.text("a") == "2")
                try store.commit { $0.delete("a") }
                #expect(try store.text("a") == nil)
                try store.commit { $0.delete("a") }
                #expect(try store.text("a") == nil)
            },
            Rule("a keyspace has nothing to do with another") { make in
                let store = try make()
                try store.commit {
                    $0.put("a", "in alpha")
                    $0.put("a", "in beta", in: beta)
                }
                try store.commit { $0.delete("a") }
                #expect(try store.text("a") == nil)
                #expect(try store.text("a", in: beta) == "in beta")
                #expect(try store.entries(in: gamma) == [])
            },
            Rule("the empty key and the empty value are a key and a value") { make in
                let store = try make()
                try store.commit {
                    $0.put([], [7], in: alpha)
                    $0.put([0], [], in: alpha)
                }
                #expect(try store.value(for: [], in: alpha) == [7])
                #expect(try store.value(for: [0], in: alpha) == [])
                #expect(try store.values(for: [[0], [], [1]], in: alpha) == [[], [7], nil])
                #expect(try store.entries(in: alpha) == [Entry([], [7]), Entry([0], [])])
                #expect(try store.entries(in: alpha, .backward) == [Entry([0], []), Entry([], [7])])
                try store.commit { $0.delete([], in: alpha) }
                #expect(try store.value(for: [], in: alpha) == nil)
            },
            Rule("several keys give their values in the order asked, however often asked") { make in
                let store = try make()
                let keys = (0..<100).map { [UInt8($0)] }
                try store.commit { batch in for key in keys { batch.put(key, key + key, in: alpha) } }
                let asked = keys.reversed() + [[200], [5], [], [5]]
                let values = try store.values(for: asked, in: alpha)
                #expect(values == keys.reversed().map { $0 + $0 } + [nil, [5, 5], nil, [5, 5]])
            },
            Rule("values of a megabyte and keys of a kilobyte come back whole") { make in
                let store = try make()
                var generator = SplitMix64(seed: 1)
                let value = (0..<(1 << 20)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
                let key = (0..<1024).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
                try store.commit { batch in
                    batch.put(key, value, in: alpha)
                    batch.put(key + [0], value.reversed(), in: alpha)
                }
                #expect(try store.value(for: key, in: alpha) == value)
                #expect(try store.values(for: [key + [0], key], in: alpha) == [value.reversed(), value])
                #expect(try store.entries(in: alpha).map(\.value) == [value, value.reversed()])
            },
        ]
    }

    static var rangeRules: [Rule] {
        [
            Rule("a visit yields the keys in the order of their bytes, in both directions") { make in
                let store = try make()
                let keys: [[UInt8]] = [
                    [], [0], [0, 0], [0, 1], [1], [1, 0xFF], [2, 0], [0x7F], [0x80], [0xC3, 0xA9], [0xFF],
                    [0xFF, 0xFF],
                ]
                var generator = SplitMix64(seed: 2)
                try store.commit { batch in
                    for key in keys.shuffled(using: &generator) { batch.put(key, [1], in: alpha) }
                }
                #expect(try store.entries(in: alpha).map(\.key) == keys)
                #expect(try store.entries(in: alpha, .backward).map(\.key) == keys.reversed())
            },
            Rule("a range holds its lower bound and not its upper one") { make in
                let store = try make()
                try store.commit { batch in for key in ["a", "b", "bb", "c", "d"] { batch.put(key, key) } }
                func keys(_ lower: String, _ upper: String?, _ direction: Direction = .forward) throws -> String {
                    try store.entries(KeyRange(lower, upper), in: alpha, direction)
                        .map { String(decoding: $0.key, as: UTF8.self) }.joined(separator: " ")
                }
                #expect(try keys("b", "d") == "b bb c")
                #expect(try keys("b", "d", .backward) == "c bb b")
                #expect(try keys("ba", "cc") == "bb c")
                #expect(try keys("ba", "cc", .backward) == "c bb")
                #expect(try keys("c", nil) == "c d")
                #expect(try keys("c", nil, .backward) == "d c")
                #expect(try keys("", "b") == "a")
                #expect(try keys("e", nil) == "")
                #expect(try keys("e", nil, .backward) == "")
                #expect(try keys("", "a", .backward) == "")
            },
            Rule("a range whose bounds meet or are crossed is empty") { make in
                let store = try make()
                try store.commit { batch in for key in ["a", "b", "c"] { batch.put(key, key) } }
                for direction in [Direction.forward, .backward] {
                    #expect(try store.entries(KeyRange("b", "b"), in: alpha, direction) == [])
                    #expect(try store.entries(KeyRange("c", "a"), in: alpha, direction) == [])
                    #expect(try store.entries(KeyRange("", ""), in: alpha, direction) == [])
                }
            },
            Rule("a prefix's range holds what begins with it and nothing else") { make in
                let store = try make()
                let inside: [[UInt8]] = [[1, 0xFF], [1, 0xFF, 0], [1, 0xFF, 0xFF], [1, 0xFF, 0xFF, 0xFF]]
                let outside: [[UInt8]] = [[1], [1, 0xFE, 0xFF], [2], [0xFF, 0xFF], [0xFF, 0xFF, 3]]
                try store.commit { batch in for key in inside + outside { batch.put(key, key, in: alpha) } }
                let range = KeyRange(prefix: [1, 0xFF])
                #expect(try store.entries(range, in: alpha).map(\.key) == inside)
                #expect(try store.entries(range, in: alpha, .backward).map(\.key) == inside.reversed())
                #expect(try store.entries(KeyRange(prefix: [0xFF, 0xFF]), in: alpha).map(\.key) == outside.suffix(2))
                #expect(try store.entries(KeyRange(prefix: []), in: alpha).count == inside.count + outside.count)
            },
            Rule("a visit ends when its visitor returns false") { make in
                let store = try make()
                try store.commit { batch in for key in ["a", "b", "c", "d"] { batch.put(key, key) } }
                for (direction, expected) in [(Direction.forward, "ab"), (.backward, "dc")] {
                    var seen = ""
                    try store.visit(KeyRange("", nil), in: alpha, direction: direction) { key, _ in
                        seen += String(decoding: key, as: UTF8.self)
                        return seen.utf8.count < 2
                    }
                    #expect(seen == expected)
                }
            },
            Rule("what a visitor throws ends the visit and is thrown on") { make in
                let store = try make()
                try store.commit { batch in for key in ["a", "b", "c"] { batch.put(key, key) } }
                var visitCount = 0
                #expect(throws: VisitorFailure.self) {
                    try store.visit(KeyRange("", nil), in: alpha, direction: .forward) { _, _ in
                        visitCount += 1
                        throw VisitorFailure()
                    }
                }
                #expect(visitCount == 1)
                #expect(try store.text("a") == "a")
            },
            Rule("a visit sees the state that it began with, whatever its visitor commits") { make in
                let store = try make()
                try store.commit { batch in for index in 0..<200 { batch.put([UInt8(index)], [0], in: alpha) } }
                var visited = 0
                try store.visit(KeyRange(from: [], to: nil), in: alpha, direction: .forward) { key, value in
                    #expect(value == [0])
                    try store.commit { batch in
                        batch.put([199 - key[0]], [1], in: alpha)
                        batch.put(key + [1], [1], in: alpha)
                    }
                    visited += 1
                    return true
                }
                #expect(visited == 200)
                #expect(try store.entries(in: alpha).count == 400)
                #expect(try store.value(for: [0], in: alpha) == [1])
            },
        ]
    }
}
