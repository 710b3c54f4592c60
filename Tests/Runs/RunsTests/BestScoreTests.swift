import Reports
import Testing

@testable import Runs

private func epoch(_ number: Int, _ auc: Double?) -> EpochRecord {
    EpochRecord(
        epoch: number, step: number, trainingLoss: 1, trainingAccuracy: 0.5, validationLoss: nil,
        validationAccuracy: nil,
        validationAUC: auc, samples: 1, seconds: 1, ledgerDigest: "")
}

@Test func theParametersOfTheBestEpochAreKept() {
    var best = BestScore()
    let aucs = [nil, 0.3, 0.2, 0.3, 0.8, nil, 0.5]
    let kept = aucs.enumerated().filter { best.isBeaten(by: epoch($0, $1)) }.map(\.offset)
    #expect(kept == [1, 4])
    #expect(best.isReached(by: epoch(9, 0.8)) && !best.isReached(by: epoch(9, 0.5)))
}

@Test func aScoreOfNothingIsBetterThanNone() {
    var best = BestScore()
    #expect(!best.isReached(by: epoch(0, nil)))
    let isBeaten = best.isBeaten(by: epoch(0, 0))
    #expect(isBeaten)
}

@Test func whatWasBestIsRememberedWhenARunGoesOn() {
    var best = BestScore(of: [epoch(1, 0.4), epoch(2, 0.7), epoch(3, nil), epoch(4, 0.6)])
    let isBeaten = [0.65, 0.71].map { best.isBeaten(by: epoch(5, $0)) }
    #expect(isBeaten == [false, true])
}
