import Foundation
import Images
import Spectrograms
import Testing

@testable import Datasets

@Suite struct ClassFoldersTests {
    let folder = try! TemporaryFolder()

    private func write(_ names: String...) throws {
        for (index, name) in names.enumerated() {
            try folder.write(sound: "data/" + name, (0..<300).map { sin(Float($0 * (index + 3)) / 50) }, rate: 2000)
        }
    }

    private func catalog(
        validation: String? = nil, test: String? = nil, classes: [String]? = nil
    ) throws -> Catalog {
        try Catalog(
            DataSelection(
                .path(folder.path + "/data"), validation: validation.map { "\(folder.path)/\($0)" },
                test: test.map { "\(folder.path)/\($0)" }, classes: classes))
    }

    private func passedOver(_ catalog: Catalog) -> [String: String] {
        Dictionary(catalog.passedOver.map { ($0.name, $0.reason) }, uniquingKeysWith: { first, _ in first })
    }

    @Test func whatSystemsAndThisProgramLeaveIsNoClass() throws {
        try write(
            "normal/1.wav", "ill/1.wav", "__MACOSX/normal/1.wav", "runs/pictures/1.wav", "mine/1.wav", "second/1.wav")
        for name in [
            "mine/.heartbeatnet", "second/report.html", "second/metrics.json", "normal/._1.wav", "lost+found/#1",
        ] {
            try folder.write("data/" + name, [65])
        }
        let catalog = try catalog()
        #expect(catalog.classes == ["ill", "normal"])
        #expect(catalog.entries.map(\.name) == ["ill/1.wav", "normal/1.wav"])
        #expect(
            passedOver(catalog) == [
                "__MACOSX": "a folder that a system made", "lost+found": "a folder that a system made",
                "runs": "an output of HeartBeatNet", "mine": "an output of HeartBeatNet",
                "second": "an output of HeartBeatNet",
                "normal/._1.wav": "hidden",
            ])
    }

    @Test func picturesThatWereMadeClassByClassAreDataWhereNothingElseIs() throws {
        for name in ["ill", "normal"] {
            try folder.write("data/\(name)/1.png", Image(width: 2, height: 2, pixels: Array(0..<12)).png())
            try OutputMark.put(in: folder.path + "/data/\(name)")
        }
        #expect(try catalog().classes == ["ill", "normal"])
        try write("x/1.wav", "y/1.wav")
        #expect(try catalog().classes == ["x", "y"])
        #expect(passedOver(try catalog())["ill"] == "an output of HeartBeatNet")
    }

    @Test func foldersOneLevelTooHighAreTold() throws {
        try write("Lyon/ill/1.wav", "Lyon/normal/1.wav", "Bern/ill/1.wav", "Bern/normal/1.wav")
        #expect(
            try catalog().notes.filter { $0.hasPrefix("each of Bern, Lyon holds the folders ill, normal: ") }.count == 1
        )
        try write("Lyon/other/1.wav")
        #expect(try catalog().notes.filter { $0.hasPrefix("each of") }.isEmpty)
    }

    @Test func oneSoundInTwoClassesIsToldInARunToo() throws {
        try write("ill/1.wav", "ill/2.wav", "normal/3.wav")
        try FileManager.default.copyItem(
            atPath: folder.path + "/data/ill/1.wav", toPath: folder.path + "/data/normal/copy.wav")
        let dataset = try Dataset(
            .path(folder.path + "/data"),
            settings: DatasetSettings(spectrogram: SpectrogramSettings(height: 16, width: 16)),
            cacheFolder: folder.path + "/cache")
        let told = dataset.notes.filter { $0.contains("stand in several classes, such as") }
        #expect(told.count == 1 && told[0].contains("normal/copy.wav (normal)"))
    }

    @Test func dataThatLeavesNothingToTrainOnIsAFault() throws {
        try write("train/ill/1.wav", "train/normal/2.wav", "test/normal/3.wav")
        try FileManager.default.removeItem(atPath: folder.path + "/data/test/normal/3.wav")
        try FileManager.default.copyItem(
            atPath: folder.path + "/data/train/normal/2.wav", toPath: folder.path + "/data/test/normal/3.wav")
        let check = try DatasetCheck(
            .path(folder.path + "/data"),
            settings: DatasetSettings(spectrogram: SpectrogramSettings(height: 16, width: 16)), validationFraction: 0.2,
            seed: 1)
        #expect(
            check.findings.filter(\.kind.isFault).map(\.text) == [
                "normal: nothing of this class is left to train on, so no run can begin"
            ])
    }

    @Test(arguments: [("1.wav", "is a recording"), ("table.xlsx", "is a spreadsheet"), ("nothing", "there is no such")])
    func whatIsNoFolderAndNoTableIsCalledWhatItIs(name: String, problem: String) throws {
        try folder.write("data/1.wav", [1])
        try folder.write("data/table.xlsx", Array("PK".utf8))
        let error = #expect(throws: DatasetError.self) { try Catalog(.path("\(folder.path)/data/\(name)")) }
        #expect(error?.problem.hasPrefix(problem) == true)
    }

    @Test func filesWithoutAnEndingShareNoName() throws {
        #expect(Recording.stem(ofFileAt: "a/rec.1") != Recording.stem(ofFileAt: "a/rec.2"))
        #expect(Recording.stem(ofFileAt: "a/rec.wav") == Recording.stem(ofFileAt: "a/rec.PNG"))
    }

    @Test func whatIsNotReadIsCountedByItsEndingAndTheReason() throws {
        try write("normal/1.wav", "ill/1.wav")
        for name in ["ill/a.txt", "ill/b.txt", "normal/c.TXT", "ill/list"] { try folder.write("data/" + name, [65]) }
        let texts = try catalog().leftOut.map(\.text)
        #expect(
            texts == [
                "3 files that end in .txt, such as ill/a.txt: neither a sound nor a picture by its name",
                "ill/list: neither a sound nor a picture by its name",
            ])
    }

    @Test func endingsOfSoundsThatAreNotReadAreRecordingsThatCannotBeUsed() throws {
        try write("normal/1.wav", "ill/1.wav")
        try folder.write("data/normal/2.m4a", [0, 0, 0, 24] + Array("ftypM4A ".utf8))
        let dataset = try Dataset(
            .path(folder.path + "/data"),
            settings: DatasetSettings(spectrogram: SpectrogramSettings(height: 16, width: 16)),
            cacheFolder: folder.path + "/cache")
        #expect(dataset.skipped.map(\.path) == [folder.path + "/data/normal/2.m4a"])
        #expect(dataset.lost == [0, 1])
    }

    @Test func linksArePursuedAndPipesAreNot() throws {
        try write("normal/1.wav", "ill/1.wav")
        try folder.write(sound: "store/2.wav", (0..<300).map { sin(Float($0)) }, rate: 2000)
        let files = FileManager.default
        try files.createSymbolicLink(
            atPath: folder.path + "/data/ill/site", withDestinationPath: folder.path + "/store")
        try files.createSymbolicLink(
            atPath: folder.path + "/store/back", withDestinationPath: folder.path + "/data/ill")
        try files.createSymbolicLink(atPath: folder.path + "/data/ill/gone.wav", withDestinationPath: "/nowhere")
        #expect(mkfifo(folder.path + "/data/normal/pipe.wav", 0o600) == 0)
        #expect(mkfifo(folder.path + "/data/normal/pipe", 0o600) == 0)
        let catalog = try catalog()
        #expect(
            catalog.entries.map(\.name) == [
                "ill/1.wav", "ill/gone.wav", "ill/site/2.wav", "normal/1.wav", "normal/pipe.wav",
            ])
        #expect(
            passedOver(catalog) == [
                "ill/site/back": "a link to a folder that is read already",
                "normal/pipe": "neither a file nor a folder",
            ])
    }

    @Test func partsAreNoClasses() throws {
        try write(
            "Train/ill/1.wav", "Train/normal/1.wav", "val/normal/2.wav", "test/ILL/3.wav", "test/flat.wav",
            "extra/x.wav")
        let catalog = try catalog()
        #expect(catalog.classes == ["ill", "normal"])
        #expect(
            catalog.entries.map(\.name) == [
                "Train/ill/1.wav", "Train/normal/1.wav", "val/normal/2.wav", "test/ILL/3.wav",
            ])
        #expect(catalog.entries.map(\.part) == [.training, .training, .validation, .test])
        #expect(catalog.entries.map(\.label) == [0, 1, 1, 0])
        #expect(
            passedOver(catalog) == ["test/flat.wav": "beside the class folders", "extra/x.wav": "beside the parts"])
    }

    @Test func partsWithinClassesAreParts() throws {
        try write("ill/train/1.wav", "ill/test/2.wav", "normal/train/1.wav", "normal/3.wav")
        #expect(try catalog().entries.map(\.part) == [.test, .training, nil, .training])
    }

    @Test(arguments: [
        (
            ["train/ill/1.wav", "train/normal/1.wav", "test/artifact/1.wav"],
            "has the class artifact, where ill, normal are known"
        ),
        (["test/ill/1.wav", "test/normal/1.wav"], "holds test, but nothing to train on"),
        (["train/ill/1.wav", "test/normal/1.wav"], "its training part has only one class"),
        (["Normal/1.wav", "normal/1.wav"], "the classes Normal and normal are one but for case or blanks"),
        (["heart/ill/1.wav", "heart/normal/1.wav"], "it has only one class folder, heart"),
    ])
    func foldersThatCannotBeMeantSoAreRefused(names: [String], problem: String) throws {
        for name in names { try write(name) }
        let error = #expect(throws: DatasetError.self) { try catalog() }
        #expect(error?.problem == problem)
        if names[0].hasPrefix("heart") { #expect(error?.remedy == "did you mean \(folder.path)/data/heart?") }
    }

    @Test func classesOfSoundsAndOfPicturesAreNotToldApart() throws {
        try write("sounds/normal/1.wav")
        try folder.write("data/pictures/normal/1.png", Image(width: 2, height: 2, pixels: Array(0..<12)).png())
        #expect(throws: DatasetError.self) { try catalog() }
    }

    @Test func validationAndTestDataMayLackClassesButHaveNoOthers() throws {
        try write("ill/1.wav", "normal/1.wav", "../more/Normal/1.wav", "../other/artifact/1.wav")
        let catalog = try catalog(validation: "more", test: "more")
        #expect(catalog.entries.map(\.part) == [nil, nil, .validation, .test])
        #expect(catalog.entries.map(\.label) == [0, 1, 1, 1])
        #expect(catalog.entries.map(\.isOfTestData) == [false, false, false, true])
        #expect(Set(catalog.entries.map(\.name)).count == 4)
        let error = #expect(throws: DatasetError.self) { try self.catalog(test: "other") }
        #expect(error?.name == "--test-data \(folder.path)/other")
        #expect(try self.catalog(classes: ["ILL", "NORMAL", "other"]).entries.map(\.label) == [0, 1])
    }

    @Test func soundsAndTheirPicturesAreOnOneSideAndSaid() throws {
        for number in 0..<6 {
            for name in ["ill", "normal"] {
                try write("\(name)/\(number).wav")
                let pixels = (0..<12).map { UInt8($0 * 7 + number * 20 + name.count) }
                try folder.write("data/\(name)/\(number).png", Image(width: 2, height: 2, pixels: pixels).png())
                // Unlike sounds.
                try folder.write(
                    sound: "data/\(name)/\(number).wav",
                    (0..<300).map { sin(Float($0 * (number + 1) * name.count) / 50) }, rate: 2000)
            }
        }
        let settings = DatasetSettings(spectrogram: SpectrogramSettings(height: 16, width: 16))
        let dataset = try Dataset(
            .path(folder.path + "/data"), settings: settings, cacheFolder: folder.path + "/cache")
        let split = try dataset.split(validationFraction: 0.4, seed: 1)
        let stems = [split.training, split.validation].map { Set(dataset.recordings(of: $0).map(\.stem)) }
        #expect(stems[0].isDisjoint(with: stems[1]) && stems[1].count == 4)
        #expect(
            dataset.notes.filter { $0.hasPrefix("12 recordings lie there in several files of one name") }.count == 1)
    }

    @Test func aClassWithASampleRateOfItsOwnIsTold() throws {
        for number in 0..<4 {
            try folder.write(
                sound: "data/a/\(number).wav", (0..<4000).map { sin(Float($0 * (number + 1)) / 9) }, rate: 4000)
            try folder.write(
                sound: "data/b/\(number).wav", (0..<8000).map { sin(Float($0 * (number + 1)) / 9) }, rate: 8000)
        }
        let check = try DatasetCheck(
            .path(folder.path + "/data"),
            settings: DatasetSettings(spectrogram: SpectrogramSettings(height: 16, width: 16)), validationFraction: 0.5,
            seed: 1)
        #expect(
            check.findings.filter { $0.kind == .confounded }.map(\.text) == [
                "a has a sample rate of its own, mostly 4000 Hz, where the others have mostly 8000 Hz: a model may learn that in place "
                    + "of hearts"
            ])
    }
}
