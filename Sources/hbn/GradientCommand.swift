import ArgumentParser
import ClusterRuntime
import TensorCore
import Training

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

    @Flag(help: "Compute every convolution directly, none by Winograd's algorithm.")
    var direct = false

    func run() throws {
        try reportingFailures {
            var file = GradientFile()
            file.inference = inference
            file.factored = factored
            if direct { file.numerics.convolutions = ConvolutionChoices(.direct) }
            try file.write(to: output, parameters: parameters, batch: batch)
        }
    }
}
