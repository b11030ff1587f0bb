import Foundation

/// CloudTrail's data events of DynamoDB: a log file with all of its records in one array, or an event a line.
///
/// What an event says of a request is in the AWS documents "Logging DynamoDB operations by using AWS CloudTrail" and "CloudTrail record
/// contents". It has the key of an operation on one item and not the item; expressions are hidden.
extension TraceRows {
    mutating func readCloudTrail(_ bytes: [UInt8]) {
        timesAreWholeSeconds = true
        if let whole = try? JSONSerialization.jsonObject(with: Data(bytes)) {
            if let records = (whole as? [String: Any])?["Records"] as? [Any] ?? whole as? [Any] {
                for (index, record) in records.enumerated() where !isHopeless { addEvent(record, line: index + 1) }
            } else {
                addEvent(whole, line: 1)
            }
            return
        }
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard !isHopeless else { break }
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            guard let event = try? JSONSerialization.jsonObject(with: Data(line)) else {
                refuse(index + 1, "not JSON; expected an event a line, or one object with 'Records'")
                continue
            }
            if let records = (event as? [String: Any])?["Records"] as? [Any] {
                for record in records { addEvent(record, line: index + 1) }
            } else {
                addEvent(event, line: index + 1)
            }
        }
    }

    private mutating func addEvent(_ value: Any, line: Int) {
        guard let event = value as? [String: Any], let time = event["eventTime"] as? String,
            let name = event["eventName"] as? String
        else { return refuse(line, "no event: 'eventTime' or 'eventName' is missing") }
        if let service = event["eventSource"] as? String, service != "dynamodb.amazonaws.com" {
            return leaveOut("event of another service")
        }
        let parameters = event["requestParameters"] as? [String: Any] ?? [:]
        guard let operation = RequestTrace.Operation(rawValue: name) else { return leaveOut(name) }
        let table = (parameters["tableName"] as? String).map(Self.tableName) ?? ""
        guard isOfTable(table) else { return }
        let key = parameters["key"] as? [String: Any] ?? [:]
        guard operation != .query || !key.isEmpty else { return leaveOut("Query without its key") }
        guard let (partition, sort) = operation == .scan ? ("", "") : keyParts(key, line: line) else { return }
        add(
            Row(
                line: line, time: time, operation: name, partition: partition, sort: sort, size: "",
                region: event["awsRegion"] as? String ?? ""))
    }

    /// A table may be named by its ARN.
    private static func tableName(_ text: String) -> String {
        text.split(separator: "/").last.map(String.init) ?? text
    }

    private mutating func keyParts(_ key: [String: Any], line: Int) -> (partition: String, sort: String)? {
        let names = key.keys.sorted()
        let sortName = source.sortKey ?? names.first { $0 != source.partitionKey && source.partitionKey != nil }
        let partitionName = source.partitionKey ?? names.first { $0 != sortName }
        guard let partitionName, let partition = Self.text(key[partitionName]) else {
            refuse(
                line,
                names.isEmpty ? "the event has no key" : "the key has no '\(source.partitionKey ?? "")' that is a value"
            )
            return nil
        }
        guard names.count <= 2, names.count == 1 || source.partitionKey != nil || source.sortKey != nil else {
            refuse(
                line,
                "the key has the attributes \(names.joined(separator: ", ")): say with 'partition-key' which one is the partition key"
            )
            return nil
        }
        guard names.count == 2 else { return (partition, "") }
        guard let sortName, let sort = Self.text(key[sortName]) else {
            refuse(line, "the key has no '\(sortName ?? "")' that is a value")
            return nil
        }
        return (partition, sort)
    }

    /// A key's value, plain or with its type: `"a"`, `7` or `{"N": "7"}`.
    private static func text(_ value: Any?) -> String? {
        switch value {
        case let text as String: text
        case let number as NSNumber: "\(number)"
        case let typed as [String: Any] where typed.count == 1:
            ["S", "N", "B"].lazy.compactMap { typed[$0] as? String }.first
        default: nil
        }
    }
}
