import AWSProtocol
import ItemModel

/// A request for one item, or for several, as a recording has it.
struct RecordedRequest: Equatable {
    let table: Text
    /// Milliseconds since the Unix epoch.
    let receivedAt: Int64
    /// `GetItem`, `Query`, `Scan`, `PutItem`, `UpdateItem` or `DeleteItem`; what a batch or a transaction does is one of them for each item.
    let operation: StaticString
    /// The key's values as they stand in the request; empty of a scan.
    let partition: String
    let sort: String?
    /// The size of an item that is put, in bytes; nil where the request does not say.
    let byteCount: Int?

    var keyByteCount: Int { partition.utf8.count + (sort?.utf8.count ?? 0) }

    static func == (left: Self, right: Self) -> Bool {
        left.table == right.table && left.receivedAt == right.receivedAt
            && left.operation.description == right.operation.description && left.partition == right.partition
            && left.sort == right.sort && left.byteCount == right.byteCount
    }

    /// As an array: time, operation, partition, sort, size.
    func write(to writer: inout JSONWriter) {
        writer.beginArray()
        writer.integer(Int(receivedAt))
        writer.string(operation.description)
        writer.string(partition)
        if let sort { writer.string(sort) } else { writer.null() }
        if let byteCount { writer.integer(byteCount) } else { writer.null() }
        writer.endArray()
    }
}

/// Finds out which items of recorded tables a request is for.
///
/// It looks at what was sent, before anything was checked: what makes no sense is left out. PartiQL is not read.
struct RequestReading {
    let tables: [Text]
    let keyNames: RequestRecorder.KeyNames
    let receivedAt: Int64

    func requests(in body: UnsafeRawBufferPointer, target: String) -> [RecordedRequest] {
        let prefix = "DynamoDB_20120810."
        guard target.hasPrefix(prefix), let document = try? JSONDocument(parsing: body) else { return [] }
        return document.withRoot(body) { request in
            switch target.dropFirst(prefix.count) {
            case "GetItem": one("GetItem", key: request["Key"], of: request)
            case "PutItem": one("PutItem", item: request["Item"], of: request)
            case "UpdateItem": one("UpdateItem", key: request["Key"], of: request)
            case "DeleteItem": one("DeleteItem", key: request["Key"], of: request)
            case "Query": query(request)
            case "Scan": scan(request)
            case "BatchGetItem": batchGet(request)
            case "BatchWriteItem": batchWrite(request)
            case "TransactGetItems", "TransactWriteItems": transaction(request)
            default: []
            }
        }
    }

    // MARK: - Single items

    private func one(
        _ operation: StaticString, key: JSONValue? = nil, item: JSONValue? = nil, of request: JSONValue
    ) -> [RecordedRequest] {
        guard let table = table(request["TableName"]) else { return [] }
        return make(operation, key: key, item: item, of: table).map { [$0] } ?? []
    }

    private func make(
        _ operation: StaticString, key: JSONValue?, item: JSONValue? = nil, of table: Text
    ) -> RecordedRequest? {
        guard let attributes = key ?? item, let names = keyNames(table, nil),
            let partition = Self.text(of: names.partition, in: attributes)
        else { return nil }
        let sort = names.sort.flatMap { Self.text(of: $0, in: attributes) }
        guard names.sort == nil || sort != nil else { return nil }
        return RecordedRequest(
            table: table, receivedAt: receivedAt, operation: operation, partition: partition, sort: sort,
            byteCount: item.map(Self.byteCount(ofMembers:)))
    }

    /// The table that is named, by its name or its ARN, if it is one of those that are recorded.
    private func table(_ name: JSONValue?) -> Text? { name.flatMap { table(named: $0.string) } }

    private func table(named name: String) -> Text? {
        let last = Text(name.split(separator: "/").last.map(String.init) ?? name)
        return tables.contains(last) ? last : nil
    }

    /// The value of a key attribute as it stands in a request.
    private static func text(of name: Text, in attributes: JSONValue) -> String? {
        for member in attributes.members where member.name.text == name { return text(of: member.value) }
        return nil
    }

    private static func text(of value: JSONValue) -> String? { (value["S"] ?? value["N"] ?? value["B"])?.string }

    // MARK: - Several items

    private func batchGet(_ request: JSONValue) -> [RecordedRequest] {
        guard let items = request["RequestItems"] else { return [] }
        var found: [RecordedRequest] = []
        for member in items.members {
            guard let table = table(named: member.name.string), let keys = member.value["Keys"] else { continue }
            for key in keys.elements {
                if let request = make("GetItem", key: key, of: table) { found.append(request) }
            }
        }
        return found
    }

    private func batchWrite(_ request: JSONValue) -> [RecordedRequest] {
        guard let items = request["RequestItems"] else { return [] }
        var found: [RecordedRequest] = []
        for member in items.members {
            guard let table = table(named: member.name.string) else { continue }
            for element in member.value.elements {
                let request =
                    if let put = element["PutRequest"] {
                        make("PutItem", key: nil, item: put["Item"], of: table)
                    } else {
                        make("DeleteItem", key: element["DeleteRequest"]?["Key"], of: table)
                    }
                if let request { found.append(request) }
            }
        }
        return found
    }

    private func transaction(_ request: JSONValue) -> [RecordedRequest] {
        var found: [RecordedRequest] = []
        guard let items = request["TransactItems"] else { return [] }
        for item in items.elements {
            if let get = item["Get"] ?? item["ConditionCheck"] { found += one("GetItem", key: get["Key"], of: get) }
            if let put = item["Put"] { found += one("PutItem", item: put["Item"], of: put) }
            if let update = item["Update"] { found += one("UpdateItem", key: update["Key"], of: update) }
            if let delete = item["Delete"] { found += one("DeleteItem", key: delete["Key"], of: delete) }
        }
        return found
    }

    // MARK: - Ranges

    private func scan(_ request: JSONValue) -> [RecordedRequest] {
        guard let table = table(request["TableName"]) else { return [] }
        return [
            RecordedRequest(
                table: table, receivedAt: receivedAt, operation: "Scan", partition: "", sort: nil, byteCount: nil)
        ]
    }

    private func query(_ request: JSONValue) -> [RecordedRequest] {
        guard let table = table(request["TableName"]),
            let names = keyNames(table, request["IndexName"]?.text),
            let partition = Self.partition(of: request, named: names.partition)
        else { return [] }
        return [
            RecordedRequest(
                table: table, receivedAt: receivedAt, operation: "Query", partition: partition, sort: nil,
                byteCount: nil)
        ]
    }

    /// The value that a query's partition key has to have: of `KeyConditions`, or of the comparison in its expression.
    private static func partition(of request: JSONValue, named name: Text) -> String? {
        if let conditions = request["KeyConditions"] {
            for member in conditions.members where member.name.text == name {
                return member.value["AttributeValueList"]?.elements.first { _ in true }.flatMap(text(of:))
            }
            return nil
        }
        guard let expression = request["KeyConditionExpression"]?.string else { return nil }
        let tokens = Self.tokens(of: expression)
        for (place, token) in tokens.enumerated() where token == "=" && place > 0 && place + 1 < tokens.count {
            let sides = [tokens[place - 1], tokens[place + 1]]
            guard let value = sides.first(where: { $0.hasPrefix(":") }),
                let attribute = sides.first(where: { !$0.hasPrefix(":") }),
                resolved(attribute, in: request) == name
            else { continue }
            for member in request["ExpressionAttributeValues"]?.members ?? request.members
            where member.name.string == value { return text(of: member.value) }
        }
        return nil
    }

    private static func resolved(_ attribute: String, in request: JSONValue) -> Text {
        guard attribute.hasPrefix("#"), let names = request["ExpressionAttributeNames"] else { return Text(attribute) }
        for member in names.members where member.name.string == attribute { return member.value.text }
        return Text(attribute)
    }

    /// Names, placeholders and comparisons, without brackets and spaces.
    private static func tokens(of expression: String) -> [String] {
        var tokens: [String] = []
        var word = ""
        func flush() {
            if !word.isEmpty { tokens.append(word) }
            word = ""
        }
        for character in expression.unicodeScalars {
            switch character {
            case "=", "<", ">":
                // `<=` is no equality.
                if word.isEmpty, let last = tokens.last, last == "<" || last == ">" {
                    tokens[tokens.count - 1] += String(character)
                } else {
                    flush()
                    tokens.append(String(character))
                }
            case " ", "\t", "\n", "\r", "(", ")", ",": flush()
            default: word.unicodeScalars.append(character)
            }
        }
        flush()
        return tokens
    }

    // MARK: - Sizes

    /// The size of an item or a map: its names and values.
    ///
    /// Source: AWS developer guide, "DynamoDB item sizes and formats".
    private static func byteCount(ofMembers attributes: JSONValue) -> Int {
        attributes.members.reduce(0) { $0 + $1.name.string.utf8.count + byteCount(of: $1.value) }
    }

    private static func byteCount(of value: JSONValue) -> Int {
        for member in value.members {
            let content = member.value
            switch member.name.string {
            case "S": return content.string.utf8.count
            case "N": return byteCount(ofNumber: content.string)
            case "B": return content.count / 4 * 3
            case "SS": return content.elements.reduce(0) { $0 + $1.string.utf8.count }
            case "NS": return content.elements.reduce(0) { $0 + byteCount(ofNumber: $1.string) }
            case "BS": return content.elements.reduce(0) { $0 + $1.count / 4 * 3 }
            case "L": return 3 + content.elements.reduce(0) { $0 + 1 + byteCount(of: $1) }
            case "M": return 3 + content.members.count { _ in true } + byteCount(ofMembers: content)
            default: return 1
            }
        }
        return 0
    }

    /// About a byte for each two digits, and one more.
    private static func byteCount(ofNumber text: String) -> Int {
        (text.utf8.count { 0x30...0x39 ~= $0 } + 1) / 2 + 1
    }
}
