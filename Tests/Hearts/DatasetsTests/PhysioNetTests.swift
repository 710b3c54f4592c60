import Foundation
import Testing

@testable import Datasets

@Suite struct PhysioNetTests {
    let folder = try! TemporaryFolder()

    private func write(_ path: String, _ text: String) throws { try folder.write(path, Array(text.utf8)) }

    /// Empty files: a catalog reads no sounds.
    private func site(_ path: String, _ files: [String], _ reference: String) throws {
        for file in files { try write("\(path)/\(file)", "") }
        try write("\(path)/REFERENCE.csv", reference)
    }

    private func catalog(_ path: String = "data") throws -> Catalog { try Catalog(.path("\(folder.path)/\(path)")) }

    /// What is missing is told by the names alone.
    private func missing(_ catalog: Catalog) -> [String] {
        catalog.entries.filter { if case .missing = $0.content { true } else { false } }.map(\.name)
    }

    @Test(arguments: [
        "a1,1\na2,-1\n", "\u{FEFF}a1,1\r\na2,-1\r\n\r\n  \r\n", "a1;1\r\na2;-1\r\n", "a1\t1\na2\t-1",
        "\"a1\",\"1\"\n\"a2\",\"-1\"",
        "a1,1,\na2,-1,\n", "a1,1\ra2,-1\r", "a1.wav,1\na2.WAV,-1\n", "  a1 ,\t1 \n a2, -1", "a1,1.0\na2,-1.0\n",
        "a1,+1\na2,-1\n",
        "a1,1\na2,-1\na1.wav,1\n", "A1,1\nA2,-1\n", "file_name,label\na1,1\na2,-1\n", "a1,Abnormal\na2,normal\n",
        "a1,1,1\na2,-1,1\n",
        "sep=;\na1;1\na2;-1",
    ])
    func aListIsReadAsASpreadsheetSavesIt(text: String) throws {
        try site("data", ["a1.wav", "a2.wav"], text)
        let catalog = try catalog()
        #expect(catalog.entries.map(\.name) == ["a1.wav", "a2.wav"])
        #expect(catalog.entries.map(\.label) == [0, 1])
        #expect(missing(catalog).isEmpty)
        #expect(catalog.unlisted.isEmpty && catalog.unlabelled.isEmpty && catalog.notes.isEmpty)
    }

    @Test func aListInUTF16IsRead() throws {
        try site("data", ["a1.wav", "a2.wav"], "")
        let text = try #require("a1,1\r\na2,-1\r\n".data(using: .utf16))
        try folder.write("data/REFERENCE.csv", Array(text))
        #expect(try catalog().entries.map(\.label) == [0, 1])
    }

    @Test(arguments: ["\u{FEFF}a1\r\na2\r\n", "a1.wav\na2.wav", "\"a1\"\r\n\"a2\"\r\n", "A1\nA2\n"])
    func recordsAreReadLikewise(text: String) throws {
        try site("data", ["a1.wav", "a2.wav", "a3.wav"], "a1,1\na2,-1\na3,1\n")
        try write("data/RECORDS", text)
        let catalog = try catalog()
        #expect(catalog.entries.map(\.name) == ["a1.wav", "a2.wav"])
        #expect(catalog.unlisted == ["a3.wav"])
        #expect(catalog.unlabelled.isEmpty)
    }

    @Test(arguments: [
        ("a1", 1), ("a1,0", 1), ("a1,1,1,7", 1), ("../a1,1", 1), (",1", 1), ("a1,1\na1,-1", 2), ("\u{0},1", 1),
        (".a1,-1", 1),
        ("a1,-1\na2,2", 2), ("a1,-1\na2,ill", 2), ("a1,ill\na2,-1", 1), ("a1,-1\n\na2,1,maybe", 3), ("a1,1\na2,0", 2),
        ("a1,-1\n\"a2,1", 2),
    ])
    func aBadLineIsNamed(text: String, line: Int) throws {
        try site("data", ["a1.wav", "a2.wav"], text)
        let error = #expect(throws: DatasetError.self) { try catalog() }
        #expect(error?.problem.hasPrefix("line \(line) ") == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("\n") == false)
    }

    @Test func whatIsUnsureOrHasNoClassIsNotUsedAndTold() throws {
        try site("data", ["a1.wav", "a2.wav", "a3.wav", "a4.wav"], "a1,1\na2,-1\na3,0\na4,NaN\n")
        let catalog = try catalog()
        #expect(catalog.entries.map(\.name) == ["a1.wav", "a2.wav"])
        #expect(
            catalog.passedOver.map { "\($0.name): \($0.reason)" } == [
                "a3.wav: unsure, or without a class, in REFERENCE.csv",
                "a4.wav: unsure, or without a class, in REFERENCE.csv",
            ])
        #expect(catalog.unlisted.isEmpty)
    }

    @Test func endingsAreOfAnyCaseAndARecordingCountsOnce() throws {
        try site("data", ["a1.WAV", "a2.flac", "a3.Wav", "a3.flac", "a3.wav"], "a1,1\na2,-1\na3,1\n")
        let catalog = try catalog()
        #expect(catalog.entries.map(\.name) == ["a1.WAV", "a2.flac", "a3.wav"])
        #expect(missing(catalog).isEmpty)
        #expect(catalog.passedOver.map(\.name) == ["a3.Wav", "a3.flac"])
        #expect(catalog.unlisted.isEmpty)
    }

    @Test func poorQualityIsCounted() throws {
        try site("beside/x", ["a1.wav", "a2.wav"], "a1,1\na2,-1\n")
        try site("beside/y", ["b1.wav", "b2.wav"], "b1,1\nb2,-1\n")
        try write("beside/x/REFERENCE-SQI.csv", "a1,1,0\na2,-1,1\n")
        try write("beside/y/REFERENCE_withSQI.csv", "b1,-1,0\nb2,-1,1\nb3,1,0\n")
        #expect(
            try catalog("beside").notes == [
                "1 of 4 recordings are of poor quality by REFERENCE-SQI.csv; they are used all the same",
                "1 of 4 recordings are of poor quality by REFERENCE_withSQI.csv; they are used all the same",
                "1 of 4 recordings have another class in REFERENCE_withSQI.csv than in the list that counts",
            ])
        try site("third", ["a1.wav", "a2.wav"], "a1,1,1\na2,-1,0\n")
        #expect(
            try catalog("third").notes == [
                "1 of 2 recordings are of poor quality by the third column of REFERENCE.csv; they are used all the same"
            ])
        try write("third/REFERENCE-SQI.csv", "a1,1,good\n")
        let error = #expect(throws: DatasetError.self) { try catalog("third") }
        #expect(error?.problem == "line 1 has \"good\" for its quality, which is neither 0 for poor nor 1 for good")
    }

    @Test func sitesAreFoundTooDeepAndTooHighAndPartsAreNoSites() throws {
        let base = "data/physionet.org/files/1.0.0"
        try site("\(base)/training-a", ["a1.wav"], "a1,1\n")
        try site("\(base)/training-b/training-b", ["b1.wav"], "b1,-1\n")
        try site("\(base)/validation", ["a1.wav"], "a1,1\n")
        try write("\(base)/training-f/f1.wav", "")
        try write("\(base)/annotations/updated/training-a/REFERENCE_withSQI.csv", "a1,1,1\n")
        let high = try catalog()
        #expect(
            high.entries.map(\.name)
                == [
                    "training-a/a1.wav", "training-b/training-b/b1.wav", "validation/a1.wav",
                ].map { "physionet.org/files/1.0.0/" + $0 })
        let near = try Catalog(.path("\(folder.path)/\(base)"))
        #expect(
            near.entries.map(\.name) == ["training-a/a1.wav", "training-b/training-b/b1.wav", "validation/a1.wav"])
        for catalog in [high, near] {
            #expect(catalog.entries.map(\.group) == ["training-a", "training-b", nil])
            #expect(catalog.entries.map(\.part) == [nil, nil, .validation])
        }
        #expect(
            Set(near.passedOver.map { "\($0.name): \($0.reason)" }) == [
                "training-f/f1.wav: in a folder outside the set that was found",
                "annotations/updated/training-a/REFERENCE_withSQI.csv: a list of quality beside no recordings",
            ])
        // A part that is given itself is the whole.
        #expect(try Catalog(.path("\(folder.path)/\(base)/validation")).entries.map(\.part) == [nil])
    }

    @Test func partsAroundTheSitesAreParts() throws {
        try site("data/training/training-a", ["a1.wav"], "a1,1\n")
        try site("data/training/training-b", ["b1.wav"], "b1,-1\n")
        try site("data/validation", ["a1.wav"], "a1,1\n")
        let catalog = try catalog()
        #expect(
            catalog.entries.map(\.name) == [
                "training/training-a/a1.wav", "training/training-b/b1.wav", "validation/a1.wav",
            ])
        #expect(catalog.entries.map(\.group) == ["training-a", "training-b", nil])
        #expect(catalog.entries.map(\.part) == [.training, .training, .validation])
    }

    @Test func ofListsBelowOneAnotherTheOuterCounts() throws {
        try site("data", ["a1.wav", "a2.wav"], "a1,1\na2,-1\n")
        try site("data/training-a", ["a1.wav"], "a1,1\n")
        let catalog = try catalog()
        #expect(catalog.entries.map(\.name) == ["a1.wav", "a2.wav"])
        #expect(catalog.entries.allSatisfy { $0.group == nil })
        #expect(catalog.passedOver.map(\.name).sorted() == ["training-a/REFERENCE.csv", "training-a/a1.wav"])
    }

    @Test func linksThatLeadBackAreFollowedOnce() throws {
        try site("data/training-a", ["a1.wav"], "a1,1\n")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/data/again", withDestinationPath: folder.path + "/data")
        #expect(try catalog().entries.map(\.name) == ["training-a/a1.wav"])
    }

    @Test func aListThatIsNoFileIsRefused() {
        let error = #expect(throws: DatasetError.self) { try Catalog.table(ofListAt: "/dev/null") }
        #expect(error?.problem == "not a regular file (a device)")
    }

    @Test func aFolderOfSeveralSetsIsRefused() throws {
        try site("data/2016/training-a", ["a1.wav"], "a1,1\n")
        try write("data/pascal/set_a.csv", "fname,label\nset_a/a.wav,normal\n")
        try write("data/pascal/set_a/a.wav", "")
        let error = #expect(throws: DatasetError.self) { try catalog() }
        #expect(error?.problem == "holds several published sets: PhysioNet/CinC 2016, PASCAL")
    }

    @Test func murmursAreNotAskedOfIt() throws {
        try site("data", ["a1.wav"], "a1,1\n")
        var labelling = Labelling()
        labelling.diagnosis = .murmur
        #expect(throws: DatasetError.self) { try Catalog(.path(folder.path + "/data"), labelling) }
    }
}
