import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// What BatchGetItem asks of one table: keys, and what all of them share.
struct BatchRead: Sendable {
    let reference: TableReference
    let keys: [Item]
    let isConsistent: Bool
    let projection: Projection?
    private let parameters: Parameters

    /// What the keys share as the request says it, for the keys that the client has to ask for once more.
    private struct Parameters: Sendable {
        let isConsistent: Bool?
        let attributesToGet: [Text]?
        let projection: Text?
        let names: [Placeholders.Name]?
    }

    /// - Parameters:
    ///   - name: the table as the request names it.
    ///   - json: its value, whose shape has been checked.
    ///   - expressions: parsed expressions, by their text.
    init(_ name: Text, _ json: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(name)
        projection = try ItemProjection.read(json, expressions)
        var keys: [Item] = []
        for key in json["Keys"]?.elements.map(\.self) ?? [] { keys.append(try AttributeDecoding.item(key)) }
        self.keys = keys
        isConsistent = json["ConsistentRead"]?.isTrue ?? false
        parameters = Parameters(
            isConsistent: json["ConsistentRead"]?.isTrue,
            attributesToGet: json["AttributesToGet"]?.elements.map(\.text),
            projection: json["ProjectionExpression"]?.text,
            names: json["ExpressionAttributeNames"]?.members.map {
                Placeholders.Name(placeholder: $0.name.text, name: $0.value.text)
            })
    }

    /// Writes what is left to read as the member of `UnprocessedKeys` that a client can send as it is.
    func writeUnprocessed(_ keys: ArraySlice<Item>, to writer: inout JSONWriter) {
        writer.name(text: reference.given)
        writer.beginObject()
        writer.name("Keys")
        writer.beginArray()
        for key in keys { writer.item(key) }
        writer.endArray()
        if let isConsistent = parameters.isConsistent {
            writer.name("ConsistentRead")
            writer.bool(isConsistent)
        }
        if let names = parameters.attributesToGet {
            writer.name("AttributesToGet")
            writer.beginArray()
            for name in names { writer.string(name) }
            writer.endArray()
        }
        if let projection = parameters.projection { writer.member("ProjectionExpression", projection.string) }
        if let names = parameters.names {
            writer.name("ExpressionAttributeNames")
            writer.beginObject()
            for name in names {
                writer.name(text: name.placeholder)
                writer.string(name.name)
            }
            writer.endObject()
        }
        writer.endObject()
    }
}
