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
        #expect(error?.problem == "has no column Outcome")
    }
}
