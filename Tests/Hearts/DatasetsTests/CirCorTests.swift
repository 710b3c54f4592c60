import Audio
import Foundation
import Spectrograms
import Testing

@testable import Datasets

@Suite struct CirCorTests {
    let folder = try! TemporaryFolder()

    /// The columns stand in another order than published, and some are left out.
    private static let header = "\u{FEFF}Outcome,Campaign,Patient ID,Age,Additional ID,Recording locations:,Murmur\r\n"

    private func write(_ rows: String..., files: [String]) throws {
        try folder.write("training_data.csv", Array((Self.header + rows.joined(separator: "\r\n")).utf8))
        for (number, file) in files.enumerated() {
            let samples = (0..<2000).map { sin(Float($0 * (number + 1)) / 100) }
            try folder.write(sound: "training_data/\(file)", samples, rate: 4000)
        }
    }

    private func load() throws -> Dataset {
        let settings = DatasetSettings(spectrogram: SpectrogramSettings(height: 16, width: 16))
        return try Dataset(.path(folder.path), settings: settings, cacheFolder: folder.path + "/cache")
    }

    @Test func patientsAreSubjectsAndCampaignsGroups() throws {
        try write(
            "Abnormal,CC2014,2530,Child,nan,AV+MV+MV,Present",
            "Normal,CC2014,9979,Infant,13918,TV,Absent", "",
            "Normal,CC2015,13918,\"Child, older\",,PV+Phc,Absent",
            "Abnormal,nan,85033,nan,40000.0,AV,Unknown",
            files: ["2530_AV.wav", "2530_MV_1.wav", "2530_MV_2.wav", "9979_TV.wav", "13918_PV.wav", "85033_AV.wav"])
        for ending in ["hea", "tsv"] { try folder.write("training_data/2530_AV.\(ending)", [65]) }
        let dataset = try load()
        #expect(dataset.classes == ["abnormal", "normal"])
        #expect(
            dataset.recordings.map(\.name) == [
                "training_data/2530_AV.wav", "training_data/2530_MV_1.wav", "training_data/2530_MV_2.wav",
                "training_data/9979_TV.wav", "training_data/13918_PV.wav", "training_data/85033_AV.wav",
            ])
        #expect(dataset.recordings.map(\.label) == [0, 0, 0, 1, 1, 0])
        #expect(dataset.recordings.map(\.group) == ["CC2014", "CC2014", "CC2014", "CC2014", "CC2015", nil])
        // 9979 and 13918 are the same person, and so are 85033 and 40000.
        #expect(dataset.recordings.map(\.subject) == ["2530", "2530", "2530", "13918", "13918", "40000"])
        let missing = folder.path + "/training_data/13918_Phc.wav"
        #expect(dataset.skipped.map(\.reason) == ["\(missing): listed in training_data.csv, but missing"])
    }

    @Test func aMurmurThatIsUnknownOfNobodyIsNoClass() throws {
        try write(
            "Abnormal,CC2014,1,Child,nan,AV,Present", "Normal,CC2014,2,Child,nan,AV,Absent",
            files: ["1_AV.wav", "2_AV.wav"])
        var labelling = Labelling()
        labelling.diagnosis = .murmur
        let catalog = try Catalog(.path(folder.path), labelling)
        #expect(catalog.classes == ["absent", "present"])
        #expect(catalog.entries.map(\.label) == [1, 0])
        #expect(catalog.notes.contains("there is nothing of the class unknown"))
    }

    @Test func recordingsThatAreTooFewOrInNoRowAreTold() throws {
        try write(
            "Abnormal,CC2014,1,Child,nan,MV+MV+MV,Present", "Normal,CC2014,2,Child,nan,AV,Absent",
            files: ["1_MV_1.wav", "1_MV_3.wav", "2_AV.wav", "2_TV.wav", "12_AV.wav"])
        let catalog = try Catalog(.path(folder.path))
        #expect(try load().skipped.map(\.path) == [folder.path + "/training_data/1_MV_2.wav"])
        #expect(catalog.unlisted == ["training_data/12_AV.wav", "training_data/2_TV.wav"])
    }

    @Test(arguments: [
        "Abnormal,CC2014,1", "Abnormal,CC2014,../1,Child,nan,AV,Present", "Abnormal,CC2014,,Child,nan,AV,Present",
        "Abnormal,CC2014,1,Child,nan,AV+/etc,Present", "Unknown,CC2014,1,Child,nan,AV,Present",
        "nan,CC2014,1,Child,nan,AV,Present", "Normal,CC2014,0,Child,nan,AV,Present", "\"Normal,CC2014,1\n",
    ])
    func aBadRowIsRefused(row: String) throws {
        try write("Normal,CC2014,0,Child,nan,AV,Absent", row, files: ["0_AV.wav"])
        let error = #expect(throws: DatasetError.self) { try load() }
        #expect(error?.problem.hasPrefix("line 3 ") == true, "\(error?.description ?? "")")
    }

    @Test func aListWithoutAColumnIsRefused() throws {
        try write(files: ["1_AV.wav"])
        try folder.write("training_data.csv", Array("Patient ID,Recording locations:,Murmur\n1,AV,Absent".utf8))
        let error = #expect(throws: DatasetError.self) { try load() }
        #expect(error?.problem == "has no column Outcome, and 1.txt is not there")
        try folder.write("training_data/1.txt", Array("1 1 4000\n#Outcome: nan\n".utf8))
        let other = #expect(throws: DatasetError.self) { try load() }
        #expect(other?.problem == "has no column Outcome, and 1.txt has no line #Outcome:")
        try folder.write("training_data.csv", Array("Recording locations:,Murmur\nAV,Absent".utf8))
        #expect(throws: DatasetError.self) { try load() }
    }
}

/// What a catalog says of the set's copies, whose sounds it does not read.
@Suite struct CirCorCopiesTests {
    let folder = try! TemporaryFolder()

    private func write(_ path: String, _ text: String = "") throws {
        try folder.write("data/\(path)", Array(text.utf8))
    }

    private func catalog(_ path: String = "data", _ diagnosis: Labelling.Diagnosis? = nil) throws -> Catalog {
        var labelling = Labelling()
        labelling.diagnosis = diagnosis
        return try Catalog(.path("\(folder.path)/\(path)"), labelling)
    }

    private func isMissing(_ entry: Catalog.Entry) -> Bool {
        if case .missing = entry.content { true } else { false }
    }

    private static let published = """
        Patient ID,Recording locations:,Murmur,Murmur locations,Outcome,Campaign,Additional ID
        1,AV+MV,Present,MV,Abnormal,CC2014,nan
        2,AV+PV+PV,Absent,nan,Normal,CC2014,3
        3,Phc,Unknown,nan,Normal,CC2015,2
        4,TV,Present,nan,Abnormal,CC2015,nan

        """
    private static let files = [
        "1_AV.wav", "1_MV.wav", "2_AV.wav", "2_PV_1.wav", "2_PV_2.wav", "3_Phc.wav", "4_TV.wav",
    ]

    private static func text(of patient: Int) -> String {
        [
            "1 2 4000\nAV 1_AV.hea 1_AV.wav\nMV 1_MV.hea\n#Murmur: Present\n#Murmur locations: MV\n#Outcome: Abnormal\n#Campaign: CC2014\n#Additional ID: nan\n",
            "2 3 4000\r\nAV 2_AV.hea\r\nPV 2_PV_1.hea\r\nPV 2_PV_2.hea\r\n#Murmur: Absent\r\n#Murmur locations: nan\r\n#Outcome: Normal\r\n#Campaign: CC2014\r\n#Additional ID: 3\r\n",
            "3 1 4000\nPhc 3_Phc.hea\n#Murmur: Unknown\n#Murmur locations: nan\n#Outcome: Normal\n#Campaign: CC2015\n#Additional ID: 2.0\n",
            "\u{FEFF}4 1 4000\nTV 4_TV.hea\n#Murmur: Present\n#Murmur locations: nan\n#Outcome: Abnormal\n#Campaign: CC2015\n#Additional ID: None\n",
        ][patient - 1]
    }

    private func writeRecordings(_ path: String, texts: Bool = true) throws {
        for file in Self.files { try write(path + file) }
        for patient in 1...4 where texts { try write("\(path)\(patient).txt", Self.text(of: patient)) }
    }

    private func expectTheSet(_ catalog: Catalog, prefix: String) {
        #expect(catalog.classes == ["abnormal", "normal"])
        #expect(catalog.entries.map(\.name) == Self.files.map { prefix + $0 })
        #expect(catalog.entries.map(\.label) == [0, 0, 1, 1, 1, 1, 0])
        #expect(catalog.entries.map(\.subject) == ["1", "1", "2", "2", "2", "2", "4"])
        #expect(catalog.entries.map(\.location) == ["AV", "MV", "AV", "PV", "PV", "Phc", "TV"])
        #expect(
            catalog.entries.map(\.group) == ["CC2014", "CC2014", "CC2014", "CC2014", "CC2014", "CC2015", "CC2015"])
        #expect(!catalog.entries.contains(where: isMissing))
        #expect(catalog.unlisted.isEmpty && catalog.passedOver.isEmpty && catalog.notes.isEmpty)
    }

    @Test(arguments: [
        published, "\u{FEFF}" + published.replacing("\n", with: "\r\n"), published.replacing(",", with: ";"),
        published.replacing(",", with: "\t"), published.replacing("\n", with: ",,\r\n") + ",,,,,,,,\r\n",
        published.replacing("nan", with: "NaN"), published.replacing("nan", with: "NA"),
        published.replacing("nan", with: "None"), published.replacing("nan", with: "null"),
        published.replacing("nan", with: "N/A"), published.replacing("nan", with: ""),
        published.replacing(",3\n", with: ",3.0\n").replacing(
            "3,Phc", with: "3.0,Phc"),
        published.replacing("Patient ID", with: "PATIENT ID").replacing("Recording locations:", with: "Locations"),
    ])
    func theListIsReadAsASpreadsheetSavesIt(text: String) throws {
        try write("training_data.csv", text)
        try writeRecordings("training_data/", texts: false)
        expectTheSet(try catalog(), prefix: "training_data/")
    }

    @Test func anAdditionalIDOfManyIsNone() throws {
        try write("training_data.csv", Self.published.replacing(",nan\n", with: ",0\n") + "5,AV,Absent,nan,Normal,,0\n")
        try writeRecordings("training_data/")
        let catalog = try catalog()
        #expect(catalog.entries.map(\.subject) == ["1", "1", "2", "2", "2", "2", "4", "5"])
        #expect(catalog.notes == ["the additional ID 0 stands with 3 patients and joins none"])
    }

    @Test(arguments: ["", "a/b/", "training_data/", "training_data/training_data/"])
    func recordingsAloneAreReadByTheirOwnFiles(path: String) throws {
        try writeRecordings(path)
        try write("\(path)LICENSE.txt", "Open Data Commons\n")
        expectTheSet(try catalog(), prefix: path)
    }

    @Test func filesWithCapitalEndingsAreThoseOfPatients() throws {
        try write("1_AV.WAV")
        try write("1.TXT", "1 1 4000\nAV\n#Outcome: Normal\n")
        #expect(try catalog().entries.map(\.name) == ["1_AV.WAV"])
        try write("training_data.CSV", "Patient ID,Locations\n1,AV\n")
        #expect(try catalog().entries.map(\.label) == [1])
    }

    @Test func anOlderListIsCompletedByThePatientsFiles() throws {
        try write("training_data.csv", "Patient ID,Locations\n1,AV+MV\n2,\n3,Phc\n4,nan\n")
        try writeRecordings("training_data/")
        expectTheSet(try catalog(), prefix: "training_data/")
        let murmur = try catalog("data", .murmur)
        #expect(murmur.entries.map(\.label) == [0, 1, 0, 0, 0, 2, 1])
    }

    @Test(arguments: ["training_data/training_data/", "training_data/", ""])
    func theFolderMayBeTwiceOrNotAtAll(path: String) throws {
        try write("training_data.csv", Self.published)
        try writeRecordings(path)
        expectTheSet(try catalog(), prefix: path)
    }

    @Test func aFolderTooHighOrTooLowIsFound() throws {
        try write("circor/1.0.3/training_data.csv", Self.published)
        try writeRecordings("circor/1.0.3/training_data/", texts: false)
        expectTheSet(try catalog(), prefix: "circor/1.0.3/training_data/")
        expectTheSet(try catalog("data/circor/1.0.3/training_data"), prefix: "")
        try writeRecordings("copy/")
        let error = #expect(throws: DatasetError.self) { try catalog() }
        #expect(error?.problem == "holds recordings of CirCor in both copy/ and circor/1.0.3/")
    }

    @Test func twoCopiesMayBeParts() throws {
        for part in ["train", "test"] {
            try write("\(part)/training_data.csv", Self.published)
            try writeRecordings("\(part)/training_data/")
        }
        let catalog = try catalog()
        #expect(
            catalog.entries.map(\.part) == Array(repeating: .training, count: 7) + Array(repeating: .test, count: 7))
        #expect(catalog.entries.map(\.subject).prefix(7) == ["1", "1", "2", "2", "2", "2", "4"])
    }

    @Test func aMurmurIsHeardAtItsLocations() throws {
        try write("training_data.csv", Self.published)
        try writeRecordings("training_data/")
        let catalog = try catalog("data", .murmur)
        #expect(catalog.classes == ["absent", "present", "unknown"])
        #expect(catalog.positiveClass == "present")
        #expect(catalog.entries.map(\.name) == Self.files.map { "training_data/" + $0 })
        #expect(catalog.entries.map(\.label) == [0, 1, 0, 0, 0, 2, 1])
        #expect(catalog.entries.map(\.subject) == ["1", "1", "2", "2", "2", "2", "4"])
        #expect(
            catalog.notes == [
                "nobody says where the murmur is heard in 1 patient (4): all recordings count as present"
            ])
    }

    @Test func endingsAreOfAnyCaseAndARecordingCountsOnce() throws {
        try write("training_data.csv", Self.published)
        for file in [
            "1_AV.WAV", "1_MV.flac", "2_AV.wav", "2_AV.flac", "2_pv_1.wav", "2_PV_2.Flac", "3_PHC.wav", "4_TV.wav",
        ] {
            try write("training_data/" + file)
        }
        let catalog = try catalog()
        #expect(
            catalog.entries.map(\.name)
                == [
                    "1_AV.WAV", "1_MV.flac", "2_AV.wav", "2_PV_2.Flac", "2_pv_1.wav", "3_PHC.wav", "4_TV.wav",
                ].map { "training_data/" + $0 })
        #expect(!catalog.entries.contains(where: isMissing))
        #expect(catalog.passedOver.map(\.name) == ["training_data/2_AV.flac"])
    }

    @Test func aPatientWithoutRecordingsIsNamed() throws {
        try write("training_data.csv", Self.published + "5,nan,Absent,nan,Normal,,nan\n6,AV,Absent,nan,Normal,,nan\n")
        try writeRecordings("training_data/")
        let catalog = try catalog()
        #expect(catalog.notes == ["no recordings are known of 1 patient (5)"])
        #expect(catalog.entries.filter(isMissing).map(\.name) == ["training_data/6_AV.wav"])
    }

    @Test(arguments: [
        ("1 1 4000\nAV\n#Outcome: Ill\n", "line 3 has \"Ill\" for #Outcome, which is neither Normal nor Abnormal"),
        ("1 1 4000\nAV\n", "has no line #Outcome:"),
        ("2 1 4000\nAV\n", "line 1 does not begin with the patient's ID 1"),
        ("1 1 4000\n../AV\n", "line 2 has \"../AV\" for a location, which are too many, or no locations such as AV+MV"),
    ])
    func aBadFileOfAPatientIsRefused(text: String, problem: String) throws {
        try write("1_AV.wav")
        try write("1.txt", text)
        let error = #expect(throws: DatasetError.self) { try catalog() }
        #expect(error?.name == "\(folder.path)/data/1.txt")
        #expect(error?.problem == problem)
    }

    @Test(arguments: [
        (
            "Present,MV,Abnormal", "Perhaps,MV,Abnormal",
            "line 2 has \"Perhaps\" for Murmur, which is none of Present, Absent and Unknown"
        ),
        (
            "Present,MV,Abnormal", "Present,/,Abnormal",
            "line 2 has \"/\" for Murmur locations, which are too many, or no locations such as AV+MV"
        ),
        ("Present,MV,Abnormal", ",MV,Abnormal", "line 2 has no value for Murmur, and 1.txt is not there"),
    ])
    func aBadMurmurIsRefused(old: String, new: String, problem: String) throws {
        try write("training_data.csv", Self.published.replacing(old, with: new))
        try writeRecordings("training_data/", texts: false)
        let error = #expect(throws: DatasetError.self) { try catalog("data", .murmur) }
        #expect(error?.problem == problem)
        #expect(throws: Never.self) { try catalog() }
    }
}
