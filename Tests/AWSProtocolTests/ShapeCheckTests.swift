import Testing

@testable import AWSProtocol

@Suite struct ShapeCheckTests {
    private static let even = Shape.Pattern("[02468]*") { $0.allSatisfy { $0 % 2 == 0 } }

    private static let shape = Shape.structure(
        "Request",
        .required("Name", .string(length: 2...4)),
        Shape.Member("Digits", .string(length: 0...9, even)),
        Shape.Member("Lists", .map(.list(.long), Shape.Constraints(keyLength: 1...2, listCount: 1...2))),
        Shape.Member(
            "Own",
            Shape(
                .custom { value throws(ServiceFault) in
                    guard value.isTrue else { throw .validation("not true") }
                })),
        Shape.Member("Inner", .structure("Inner", Shape.Member("Names", .list(.string(atMost: 1))))))

    private func message(_ json: String) -> String? {
        let bytes = Array(json.utf8)
        do {
            try bytes.withUnsafeBytes { bytes in
                try JSONDocument(parsing: bytes).withRoot(bytes) { root throws(ServiceFault) in
                    try ShapeCheck.check(root, against: Self.shape, namespace: "com.example")
                }
            }
            return nil
        } catch {
            return (error as? ServiceFault)?.message
        }
    }

    @Test func `what fits the shape passes, and members that it does not have are ignored`() {
        #expect(
            message(#"{"Name":"abc","Digits":"02","Lists":{"a":[1]},"Own":true,"Inner":{"Names":["a"]},"x":{}}"#)
                == nil)
    }

    @Test(arguments: [
        (#"{}"#, "Value null at 'name' failed to satisfy constraint: Member must not be null"),
        (
            #"{"Name":"a"}"#,
            "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2"
        ),
        (
            #"{"Name":"abc","Digits":"1"}"#,
            "Value '1' at 'digits' failed to satisfy constraint: Member must satisfy regular expression "
                + "pattern: [02468]*"
        ),
        (
            #"{"Name":"abc","Lists":{"abc":[1]}}"#,
            """
            Value '{abc=[1]}' at 'lists' failed to satisfy constraint: Map keys must satisfy constraint: [Member must \
            have length less than or equal to 2, Member must have length greater than or equal to 1]
            """
        ),
        (
            #"{"Name":"abc","Lists":{"a":[]}}"#,
            """
            Value '{a=[]}' at 'lists' failed to satisfy constraint: Map value must satisfy constraint: [Member must \
            have length less than or equal to 2, Member must have length greater than or equal to 1]
            """
        ),
        (
            #"{"Name":"abc","Inner":{"Names":["a","bc"]}}"#,
            """
            Value 'bc' at 'inner.names.2.member' failed to satisfy constraint: Member must have length less than or equal \
            to 1
            """
        ),
    ])
    func `a broken constraint is told with its value and path`(json: String, violation: String) {
        #expect(message(json) == "1 validation error detected: \(violation)")
    }

    @Test func `a value of the wrong type ends the check`() {
        #expect(message(#"{"Name":5,"Digits":"1"}"#) == "NUMBER_VALUE cannot be converted to String")
        #expect(
            message(#"{"Name":"a","Inner":[]}"#) == "Unrecognized collection type class com.example.Inner")
    }

    @Test func `a service's own check is asked for its values`() {
        #expect(message(#"{"Name":"abc","Own":false}"#) == "not true")
    }
}
