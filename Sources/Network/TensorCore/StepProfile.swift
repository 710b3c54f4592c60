/// Where the time of a plan's steps goes, by layer and pass. Belongs to the thread of its plan.
public final class StepProfile {
    /// One pass of one layer.
    public struct Row: Codable, Sendable {
        public let layer: String
        public let pass: String
        /// Of one step.
        public let seconds: Double
        /// Floating-point operations by the layer's definition; 0 where it is memory that counts.
        public let operations: Int
        /// Bytes of activations and kernels that the pass must touch at least.
        public let bytes: Int

        public init(layer: String, pass: String, seconds: Double, operations: Int, bytes: Int) {
            self.layer = layer
            self.pass = pass
            self.seconds = seconds
            self.operations = operations
            self.bytes = bytes
        }
    }

    private let network: Network
    private let batch: Int
    private var steps = 0
    private var durations: [[Duration]]

    public init(network: Network, batch: Int) {
        self.network = network
        self.batch = batch
        durations = network.layers.map { _ in Pass.allCases.map { _ in .zero } }
    }

    func beginStep() { steps += 1 }

    func measure(_ layer: Int, _ pass: Pass, _ body: () -> Void) {
        let start = ContinuousClock.now
        body()
        durations[layer][Pass.allCases.firstIndex(of: pass)!] += start.duration(to: .now)
    }

    /// The passes that took time, in the order of the layers.
    public var rows: [Row] {
        let counts = Dictionary(
            uniqueKeysWithValues: network.parameterLayout.parameters.map { ($0.name, $0.count) })
        return network.layers.enumerated().flatMap { index, layer in
            let kernel = layer.parameters.reduce(0) { $0 + (counts[$1] ?? 0) }
            let isFactored = (layer as? DenseLayer)?.isFactored ?? false
            let activations = (layer.inputs + [layer.output]).reduce(0) { $0 + network.shape(of: $1).count }
            return zip(Pass.allCases, durations[index]).compactMap { pass, duration -> Row? in
                let seconds = duration / .seconds(1) / Double(max(steps, 1))
                // A factored kernel's gradient is not computed here.
                guard seconds > 1e-6, !(isFactored && pass == .backwardWeights) else { return nil }
                let bytes = 4 * (kernel + batch * activations)
                let operations = 2 * batch * layer.multiplyAdds
                // Below some operations a byte, memory is what takes the time.
                return Row(
                    layer: layer.name, pass: pass.rawValue, seconds: seconds,
                    operations: operations > 4 * bytes ? operations : 0, bytes: bytes)
            }
        }
    }
}
