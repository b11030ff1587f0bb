import Foundation
import Testing

@testable import DynamoAPI

/// The documentation's article of operations says what the code does.
@Suite struct OperationArticleTests {
    /// The lines of the article's tables, as the code says them.
    private static let expected = Dispatcher<TestRegion>.operations.map { operation in
        let (coverage, remark) =
            switch operation.coverage {
            case .complete: ("complete", "")
            case .partial(let missing): ("partial", missing)
            case .refused(let reason): ("refused", reason)
            }
        return "| `\(operation.name)` | *\(coverage)* | \(remark)\(remark.isEmpty ? "" : " ")|"
    }

    private static let article = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/meridian/Meridian.docc/Operations.md").standardized

    @Test func `the article has one line for each operation, and it says how much of it there is`() throws {
        let text = try String(contentsOf: Self.article, encoding: .utf8)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        #expect(lines.filter { !Self.expected.contains($0) } == [], "lines that the code contradicts")
        #expect(Self.expected.filter { !lines.contains($0) } == [], "lines that are missing")
        let isInOrder = lines == Self.expected
        #expect(isInOrder, "the services one after the other, names in byte order")
    }

    @Test func `no operation is there twice, nor both there and refused`() {
        let names = Dispatcher<TestRegion>.operations.map { "\($0.service.rawValue).\($0.name)" }
        #expect(Set(names).count == names.count)
    }

    @Test func `a refused operation is told by its name, and changes nothing`() throws {
        let endpoint = try TestEndpoint()
        for operation in RefusedOperations.entries where operation.service == .dynamoDB {
            let answer = endpoint.send(operation.name.description, #"{"TableName":"T"}"#)
            #expect(answer.status == 400)
            #expect(
                answer.body.hasPrefix(
                    """
                    {"__type":"com.amazon.coral.service#UnknownOperationException",\
                    "message":"The operation \(operation.name) is not supported: 
                    """))
        }
    }
}
