import Checkpoints
import Parameters
import Programs
import Training

/// Parameters that a new run begins with in place of drawn ones. The run keeps a copy of them, to begin again.
struct InitialParameters: Sendable {
    let digest: String
    private let file: SafetensorsFile
    private let layout: ParameterLayout

    /// Reads a file, which must hold the model's parameters and no others; momentum is passed over. Throws if it is
    /// damaged, or a parameter is not finite.
    init(path: String, _ layout: ParameterLayout) throws {
        file = try SafetensorsFile(path: path)
        self.layout = layout
        try layout.check(file)
        let names = Set(layout.parameters.map(\.name))
        if let foreign = ParameterDigest.sorted(file.tensors).first(where: { !names.contains($0.name) }) {
            throw RunFailure(
                .badData,
                "\(path): tensor \(foreign.name.debugDescription) is none of the model's; choose the model's sizes")
        }
        if file.isSavedAgain {
            let hasVelocity = file.tensors.count > names.count
            try file.verify(dataOf: (hasVelocity ? layout.entriesWithVelocity : layout.entries).map(\.name))
        } else if file.isVerifiable {
            try file.verify()
        }
        try file.checkFinite(names)
        digest = try ParameterDigest.digest(of: file)
    }

    func write(to path: String) throws {
        try SafetensorsWriter.write(to: path, tensors: layout.entries) { tensor, sink in
            try file.forEachBlock(of: tensor.name, sink)
        }
    }
}
