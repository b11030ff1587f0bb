import AWSProtocol
import ItemModel
import RegionStore

/// The tags of a request, and the rules for those of a table.
///
/// Source: AWS developer guide, "Tagging restrictions in DynamoDB".
enum TagReading {
    /// What only the service itself begins keys with.
    private static let reservedPrefix = "aws:"
    private static let punctuation = Set<Unicode.Scalar>("_.:/=+-@".unicodeScalars)

    /// Reads the parameter `Tags`.
    static func tags(_ list: JSONValue) throws(DynamoFault) -> [Tag] {
        guard list.count <= LocalSettings.maximumTagCount else { throw tooMany }
        var tags: [Tag] = []
        for element in list.elements {
            let tag = Tag(key: element["Key"]?.text ?? "", value: element["Value"]?.text ?? "")
            guard !tags.contains(where: { $0.key == tag.key }) else {
                throw .validation(
                    "Duplicate Tag Keys provided as input: Duplicate Tag Key found \(tag.key)")
            }
            try check(tag)
            tags.append(tag)
        }
        return tags
    }

    private static func check(_ tag: Tag) throws(DynamoFault) {
        guard !tag.key.string.lowercased().hasPrefix(reservedPrefix) else {
            throw .validation("Tag Key cannot be prefixed with aws:, Key: \(tag.key)")
        }
        for (text, name) in [(tag.key, "Key"), (tag.value, "Value")]
        where !text.string.unicodeScalars.allSatisfy(isAllowed) {
            throw .validation("The Tag \(name) provided is invalid, \(name): \(text)")
        }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if punctuation.contains(scalar) { return true }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .spaceSeparator, .lineSeparator, .paragraphSeparator:
            return true
        default: return false
        }
    }

    static let tooMany = DynamoFault.validation(
        "Number of Tags exceed the current limit for the provided ResourceArn")
}
