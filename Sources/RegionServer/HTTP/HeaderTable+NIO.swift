import AWSProtocol
import NIOHTTP1

extension HeaderTable {
    /// Replaces what is held by the fields of `headers`.
    mutating func fill(from headers: HTTPHeaders) {
        removeAll()
        for (name, value) in headers { append(name: name, value: value) }
    }
}
