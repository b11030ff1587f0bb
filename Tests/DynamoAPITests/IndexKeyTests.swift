import Testing

@testable import DynamoAPI

/// Updates of attributes that are keys of indexes.
@Suite struct IndexKeyTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createIndexedTable()
    }

    /// `g` is a string in keys of global indexes, and `h` a number; `l` is a string in that of a local one.
    @Test(arguments: [
        (#""UpdateExpression":"SET g = :m","ExpressionAttributeValues":{":m":{"M":{}}}"#, "g", "S", "M"),
        (#""UpdateExpression":"SET v = :n, g = v + :n","ExpressionAttributeValues":{":n":{"N":"1"}}"#, "g", "S", "N"),
        (#""UpdateExpression":"SET g = v - :n","ExpressionAttributeValues":{":n":{"N":"1"}}"#, "g", "S", "N"),
        (#""UpdateExpression":"SET g = list_append(v, v)""#, "g", "S", "L"),
        (#""UpdateExpression":"ADD g :n","ExpressionAttributeValues":{":n":{"N":"1"}}"#, "g", "S", "N"),
        (#""UpdateExpression":"ADD g :s","ExpressionAttributeValues":{":s":{"SS":["a"]}}"#, "g", "S", "SS"),
        (#""UpdateExpression":"SET l = :n, v = g.x","ExpressionAttributeValues":{":n":{"N":"1"}}"#, "l", "S", "N"),
        (#""AttributeUpdates":{"g":{"Action":"PUT","Value":{"N":"3"}}}"#, "g", "S", "N"),
        (#""AttributeUpdates":{"g":{"Value":{"NULL":true}}}"#, "g", "S", "NULL"),
        (#""AttributeUpdates":{"g":{"Action":"ADD","Value":{"N":"3"}}}"#, "g", "S", "N"),
    ])
    func `an update whose own types do not fit an index's key is refused by the index`(
        parameters: String, attribute: String, expected: String, actual: String
    ) {
        let answer = endpoint(
            "UpdateItem", #"{"TableName":"indexed","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},\#(parameters)}"#)
        let message =
            "One or more parameter values were invalid: Type mismatch for Index Key \(attribute) Expected: \(expected) Actual: \(actual) IndexName: "
        #expect(answer.contains(message), "\(answer)")
    }

    @Test(arguments: ["SET g[1] = :s", "ADD g.b :n", "SET v = g[1]", "REMOVE g.x", "SET v = if_not_exists(g.a, :s)"])
    func `a path below an index's key is refused`(expression: String) {
        let values =
            expression.contains(":s") ? #"":s":{"S":"x"}"# : expression.contains(":n") ? #"":n":{"N":"1"}"# : nil
        let more = values.map { #","ExpressionAttributeValues":{\#($0)}"# } ?? ""
        #expect(
            endpoint(
                "UpdateItem",
                #"{"TableName":"indexed","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"UpdateExpression":"\#(expression)"\#(more)}"#
            )
                == validation(
                    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: g"
                ))
    }

    @Test func `where only the item knows the type of an index's key, the update expression is named`() {
        endpoint("PutItem", #"{"TableName":"indexed","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"e":{"N":"1"}}}"#)
        #expect(
            endpoint(
                "UpdateItem",
                #"{"TableName":"indexed","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"UpdateExpression":"SET g = e"}"#)
                == validation(
                    "The update expression attempted to update the secondary index key to unsupported type"))
    }
}
