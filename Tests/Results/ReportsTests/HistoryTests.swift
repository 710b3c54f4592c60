import Foundation
import Testing

@testable import Reports

struct HistoryTests {
    let first = EpochRecord(
        epoch: 1, step: 40, trainingLoss: 0.1 + 0.2, trainingAccuracy: 0.5, samples: 160, seconds: 4,
        ledgerDigest: "5f2c")
    let second = EpochRecord(
        epoch: 2, step: 80, trainingLoss: 0.25, trainingAccuracy: 0.75, validationLoss: .infinity,
        validationAccuracy: 1.0 / 3, validationAUC: 0.5, samples: 160, seconds: 1e-7, ledgerDigest: "a,b")

    @Test func fileHasTheColumnsOfTheContract() throws {
        try withTemporaryFolder { folder in
            var history = try History(folder: folder)
            try history.append(first)
            let text = try String(contentsOf: folder.appending(path: "history.csv"), encoding: .utf8)
            #expect(
                text == """
                    epoch,step,training_loss,training_accuracy,validation_loss,validation_accuracy,validation_auc,\
                    samples,seconds,samples_per_second,ledger_digest
                    1,40,0.30000000000000004,0.5,,,,160,4.0,40.0,5f2c

                    """)
        }
    }

    @Test func historyReadsBackAsItWasWritten() throws {
        try withTemporaryFolder { folder in
            var history = try History(folder: folder)
            #expect(history.records.isEmpty)
            try history.append(first)
            try history.append(second)
            #expect(try History(folder: folder).records == [first, second])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["history.csv"])
        }
    }

    @Test func lossThatIsNotANumberReadsBack() throws {
        try withTemporaryFolder { folder in
            var history = try History(folder: folder)
            try history.append(
                EpochRecord(
                    epoch: 1, step: 1, trainingLoss: .nan, trainingAccuracy: 0, samples: 1, seconds: 0,
                    ledgerDigest: ""))
            let record = try #require(try History(folder: folder).records.first)
            #expect(record.trainingLoss.isNaN && record.samplesPerSecond == 0)
        }
    }

    @Test func repeatedEpochReplacesItselfAndWhatFollowed() throws {
        try withTemporaryFolder { folder in
            var history = try History(folder: folder)
            for record in Specimen.history(epochs: 5) { try history.append(record) }
            let again = Specimen.history(epochs: 9)[2]
            try history.append(again)
            #expect(try History(folder: folder).records == Specimen.history(epochs: 5).prefix(2) + [again])
        }
    }

    @Test(arguments: [
        ("", "its first line is not that of this version's history; move it away to start anew"),
        ("epoch,loss\n1,2\n", "its first line is not that of this version's history; move it away to start anew"),
        (EpochRecord.columns.joined(separator: ",") + "\n1,2\n", "row 2 is not an epoch; mend or remove the row"),
        (
            EpochRecord.columns.joined(separator: ",") + "\n1,40,a,0.5,,,,160,4.0,40.0,\n",
            "row 2 is not an epoch; mend or remove the row"
        ),
    ])
    func foreignFileIsRefused(text: String, reason: String) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "history.csv")
            try Data(text.utf8).write(to: file)
            let error = #expect(throws: ReportsError.self) { try History(folder: folder) }
            #expect(error?.description == "\(file.path): \(reason)")
        }
    }

    @Test func recordIsCodableByColumnName() throws {
        let data = try JSONEncoder().encode(first)
        #expect(try JSONDecoder().decode(EpochRecord.self, from: data) == first)
        let keys = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
        #expect(keys.allSatisfy(EpochRecord.columns.contains))
    }
}
