import Testing

@testable import AWSProtocol

@Suite struct RequestPathTests {
    @Test(arguments: [
        ("/", "/"), ("/a/b", "/a/b"), ("/a//b/", "/a/b/"), ("/./a/../b", "/b"), ("/..", "/"),
        ("/a b", "/a%20b"), ("/a%20b", "/a%2520b"), ("/\u{1234}", "/%E1%88%B4"), ("", "/"),
    ])
    func `a path is normalised and encoded`(path: String, canonical: String) {
        #expect(String(decoding: RequestPath(path).canonicalPath, as: UTF8.self) == canonical)
    }

    @Test(arguments: [
        ("/", ""), ("/?", ""), ("/?b=1&a=2", "a=2&b=1"), ("/?a=2&a=1", "a=1&a=2"), ("/?a", "a="),
        ("/?a=%2F&X-Amz-Signature=1", "a=%2F"), ("/?a=%zz", "a=%25zz"), ("/?a=b=c", "a=b%3Dc"), ("/?a=%2", "a=%252"),
        ("/?-._~=x y", "-._~=x%20y"),
    ])
    func `a query is decoded, encoded and sorted`(target: String, canonical: String) {
        #expect(String(decoding: RequestPath(target).canonicalQuery, as: UTF8.self) == canonical)
    }
}
