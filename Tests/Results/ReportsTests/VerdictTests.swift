import Evaluation
import Testing

@testable import Reports

struct VerdictTests {
    private func verdict(_ predictions: [Prediction]) throws -> Verdict {
        Verdict(try ClassificationMetrics(predictions, classes: ["abnormal", "normal"]))
    }

    /// Recordings of two sites whose classes the scores either follow or ignore.
    private func recordings(skill: Double, sitesTell: Bool) -> [Prediction] {
        (0..<200).map { index in
            let truth = index % 2
            let luck = Double(index * 37 % 200) / 200
            let score = skill * Double(1 - truth) + (1 - skill) * luck
            let site = sitesTell ? truth : index / 2 % 2
            return Prediction(
                file: "\(index)", truth: truth, probabilities: [score, 1 - score], group: "site \(site)")
        }
    }

    @Test func modelThatHearsStands() throws {
        let verdict = try verdict(recordings(skill: 0.6, sitesTell: false))
        #expect(verdict.isSound)
        #expect(verdict.text.hasPrefix("Tells “abnormal” from the rest with an AUC of "))
    }

    @Test func aHandfulOfRecordingsSaysLittle() throws {
        let few = (0..<8).map { index in
            let truth = index < 3 ? 0 : 1
            return Prediction(file: "\(index)", truth: truth, probabilities: truth == 0 ? [0.9, 0.1] : [0.2, 0.8])
        }
        let verdict = try verdict(few)
        #expect(!verdict.isSound && verdict.text.contains("Of “abnormal” only 3 were scored"))
    }

    @Test func modelThatGuessesDoesNotStand() throws {
        let verdict = try verdict(recordings(skill: 0, sitesTell: false))
        #expect(!verdict.isSound && verdict.text.contains("cannot be told from chance"))
    }

    @Test func modelNoBetterThanTheSiteDoesNotStand() throws {
        let verdict = try verdict(recordings(skill: 0.3, sitesTell: true))
        #expect(!verdict.isSound && verdict.text.contains("may have learned the place"))
    }

    @Test func aCautionMakesTheBestFiguresDoubtful() throws {
        let metrics = try ClassificationMetrics(
            recordings(skill: 0.6, sitesTell: false), classes: ["abnormal", "normal"])
        let verdict = Verdict(metrics, cautions: ["It has seen them all."])
        #expect(!verdict.isSound && verdict.text.hasSuffix("It has seen them all."))
    }

    @Test func whoIsMostlyWrongIsWorseThanChance() throws {
        let mostlyWrong = (0..<100).map {
            Prediction(
                file: "\($0)", truth: $0 % 2,
                probabilities: $0 % 10 < 8 ? [Double($0 % 2), Double(1 - $0 % 2)] : [0.5, 0.5])
        }
        #expect(try verdict(mostlyWrong).text.hasSuffix("That is worse than chance."))
    }

    @Test(
        arguments: [
            ([], "No recording was scored"),
            ([Prediction(file: "a", truth: 0, probabilities: [1, 0])], "all of one class"),
            ([Prediction(file: "a", truth: 0, probabilities: [.nan, 0])], "1 recordings got no number"),
        ] as [([Prediction], String)])
    func whatCannotBeToldIsSaid(predictions: [Prediction], part: String) throws {
        let verdict = try verdict(predictions)
        #expect(!verdict.isSound && verdict.text.contains(part))
    }
}
