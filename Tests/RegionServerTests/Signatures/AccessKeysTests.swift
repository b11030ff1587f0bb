import ConfigurationFiles
import Testing

@testable import RegionServer

@Suite struct AccessKeysTests {
    @Test func `every key is found by its identifier and nothing else is`() {
        let identifiers = (0..<100).map { "key-\($0)" }
        let keys = AccessKeys(identifiers.map { AccessKey(id: $0, secret: "secret of \($0)") })
        for identifier in identifiers {
            let bytes = Array(identifier.utf8)
            let index = keys.index(of: bytes.span)
            #expect(index.map { keys[$0].secret } == "secret of \(identifier)")
        }
        for other in ["", "key", "key-100", "key-1000", "zzz", "\0"] {
            let bytes = Array(other.utf8)
            let index = keys.index(of: bytes.span)
            #expect(index == nil)
        }
    }

    @Test func `of two keys with one identifier the later one counts`() {
        let keys = AccessKeys([AccessKey(id: "a", secret: "1"), AccessKey(id: "a", secret: "2")])
        let bytes = Array("a".utf8)
        let index = keys.index(of: bytes.span)
        #expect(keys.count == 1)
        #expect(index.map { keys[$0].secret } == "2")
    }
}
