import Testing

@testable import AWSProtocol

@Suite struct ServiceFaultTests {
    private func text(_ body: [UInt8]) -> String { String(decoding: body, as: UTF8.self) }

    @Test func `the body has the type, and the message under the name that the exception has for it`() {
        let fault = ServiceFault("com.example", "Broken", #"a "quoted" word"#, status: 500)
        #expect(text(fault.body) == #"{"__type":"com.example#Broken","message":"a \"quoted\" word"}"#)
        #expect(fault.code == "Broken")
        #expect(
            text(ServiceFault.serialization("no").body)
                == #"{"__type":"com.amazon.coral.service#SerializationException","Message":"no"}"#)
        #expect(
            text(ServiceFault.unknownOperation.body)
                == #"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#)
    }

    @Test func `a service's own members follow the message`() {
        let body = ServiceFault.validation("no").body { $0.member("Count", 2) }
        #expect(
            text(body) == #"{"__type":"com.amazon.coral.validate#ValidationException","message":"no","Count":2}"#)
    }
}
