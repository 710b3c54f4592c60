import ArgumentParser
import Benchmarks
import Programs
import TensorCore
import Training

extension DensePlacement: ExpressibleByArgument {}

/// `hbn gradient`: loss and gradients of a batch, for comparison with other software.
struct GradientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gradient",
        abstract: "Compute the loss and every gradient of one batch, from safetensors to safetensors.",
        discussion: """
            The batch holds images (n, h, w, 3) float32 and labels (n) int32. Without --inference the result has the \
            gradient of the mean loss for each trainable parameter, and each batch norm's mean and variance as \
            batch/<norm>.mean and .variance; dropout is off.
            """)

    @Option(help: "The parameters, by the names of a checkpoint.")
    var parameters: String

    @Option(help: "The images and labels.")
    var batch: String

    @Option(help: "The file to write.")
    var output: String

    @Flag(help: "Only loss and probabilities, with the moving statistics.")
    var inference = false

    @Flag(help: "The gradient of head.dense1.kernel as its factors, head.dense1.kernel/x and /d.")
    var factored = false

    @Flag(help: "Through a coordinator, a parameter server and a worker on this machine; without probabilities.")
    var cluster = false

    @Option(
        name: .customLong("dense-placement"),
        help: "With --cluster, who multiplies with the first dense layer's kernel: server or worker.")
    var densePlacement: DensePlacement?

    @Flag(help: "Compute every convolution directly, none by Winograd's algorithm.")
    var direct = false

    func validate() throws {
        guard !cluster || !(inference || factored) else {
            throw ValidationError("--cluster gives whole gradients: drop --inference and --factored")
        }
        guard cluster || densePlacement == nil else {
            throw ValidationError("--dense-placement is for a cluster: add --cluster")
        }
    }

    func run() throws {
        try reportingFailures {
            let numerics = numerics
            if cluster {
                var gradient = ClusterGradient()
                gradient.numerics = numerics
                gradient.densePlacement = densePlacement ?? .server
                return try gradient.write(to: output, parameters: parameters, batch: batch)
            }
            var file = GradientFile()
            file.inference = inference
            file.factored = factored
            file.numerics = numerics
            try file.write(to: output, parameters: parameters, batch: batch)
        }
    }

    private var numerics: NumericsSettings {
        var numerics = NumericsSettings()
        if direct { numerics.convolutions = ConvolutionChoices(.direct) }
        return numerics
    }
}
