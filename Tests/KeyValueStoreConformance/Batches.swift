import KeyValueStore
import Testing

extension KeyValueStoreConformance {
    static var batchRules: [Rule] {
        [
            Rule("of two changes to a key in one batch the later counts") { make in
                let store = try make()
                try store.commit {
                    $0.put("a", "1")
                    $0.put("a", "2")
                    $0.put("b", "1")
                    $0.delete("b")
                    $0.delete("c")
                    $0.put("c", "3")
                }
                #expect(try store.entries(in: alpha) == [Entry("a", "2"), Entry("c", "3")])
            },
            Rule("a batch changes all its keyspaces together") { make in
                let store = try make()
                try store.commit {
                    $0.put("a", "1")
                    $0.put("a", "2", in: beta)
                    $0.put("old", "3", in: gamma)
                }
                try store.commit(.synced) {
                    $0.delete("a")
                    $0.put("b", "4", in: beta)
                    $0.deleteRange("", nil, in: gamma)
                }
                #expect(try store.entries(in: alpha) == [])
                #expect(try store.entries(in: beta) == [Entry("a", "2"), Entry("b", "4")])
                #expect(try store.entries(in: gamma) == [])
            },
            Rule("an empty batch can be committed") { make in
                let store = try make()
                try store.commit { $0.put("a", "1") }
                try store.commit(.synced) { _ in }
                try store.commit(.buffered) { _ in }
                #expect(try store.entries(in: alpha) == [Entry("a", "1")])
            },
            Rule("a deleted range loses its lower bound and keeps its upper one") { make in
                let store = try make()
                try store.commit { batch in for key in ["a", "b", "bb", "c", "d"] { batch.put(key, key) } }
                try store.commit { $0.deleteRange("b", "c") }
                #expect(try store.entries(in: alpha).map(\.description) == ["a=a", "c=c", "d=d"])
                #expect(try store.text("bb") == nil)
                #expect(try store.values(for: [[98], [99]], in: alpha) == [nil, [99]])
            },
            Rule("a range that is deleted and then written to in one batch holds what was written") { make in
                let store = try make()
                try store.commit { batch in for key in ["a", "b", "c"] { batch.put(key, "old") } }
                try store.commit {
                    $0.put("aa", "before")
                    $0.deleteRange("a", "z")
                    $0.put("b", "new")
                    $0.put("bb", "new")
                }
                #expect(try store.entries(in: alpha) == [Entry("b", "new"), Entry("bb", "new")])
                try store.commit { $0.deleteRange("b", "ba") }
                #expect(try store.entries(in: alpha, .backward) == [Entry("bb", "new")])
            },
            Rule("a range without an upper bound is deleted to the last key, of the store and of the batch") { make in
                let store = try make()
                try store.commit { batch in
                    for key in ["a", "b", "c"] { batch.put(key, key) }
                    batch.put("z", "z", in: beta)
                }
                try store.commit {
                    $0.put("x", "before")
                    $0.deleteRange("b", nil)
                    $0.put("y", "after")
                }
                #expect(try store.entries(in: alpha) == [Entry("a", "a"), Entry("y", "after")])
                #expect(try store.entries(in: beta) == [Entry("z", "z")])
                try store.commit { $0.deleteRange("", nil) }
                #expect(try store.entries(in: alpha) == [])
                try store.commit {
                    $0.put("only", "in the batch")
                    $0.deleteRange("", nil)
                }
                #expect(try store.entries(in: alpha) == [])
                try store.commit { $0.deleteRange("", nil) }
                #expect(try store.entries(in: alpha) == [])
            },
            Rule("deleting a range whose bounds meet or are crossed changes nothing") { make in
                let store = try make()
                try store.commit { batch in for key in ["a", "b", "c"] { batch.put(key, key) } }
                try store.commit {
                    $0.deleteRange("b", "b")
                    $0.deleteRange("c", "a")
                    $0.put("d", "d")
                }
                #expect(try store.entries(in: alpha).count == 4)
            },
            Rule("many keys in many batches are all there, in order") { make in
                let store = try make()
                let keys = (0..<20_000).map { index in
                    [UInt8(index & 0xFF), UInt8(index >> 8), UInt8(truncatingIfNeeded: index &* 7)]
                }
                for start in stride(from: 0, to: keys.count, by: 500) {
                    try store.commit { batch in
                        for key in keys[start..<start + 500] { batch.put(key, key.reversed(), in: alpha) }
                    }
                }
                let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
                #expect(try store.entries(in: alpha).map(\.key) == sorted)
                #expect(try store.entries(in: alpha, .backward).map(\.key) == sorted.reversed())
                #expect(try store.values(for: keys, in: alpha) == keys.map { $0.reversed() })
                try store.commit { $0.deleteRange(KeyRange(from: sorted[100], to: sorted[19_900]), in: alpha) }
                #expect(try store.entries(in: alpha).map(\.key) == Array(sorted[..<100] + sorted[19_900...]))
            },
        ]
    }
}
