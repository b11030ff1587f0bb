/// Every checker that watches every run.
///
/// Reading order: `ItemNumbers` and `OriginHistory`, what all go by; `History`, the logs; `Holdings`, what regions hold and how it came, and
/// `Contents`, byte for byte; then `Answers` and `Pages` with `ModelEvaluation`, `Reads`, `Consumers`, `Retention`, `Growth`, `Acknowledgements`, `Progress`, `Audit` with what is stored, `Streams`, `Transactions`, `Winner`, `Expiries`,
/// `Clocks`, `TableChanges`, `Agreement` and `Leaks`. The last one, `OutageBill`, checks nothing: it tells by what the others know what the
/// run's outages cost.
enum Checkers {
    static func all(for world: World) -> [any WorldObserver] {
        let history = History(of: world)
        let holdings = Holdings(of: world, history: history)
        let contents = Contents(of: world, history: history, holdings: holdings)
        let retention = Retention(of: world, history: history, contents: contents)
        let bill = OutageBill(of: world, history: history, holdings: holdings)
        return [
            // Of a disk that is lost they have to know what was on it, which the next ones forget.
            Acknowledgements(of: world, history: history, holdings: holdings),
            LostDisks(for: bill),
            TableChanges(of: world, history: history),
            history, holdings, contents,
            Answers(of: world, history: history, holdings: holdings, contents: contents),
            Pages(of: world, history: history, holdings: holdings, contents: contents),
            Reads(of: world, history: history, holdings: holdings),
            Consumers(of: world, history: history, contents: contents),
            retention,
            Growth(of: world, history: history),
            Progress(of: world, history: history, holdings: holdings),
            Transactions(of: world, history: history, holdings: holdings),
            Winner(of: world, history: history, holdings: holdings),
            Expiries(of: world, history: history, holdings: holdings, contents: contents),
            Clocks(of: world, history: history),
            Leaks(of: world, retention: retention),
            bill,
        ]
    }
}
