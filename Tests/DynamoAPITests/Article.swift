import Foundation
import Testing

/// One of the documentation's articles, and the sentences in it.
struct Article {
    let text: String

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    /// - Parameter name: the file's name without its extension.
    init(_ name: String) throws {
        text = try String(
            contentsOf: Self.root.appending(path: "Sources/meridian/Meridian.docc/\(name).md"), encoding: .utf8)
    }

    /// The sentences outside headings, tables and blocks of code; each item of a list begins one.
    var sentences: [String] {
        var paragraphs: [[Substring]] = [[]]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix("|") || line.hasPrefix("    ") {
                paragraphs.append([])
            } else if line.hasPrefix("- ") {
                paragraphs.append([line.dropFirst(2)])
            } else {
                paragraphs[paragraphs.count - 1].append(line.drop { $0 == " " })
            }
        }
        return paragraphs.flatMap { Self.sentences(in: $0.joined(separator: " ")) }
    }

    private static func sentences(in paragraph: String) -> [String] {
        var sentences: [String] = []
        var rest = paragraph[...]
        while let end = rest.firstMatch(of: /[.:] (?=[A-Z`*])/) {
            sentences.append(String(rest[...end.range.lowerBound]))
            rest = rest[end.range.upperBound...]
        }
        return rest.isEmpty ? sentences : sentences + [String(rest)]
    }

    /// What shows that a sentence is true.
    enum Evidence {
        /// Tests, each as the path of its file under `Tests` and its name.
        case tests([(file: String, name: String)])
        /// It says what follows, or why something is so: nothing that could be tried.
        case nothingToTry

        static func test(_ file: String, _ names: String...) -> Evidence { .tests(names.map { (file, $0) }) }

        static func + (left: Evidence, right: Evidence) -> Evidence {
            guard case .tests(let first) = left, case .tests(let second) = right else { return left }
            return .tests(first + second)
        }
    }

    /// Expects that there is evidence of every sentence of the article, of no other, and that the tests are there.
    func expect(_ evidence: [(sentence: String, evidence: Evidence)]) throws {
        let known = Set(evidence.map(\.sentence))
        #expect(sentences.filter { !known.contains($0) } == [], "sentences that no test is named for")
        let said = Set(sentences)
        #expect(known.filter { !said.contains($0) }.sorted() == [], "sentences that the article does not have any more")
        for case .tests(let tests) in evidence.map(\.evidence) {
            for (file, name) in tests {
                let source = try String(contentsOf: Self.root.appending(path: "Tests/\(file)"), encoding: .utf8)
                #expect(
                    source.contains("func `\(name)`(") || source.contains("def \(name)("), "\(file) has no test \(name)"
                )
            }
        }
    }
}
