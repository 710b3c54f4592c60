import AttentionUNet
import ClusterLogic
import Coordination
import ParameterServing
import Parameters
import TensorCore
import Training
import TrainingData

/// The memory that a run's processes need for what grows with the model, in bytes; data, code and messages come on top.
///
/// What processes of one machine share is counted for each that reads it.
public struct MemoryPlan {
    /// What one kind of process holds.
    public struct Role {
        public let name: String
        public let items: [(what: String, bytes: Int)]
        public var total: Int { items.reduce(0) { $0 + $1.bytes } }
    }

    private let configuration: RunConfiguration
    private let layout: ParameterLayout

    public init(_ configuration: RunConfiguration) {
        self.configuration = configuration
        layout = Network.attentionUNet(configuration.model).parameterLayout
    }

    /// All roles of the run, a worker having one lane.
    public func roles() throws -> [Role] {
        let halves = ParameterServers.partition(
            layout, servers: 2, configuration.densePlacement, shardsPerStep: configuration.shardsPerStep
        ).ranges
        return [
            server("hbn-coordinator, holding all parameters", of: 0..<layout.count),
            server("hbn-coordinator, beside one parameter server", of: halves[0]),
            server("hbn-parameter-server, beside the coordinator", of: halves[1]),
            try worker("hbn-worker, one lane"),
        ]
    }

    /// The coordinator where it holds all parameters, as it does at first.
    var coordinator: Role { server("hbn-coordinator", of: 0..<layout.count) }

    private func server(_ name: String, of range: Range<Int>) -> Role {
        let samples = configuration.shardsPerStep * configuration.shardSize
        let gradient = range.clamped(to: 0..<layout.gradientCount).count
        let (rows, width) = (layout.rows(in: range).count, layout.factored?.shape[1] ?? 0)
        let isMultiplying = configuration.densePlacement == .server
        // As long as a file is being written, the next step goes to a buffer of its own.
        let isHeldTwice = !ParameterPart.isTooLargeForTwo(range.count)
        var items = [
            ("parameters", floats(range.count)),
            ("parameters of the next step, while these are written", isHeldTwice ? floats(range.count) : 0),
            ("gradients of a step's shards, and their sums", floats(gradient * (configuration.shardsPerStep + 1))),
            // Where the kernel takes its step as it is read, the factors of one step are there until the next one's.
            ("inputs and errors of head.dense1", floats(samples * (rows * (isMultiplying ? 3 : 1) + 2 * width))),
        ]
        if configuration.optimizer.needsVelocity {
            items.append(("velocity, and its copy while it is written", (isHeldTwice ? 2 : 1) * floats(range.count)))
        }
        return Role(name: name, items: items.filter { $0.1 > 0 })
    }

    private func worker(_ name: String) throws -> Role {
        let computation = try LaneComputation(
            network: .attentionUNet(configuration.model), numerics: configuration.numerics)
        let plan = computation.plan(samples: configuration.shardSize, mode: .training)
        let isMultiplying = configuration.densePlacement == .worker
        let depth = layout.factored?.shape[0] ?? 0
        return Role(
            name: name,
            items: [
                ("parameters", floats(isMultiplying ? layout.count : layout.gradientCount)),
                ("activations and workspaces", plan.plannedByteCount),
                // One is on its way while the next is computed.
                ("gradients of two shards", 2 * floats(layout.gradientCount)),
                ("inputs of head.dense1 of three shards", 3 * floats(configuration.shardSize * depth)),
            ])
    }

    private func floats(_ count: Int) -> Int { count * MemoryLayout<Float>.stride }
}
