/// Every checker that watches every run.
///
/// Reading order: `ItemNumbers` and `OriginHistory`, what all go by; `History`, the logs; `Holdings`, what regions hold and how it came; then
/// `Reads`, `Acknowledgements`, `Progress`, `Audit` with what is stored, `Streams`, `Transactions`, `Winner`, `Expiries`,
/// `Clocks`, `Agreement` and `Leaks`.
enum Checkers {
    static func all(for world: World) -> [any WorldObserver] {
        let history = History(of: world)
        let holdings = Holdings(of: world, history: history)
        return [
            // Of a disk that is lost it has to know what was on it, which the next two forget.
            Acknowledgements(of: world, history: history, holdings: holdings),
            history, holdings,
            Reads(of: world, history: history, holdings: holdings),
            Progress(of: world, history: history, holdings: holdings),
            Transactions(of: world, history: history, holdings: holdings),
            Winner(of: world, history: history, holdings: holdings),
            Expiries(of: world),
            Clocks(of: world),
            Leaks(of: world),
        ]
    }
}
