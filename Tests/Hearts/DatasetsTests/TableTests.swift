import Foundation
import Spectrograms
import Testing

@testable import Datasets

@Suite struct TableTests {
    let folder = try! TemporaryFolder()
    let settings = DatasetSettings(spectrogram: SpectrogramSettings(height: 16, width: 16))

    init() throws {
        for (index, name) in ["a1", "a2", "b1", "b2", "b3"].enumerated() {
            let samples = (0..<400).map { sin(Float($0 * (index + 1)) / 30) }
            try folder.write(sound: "sounds/\(name).wav", samples, rate: 2000)
        }
    }

    private func catalog(_ text: String) throws -> Catalog {
        try folder.write("table.csv", Array(text.utf8))
        return try Catalog(.path(folder.path + "/table.csv"))
    }

    private func dataset(_ text: String) throws -> Dataset {
        try folder.write("table.csv", Array(text.utf8))
        return try Dataset(
            .path(folder.path + "/table.csv"), settings: settings, cacheFolder: folder.path + "/cache")
    }

    @Test func everyColumnIsRead() throws {
        let catalog = try catalog(
            """
            File;Label;Patient ID;Site;Location;Part;Weight;Age
            sounds/a1.wav;murmur;7;Lyon;AV;train;2;41
            sounds/a2.wav;murmur;8;Lyon;;val;0,5;
            sounds/b1.wav;none;NaN;;MV;TEST;;39
            sounds/b2.wav;none;9;Köln;MV;train;1;
            """)
        #expect(catalog.classes == ["murmur", "none"])
        #expect(catalog.entries.map(\.name) == ["a1", "a2", "b1", "b2"].map { "sounds/\($0).wav" })
        #expect(catalog.entries.map(\.label) == [0, 0, 1, 1])
        #expect(catalog.entries.map(\.subject) == ["7", "8", nil, "9"])
        #expect(catalog.entries.map(\.group) == ["Lyon", "Lyon", nil, "Köln"])
        #expect(catalog.entries.map(\.location) == ["AV", nil, "MV", "MV"])
        #expect(catalog.entries.map(\.part) == [.training, .validation, .test, .training])
        #expect(catalog.entries.map(\.weight) == [2, 0.5, 1, 1])
        #expect(catalog.notes == ["columns of the table that are not read: Age"])
        #expect(catalog.unlisted == [folder.path + "/sounds/b3.wav"])
    }

    @Test func aTableOfWindowsNamesPatientsAsAnyOther() throws {
        try folder.write("table.csv", Array("file,label\nsounds\\a1.wav,x\nsounds\\a2.wav,x\nsounds\\b1.wav,y\n".utf8))
        var labelling = Labelling()
        labelling.patientPattern = "^([a-z])"
        let catalog = try Catalog(DataSelection(.path(folder.path + "/table.csv"), labelling: labelling))
        #expect(catalog.entries.map(\.name) == ["sounds/a1.wav", "sounds/a2.wav", "sounds/b1.wav"])
        #expect(catalog.entries.map(\.subject) == ["a", "a", "b"])
    }

    @Test func aPatientsNumberIsTheSameWithAPoint() throws {
        let catalog = try catalog(
            "file,label,patient\nsounds/a1.wav,x,12\nsounds/a2.wav,y,12.0\nsounds/b1.wav,y,1.5.0\n")
        #expect(catalog.entries.map(\.subject) == ["12", "12", "1.5.0"])
    }

    @Test func whatIsMarkedForTrainingDoesNotValidate() throws {
        let dataset = try dataset(
            "file,label,part\nsounds/a1.wav,x,train\nsounds/a2.wav,x,\nsounds/b1.wav,y,\nsounds/b2.wav,y,train\nsounds/b3.wav,y,\n"
        )
        for seed in 0..<20 as Range<UInt64> {
            let split = try dataset.split(validationFraction: 0.5, seed: seed)
            let validated = dataset.recordings(of: split.validation)
            #expect(validated.count == 1 && validated.allSatisfy { $0.part == nil })
        }
    }

    @Test func whatAnotherTableListsIsNotUnlisted() throws {
        try folder.write("more.csv", Array("file,label\nsounds/b1.wav,x\nsounds/b2.wav,y\n".utf8))
        try folder.write("table.csv", Array("file,label\nsounds/a1.wav,x\nsounds/a2.wav,y\n".utf8))
        let catalog = try Catalog(
            DataSelection(.path(folder.path + "/table.csv"), validation: folder.path + "/more.csv"))
        #expect(Set(catalog.unlisted) == [folder.path + "/sounds/b3.wav"])
    }

    @Test(arguments: ["sounds\\a1.wav", "sounds/A1.WAV", "sounds/a1", "./sounds/a1.wav"])
    func aFileIsFoundAsPeopleWriteIt(name: String) throws {
        let dataset = try dataset("file,label\n\(name),x\nsounds/b1.wav,y\n")
        #expect(dataset.recordings.map(\.name) == [name.replacing("\\", with: "/"), "sounds/b1.wav"])
        #expect(dataset.skipped.isEmpty)
    }

    @Test func whatIsMissingOrWithoutALabelIsNamed() throws {
        let dataset = try dataset("file,label\nsounds/a1.wav,x\nsounds/zz.wav,x\nsounds/b1.wav,y\nsounds/b2.wav,\n")
        #expect(dataset.recordings.count == 2)
        #expect(
            dataset.skipped.map(\.reason).filter { $0.contains("listed in line 3 of table.csv, but missing") }.count
                == 1)
        #expect(
            dataset.skipped.map(\.reason).filter { $0.contains("line 5 ") && $0.contains("without a label") }.count == 1
        )
        #expect(dataset.lost == [1, 0])
    }

    @Test func aRowThatRepeatsAnotherCountsOnce() throws {
        let catalog = try catalog("file,label\nsounds/a1.wav,x\nsounds/b1.wav,y\n./sounds/a1.wav,x\n")
        #expect(catalog.entries.count == 2)
        #expect(catalog.notes == ["1 rows of the table list a file once more; it counts once"])
    }

    @Test(arguments: [
        ("", "is empty"), ("name,label\nsounds/a1.wav,x", "line 1 names no column file"),
        ("file,lable\nsounds/a1.wav,7", "line 1 names no column label, but file, lable"),
        ("file,label,class\n", "line 1 has two columns for the label, label and class"),
        ("file,label\nsounds/a1.wav,x\nsounds/b1.wav,y,z", "line 3 has 3 cells, the first line 2"),
        ("file,label\nsounds/a1.wav,x\n,y", "line 3 column file: names no file"),
        ("file,label,part\nsounds/a1.wav,x,tain", "line 2 column part: tain is none of train, validation and test"),
        ("file,label,weight\nsounds/a1.wav,x,heavy", "line 2 column weight: heavy is no weight"),
        ("file,label,weight\nsounds/a1.wav,x,-1", "line 2 column weight: -1 is no weight"),
        ("file,label,weight\nsounds/a1.wav,x,1e300", "line 2 column weight: 1e300 is no weight"),
        ("file,label,weight\nsounds/a1.wav,x,1e-60", "line 2 column weight: 1e-60 is no weight"),
        ("file,label,weight\nsounds/a1.wav,x,inf", "line 2 column weight: inf is no weight"),
        ("file,label\nsounds/a1.wav,x\nsounds/a1.wav,y", "line 3 lists sounds/a1.wav in another way than line 2"),
        (
            "file,label\nsounds/a1.wav,Murmur\nsounds/b1.wav,murmur ",
            "line 3 column label: murmur and Murmur, of line 2"
        ),
        ("file,label\n\"sounds/a1.wav,x\n", "line 2 has a quote"),
        ("file,label\nsounds/a1.wav,x\n", "all of its recordings are x"),
    ])
    func whatIsWrongIsToldWithItsPlace(text: String, problem: String) throws {
        let error = #expect(throws: DatasetError.self) { try catalog(text) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
        #expect(error?.name == folder.path + "/table.csv")
    }

    @Test func partsAndPatientsOfATableAreKept() throws {
        // Patient 7 is meant for both sides: what is scored stays, what would be trained on is left out.
        let dataset = try dataset(
            """
            file,label,patient,part
            sounds/a1.wav,x,7,train
            sounds/a2.wav,x,8,train
            sounds/b1.wav,y,7,test
            sounds/b2.wav,y,9,train
            sounds/b3.wav,y,9,validation
            """)
        let split = try dataset.split(validationFraction: 0.5, seed: 1)
        func names(_ samples: [Int]) -> [String] { dataset.recordings(of: samples).map(\.name) }
        #expect(names(split.training) == ["sounds/a2.wav"])
        #expect(names(split.validation) == ["sounds/b3.wav"])
        #expect(names(split.test) == ["sounds/b1.wav"])
        #expect(names(split.leftOut) == ["sounds/a1.wav", "sounds/b2.wav"])
        #expect(dataset.notes(on: split)[0].hasPrefix("2 recordings, such as sounds/a1.wav, are left out"))
        #expect(dataset.unit == .patient)
        let error = #expect(throws: DatasetError.self) { try dataset.checkTraining(split) }
        #expect(error?.name == "class y")
    }

    @Test func aRunsOwnTableIsReadAgain() throws {
        let first = try dataset(
            "file,label,patient,site\nsounds/a1.wav,x,7,Lyon\nsounds/a2.wav,x,8,\nsounds/b1.wav,y,1,\nsounds/b2.wav,y,2,\n"
        )
        let split = try first.split(validationFraction: 0.5, seed: 3)
        try folder.write("run/recordings.csv", Array(UsedRecordings.text(of: first, split).utf8))
        let second = try Dataset(
            .path(folder.path + "/run/recordings.csv"), settings: settings, cacheFolder: folder.path + "/cache")
        let again = try second.split(validationFraction: 0.1, seed: 4)
        #expect(
            Set(second.recordings(of: again.training).map(\.digest))
                == Set(first.recordings(of: split.training).map(\.digest)))
        #expect(second.recordings.first { $0.subject == "7" }?.group == "Lyon")
        let used = try #require(try UsedRecordings(ofRun: folder.path + "/run"))
        #expect(used.count(of: first.recordings, in: .training) == split.training.count)
    }
}
