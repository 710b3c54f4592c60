import AttentionUNet
import Audio
import Checkpoints
import Datasets
import Foundation
import Images
import Logging
import Reports
import Runs
import TensorCore
import Training
import TrainingData
import Transport

extension FuzzTarget {
    /// A checkpoint, and what is asked of one.
    static let safetensors = FuzzTarget("safetensors", seeds: [try checkpoint()]) { bytes in
        let file = try SafetensorsFile(path: ScratchFolder.shared.write(bytes, to: "a.safetensors"))
        var size = 0
        for tensor in file.tensors {
            try file.forEachBlock(of: tensor.name) { size += $0.count }
            if tensor.dataType == .float32 {
                let values: [Float] = try file.array(of: tensor.name)
                promise(values.count * 4 == tensor.byteCount, "\(tensor.name) has \(values.count) floats")
            }
            _ = try file.tensorInPlace(tensor.name)
        }
        promise(size <= bytes.count, "the tensors have \(size) of \(bytes.count) bytes")
        _ = try ParameterDigest.digest(of: file)
        _ = try? ModelSettings(parametersOf: file, height: 16, width: 16)
        if file.isVerifiable { try file.verify() }
    }

    private static func checkpoint() throws -> [UInt8] {
        let tensors = [
            TensorEntry(name: "a\"ü", shape: [2, 1]), TensorEntry(name: "b", shape: []), .init(name: "c", shape: [0]),
        ]
        return try ScratchFolder.shared.bytes("seed.safetensors") { path in
            try SafetensorsWriter.write(to: path, tensors: tensors, metadata: ["step": "3"]) { tensor, sink in
                try [UInt8](repeating: 1, count: tensor.byteCount).withUnsafeBytes { try sink($0) }
            }
        }
    }

    /// A recording, by libsndfile.
    static let sound = FuzzTarget("sound", seeds: [try tone()]) { bytes in
        let sound = try Sound(contentsOf: ScratchFolder.shared.write(bytes, to: "a.wav"))
        promise(sound.samples.allSatisfy(\.isFinite), "samples are finite")
    }

    private static func tone() throws -> [UInt8] {
        let sound = Sound(sampleRate: 2000, samples: (0..<64).map { sin(Float($0)) })
        return try ScratchFolder.shared.bytes("seed.wav") { try sound.write(toWAV: $0) }
    }

    /// A picture, by libpng or libjpeg-turbo.
    static let image = FuzzTarget(
        "image", seeds: [try Image(width: 3, height: 2, pixels: Array(0..<18)).png(), jpeg]
    ) { bytes in
        let image = try Image(bytes: [UInt8](bytes), name: "input")
        promise(image.pixels.count == 3 * image.width * image.height, "\(image.width)x\(image.height)")
    }

    /// One grey pixel.
    private static let jpeg: [UInt8] = [UInt8](
        Data(
            base64Encoded:
                "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////"
                + "////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8A"
                + "N//Z")!)

    /// The config.json of a run.
    static let configuration = FuzzTarget(
        "configuration", seeds: try Preset.allCases.map { [UInt8](try $0.configuration.encoded()) }
    ) { bytes in
        let configuration = try RunConfiguration.decode(Data(bytes))
        guard configuration.complaint == nil else { throw Refused() }
        let again = try RunConfiguration.decode(try configuration.encoded())
        promise(try again.encoded() == configuration.encoded(), "a configuration comes back as it was written")
        promise(Network.attentionUNet(configuration.model).parameterLayout.count > 0, "a model has parameters")
    }

    /// The file of `hbn benchmark convolutions`.
    static let convolutions = FuzzTarget(
        "convolutions", seeds: [Array("{\"preferred\": \"winograd\", \"measured\": {}}".utf8)]
    ) { bytes in
        _ = try ConvolutionChoices(readingFrom: ScratchFolder.shared.write(bytes, to: "a.json"), for: ModelSettings())
    }

    static let clusterKey = FuzzTarget(
        "cluster-key",
        seeds: [try ScratchFolder.shared.bytes("seed.key") { try ClusterKey.generate(at: $0) }]
    ) { bytes in
        _ = try ClusterKey(path: ScratchFolder.shared.write(bytes, to: "a.key"))
    }

    /// The list of a PhysioNet folder.
    static let reference = FuzzTarget("reference", seeds: [Array("a0001,1\r\na0002,-1\n".utf8)]) { bytes in
        let folder = ScratchFolder.shared.folder("reference")
        _ = ScratchFolder.shared.write(bytes, to: "reference/REFERENCE.csv")
        _ = try Catalog(.path(folder))
    }

    /// The list of those recordings of a PhysioNet folder that count.
    static let records = FuzzTarget("records", seeds: [Array("a0001\r\na0002\n".utf8)]) { bytes in
        let folder = ScratchFolder.shared.folder("physionet")
        _ = "a0001,1\na0002,-1\n".utf8CString.withUnsafeBytes { text in
            ScratchFolder.shared.write(UnsafeRawBufferPointer(rebasing: text.dropLast()), to: "physionet/REFERENCE.csv")
        }
        _ = ScratchFolder.shared.write(bytes, to: "physionet/RECORDS")
        _ = try Catalog(.path(folder))
    }

    /// The list of a CirCor folder.
    static let patients = FuzzTarget("patients", seeds: [Array(circor.utf8)]) { bytes in
        let folder = ScratchFolder.shared.folder("circor")
        _ = ScratchFolder.shared.folder("circor/training_data")
        _ = ScratchFolder.shared.write(bytes, to: "circor/training_data.csv")
        _ = try Catalog(.path(folder))
    }

    private static let circor = """
        Patient ID,Recording locations:,Outcome,Campaign,Additional ID
        1,AV+MV+MV,Normal,CC2014,2
        2,PV,Abnormal,CC2015,1

        """

    /// What a CirCor folder without a list has of a patient.
    static let patient = FuzzTarget("patient", seeds: [Array(patientFile.utf8)]) { bytes in
        let folder = ScratchFolder.shared.folder("patient")
        _ = ScratchFolder.shared.write(UnsafeRawBufferPointer(start: nil, count: 0), to: "patient/7_AV.wav")
        _ = ScratchFolder.shared.write(bytes, to: "patient/7.txt")
        for diagnosis in Labelling.Diagnosis.allCases {
            var labelling = Labelling()
            labelling.diagnosis = diagnosis
            _ = try Catalog(.path(folder), labelling)
        }
    }

    private static let patientFile = """
        7 2 4000
        AV 7_AV.hea 7_AV.wav
        MV 7_MV.hea
        #Murmur: Present
        #Murmur locations: AV+MV
        #Outcome: Abnormal
        #Additional ID: 8.0

        """

    /// A list of PASCAL's recordings.
    static let pascal = FuzzTarget("pascal", seeds: [Array(recordings.utf8)]) { bytes in
        let folder = ScratchFolder.shared.folder("pascal")
        _ = ScratchFolder.shared.folder("pascal/set_b")
        _ = ScratchFolder.shared.write(bytes, to: "pascal/set_b.csv")
        _ = try Catalog(.path(folder))
    }

    private static let recordings = """
        dataset,fname,label,sublabel
        b,set_b/Btraining_normal_101_13_A.wav,normal,
        b,set_b/Btraining_murmur_101_14_B.wav,murmur,noisymurmur
        b,set_b/__15.wav,,

        """

    /// A table of recordings.
    static let table = FuzzTarget("table", seeds: [Array(rows.utf8)]) { bytes in
        _ = try Catalog(.path(ScratchFolder.shared.write(bytes, to: "table.csv")))
    }

    private static let rows = """
        file;label;patient;site;location;part;weight
        a/1.wav;murmur;7;Lyon;AV;train;0,5
        "a/2.wav";none;8;;;test;

        """

    /// A table of whose heart each recording is of.
    static let people = FuzzTarget("people", seeds: [Array("file,patient\nP1,7\na/P2_1.wav,8\n".utf8)]) { bytes in
        let folder = ScratchFolder.shared.folder("people")
        for (name, file) in [("a", "P1_1.wav"), ("b", "P2_1.wav")] {
            _ = ScratchFolder.shared.folder("people/\(name)")
            _ = [UInt8](file.utf8).withUnsafeBytes { ScratchFolder.shared.write($0, to: "people/\(name)/\(file)") }
        }
        var labelling = Labelling()
        labelling.patients = ScratchFolder.shared.write(bytes, to: "people.csv")
        _ = try Catalog(DataSelection(.path(folder), labelling: labelling))
    }

    /// The history of a run that is resumed.
    static let history = FuzzTarget("history", seeds: [Array(epochs.utf8)]) { bytes in
        _ = ScratchFolder.shared.write(bytes, to: "history.csv")
        _ = try History(folder: URL(fileURLWithPath: ScratchFolder.shared.path))
    }

    private static let epochs = """
        epoch,step,training_loss,training_accuracy,validation_loss,validation_accuracy,validation_auc,samples,seconds,\
        samples_per_second,ledger_digest
        1,4,0.5,0.25,,0.5,,49,1.5,32.6,"a""b"

        """
}
