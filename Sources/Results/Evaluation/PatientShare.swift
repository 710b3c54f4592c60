/// A share of recordings, several of which may be of one patient: how sure it is goes by patient.
struct PatientShare {
    /// Of each patient, the recordings that are so and all of them.
    private let patients: [(part: Int, whole: Int)]

    private var total: Proportion {
        Proportion(patients.reduce(0) { $0 + $1.part }, of: patients.reduce(0) { $0 + $1.whole })
    }

    /// A recording whose patient nobody knows stands for itself.
    init(_ predictions: [Prediction], where isSo: (Prediction) -> Bool) {
        var places: [String: Int] = [:]
        var patients: [(part: Int, whole: Int)] = []
        for prediction in predictions {
            let place = prediction.subject.flatMap { places[$0] } ?? patients.count
            if place == patients.count { patients.append((0, 0)) }
            if let subject = prediction.subject { places[subject] = place }
            patients[place].part += isSo(prediction) ? 1 : 0
            patients[place].whole += 1
        }
        self.patients = patients
    }

    /// Sensitivity and specificity of decisions.
    static func both(
        _ predictions: [Prediction], _ contrast: Contrast, isCalled: (Prediction) -> Bool
    ) -> (sensitivity: PatientShare, specificity: PatientShare) {
        (
            PatientShare(predictions.filter(contrast.isPositive), where: isCalled),
            PatientShare(predictions.filter { !contrast.isPositive($0) }) { !isCalled($0) }
        )
    }

    /// Wilson's interval for as many independent recordings as tell as much: their number over the design effect, which
    /// is the variance between patients over that of independent recordings (Rao and Scott, "A simple method for the
    /// analysis of clustered binary data", Biometrics 48, 1992). The effect is at least one; where all recordings are
    /// so, or none is, patients count as one each. Nil without recordings.
    var interval: ConfidenceInterval? {
        let total = total
        guard let share = total.value else { return nil }
        guard patients.contains(where: { $0.whole > 1 }) else { return total.interval }
        guard patients.count > 1, total.part > 0, total.part < total.whole else {
            return Proportion.interval(share: share, of: Double(patients.count))
        }
        let count = Double(total.whole)
        let spread = patients.reduce(0.0) { sum, patient in
            let rest = Double(patient.part) - share * Double(patient.whole)
            return sum + rest * rest
        }
        let clusters = Double(patients.count)
        let variance = clusters / (clusters - 1) * spread / (count * count)
        let effect = max(1, variance / (share * (1 - share) / count))
        return Proportion.interval(share: share, of: count / effect)
    }
}
