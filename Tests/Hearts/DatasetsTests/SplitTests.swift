import Audio
import Foundation
import Spectrograms
import Testing

@testable import Datasets

@Suite struct SplitTests {
    let folder = try! TemporaryFolder()
    let settings = DatasetSettings(
        spectrogram: SpectrogramSettings(fftSize: 64, mels: 16, height: 16, width: 16), windowSeconds: 0.1)

    /// Three sites of 10, 7 and 3 abnormal and of 5, 8 and 12 normal recordings, of one to three windows each.
    /// In the first, a00 is a copy of a04, and so is a normal recording of a normal one.
    private func sites() throws -> Dataset {
        var pitch: Float = 10
        for (site, counts) in [("a", (10, 5)), ("b", (7, 8)), ("c", (3, 12))] {
            var lines = ""
            for i in 0..<counts.0 + counts.1 {
                let name = site + (i < 10 ? "0\(i)" : "\(i)")
                lines += "\(name),\(i < counts.0 ? 1 : -1)\n"
                pitch += 10
                let samples = (0..<200 * (1 + i % 3)).map { sin(Float($0) * pitch / 2000) }
                try folder.makeParent(of: "\(site)/x")
                try Sound(sampleRate: 2000, samples: samples).write(toWAV: folder.path + "/\(site)/\(name).wav")
            }
            try folder.write("\(site)/REFERENCE.csv", Array(lines.utf8))
        }
        for (copy, original) in [("a/a00.wav", "a/a04.wav"), ("b/b08.wav", "c/c05.wav")] {
            try FileManager.default.removeItem(atPath: folder.path + "/" + copy)
            try FileManager.default.copyItem(atPath: folder.path + "/" + original, toPath: folder.path + "/" + copy)
        }
        return try Dataset(.path(folder.path), settings: settings, cacheFolder: folder.path + "/cache")
    }

    @Test func everySampleIsOnOneSideAndRecordingsAndCopiesStayTogether() throws {
        let dataset = try sites()
        for seed in 0..<50 as Range<UInt64> {
            let split = try dataset.split(validationFraction: 0.3, seed: seed)
            let (training, validation) = (split.training, split.validation)
            #expect((training + validation).sorted() == Array(dataset.samples.indices))
            func digests(_ samples: [Int]) -> Set<String> {
                Set(samples.map { dataset.recordings[dataset.samples[$0].recording].digest })
            }
            #expect(digests(training).isDisjoint(with: digests(validation)))
        }
    }

    @Test func classesAndSitesAreSplitInProportion() throws {
        let dataset = try sites()
        let validation = try dataset.split(validationFraction: 0.3, seed: 9).validation
        let recordings = Set(validation.map { dataset.samples[$0].recording }).map { dataset.recordings[$0] }
        func count(_ label: Int, _ group: String) -> Int {
            Set(recordings.filter { $0.label == label && $0.group == group }.map(\.digest)).count
        }
        // Different contents: 9, 7 and 3 abnormal; 5, 8 and 11 normal, as the copy of c05 belongs to b.
        for (label, group, expected) in [(0, "a", 2.7), (0, "b", 2.1), (0, "c", 0.9), (1, "a", 1.5), (1, "b", 2.4)] {
            #expect(abs(Double(count(label, group)) - expected) <= 1)
        }
        #expect(["a", "b", "c"].reduce(0) { $0 + count(0, $1) } == 6)
    }

    @Test func theSplitDependsOnTheSeedOnly() throws {
        let dataset = try sites()
        let split = try dataset.split(validationFraction: 0.25, seed: 1)
        #expect(try dataset.split(validationFraction: 0.25, seed: 1) == split)
        #expect(try dataset.split(validationFraction: 0.25, seed: 2) != split)
    }

    @Test func foldsHaveEachRecordingOnceWithClassesAndSitesInProportion() throws {
        let dataset = try sites()
        for seed in 0..<10 as Range<UInt64> {
            var tested: [Int] = []
            for number in 1...4 {
                let split = try dataset.split(validationFraction: 0.2, heldOut: .fold(number, of: 4), seed: seed)
                #expect((split.training + split.validation + split.test).sorted() == Array(dataset.samples.indices))
                tested += split.test
                func recordings(_ samples: [Int]) -> [Recording] {
                    Set(samples.map { dataset.samples[$0].recording }).map { dataset.recordings[$0] }
                }
                let held = recordings(split.test)
                #expect(
                    Set(held.map(\.digest)).isDisjoint(
                        with: recordings(split.training + split.validation).map(\.digest)))
                #expect(Set(held.map { "\($0.label) \($0.group!)" }).count >= 5)
                // 43 contents of 45 recordings.
                #expect((10...13).contains(held.count))
            }
            #expect(tested.sorted() == Array(dataset.samples.indices))
        }
    }

    @Test func aSiteIsHeldOutWithAllCopiesOfItsRecordings() throws {
        let dataset = try sites()
        let split = try dataset.split(validationFraction: 0, heldOut: .group("b"), seed: 1)
        let names = Set(split.test.map { dataset.recordings[dataset.samples[$0].recording].name })
        #expect(names == Set(dataset.recordings.filter { $0.group == "b" }.map(\.name)))
        #expect(split.validation.isEmpty)
        // c05 is b08's copy: neither trained on nor tested with.
        let others = Set(split.training.map { dataset.recordings[dataset.samples[$0].recording].name })
        #expect(others == Set(dataset.recordings.filter { $0.group != "b" }.map(\.name)).subtracting(["c/c05.wav"]))
        #expect(split.leftOut.count == dataset.recordings.first { $0.name == "c/c05.wav" }?.samples.count)
    }

    @Test(arguments: [HeldOut.group("d"), .fold(0, of: 3), .fold(4, of: 3), .fold(1, of: 1), .fold(1, of: 100)])
    func partsThatCannotBeAreRefused(part: HeldOut) throws {
        let dataset = try sites()
        #expect(throws: DatasetError.self) { try dataset.split(validationFraction: 0.2, heldOut: part, seed: 1) }
    }

    /// The split of the first version, before subjects were known: runs go on with it.
    @Test func withoutSubjectsTheSplitStaysWhatItWas() throws {
        let dataset = try sites()
        let validation = try dataset.split(validationFraction: 0.25, seed: 1).validation
        let names = Set(validation.map { dataset.recordings[dataset.samples[$0].recording].name })
        #expect(
            names.sorted() == [
                "a/a07.wav", "a/a09.wav", "a/a10.wav", "b/b03.wav", "b/b06.wav", "b/b09.wav", "b/b10.wav", "c/c02.wav",
                "c/c03.wav", "c/c09.wav", "c/c12.wav",
            ])
    }

    @Test func aSubjectsRecordingsStayTogetherInProportion() throws {
        // Sixty subjects of one to four recordings: 30 abnormal of campaign 1, 20 normal of 1 and 10 normal of 2. The
        // first normal one has a recording in common with the last, so that these two are one unit.
        var recordings: [Recording] = []
        for subject in 0..<60 {
            for number in 0...subject % 4 {
                let digest = subject == 59 && number == 0 ? "30-0" : "\(subject)-\(number)"
                recordings.append(
                    Recording(
                        name: digest, label: subject < 30 ? 0 : 1, group: subject < 50 ? "1" : "2",
                        subject: "\(subject)", digest: digest, content: .init(digest: digest),
                        path: "\(subject)-\(number).wav", samples: 0..<1))
            }
        }
        recordings.reverse()
        for seed in 0..<50 as Range<UInt64> {
            let validates = try recordings.validating(fraction: 0.2, seed: seed)
            func subjects(_ side: Bool, _ members: (Recording) -> Bool) -> Set<String> {
                Set(zip(recordings, validates).filter { $1 == side && members($0) }.compactMap(\.0.subject))
            }
            #expect(subjects(true) { _ in true }.isDisjoint(with: subjects(false) { _ in true }))
            #expect(subjects(true) { $0.label == 0 }.count == 6)
            #expect(subjects(true) { ["30", "59"].contains($0.subject) }.count != 1)
            let normal = subjects(true) { $0.label == 1 }
            #expect(normal.count == (normal.contains("30") ? 7 : 6))
            #expect(subjects(true) { $0.group == "2" }.count == 2)
        }
    }

    private func recording(
        _ name: String, _ label: Int, subject: String? = nil, content: String? = nil, isOfTestData: Bool = false
    ) -> Recording {
        Recording(
            name: name, label: label, group: nil, subject: subject, digest: name,
            content: .init(digest: content ?? name),
            path: name, isOfTestData: isOfTestData, samples: 0..<1)
    }

    /// The digest of the data goes by these marks, so that a run whose split would be another does not go on.
    @Test func whatChangesASplitIsMarkedAndNothingElse() {
        let plain = [recording("a.wav", 0, subject: "p"), recording("b.wav", 0, subject: "p"), recording("c.wav", 1)]
        #expect(plain.splitMarks == ["", "", ""])
        // The same sound in two files, and a sound beside its picture.
        let copies = [recording("a.wav", 0, content: "x"), recording("b.wav", 0, content: "x"), recording("c.wav", 1)]
        #expect(copies.splitMarks == ["", "\0with a.wav", ""])
        #expect([recording("a.wav", 0), recording("a.png", 0)].splitMarks == ["", "\0with a.wav"])
        // A person of both classes counts in the rarer one, which the first recording is not of.
        let mixed = [
            recording("a", 0, subject: "p"), recording("b", 1, subject: "p"), recording("c", 0), recording("d", 0),
        ]
        #expect(mixed.splitMarks == ["\0as 1", "\0as 1", "", ""])
        // Data for the test has no mark, and marks what it takes from the training.
        let tested =
            plain + [
                recording("t.wav", 1, subject: "p", isOfTestData: true), recording("u.wav", 1, isOfTestData: true),
            ]
        #expect(tested.splitMarks == ["\0left out", "\0left out", "", "", ""])
    }

    @Test func smallAndLargeFractionsLeaveBothSidesEveryClass() throws {
        let dataset = try sites()
        for fraction in [0.001, 0.999] {
            let split = try dataset.split(validationFraction: fraction, seed: 3)
            let (training, validation) = (split.training, split.validation)
            for side in [training, validation] {
                #expect(Set(side.map { dataset.samples[$0].label }) == [0, 1])
            }
        }
        #expect(try dataset.split(validationFraction: 0, seed: 3).validation.isEmpty)
        for fraction in [1, -0.1, .nan] {
            #expect(throws: DatasetError.self) { try dataset.split(validationFraction: fraction, seed: 3) }
        }
    }
}
