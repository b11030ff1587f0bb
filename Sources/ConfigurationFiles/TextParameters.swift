import Yams

/// The places of a configuration file's text that stand for parameters: `${name}`.
///
/// They may stand anywhere in a key or a value, also where YAML takes a brace for the end of a mapping: before the text is read as YAML,
/// each place gets marks that mean nothing to YAML, and the lines stay what they are. `$${` stands for `${` itself.
package enum TextParameters {
    // Two characters of Unicode's private use area, which no text of its own has need of.
    private static let begin: Character = "\u{E000}"
    private static let end: Character = "\u{E001}"

    /// Whether a parameter may have the name: 1 to 64 letters, digits, hyphens and underscores, of which the first is a letter.
    package static func isName(_ name: some StringProtocol) -> Bool {
        guard let first = name.utf8.first, isLetter(first), name.utf8.count <= 64 else { return false }
        return name.utf8.allSatisfy {
            isLetter($0) || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte || 0x41...0x5A ~= byte }

    /// The text with its places marked.
    ///
    /// - Returns: nil for a text that has the marks already.
    package static func marked(_ text: String) -> String? {
        guard !text.contains(begin), !text.contains(end) else { return nil }
        var marked = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            marked += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                marked += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${"), let brace = rest.firstIndex(of: "}"),
                isName(rest[..<brace].dropFirst(2))
            {
                marked += "\(begin)\(rest[..<brace].dropFirst(2))\(end)"
                rest = rest[brace...].dropFirst()
            } else {
                marked.append("$")
                rest = rest.dropFirst()
            }
        }
        return marked + rest
    }

    /// Whether a text that was marked has a place.
    package static func isMarked(_ text: String) -> Bool { text.contains(begin) }

    /// A text in which `${` stands for no parameter.
    package static func escaped(_ text: String) -> String {
        text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${")
    }

    /// The parts of a marked text: each name with what stands before it, and what stands behind the last one.
    static func parts(_ text: String) -> (places: [(before: Substring, name: String)], end: Substring) {
        var places: [(Substring, String)] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: begin), let stop = rest[start...].firstIndex(of: end) {
            places.append((rest[..<start], String(rest[start..<stop].dropFirst())))
            rest = rest[stop...].dropFirst()
        }
        return (places, rest)
    }
}

/// The values that the parameters of a configuration file have while it is read.
package final class ConfigurationParameters {
    private let values: [(name: String, value: String)]
    /// The parameters that some key or value had a place for.
    package private(set) var usedNames: [String] = []

    /// - Parameter values: each name once.
    package init(_ values: [(name: String, value: String)]) {
        self.values = values
    }

    package var names: [String] { values.map(\.name) }

    /// The text with values in its marked places; nil for one with a name that is none.
    fileprivate func filled(_ text: String) -> String? {
        let (places, end) = TextParameters.parts(text)
        var filled = ""
        for (before, name) in places {
            guard let value = values.first(where: { $0.name == name })?.value else { return nil }
            if !usedNames.contains(name) { usedNames.append(name) }
            filled += before + value
        }
        return filled + end
    }
}

extension ConfigurationField {
    /// The value's text, with the values of parameters in it; nil for a list and a mapping.
    ///
    /// A parameter that is not known is noted as a problem where the value is asked for, and stays as the file has it.
    var scalarText: String? { node.scalar.map { filled($0.string) } }

    /// Whether it has a place for a parameter that is not known: that is its problem, and no other one.
    var hasUnknownParameter: Bool {
        guard let parameters, let text = node.scalar?.string else { return false }
        return parameters.filled(text) == nil
    }

    /// A text of the file with the values of parameters in it.
    func filled(_ text: String) -> String {
        guard let parameters else { return text }
        if let filled = parameters.filled(text) { return filled }
        let (places, end) = TextParameters.parts(text)
        for name in places.map(\.name) where !parameters.names.contains(name) {
            problems.addOnce(
                line: line, field: path, found: "no parameter is called '\(name)'",
                expected: parameters.names.isEmpty
                    ? "'parameters' with its values, or $${ for the text ${"
                    : "one of \(parameters.names.joined(separator: ", ")), or $${ for the text ${")
        }
        return places.map { "\($0.before)${\($0.name)}" }.joined() + end
    }
}
