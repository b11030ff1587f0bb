/// A request as botocore 1.44.5 sends it, signed at 2026-01-02 03:04:05 UTC for `us-east-1` with the example credentials of
/// AWS's documentation.
///
/// The calls were made through boto3, and the last three through botocore's `SigV4Auth` and `SigV4QueryAuth`, with the clock
/// fixed; the bytes are what was about to be written to the socket.
public struct GoldenRequest: Sendable, CustomStringConvertible {
    public let name: String
    /// The request, cut where lines would be too long.
    let pieces: [String]

    public var bytes: String { pieces.joined() }

    public var description: String { name }

    public static let accessKeyID = "AKIDEXAMPLE"
    public static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    /// 2026-01-02 03:04:05 UTC.
    public static let signedAt: Int64 = 1_767_323_045

    public static let all = [
        GoldenRequest(
            name: "a GetItem",
            pieces: [
                "POST / HTTP/1.1\r\n",
                "X-Amz-Target: DynamoDB_20120810.GetItem\r\n",
                "Content-Type: application/x-amz-json-1.0\r\n",
                "User-Agent: golden Botocore/1.44.5\r\n",
                "X-Amz-Date: 20260102T030405Z\r\n",
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/dynamodb/aws4_request,",
                " SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=6670396610363dbd3cbb9aedc4bf",
                "de36b6ced0bd616b210f390581195712d929\r\n",
                "amz-sdk-invocation-id: 79678a9b-4195-4b27-9a57-fb481e6d2afb\r\n",
                "amz-sdk-request: attempt=1; max=4\r\n",
                "Content-Length: 50\r\n",
                "Host: localhost:8000\r\n",
                "\r\n",
                "{\"TableName\": \"orders\", \"Key\": {\"pk\": {\"S\": \"a\"}}}",
            ]),
        GoldenRequest(
            name: "a PutItem with text beyond ASCII",
            pieces: [
                "POST / HTTP/1.1\r\n",
                "X-Amz-Target: DynamoDB_20120810.PutItem\r\n",
                "Content-Type: application/x-amz-json-1.0\r\n",
                "User-Agent: golden Botocore/1.44.5\r\n",
                "X-Amz-Date: 20260102T030405Z\r\n",
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/dynamodb/aws4_request,",
                " SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=d3ad65d742107d4ed955391e0ab2",
                "8c160e176d6e24846d54f4f567ba183ac46b\r\n",
                "amz-sdk-invocation-id: c3346eb3-5de3-4686-94fd-0ae07b0f24cf\r\n",
                "amz-sdk-request: attempt=1; max=4\r\n",
                "Content-Length: 78\r\n",
                "Host: localhost:8000\r\n",
                "\r\n",
                "{\"TableName\": \"orders\", \"Item\": {\"pk\": {\"S\": \"Z\\u00fcrich\"}, \"n\": {\"N\": \"1\"}}",
                "}",
            ]),
        GoldenRequest(
            name: "a ListTables",
            pieces: [
                "POST / HTTP/1.1\r\n",
                "X-Amz-Target: DynamoDB_20120810.ListTables\r\n",
                "Content-Type: application/x-amz-json-1.0\r\n",
                "User-Agent: golden Botocore/1.44.5\r\n",
                "X-Amz-Date: 20260102T030405Z\r\n",
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/dynamodb/aws4_request,",
                " SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=849c0bebf81373491eb09607c3ba",
                "0559aaf1bbd77be371fff26f7d1fd9daf495\r\n",
                "amz-sdk-invocation-id: 83d49c60-f5b9-4361-b609-87f8c6eb4c0d\r\n",
                "amz-sdk-request: attempt=1; max=4\r\n",
                "Content-Length: 2\r\n",
                "Host: localhost:8000\r\n",
                "\r\n",
                "{}",
            ]),
        GoldenRequest(
            name: "blanks inside and around a value",
            pieces: [
                "POST / HTTP/1.1\r\n",
                "X-Amz-Target: DynamoDB_20120810.ListTables\r\n",
                "Content-Type: application/x-amz-json-1.0\r\n",
                "X-Folded:   two   blanks  \r\n",
                "Accept: */*\r\n",
                "X-Amz-Date: 20260102T030405Z\r\n",
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/dynamodb/aws4_request,",
                " SignedHeaders=accept;content-type;host;x-amz-date;x-amz-target;x-folded, Signature=07be274a6bdf",
                "a1a5166af8ba150740eb0774537f69e3fcb1a7d36f9b7f1224f0\r\n",
                "Content-Length: 11\r\n",
                "Host: localhost:8000\r\n",
                "\r\n",
                "{\"Limit\":3}",
            ]),
        GoldenRequest(
            name: "a signature in the query string",
            pieces: [
                "POST /?b=2%203&a=x%2Fy&Limit=3&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F2",
                "0260102%2Fus-east-1%2Fdynamodb%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=300&X-Am",
                "z-SignedHeaders=content-type%3Bhost%3Bx-amz-target&X-Amz-Signature=97cb590968dd24ce8b1c887b27036",
                "037edbee8aaab381776715f750e28aac8a8 HTTP/1.1\r\n",
                "X-Amz-Target: DynamoDB_20120810.ListTables\r\n",
                "Content-Type: application/x-amz-json-1.0\r\n",
                "Content-Length: 0\r\n",
                "Host: localhost:8000\r\n",
                "\r\n",
            ]),
        GoldenRequest(
            name: "a stated hash of the body",
            pieces: [
                "POST / HTTP/1.1\r\n",
                "X-Amz-Target: DynamoDB_20120810.ListTables\r\n",
                "Content-Type: application/x-amz-json-1.0\r\n",
                "X-Amz-Content-SHA256: a0f855c9bc8d8b3fb4ac4198b14563467ba6466747f6130617092f85e565bb6a\r\n",
                "X-Amz-Date: 20260102T030405Z\r\n",
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/dynamodb/aws4_request,",
                " SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target, Signature=9cb8d69",
                "e01989d038219736ec12f9237cf106ba0251b0fca271b3e37f544e2a7\r\n",
                "Content-Length: 11\r\n",
                "Host: localhost:8000\r\n",
                "\r\n",
                "{\"Limit\":3}",
            ]),
    ]
}

extension String {
    /// The lines of an HTTP head, and what follows the empty line.
    public func splitHead() -> (head: [Substring], body: Substring) {
        var lines: [Substring] = []
        var rest = self[...]
        while let end = rest.firstIndex(of: "\r\n") {
            let line = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if line.isEmpty { break }
            lines.append(line)
        }
        return (lines, rest)
    }
}
