// swift-tools-version: 6.0
import PackageDescription

/// A Debian library: a module map and a shim.h.
func library(_ name: String, apt: String...) -> Target {
    .systemLibrary(name: name, providers: [.apt(apt)])
}

func module(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .target(name: name, dependencies: dependencies)
}

func program(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(name: name, dependencies: dependencies + [arguments])
}

func tests(_ name: String, _ dependencies: Target.Dependency..., resources: Bool = false) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: resources ? ["Golden"] : [])
}

let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

// From top to bottom, imports point upwards only.
let package = Package(
    name: "HeartBeatNet",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        // C libraries and, for each, the one Swift module that imports it.
        .systemLibrary(name: "CLinux"),
        library("CZeroMQ", apt: "libzmq3-dev"),
        library("CProtobufC", apt: "libprotobuf-c-dev", "protobuf-c-compiler"),
        library("CSndfile", apt: "libsndfile1-dev"),
        library("CMPG123", apt: "libmpg123-dev"),
        library("CPNG", apt: "libpng-dev"),
        library("CTurboJPEG", apt: "libturbojpeg0-dev"),
        library("COpenSSL", apt: "libssl-dev"),
        library("CXXHash", apt: "libxxhash-dev"),
        .target(
            name: "CMessages", dependencies: ["CProtobufC"], linkerSettings: [.linkedLibrary("protobuf-c")]),
        .target(name: "CONNX", dependencies: ["CProtobufC"], linkerSettings: [.linkedLibrary("protobuf-c")]),
        .target(
            name: "CTensorBoard", dependencies: ["CProtobufC"], linkerSettings: [.linkedLibrary("protobuf-c")]),
        module("Protobuf"),
        module("Files"),
        module("ZeroMQ", "CZeroMQ"),
        module("Messages", "CMessages", "Protobuf"),
        module("Digests", "Files", "COpenSSL", "CXXHash"),
        module("Images", "Files", "CPNG", "CTurboJPEG"),
        module("EventFiles", "CTensorBoard", "Digests", "Protobuf"),
        module("Tables"),
        // Loops that must use a processor's widest vectors, which Swift compiles for none of: C, and its Swift names.
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-ffp-contract=off"])]),
        module("Kernels", "CKernels"),

        // A heart sound on its way to a batch.
        module("ElementaryFunctions"),
        module("Randomness", "ElementaryFunctions", "Kernels"),
        module("Audio", "Files", "CSndfile", "CMPG123", "ElementaryFunctions", "Randomness"),
        module("Spectrograms", "Audio", "Images", "ElementaryFunctions"),
        module("Augmentation", "ElementaryFunctions", "Randomness"),
        module(
            "Datasets", "Audio", "Spectrograms", "Images", "Files", "Tables", "Randomness", "Digests", logging),

        // A batch on its way to parameters.
        module("Parameters", "Randomness"),
        module("TensorCore", "ElementaryFunctions", "Kernels", "Parameters", "Randomness"),
        module("AttentionUNet", "TensorCore", "Parameters"),
        module("Optimization", "ElementaryFunctions", "Kernels", "Parameters"),
        module("Checkpoints", "Digests", "Files", "Kernels"),
        module("Evaluation", "ElementaryFunctions", "Randomness"),
        module("Reports", "Evaluation", "Files", "Tables"),
        module(
            "Training", "AttentionUNet", "Optimization", "Kernels", "Datasets", "Augmentation", "Checkpoints",
            "ElementaryFunctions", "Evaluation"),
        module("ONNX", "CONNX", "Protobuf", "TensorCore", "Checkpoints", "Training"),

        // The cluster: logic decides, runtime acts.
        module("ClusterLogic", "Messages"),
        module(
            "ClusterRuntime", "Audio", "Files", "Images", "Spectrograms", "ClusterLogic", "Training", "Datasets",
            "Evaluation", "Messages", "ZeroMQ",
            "Reports", "EventFiles", "CLinux", logging,
            arguments),

        program(
            "hbn", "ClusterRuntime", "AttentionUNet", "TensorCore", "Training", "ONNX", "Checkpoints", "Datasets",
            "Evaluation",
            "Spectrograms", "Audio",
            "Images"),
        program(
            "hbn-coordinator", "ClusterRuntime", "AttentionUNet", "TensorCore", "Optimization", "Training",
            "Datasets", "Augmentation"),
        program("hbn-worker", "ClusterRuntime"),
        program("hbn-parameter-server", "ClusterRuntime"),

        // Parsers of bytes from outside, as a fuzzer drives them: scripts/fuzz.
        module(
            "Fuzzing", "Audio", "Checkpoints", "ClusterRuntime", "Datasets", "Images", "Kernels", "Messages",
            "Parameters", "Reports", "TensorCore", "Training"),

        tests("FilesTests", "Files"),
        tests("ZeroMQTests", "ZeroMQ"),
        tests("MessagesTests", "Messages"),
        tests("DigestsTests", "Digests", "Files"),
        tests("EventFilesTests", "EventFiles", resources: true),
        tests("ImagesTests", "Images", resources: true),
        tests("TablesTests", "Tables"),
        tests("KernelsTests", "Kernels", "Parameters", "Randomness"),
        tests("ElementaryFunctionsTests", "ElementaryFunctions", "Digests"),
        tests("RandomnessTests", "Randomness", "Digests"),
        tests("AudioTests", "Audio", "CSndfile", "Digests", resources: true),
        tests("SpectrogramsTests", "Spectrograms", "Digests", resources: true),
        tests("AugmentationTests", "Augmentation", "Digests", resources: true),
        tests("DatasetsTests", "Datasets", "Digests"),
        tests("ParametersTests", "Parameters"),
        tests("TensorCoreTests", "TensorCore", "Optimization", "Checkpoints", resources: true),
        tests("AttentionUNetTests", "AttentionUNet", "Training", "Checkpoints", resources: true),
        tests("OptimizationTests", "Optimization", "Parameters", "Randomness", "Digests", resources: true),
        tests(
            "TrainingTests", "Training", "TensorCore", "Optimization", "Kernels", "Checkpoints", "Datasets", "Audio"),
        tests("ONNXTests", "ONNX", "CONNX", "AttentionUNet", "TensorCore", "Parameters", "Checkpoints", "Training"),
        tests("CheckpointsTests", "Checkpoints", "Digests", "Randomness", resources: true),
        tests("EvaluationTests", "Evaluation", resources: true),
        tests("ReportsTests", "Reports", "Tables", "Randomness"),
        tests("ClusterLogicTests", "ClusterLogic", "Messages"),
        // They start the programs, which SwiftPM builds into the folder of the tests.
        tests(
            "ClusterRuntimeTests", "ClusterRuntime", "ClusterLogic", "Evaluation", "Kernels", "Training", "Messages",
            "ZeroMQ",
            "Audio", "Images", "TensorCore"
        ),
        .testTarget(
            name: "FuzzingTests", dependencies: ["Fuzzing", "Randomness"], exclude: ["Findings"]),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings its own main, and is only there in a build of scripts/fuzz.
if Context.environment["HBN_FUZZ"] != nil {
    package.targets.append(.executableTarget(name: "hbn-fuzz", dependencies: ["Fuzzing"]))
}
