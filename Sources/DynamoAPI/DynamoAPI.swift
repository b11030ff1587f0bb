/// DynamoDB's operations over one region: shapes, validation and error texts, without HTTP and without threads.
///
/// Reading order: `Dispatcher` takes a request and finds its operation in the `OperationTable`; each file in
/// `Operations` is one operation from request to response; `DynamoFault` is every error that a client can see. JSON,
/// shapes and their checks are `AWSProtocol`'s; the folder `Shapes` has those of DynamoDB. Of the other folders,
/// `Items` is what reading and writing items shares, `Ranges` what Query and Scan share, `Batches` what a batch is made
/// of, `Tables` what a table's settings are read into and shown from, `Streams` how streams, shards and places in them
/// are named; `Legacy` lowers the parameters that expressions replaced to the trees of expressions.
///
/// Every request is checked in the service's order, which is part of its contract:
/// 1. the body is JSON and every value has its type (`SerializationException`);
/// 2. the constraints of the shape, told together (`… validation errors detected: …`);
/// 3. parameters that exclude or need one another, then attribute values, then expressions: all that takes no table;
/// 4. the caller may do it (`AccessDeniedException`);
/// 5. the table exists;
/// 6. keys and indexes fit the table's schema;
/// 7. what only the item can tell: its condition, its size, the operands of an update.
public enum DynamoAPI {}
