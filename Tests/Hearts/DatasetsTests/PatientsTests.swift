import Foundation
import Spectrograms
import Testing

@testable import Datasets

@Suite struct PatientsTests {
    let folder = try! TemporaryFolder()

    private func list(_ text: String) throws -> PatientList {
        try folder.write("patients.csv", Array(text.utf8))
        return try PatientList(path: folder.path + "/patients.csv")
    }

    @Test(arguments: [
        "P1,7\nP12,8\n", "file,patient\nP1,7\nP12,8\n", "patient;prefix\r\n7;P1\r\n8;P12\r\n",
        "\u{FEFF}record\tsubject\tage\nP1\t7\t3\nP12\t8\t4\n", "normal/P1,7\nnormal/P12,8\n",
    ])
    func aListNamesFilesOrTheirBeginnings(text: String) throws {
        let list = try list(text)
        #expect(list.patient(of: "normal/P1_AV.wav")?.patient == "7")
        #expect(list.patient(of: "normal/P1.wav")?.patient == "7")
        #expect(list.patient(of: "normal/P12-2.wav")?.patient == "8")
        #expect(list.patient(of: "normal/P123.wav") == nil)
        #expect(list.patient(of: "normal/XP1.wav") == nil)
    }

    @Test func theLongestBeginningCounts() throws {
        let list = try list("P1,7\nP1_2,8\nP1_2_c.wav,9\n")
        #expect(list.patient(of: "P1_1.wav")?.patient == "7")
        #expect(list.patient(of: "P1_2_b.wav")?.patient == "8")
        #expect(list.patient(of: "P1_2_c.flac")?.patient == "9")
    }

    @Test(arguments: [
        ("a1,7\na1.wav,8\n", "line 2 column 2: gives a1.wav to 8, line 1 to 7"), ("a1\n", "line 1 is not a file"),
        ("", "names no patients"), ("file,patient\na1,nan\n", "names no patients"),
    ])
    func aListThatCannotBeIsRefused(text: String, problem: String) throws {
        let error = #expect(throws: DatasetError.self) { try list(text) }
        #expect(error?.problem.hasPrefix(problem) == true, "\(error?.description ?? "")")
    }

    @Test func aPatternIsAboutTheNameAndWithASlashAboutThePath() throws {
        let pattern = try PatientPattern("^([^_]+)_")
        #expect(pattern.patient(of: "normal/P1_AV.wav") == "P1")
        #expect(pattern.patient(of: "normal/x.wav") == nil)
        #expect(try PatientPattern("^[^/]+/([^/]+)/").patient(of: "normal/P7/3.wav") == "P7")
    }

    @Test(arguments: ["(", "^P1", "(a)(b)"]) func aPatternWithoutOneGroupIsRefused(pattern: String) {
        #expect(throws: DatasetError.self) { try PatientPattern(pattern) }
    }

    @Test(arguments: [
        ("^([^_]+)_", (0..<24).map { "normal/P\($0 / 3)_\($0 % 3).wav" }),
        ("^([^-]+)-", (0..<24).map { "normal/\($0 / 3)-AV-\($0 % 3).wav" }),
        ("^([A-Za-z]*[0-9]+)[A-Za-z]", (0..<24).map { "normal/P\($0 / 3)\(["AV", "MV", "TV"][$0 % 3]).wav" }),
        ("([^/]+)/[^/]+$", (0..<24).map { "normal/P\($0 / 3)/\($0 % 3).wav" }),
    ])
    func namesThatLookLikeItProposeAPattern(pattern: String, names: [String]) throws {
        let proposal = try #require(PatientPattern.proposal(for: names))
        #expect(proposal.pattern.text == pattern)
        #expect(proposal.recordings == 24 && proposal.patients == 8)
    }

    @Test(arguments: [
        (0..<400).map { "normal/a\(1000 + $0).wav" }, (0..<400).map { "AS/New_AS_\(100 + $0).wav" },
        (0..<40).map { "normal/rec_\($0).wav" }, (0..<40).map { "normal/\($0)_final.wav" }, [],
    ])
    func namesThatDoNotProposeNone(names: [String]) { #expect(PatientPattern.proposal(for: names) == nil) }

    private func write(_ names: [String]) throws {
        for (index, name) in names.enumerated() {
            try folder.write(sound: "data/" + name, (0..<300).map { sin(Float($0 * (index + 3)) / 50) }, rate: 2000)
        }
    }

    @Test func splitsGoByThePatientsThatAPatternNames() throws {
        try write((0..<48).map { "\($0 % 2 == 0 ? "ill" : "well")/P\($0 / 4)_\($0).wav" })
        var labelling = Labelling()
        let source = DataSource.path(folder.path + "/data")
        let settings = DatasetSettings(spectrogram: SpectrogramSettings(height: 16, width: 16))
        func dataset() throws -> Dataset {
            try Dataset(
                DataSelection(source, labelling: labelling), settings: settings, cacheFolder: folder.path + "/cache")
        }
        let plain = try dataset()
        #expect(plain.unit == .recording)
        #expect(
            plain.notes.contains {
                $0.contains("--patient-pattern '^([^_]+)_' would join 48 of 48 recordings to 12 patients")
            })
        labelling.patientPattern = "^([^_]+)_"
        let named = try dataset()
        #expect(named.unit == .patient)
        #expect(named.digest != plain.digest)
        for seed in 0..<20 as Range<UInt64> {
            let split = try named.split(validationFraction: 0.25, seed: seed)
            let sides = [split.training, split.validation].map { Set(named.recordings(of: $0).compactMap(\.subject)) }
            #expect(sides[0].isDisjoint(with: sides[1]) && !sides[1].isEmpty)
        }
        labelling.patientPattern = "^(Q[0-9]+)_"
        #expect(throws: DatasetError.self) { try dataset() }
    }

    @Test func whatAListDoesNotNameIsCounted() throws {
        try write(["ill/P1_1.wav", "ill/P1_2.wav", "well/P2_1.wav", "well/x.wav"])
        try folder.write("patients.csv", Array("P1,a\nP2,b\nP9,c\n".utf8))
        var labelling = Labelling()
        labelling.patients = folder.path + "/patients.csv"
        let catalog = try Catalog(DataSelection(.path(folder.path + "/data"), labelling: labelling))
        #expect(catalog.entries.map(\.subject) == ["a", "a", "b", nil])
        #expect(catalog.notes == ["1 of 3 rows of \(folder.path)/patients.csv name none of the recordings"])
        #expect(SplitUnit(catalog.entries.map(\.subject), isSynthetic: false) == .patientOfSome(3, of: 4))
        try folder.write("patients.csv", Array("P7,a\n".utf8))
        #expect(throws: DatasetError.self) {
            try Catalog(DataSelection(.path(folder.path + "/data"), labelling: labelling))
        }
    }
}
