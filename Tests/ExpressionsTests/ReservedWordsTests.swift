import Testing

@testable import Expressions

@Suite struct ReservedWordsTests {
    @Test func `the list is AWS's 573 words, in order and in upper case`() {
        let words = ReservedWords.words
        #expect(words.count == 573)
        #expect(zip(words, words.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
        #expect(words.allSatisfy { $0.allSatisfy { (0x41...0x5A).contains($0) } })
    }

    @Test(arguments: ["ABORT", "zone", "Data", "sIzE", "FLATTERN", "ttl", "in"])
    func `a reserved word is one in any letter case`(_ word: String) {
        #expect(ReservedWords.contains(Array(word.utf8)))
    }

    @Test(arguments: ["", "pk", "datas", "dat", "id", "zzz", "a", "SUBPARTITIONS_AND_MORE", "s\u{0}ize"])
    func `any other word is not`(_ word: String) {
        #expect(!ReservedWords.contains(Array(word.utf8)))
    }

    @Test func `every word of the list is found`() {
        #expect(ReservedWords.words.allSatisfy { ReservedWords.contains($0) })
    }
}
