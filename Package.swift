// swift-tools-version: 6.0
import PackageDescription

/// A Debian library: a module map and a shim.h.
func library(_ name: String, apt: String...) -> Target {
    .systemLibrary(name: name, providers: [.apt(apt)])
}

/// Generated protobuf-c code.
func messages(_ name: String) -> Target {
    .target(name: name, dependencies: ["CProtobufC"], linkerSettings: [.linkedLibrary("protobuf-c")])
}

func module(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .target(name: name, dependencies: dependencies)
}

func program(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(name: name, dependencies: dependencies + [arguments])
}

/// The tests of the module whose name they have; `data` is a folder that they read where it lies.
func tests(_ name: String, _ dependencies: Target.Dependency..., data: String? = nil) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, exclude: data.map { [$0] } ?? [])
}

/// Modules whose folders stand side by side, in one folder of `Sources` or of `Tests`.
func floor(_ folder: String, in root: String = "Sources", _ targets: Target...) -> [Target] {
    for target in targets { target.path = "\(root)/\(folder)/\(target.name)" }
    return targets
}

let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

// From top to bottom, imports point upwards only.
let sources = [
    floor(
        "Libraries",
        // What Debian and the system give, and for each the one Swift module that imports it.
        .systemLibrary(name: "CLinux"),
        library("CZeroMQ", apt: "libzmq3-dev"),
        library("CProtobufC", apt: "libprotobuf-c-dev", "protobuf-c-compiler"),
        library("CSndfile", apt: "libsndfile1-dev"),
        library("CMPG123", apt: "libmpg123-dev"),
        library("CPNG", apt: "libpng-dev"),
        library("CTurboJPEG", apt: "libturbojpeg0-dev"),
        library("COpenSSL", apt: "libssl-dev"),
        library("CXXHash", apt: "libxxhash-dev"),
        messages("CMessages"),
        messages("CONNX"),
        messages("CTensorBoard"),
        module("Failures"),
        module("Protobuf"),
        module("Tables"),
        module("Files", "Failures"),
        module("ZeroMQ", "CZeroMQ", "Failures"),
        module("Messages", "CMessages", "Protobuf"),
        module("Digests", "COpenSSL", "CXXHash", "Files"),
        module("Images", "CPNG", "CTurboJPEG", "Failures", "Files"),
        // Loops that must use a processor's widest vectors, which Swift compiles for none of: C, and its Swift names.
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-ffp-contract=off"])]),
        module("Kernels", "CKernels")),
    floor(
        "Hearts",
        // A heart sound on its way to a picture, and pictures to a data set.
        module("ElementaryFunctions"),
        module("Randomness", "ElementaryFunctions", "Kernels"),
        module("Audio", "CMPG123", "CSndfile", "ElementaryFunctions", "Failures", "Files", "Randomness"),
        module("Spectrograms", "Audio", "ElementaryFunctions", "Failures", "Images"),
        module("Augmentation", "ElementaryFunctions", "Randomness"),
        module(
            "Datasets", "Audio", "Digests", "Failures", "Files", "Images", "Randomness", "Spectrograms", "Tables",
            logging)),
    floor(
        "Results",
        // What is said of predictions, and how people see it.
        module("Evaluation", "ElementaryFunctions", "Randomness"),
        module("Reports", "Evaluation", "Failures", "Files", "Tables"),
        module("EventFiles", "CTensorBoard", "Digests", "Protobuf")),
    floor(
        "Network",
        // A batch on its way to parameters: one shard in, its gradient out.
        module("Parameters", "Kernels", "Randomness"),
        module("TensorCore", "Kernels", "Parameters"),
        module("AttentionUNet", "TensorCore"),
        module("Optimization", "ElementaryFunctions", "Kernels", "Parameters"),
        module("Checkpoints", "Digests", "Failures", "Files", "Kernels"),
        module(
            "Training", "AttentionUNet", "Checkpoints", "Digests", "Evaluation", "Kernels", "Optimization",
            "Parameters", "Randomness", "TensorCore"),
        module("ONNX", "CONNX", "Checkpoints", "Files", "Parameters", "Protobuf", "TensorCore", "Training")),
    floor(
        "Cluster",
        // Many machines train one model. ClusterLogic decides; the others act.
        module("ClusterLogic", "Messages"),
        module("Programs", "CLinux", "Failures", "Kernels", arguments, logging),
        module(
            "Transport", "AttentionUNet", "ClusterLogic", "Digests", "Files", "Kernels", "Messages",
            "Optimization", "Parameters", "Programs", "Training", "ZeroMQ", arguments, logging),
        module(
            "ParameterServing", "AttentionUNet", "Checkpoints", "ClusterLogic", "Kernels", "Messages", "Optimization",
            "Parameters", "Programs", "TensorCore", "Training", "Transport", "ZeroMQ", logging),
        module(
            "Workers", "AttentionUNet", "ClusterLogic", "Digests", "Kernels", "Messages", "Parameters", "Programs",
            "TensorCore", "Training", "Transport", "ZeroMQ", logging),
        module(
            "Coordination", "AttentionUNet", "ClusterLogic", "Kernels", "Messages", "Optimization", "ParameterServing",
            "Parameters", "Programs", "Randomness", "Training", "Transport", "ZeroMQ", logging)),
    floor(
        "Runs",
        // A training from data to report, several of them, and what measures.
        module(
            "TrainingData", "AttentionUNet", "Augmentation", "Datasets", "Digests", "ElementaryFunctions", "Evaluation",
            "Optimization", "Parameters", "Randomness", "Spectrograms", "Training"),
        module(
            "Runs", "AttentionUNet", "Audio", "Augmentation", "Checkpoints", "ClusterLogic", "Coordination", "Datasets",
            "Evaluation", "EventFiles", "Files", "Images", "Kernels", "Messages", "ParameterServing", "Parameters",
            "Programs", "Reports", "Spectrograms", "TensorCore", "Training", "TrainingData", "ZeroMQ", arguments,
            logging),
        module(
            "Benchmarks", "AttentionUNet", "ClusterLogic", "Coordination", "Kernels", "Messages", "Optimization",
            "ParameterServing", "Parameters", "Programs", "Randomness", "Runs", "TensorCore", "Training",
            "TrainingData", "Transport", "Workers", "ZeroMQ", logging)),
    floor(
        "Commands",
        // The command lines: they parse, call and exit.
        program(
            "hbn", "AttentionUNet", "Audio", "Benchmarks", "Checkpoints", "Datasets", "Evaluation", "Failures",
            "Images", "ONNX", "Programs", "Runs", "Spectrograms", "TensorCore", "Training", "TrainingData", "Transport",
            logging),
        program(
            "hbn-coordinator", "AttentionUNet", "Augmentation", "Coordination", "Datasets", "Optimization", "Programs",
            "Runs", "TensorCore", "Training", "TrainingData", "Transport", logging),
        program("hbn-worker", "Programs", "Transport", "Workers", logging),
        program("hbn-parameter-server", "ParameterServing", "Programs", "Transport", logging),
        // Parsers of bytes from outside, as a fuzzer drives them: scripts/fuzz.
        module(
            "Fuzzing", "AttentionUNet", "Audio", "Checkpoints", "Datasets", "Images", "Kernels", "Messages",
            "Parameters", "Reports", "Runs", "TensorCore", "Training", "TrainingData", "Transport", logging)),
]

let allTests = [
    floor(
        "Support", in: "Tests",
        // What tests of several modules are about: small models, data, products and files.
        module(
            "Examples", "AttentionUNet", "Checkpoints", "Datasets", "Kernels", "Parameters", "Randomness",
            "Spectrograms", "TensorCore", "Training")),
    floor(
        "Libraries", in: "Tests",
        tests("Files"),
        tests("ZeroMQ"),
        tests("Messages"),
        tests("Digests", "Files"),
        tests("Images", data: "Golden"),
        tests("Tables"),
        tests("Kernels", "Parameters", "Randomness")),
    floor(
        "Hearts", in: "Tests",
        tests("ElementaryFunctions", "Digests"),
        tests("Randomness", "Digests"),
        tests("Audio", "CSndfile", "Digests", data: "Golden"),
        tests("Spectrograms", "Audio", "Digests", "Images", data: "Golden"),
        tests("Augmentation", "Digests", "Randomness", data: "Golden"),
        tests("Datasets", "Audio", "Digests", "Images", "Spectrograms", logging)),
    floor(
        "Results", in: "Tests",
        tests("Evaluation", data: "Golden"),
        tests("Reports", "Evaluation", "Randomness", "Tables"),
        tests("EventFiles", data: "Golden")),
    floor(
        "Network", in: "Tests",
        tests("Parameters"),
        tests("TensorCore", "Checkpoints", "Optimization", "Parameters", "Randomness", data: "Golden"),
        tests("AttentionUNet", "Checkpoints", "Parameters", "TensorCore", "Training", data: "Golden"),
        tests("Optimization", "Digests", "Parameters", "Randomness", data: "Golden"),
        tests("Checkpoints", "Digests", "Failures", "Files", "Randomness", data: "Golden"),
        tests(
            "Training", "AttentionUNet", "Checkpoints", "Examples", "Kernels", "Optimization", "Parameters",
            "TensorCore"),
        tests(
            "ONNX", "AttentionUNet", "CONNX", "Checkpoints", "Failures", "Files", "Parameters", "TensorCore", "Training"
        )),
    floor(
        "Cluster", in: "Tests",
        tests("ClusterLogic", "Messages"),
        tests("Programs"),
        tests("Transport", "Coordination", "Examples", "Parameters", "Programs", "ZeroMQ", logging),
        tests(
            "ParameterServing", "ClusterLogic", "Examples", "Kernels", "Messages", "Optimization", "Parameters",
            "Programs", "Transport"),
        tests(
            "Workers", "ClusterLogic", "Examples", "Kernels", "Messages", "ParameterServing", "Parameters", "Programs",
            "Transport"),
        tests("Coordination", "Messages", "Parameters", "Programs", "Transport")),
    floor(
        "Runs", in: "Tests",
        tests(
            "TrainingData", "Audio", "Augmentation", "Datasets", "Digests", "Examples", "Optimization", "Randomness",
            "Spectrograms", "TensorCore", "Training"),
        tests(
            "Runs", "AttentionUNet", "Augmentation", "Checkpoints", "Datasets", "Examples", "Images", "Messages",
            "Parameters", "Reports", "TensorCore", "Training", "TrainingData")),
    floor(
        "Commands", in: "Tests",
        // They start the programs, which SwiftPM builds into the folder of the tests.
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "AttentionUNet", "Audio", "Checkpoints", "Evaluation", "Examples", "Kernels", "Messages",
                "Optimization", "Parameters", "Programs", "Randomness", "Runs", "TensorCore", "Training",
                "TrainingData", "Transport",
                "ZeroMQ", logging,
            ]),
        tests("Fuzzing", "Randomness", data: "Findings")),
]

let package = Package(
    name: "HeartBeatNet",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: (sources + allTests).flatMap { $0 },
    swiftLanguageModes: [.v6]
)

// libFuzzer brings its own main, and is only there in a build of scripts/fuzz.
if Context.environment["HBN_FUZZ"] != nil {
    package.targets += floor("Commands", .executableTarget(name: "hbn-fuzz", dependencies: ["Fuzzing"]))
}
