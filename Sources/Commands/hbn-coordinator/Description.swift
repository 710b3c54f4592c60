import AttentionUNet
import Programs
import Runs
import TensorCore
import Training
import TrainingData

/// What `--describe` prints: the model without its memory.
struct Description {
    private let configuration: RunConfiguration

    init(_ configuration: RunConfiguration) { self.configuration = configuration }

    func print() throws {
        let network = Network.attentionUNet(configuration.model)
        let layout = network.parameterLayout
        Swift.print("\(configuration.preset.rawValue): \(configuration.preset.summary)")
        Swift.print(
            pad("layer", 32) + pad("kind", 36) + pad("output", 14) + right("parameters", 14)
                + right("MFLOP forward", 15))
        for row in network.table {
            Swift.print(
                pad(row.name, 32) + pad(row.summary, 36) + pad("\(row.output)", 14)
                    + right(row.parameters > 0 ? row.parameters.grouped : "", 14)
                    + right(row.multiplyAdds > 0 ? (2 * row.multiplyAdds / 1_000_000).grouped : "", 15))
        }
        Swift.print("")
        Swift.print(
            "\(layout.count.grouped) parameters, \(layout.trainableCount.grouped) trainable; "
                + "\((layout.count * 4 / 1_000_000).grouped) MB as float32")
        Swift.print("\(network.trainingOperationsPerSample / 1_000_000_000) GFLOP for a training step of one sample")
        Swift.print(
            "a step: \(configuration.shardsPerStep) shards of \(configuration.shardSize) samples; SGD, learning rate "
                + "\(configuration.optimizer.learningRate), momentum \(configuration.optimizer.momentum); "
                + "\(configuration.epochs) epochs")
        Swift.print("")
        Swift.print("memory planned for what grows with the model; data, code and messages come on top")
        for role in try MemoryPlan(configuration).roles() {
            Swift.print(pad(role.name, 60) + megabytes(role.total))
            for item in role.items { Swift.print(pad("    \(item.what)", 60) + megabytes(item.bytes)) }
        }
    }

    private func megabytes(_ bytes: Int) -> String { right(((bytes + 500_000) / 1_000_000).grouped, 10) + " MB" }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
}
