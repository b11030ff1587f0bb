/// What one group of clients does.
public struct WorkloadPlan: Sendable, Equatable {
    public var name: String
    public var table: String
    /// The regions that have such clients.
    public var regions: [String]
    public var arrival: Arrival
    public var mix: Mix
    public var keys: KeyChoice
    /// The size of the attribute that fills an item, in bytes.
    public var itemByteCount = 100
    /// How long a written item lives at the most, where its table has time to live; each draws its own time up to that.
    public var lifetime: Duration?
    /// How long a client waits for an answer.
    public var timeout = Duration.seconds(1)
    public var failover = Failover.none
    public var retries = Retries()
    /// When the clients begin and end, from the scenario's start; nil for its whole duration.
    public var from: Duration?
    public var until: Duration?

    public init(
        name: String, table: String, regions: [String], arrival: Arrival, mix: Mix, keys: KeyChoice
    ) {
        self.name = name
        self.table = table
        self.regions = regions
        self.arrival = arrival
        self.mix = mix
        self.keys = keys
    }

    /// The recorded requests that it replays; nil where they are drawn.
    public var trace: RequestTrace? {
        if case .trace(let trace) = arrival { trace } else { nil }
    }

    /// When a region's clients make requests.
    public enum Arrival: Sendable, Equatable {
        /// Requests come at random, so many a second on average in each region, whether or not earlier ones were answered.
        case poisson(perSecond: Double)
        /// As Poisson, with a rate that goes up and down once a period, from a low to a high one.
        case diurnal(low: Double, high: Double, period: Duration)
        /// As Poisson, with a higher rate for the first `length` of each `every`.
        case burst(perSecond: Double, peak: Double, every: Duration, length: Duration)
        /// So many clients in each region, each of which waits for an answer, thinks, and asks again.
        case closed(clients: Int, think: Duration)
        /// Requests are made as they were recorded: when, where, which, and for which keys; mix and keys have no meaning then.
        case trace(RequestTrace)
    }

    /// The parts of each kind of request; they need not add up to anything.
    public struct Mix: Sendable, Equatable {
        /// GetItem.
        public var read = 0
        /// PutItem of an item that may be there.
        public var put = 0
        /// UpdateItem that counts one attribute up.
        public var update = 0
        /// DeleteItem.
        public var delete = 0
        /// PutItem of a new item.
        public var insert = 0
        /// A page of Scan.
        public var scan = 0
        /// A page of Query, of the table or of one of its indexes.
        public var query = 0
        /// GetItem, then PutItem of the same item, if it is still as it was read.
        public var readModifyWrite = 0
        /// PutItem that is refused if the item is there.
        public var putIfAbsent = 0
        /// A batch of several puts and deletes that one command of the writer carries out.
        public var batch = 0
        /// TransactWriteItems of several puts, updates, deletes and checks.
        public var transaction = 0

        public init() {}

        /// The core workloads of YCSB by their letters: Cooper and others, "Benchmarking Cloud Serving Systems with YCSB", 2010.
        public static func ycsb(_ letter: Character) -> Mix? {
            var mix = Mix()
            switch letter {
            case "a": (mix.read, mix.update) = (50, 50)
            case "b": (mix.read, mix.update) = (95, 5)
            case "c": mix.read = 100
            case "d": (mix.read, mix.insert) = (95, 5)
            case "e": (mix.scan, mix.insert) = (95, 5)
            case "f": (mix.read, mix.readModifyWrite) = (50, 50)
            default: return nil
            }
            return mix
        }
    }

    /// Which keys requests are for, of `count`.
    public struct KeyChoice: Sendable, Equatable {
        public enum Distribution: Sendable, Equatable {
            case uniform
            /// Some keys are far more popular than others; the constant is YCSB's 0.99 unless said otherwise.
            case zipfian(constant: Double)
            /// The newest keys are the most popular.
            case latest
            /// A share of the requests goes to a share of the keys.
            case hotSet(keys: Double, requests: Double)
        }

        public var count: Int
        public var distribution: Distribution

        public init(count: Int, distribution: Distribution) {
            self.count = count
            self.distribution = distribution
        }
    }

    /// What a client does when its own region does not answer.
    public enum Failover: Sendable, Equatable {
        /// It tries again there.
        case none
        /// After so many errors in a row it goes to the next nearest region, and back when its own has answered a probe for a while.
        case nearest(afterErrors: Int, backAfter: Duration)
        /// Likewise, to these regions one after the other.
        case inOrder(regions: [String], afterErrors: Int, backAfter: Duration)

        /// After how many errors in a row they go on, and after how long back; nil where they stay.
        var bounds: (afterErrors: Int, backAfter: Duration)? {
            switch self {
            case .none: nil
            case .nearest(let errors, let back), .inOrder(_, let errors, let back): (errors, back)
            }
        }
    }

    /// How a client tries again what has failed, as AWS SDKs do.
    public struct Retries: Sendable, Equatable {
        public enum Mode: String, Sendable, Equatable, CaseIterable {
            /// What fails has failed.
            case none
            /// Up to so many attempts, after a random part of a time that doubles, as long as a quota of retries lasts.
            case standard
            /// As `standard`, and a client that is throttled sends less.
            case adaptive
        }

        public var mode = Mode.none
        /// With the first one.
        public var maxAttempts = 3
        /// The longest wait before the first retry, and before any.
        public var backoff = Duration.milliseconds(50)
        public var backoffMax = Duration.seconds(20)

        public init(_ mode: Mode = .none) {
            self.mode = mode
        }
    }
}
