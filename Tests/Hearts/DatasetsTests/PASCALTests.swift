import Foundation
import Testing

@testable import Datasets

@Suite struct PASCALTests {
    let folder = try! TemporaryFolder()

    /// Empty files: a catalog reads no sounds.
    private func write(_ files: [String]) throws {
        for file in files { try folder.write("data/\(file)", []) }
    }

    private func list(_ name: String, _ rows: String...) throws {
        let text = "dataset,fname,label,sublabel\n" + rows.joined(separator: "\n") + "\n"
        try folder.write("data/\(name).csv", Array(text.utf8))
    }

    private func catalog() throws -> Catalog { try Catalog(.path(folder.path + "/data")) }

    @Test func listedNamesMeanTheFilesTheyAreLike() throws {
        try write([
            "set_a/artifact__201012172012.wav", "set_a/Aunlabelledtest__201012172010.wav", "set_a/other.wav",
            "set_b/extrastole__127_1306764300147_C2.wav", "set_b/normal__127_1306764300147_C2.wav",
            "set_b/normal_noisynormal_101_1305030823364_B.wav", "set_b/murmur_noisymurmur_162_1307101835989_A.wav",
            "set_b/Bunlabelledtest__101_1305030823364_D.wav", "set_a_timing.csv",
        ])
        try list("set_a", "a,set_a/artifact__201012172012.wav,artifact,", "a,set_a/__201012172010.wav,,")
        try list(
            "set_b", "b,set_b/Btraining_extrastole_127_1306764300147_C2.wav,extrastole,",
            "b,set_b/Btraining_normal_127_1306764300147_C2.wav,normal,",
            "b,set_b/Btraining_normal_Btraining_noisynormal_101_1305030823364_B.wav,normal,noisynormal",
            "b,set_b/Btraining_noisymurmur_162_1307101835989_A.wav,murmur,NaN",
            "b,set_b/Btraining_murmur_9_1_A.wav,murmur,", "b,set_b/Bunlabelledtest_101_1305030823364_D.wav,,")
        let catalog = try catalog()
        #expect(catalog.classes == ["artifact", "extrastole", "murmur", "normal"])
        #expect(
            catalog.entries.map(\.name) == [
                "set_a/artifact__201012172012.wav", "set_b/extrastole__127_1306764300147_C2.wav",
                "set_b/normal__127_1306764300147_C2.wav", "set_b/normal_noisynormal_101_1305030823364_B.wav",
                "set_b/murmur_noisymurmur_162_1307101835989_A.wav", "set_b/Btraining_murmur_9_1_A.wav",
            ])
        #expect(catalog.entries.map(\.label) == [0, 1, 3, 3, 2, 2])
        #expect(catalog.entries.map(\.group) == ["set_a", "set_b", "set_b", "set_b", "set_b", "set_b"])
        #expect(catalog.entries.map(\.subject) == [nil, "127", "127", "101", "162", "9"])
        #expect(catalog.entries.map { if case .missing = $0.content { true } else { false } }.count { $0 } == 1)
        // They are the challenge's test, and no fault of the data.
        #expect(
            catalog.passedOver.map { "\($0.name): \($0.reason)" } == [
                "set_a/Aunlabelledtest__201012172010.wav: listed in set_a.csv without a class",
                "set_b/Bunlabelledtest__101_1305030823364_D.wav: listed in set_b.csv without a class",
            ])
        #expect(catalog.unlabelled.isEmpty)
        #expect(catalog.unlisted == ["set_a/other.wav"])
    }

    @Test func aFolderTwiceAndAFolderTooHighAreFound() throws {
        try write(["kaggle/set_a/set_a/normal__1.wav", "kaggle/set_a/set_a/murmur__2.WAV", "kaggle/more/normal__1.wav"])
        try list("kaggle/set_a", "a,set_a/normal__1.wav,normal,", "a,set_a/murmur__2.wav,murmur,")
        let catalog = try catalog()
        #expect(
            catalog.entries.map(\.name) == ["kaggle/set_a/set_a/normal__1.wav", "kaggle/set_a/set_a/murmur__2.WAV"])
        #expect(catalog.passedOver.map(\.name) == ["kaggle/more/normal__1.wav"])
    }

    @Test(arguments: [
        ("fname;label\nset_a/a.wav", "line 2 "), ("fname,label\n,normal", "line 2 "),
        ("fname,label\n../,normal", "line 2 "),
        ("fname,label\na.wav,x/y", "line 2 "), ("fname,label\na.wav,b\na.wav,c", "line 3 "),
        ("fname,label\n\"a.wav,b", "line 2 "),
        ("fname,class\na.wav,b", "has no column label"), ("label\nb", "has no column fname"),
        ("fname,label\na.wav,b", "names fewer"),
    ])
    func aBadListIsRefused(text: String, problem: String) throws {
        try write(["set_a/a.wav"])
        try folder.write("data/set_a.csv", Array(text.utf8))
        let error = #expect(throws: DatasetError.self) { try catalog() }
        #expect(error?.problem.hasPrefix(problem) == true, "\(error?.description ?? "")")
    }

    @Test func archivesAreClassesAndTheTestIsNone() throws {
        try write([
            "Atraining_murmur/murmur__1.wav", "Atraining_normal/normal__2.wav",
            "Aunlabelledtest/Aunlabelledtest__3.wav",
            "Btraining_murmur/murmur__101_13_A.wav", "Training B Normal/normal__102_14_A.wav",
            "Training B Normal/Btraining_noisynormal/normal_noisynormal_102_14_B.wav",
        ])
        let catalog = try catalog()
        #expect(catalog.classes == ["murmur", "normal"])
        #expect(
            catalog.entries.map(\.name) == [
                "Atraining_murmur/murmur__1.wav", "Atraining_normal/normal__2.wav",
                "Btraining_murmur/murmur__101_13_A.wav", "Training B Normal/normal__102_14_A.wav",
                "Training B Normal/Btraining_noisynormal/normal_noisynormal_102_14_B.wav",
            ])
        #expect(catalog.entries.map(\.label) == [0, 1, 0, 1, 1])
        #expect(catalog.entries.map(\.group) == ["set_a", "set_a", "set_b", "set_b", "set_b"])
        #expect(catalog.entries.map(\.subject) == [nil, nil, "101", "102", "102"])
        #expect(catalog.passedOver.map(\.name) == ["Aunlabelledtest/Aunlabelledtest__3.wav"])
    }
}
