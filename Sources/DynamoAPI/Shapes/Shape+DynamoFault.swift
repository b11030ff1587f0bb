import AWSProtocol

// The engine of all services, with DynamoDB's names and errors.
extension Shape {
    /// Checks a request against the shape.
    ///
    /// - Throws: a serialization fault for a wrong type anywhere, or else a validation fault for all broken
    ///   constraints.
    func check(_ request: JSONValue) throws(DynamoFault) {
        do throws(ServiceFault) {
            try ShapeCheck.check(request, against: self, namespace: DynamoService.namespace)
        } catch {
            throw DynamoFault(error)
        }
    }

    /// Checks the types of a request's values and nothing else.
    func checkTypes(of request: JSONValue) throws(DynamoFault) {
        do throws(ServiceFault) {
            try ShapeCheck.checkTypes(of: request, against: self, namespace: DynamoService.namespace)
        } catch {
            throw DynamoFault(error)
        }
    }
}
