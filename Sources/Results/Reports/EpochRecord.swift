/// What one epoch of training came to: a row of `history.csv`.
public struct EpochRecord: Hashable, Codable, Sendable {
    /// From one.
    public let epoch: Int
    /// How many steps the run had taken at the end of the epoch.
    public let step: Int
    public let trainingLoss: Double
    public let trainingAccuracy: Double
    /// Nil, like the other two, when nothing was set aside for validation.
    public let validationLoss: Double?
    public let validationAccuracy: Double?
    public let validationAUC: Double?
    /// How many samples the epoch trained on.
    public let samples: Int
    /// How long the epoch took, validation included.
    public let seconds: Double
    /// The digest of the ledger: which samples were used.
    public let ledgerDigest: String

    public init(
        epoch: Int, step: Int, trainingLoss: Double, trainingAccuracy: Double, validationLoss: Double? = nil,
        validationAccuracy: Double? = nil, validationAUC: Double? = nil, samples: Int, seconds: Double,
        ledgerDigest: String
    ) {
        self.epoch = epoch
        self.step = step
        self.trainingLoss = trainingLoss
        self.trainingAccuracy = trainingAccuracy
        self.validationLoss = validationLoss
        self.validationAccuracy = validationAccuracy
        self.validationAUC = validationAUC
        self.samples = samples
        self.seconds = seconds
        self.ledgerDigest = ledgerDigest
    }

    public var samplesPerSecond: Double { seconds > 0 ? Double(samples) / seconds : 0 }

    enum CodingKeys: String, CodingKey {
        case epoch, step, samples, seconds
        case trainingLoss = "training_loss"
        case trainingAccuracy = "training_accuracy"
        case validationLoss = "validation_loss"
        case validationAccuracy = "validation_accuracy"
        case validationAUC = "validation_auc"
        case ledgerDigest = "ledger_digest"
    }
}

/// As cells of a table: numbers in the shortest form that reads back as the same number, the unknown empty.
extension EpochRecord {
    static let columns = [
        "epoch", "step", "training_loss", "training_accuracy", "validation_loss", "validation_accuracy",
        "validation_auc", "samples", "seconds", "samples_per_second", "ledger_digest",
    ]

    var cells: [String] {
        let validation = [validationLoss, validationAccuracy, validationAUC].map { $0.map { "\($0)" } ?? "" }
        return ["\(epoch)", "\(step)", "\(trainingLoss)", "\(trainingAccuracy)"] + validation
            + ["\(samples)", "\(seconds)", "\(samplesPerSecond)", ledgerDigest]
    }

    /// Nil when a cell is missing or is not the number it should be.
    init?(cells: [String]) {
        guard cells.count == Self.columns.count, let epoch = Int(cells[0]), let step = Int(cells[1]),
            let trainingLoss = Double(cells[2]), let trainingAccuracy = Double(cells[3]),
            cells[4...6].allSatisfy({ $0.isEmpty || Double($0) != nil }),
            let samples = Int(cells[7]), let seconds = Double(cells[8])
        else { return nil }
        self.init(
            epoch: epoch, step: step, trainingLoss: trainingLoss, trainingAccuracy: trainingAccuracy,
            validationLoss: Double(cells[4]), validationAccuracy: Double(cells[5]), validationAUC: Double(cells[6]),
            samples: samples, seconds: seconds, ledgerDigest: cells[10])
    }
}
