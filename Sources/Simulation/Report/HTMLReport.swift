/// What a run came to, as one page that needs nothing beside it: no script, no other file, no network.
public enum HTMLReport {
    /// The page of a run.
    ///
    /// It is light or dark as its reader's system is, and has room on a telephone.
    ///
    /// - Parameter file: the scenario's file, for the command that runs the same again.
    public static func page(of result: RunResult, file: String? = nil) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(HTMLText.escaped(result.scenario)), seed \(result.seed): \(result.hasPassed ? "passed" : "failed")</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        \(header(of: result))
        <main>
        \(tiles(of: result))
        \(violations(of: result, file: file))
        \(expectations(of: result, file: file))
        \(refusedChanges(of: result))
        \(timeline(of: result))
        \(plots(of: result))
        \(tables(of: result))
        \(HTMLBill.tables(of: result))
        \(glossary)
        </main>
        \(footer(of: result, file: file))
        </body>
        </html>

        """
    }

    private static func header(of result: RunResult) -> String {
        let description = result.description.isEmpty ? "" : "<p>\(HTMLText.escaped(result.description))</p>"
        let parameters = result.parameters.isEmpty ? "" : " · \(HTMLText.escaped(result.parameterText))"
        return """
            <header>
            <h1>\(HTMLText.escaped(result.scenario)) \(verdict(result.hasPassed))</h1>
            \(description)
            <p class="soft">Seed \(result.seed)\(parameters) · \(Figures.count(result.operationCount)) requests to \
            \(Figures.count(result.regions.count, "region")) in \(Figures.duration(seconds: result.durationSeconds)) \
            of virtual time</p>
            </header>
            """
    }

    private static func verdict(_ hasPassed: Bool) -> String {
        hasPassed ? "<span class=\"verdict good\">✓ passed</span>" : "<span class=\"verdict bad\">✗ failed</span>"
    }

    private static func tiles(of result: RunResult) -> String {
        let worst = result.requests.max { $0.unavailability < $1.unavailability }
        let tiles: [(name: String, figure: String, note: String)] = [
            (
                "Recovery point",
                result.lostAcknowledgedWrites == 0
                    ? "0" : Figures.duration(milliseconds: result.recoveryPointMilliseconds),
                result.lostAcknowledgedWrites == 0
                    ? "no acknowledged write lost"
                    : "\(Figures.count(result.lostAcknowledgedWrites, "acknowledged write")) lost"
            ),
            (
                "Recovery time",
                result.recoveryTimeMilliseconds.map { Figures.duration(milliseconds: $0) } ?? "never",
                result.recoveries.isEmpty
                    ? "nothing to recover from" : "from a fault's end until served and in step, at most"
            ),
            (
                "Agreement", result.convergenceMilliseconds.map { Figures.duration(milliseconds: $0) } ?? "never",
                "after the last request and fault"
            ),
            ("Conflicts", Figures.count(result.conflicts), "resolved, the newer version wins"),
            (
                "Unavailability", Figures.share(worst?.unavailability ?? 0),
                worst.map { $0.failed == 0 ? "every request was answered" : "of requests from \($0.region), the worst" }
                    ?? "no clients"
            ),
            (
                "Shipped", Figures.bytes(Double(result.byteCount)),
                "between \(Figures.count(result.regions.count, "region"))"
            ),
        ]
        let items = tiles.map {
            "<li><span class=\"name\">\(HTMLText.escaped($0.name))</span><strong>\(HTMLText.escaped($0.figure))</strong>"
                + "<span class=\"soft\">\(HTMLText.escaped($0.note))</span></li>"
        }
        return "<ul class=\"tiles\">\(items.joined(separator: "\n"))</ul>"
    }

    /// The most violations that are listed; the others are only counted.
    private static let violationCountMax = 50

    private static func violations(of result: RunResult, file: String?) -> String {
        guard !result.violations.isEmpty else { return "" }
        let items = result.violations.prefix(violationCountMax).map {
            "<li><strong>\(HTMLText.escaped($0.checker))</strong> at \(Figures.moment(seconds: $0.seconds)): "
                + "\(HTMLText.escaped($0.text))</li>"
        }
        let more = result.violations.count - items.count
        return """
            <section class="card failed"><h2>What always has to hold, and did not</h2><ul class="plain">\(items.joined(separator: "\n"))</ul>\
            \(more > 0 ? "<p class=\"soft\">and \(Figures.count(more)) more</p>" : "")\
            \(next(of: result, file: file))</section>
            """
    }

    private static func expectations(of result: RunResult, file: String?) -> String {
        guard !result.expectations.isEmpty else { return "" }
        let items = result.expectations.map {
            "<li><span class=\"\($0.isMet ? "good" : "bad")\">\($0.isMet ? "✓ met" : "✗ not met")</span> "
                + "<span>\(HTMLText.escaped($0.text))</span> <strong>\(HTMLText.escaped($0.measured))</strong></li>"
        }
        return """
            <section class="card"><h2>Expected and measured</h2>
            <ul class="expectations">\(items.joined(separator: "\n"))</ul>\
            \(result.violations.isEmpty && !result.hasPassed ? next(of: result, file: file) : "")</section>
            """
    }

    private static func refusedChanges(of result: RunResult) -> String {
        guard !result.refusedChanges.isEmpty else { return "" }
        let items = result.refusedChanges.prefix(violationCountMax).map {
            "<li>\(Figures.moment(seconds: $0.seconds)): \(HTMLText.escaped($0.text))</li>"
        }
        let more = result.refusedChanges.count - items.count
        return """
            <section class="card"><h2>Changes of tables that were refused</h2><ul class="plain">\(items.joined(separator: "\n"))</ul>\
            \(more > 0 ? "<p class=\"soft\">and \(Figures.count(more)) more</p>" : "")</section>
            """
    }

    /// What to do about a run that failed.
    private static func next(of result: RunResult, file: String?) -> String {
        "<p class=\"next\">To look for a smaller scenario that fails likewise: "
            + "<code>\(HTMLText.escaped(result.shrinkCommand(file: file)))</code></p>"
    }

    private static func footer(of result: RunResult, file: String?) -> String {
        """
        <footer><p>To run the same again: <code>\(HTMLText.escaped(result.replayCommand(file: file)))</code></p>
        <p class="soft">\(Figures.count(result.eventCount)) events, trace <code>\(HTMLText.escaped(result.traceHash))</code>. \
        Times are virtual.</p></footer>
        """
    }
}
