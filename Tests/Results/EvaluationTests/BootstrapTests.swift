import Testing

@testable import Evaluation

@Suite struct BootstrapTests {
    private static func intervals(_ predictions: [Prediction]) throws -> [ConfidenceInterval?] {
        let metrics = try ClassificationMetrics(predictions, classes: ["abnormal", "normal"], replicates: 200)
        return [metrics.overall.aucInterval, metrics.overall.maccInterval]
    }

    private static func predictions(recordings: Int, subject: (Int) -> String?) -> [Prediction] {
        (0..<60).flatMap { person in
            let score = Double((person * 37) % 100) / 100
            return (0..<recordings).map {
                Prediction(
                    file: "\(person)-\($0)", truth: person % 2, probabilities: [score, 1 - score],
                    subject: subject(person))
            }
        }
    }

    @Test func recordingsOfTheSamePeopleMakeNobodySurer() throws {
        let once = try Self.intervals(Self.predictions(recordings: 1) { "\($0)" })
        let fourTimes = try Self.intervals(Self.predictions(recordings: 4) { "\($0)" })
        #expect(once == fourTimes)
        #expect(once.allSatisfy { $0 != nil })
    }

    @Test func whereNobodyIsNamedEachRecordingStandsForItself() throws {
        let named = try Self.intervals(Self.predictions(recordings: 1) { "\($0)" })
        let nameless = try Self.intervals(Self.predictions(recordings: 1) { _ in nil })
        #expect(named == nameless)
        let more = try Self.intervals(Self.predictions(recordings: 4) { _ in nil })
        let widths = [nameless, more].map { $0[0]!.upper - $0[0]!.lower }
        #expect(widths[1] < 0.7 * widths[0])
    }

    @Test func subjectsAreDrawnWithAllTheirRecordings() {
        let predictions = ["a", "b", nil, "a", nil].enumerated().map {
            Prediction(file: "\($0)", truth: 0, probabilities: [1, 0], subject: $1)
        }
        let bootstrap = Bootstrap(predictions, replicates: 50, seed: 1)
        #expect(bootstrap.subjects == [[0, 3], [1], [2], [4]])
        _ = bootstrap.intervals(of: [
            { weights in
                #expect(weights[0] == weights[3] && weights[0] + weights[1] + weights[2] + weights[4] == 4)
                return nil
            }
        ])
    }
}
