/// What a world is like; drawn from its seed.
struct Weather {
    var workers: Int
    var parts: Int
    var rounds: Int
    var shards: Int
    /// How many kinds of processor there are.
    var fingerprints: Int
    /// The rounds need no step before them, as in scoring.
    var isScoring: Bool
    /// The share of shards that are audited.
    var audits: Double
    /// Workers that are wrong now and then.
    var corrupt: Int
    /// For each message, of being lost, or of coming twice.
    var loss: Double
    var repetition: Double
    /// For each worker and heartbeat: of dying, of leaving, of being paused.
    var death: Double
    var leaving: Double
    var pause: Double
    /// For each parameter server beside the coordinator's, and each of its heartbeats: of dying.
    var serverDeath: Double

    init(_ dice: inout Dice) {
        func maybe(_ most: Double) -> Double { dice.roll(0.5) ? Double.random(in: 0...most, using: &dice) : 0 }
        workers = dice.number(1...6)
        isScoring = dice.roll(0.25)
        parts = isScoring ? 1 : dice.number(1...3)
        rounds = dice.number(2...4)
        shards = dice.number(1...9)
        fingerprints = dice.number(1...2)
        audits = dice.roll(0.5) ? 0 : dice.roll(0.5) ? 1 : 0.3
        corrupt = audits > 0 && dice.roll(0.5) ? dice.number(0...workers - 1) : 0
        loss = maybe(0.1)
        repetition = maybe(0.1)
        death = maybe(0.03)
        leaving = maybe(0.03)
        pause = maybe(0.03)
        serverDeath = maybe(0.01)
    }

    /// Everything is audited, most peers are honest, and they stay: no wrong result may count.
    static func guarded(_ dice: inout Dice) -> Weather {
        var weather = Weather(&dice)
        weather.fingerprints = 1
        weather.workers = dice.number(3...6)
        weather.corrupt = dice.number(1...(weather.workers - 1) / 2)
        weather.audits = 1
        weather.death = 0
        weather.leaving = 0
        weather.pause = 0
        return weather
    }
}
