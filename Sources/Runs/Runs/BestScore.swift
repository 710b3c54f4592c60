import Reports

/// The best score on the validation part so far, whose epoch's parameters are kept.
struct BestScore {
    private var auc: Double?

    init() {}

    /// As it is after these epochs.
    init(of records: [EpochRecord]) { auc = records.compactMap(\.validationAUC).max() }

    /// Is an epoch better than all before? Of equals the first is kept, and one without a score never.
    mutating func isBeaten(by record: EpochRecord) -> Bool {
        guard let new = record.validationAUC, auc.map({ new > $0 }) ?? true else { return false }
        auc = new
        return true
    }

    /// Is the best score this epoch's?
    func isReached(by record: EpochRecord) -> Bool { auc != nil && record.validationAUC == auc }
}
