import ItemModel
import RegionStore

/// The tokens that a region's transactions have had, by what was answered: whether each was carried out once.
struct TokenUses {
    private var uses: [Text: Use] = [:]
    /// Whether a process has ended, which may have carried out what it did not answer.
    private var mayHaveMore = false
    /// How long a token is remembered.
    ///
    /// Source: AWS developer guide, "Amazon DynamoDB Transactions: idempotency": ten minutes.
    static let validity = VirtualDuration.seconds(600)
    /// Around the end of that time either answer will do.
    private static let slackMilliseconds: UInt64 = 60_000

    private struct Use {
        let fingerprint: [UInt8]
        let sizes: [Int]
        let time: UInt64
    }

    mutating func processEnded() { mayHaveMore = true }

    mutating func diskLost() { self = TokenUses(mayHaveMore: true) }

    init() {}

    private init(mayHaveMore: Bool) { self.mayHaveMore = mayHaveMore }

    /// Takes an answer to a transaction with a token.
    ///
    /// - Parameter now: what the region's clock shows.
    /// - Returns: what is wrong with it; nil for nothing.
    mutating func take(
        _ outcome: Result<TransactionOutcome, TransactionError>, to token: Transaction.Token, at now: UInt64
    ) -> String? {
        let use = uses[token.name]
        let age = use.map { now - min(now, $0.time) } ?? 0
        switch outcome {
        case .success(.done(let results)):
            uses[token.name] = Use(
                fingerprint: token.fingerprint, sizes: results.map { max($0.oldSize, $0.newSize) }, time: now)
            guard use != nil, age + Self.slackMilliseconds < Self.validity.milliseconds else { return nil }
            return "was carried out a second time after \(age) ms"
        case .success(.repeated(let sizes)):
            guard let use else { return mayHaveMore ? nil : "was called a repetition at the first time" }
            if use.fingerprint != token.fingerprint { return "was called a repetition of another one" }
            if use.sizes != sizes { return "is charged \(sizes) as a repetition, and its items had \(use.sizes) bytes" }
            return age > Self.validity.milliseconds + Self.slackMilliseconds
                ? "was called a repetition after \(age) ms" : nil
        case .failure(.tokenMismatch):
            guard let use else { return mayHaveMore ? nil : "was refused for its token, which is new" }
            return use.fingerprint == token.fingerprint ? "was refused for its token, which is its own" : nil
        case .failure: return nil
        }
    }
}
