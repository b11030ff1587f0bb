import Testing

@testable import AWSProtocol

@Suite struct CredentialTableTests {
    /// The index, in the list that the table was made from, of the credential with that identifier.
    private func index(of accessKeyID: String, in table: CredentialTable) -> Int? {
        let bytes = Array(accessKeyID.utf8)
        let slot = table.slot(of: bytes.span)
        return slot.map { table.index(at: $0) }
    }

    @Test func `every credential is found by its identifier and nothing else is`() {
        let identifiers = (0..<100).map { "key-\($0)" }
        let table = CredentialTable(identifiers.map { Credential(accessKeyID: $0, secret: "secret of \($0)") })
        for (position, identifier) in identifiers.enumerated() {
            #expect(index(of: identifier, in: table) == position)
        }
        for other in ["", "key", "key-100", "key-1000", "zzz", "\0"] {
            #expect(index(of: other, in: table) == nil)
        }
    }

    @Test func `of two credentials with one identifier the later one counts`() {
        let table = CredentialTable(
            [("b", "0"), ("a", "1"), ("a", "2")].map { Credential(accessKeyID: $0.0, secret: $0.1) })
        #expect(table.count == 2)
        #expect(index(of: "a", in: table) == 2)
        #expect(index(of: "b", in: table) == 0)
    }
}
