/// The protocols of AWS's services, for servers and for clients, without any service's operations and without HTTP
/// itself.
///
/// Reading order: `JSONDocument` and `JSONWriter` are the two ends of a JSON text; `Shape` and `ShapeCheck` say what a
/// request may look like; `ServiceFault` is an error with its body; `HeaderTable` holds a request's header fields,
/// `SignatureVerifier` finds out from them who signed the request, and `RequestSigner` is the client's side of the
/// same; `RequestID` and `CivilTime` are the identifiers and dates in between. Nothing here does I/O, reads a clock or
/// draws a random number that it was not handed.
public enum AWSProtocol {}
