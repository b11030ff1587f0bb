/// An error as a client of an AWS service sees it: type, message and HTTP status, with its body in the form of JSON
/// 1.0.
///
/// What one service's exceptions have besides is that service's own, and is added to the body when it is written.
/// Source: AWS API reference, "Common errors".
public struct ServiceFault: Error, Sendable, Equatable {
    /// The value of `__type`: a namespace, a number sign and the exception's name.
    public let type: String
    /// Nil where the service sends none.
    public let message: String?
    /// The HTTP status.
    public let status: Int
    private let messageName: MessageName

    /// What the message's member is called: the services have two spellings.
    public enum MessageName: Sendable {
        /// `message`.
        case lowercase
        /// `Message`.
        case capitalized
    }

    /// - Parameters:
    ///   - namespace: what the exception's name is qualified with in the service's model.
    ///   - name: the exception's name.
    public init(
        _ namespace: StaticString, _ name: String, _ message: String?, status: Int = 400,
        messageName: MessageName = .lowercase
    ) {
        type = "\(namespace)#\(name)"
        self.message = message
        self.status = status
        self.messageName = messageName
    }

    /// The exception's name without its namespace.
    public var code: String { String(type.drop { $0 != "#" }.dropFirst()) }

    /// The body of the answer that tells a client of the fault.
    public var body: [UInt8] { body(addingMembers: { _ in }) }

    /// The body of the answer that tells a client of the fault.
    ///
    /// - Parameter addMembers: writes the members that follow the message.
    public func body(addingMembers addMembers: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("__type", type)
        if let message {
            switch messageName {
            case .lowercase: writer.member("message", message)
            case .capitalized: writer.member("Message", message)
            }
        }
        addMembers(&writer)
        writer.endObject()
        return writer.bytes
    }
}

// What every service refuses alike.
extension ServiceFault {
    /// One of the errors of the framework that all services of AWS are built on.
    public static func coral(
        _ name: String, _ message: String?, status: Int = 400, messageName: MessageName = .lowercase
    ) -> ServiceFault {
        ServiceFault("com.amazon.coral.service", name, message, status: status, messageName: messageName)
    }

    /// The body is no JSON, or a value in it has the wrong type; the services give a message only for some of its
    /// failings.
    public static func serialization(_ message: String? = nil) -> ServiceFault {
        coral("SerializationException", message, messageName: .capitalized)
    }

    /// `X-Amz-Target` names no operation.
    public static let unknownOperation = coral("UnknownOperationException", nil)

    /// What comes before the texts of broken constraints in a message.
    public static func constraintEnvelope(count: Int) -> String {
        "\(count) validation error\(count > 1 ? "s" : "") detected: "
    }

    /// The request breaks a rule; `message` says which.
    public static func validation(_ message: String) -> ServiceFault {
        ServiceFault("com.amazon.coral.validate", "ValidationException", message)
    }
}
