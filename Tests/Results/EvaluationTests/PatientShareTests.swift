import Testing

@testable import Evaluation

struct PatientShareTests {
    /// The variance between patients is that of `statsmodels`' cluster-robust OLS, the interval its
    /// `proportion_confint`.
    @Test(arguments: GoldenShare.all) func intervalIsThatOfStatsmodels(golden: GoldenShare) throws {
        let recordings = golden.answers.enumerated().flatMap { patient, answers in
            answers.map { (isSo: $0, patient: "\(patient)") }
        }
        let predictions = recordings.enumerated().map { index, recording in
            Prediction(
                file: "\(index)", truth: recording.isSo ? 1 : 0, probabilities: [0, 1], subject: recording.patient)
        }
        let interval = try #require(PatientShare(predictions) { $0.truth == 1 }.interval)
        #expect(agree(interval.lower, golden.lower))
        #expect(agree(interval.upper, golden.upper))
    }

    private func interval(recordings: Int, named: Bool) -> ConfidenceInterval? {
        let predictions = (0..<20).flatMap { person in
            (0..<recordings).map { _ in
                Prediction(
                    file: "\(person)", truth: person % 4 == 0 ? 0 : 1, probabilities: [0, 1],
                    subject: named ? "\(person)" : nil)
            }
        }
        return PatientShare(predictions) { $0.truth == 1 }.interval
    }

    @Test func recordingsOfWhoseNobodyKnowsCountAsOneEach() {
        #expect(interval(recordings: 1, named: true) == Proportion(15, of: 20).interval)
        #expect(interval(recordings: 3, named: false) == Proportion(45, of: 60).interval)
    }

    @Test func repeatedRecordingsOfOneMakeNobodyMuchSurer() throws {
        let once = try #require(interval(recordings: 1, named: true))
        let often = try #require(interval(recordings: 5, named: true))
        let asIfAlone = try #require(interval(recordings: 5, named: false))
        #expect(often.upper - often.lower > 0.9 * (once.upper - once.lower))
        #expect(asIfAlone.upper - asIfAlone.lower < 0.6 * (once.upper - once.lower))
    }
}
