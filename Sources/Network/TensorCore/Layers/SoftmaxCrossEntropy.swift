import ElementaryFunctions

extension Network {
    /// The end of the network: the probability of each class, and the categorical cross-entropy against the labels.
    public mutating func softmaxCrossEntropy(_ logits: Value, named name: String) {
        let classes = shape(of: logits).count
        setClasses(classes)
        _ = append(
            SoftmaxCrossEntropyLayer(
                name: name, logits: logits, output: makeValue(Shape(1, 1, classes)), classes: classes))
    }
}

struct SoftmaxCrossEntropyLayer: Layer {
    let name: String
    let logits: Value
    let output: Value
    let classes: Int

    var inputs: [Value] { [logits] }
    var kind: LayerDescription.Kind { .softmax }
    var summary: String { "softmax" }

    func compile(_ builder: PlanBuilder) -> Operation { SoftmaxCrossEntropy(self, builder) }
}

final class SoftmaxCrossEntropy: Operation {
    private let layer: SoftmaxCrossEntropyLayer
    private let context: StepContext
    private let batch: Int
    private let logits: Slot
    private let output: Slot
    private var logitsGradient: GradientTarget!

    init(_ layer: SoftmaxCrossEntropyLayer, _ builder: PlanBuilder) {
        self.layer = layer
        context = builder.context
        batch = builder.batch
        logits = builder.read(layer.logits, .rows)
        output = builder.write(layer.output, .rows)
        logits.buffer.use(at: builder.endOfStep)
        output.buffer.use(at: builder.endOfStep)
    }

    /// `[n, classes]`, valid after forward.
    var probabilities: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: output.floats, count: batch * layer.classes)
    }

    /// probability = exp(logit - max) / sum
    override func forward() {
        for sample in 0..<batch {
            let (row, result) = rows(sample)
            let highest = highest(row)
            var sum: Float = 0
            for j in 0..<layer.classes {
                result[j] = Float(Elementary.exp(Double(row[j] - highest)))
                sum += result[j]
            }
            for j in 0..<layer.classes { result[j] /= sum }
        }
    }

    override func declareBackward(_ builder: PlanBuilder) {
        logitsGradient = builder.gradientTarget(of: layer.logits)
    }

    /// The gradient of a sample's loss is its probabilities minus the one-hot label, times its weight.
    override func backwardData() {
        let gradient = logitsGradient.slot.floats
        for sample in 0..<batch {
            let (_, result) = rows(sample)
            let scale = context.gradientScale * (context.weights?[sample] ?? 1)
            for j in 0..<layer.classes {
                let truth: Float = j == Int(context.labels[sample]) ? 1 : 0
                gradient[sample * layer.classes + j] = (result[j] - truth) * scale
            }
        }
        logitsGradient.finish()
    }

    /// The cross-entropy of each sample with its label, added in double precision: log(sum exp) - logit of the label.
    func lossSum() -> Double {
        var total = 0.0
        for sample in 0..<batch {
            let (row, _) = rows(sample)
            let highest = highest(row)
            var sum = 0.0
            for j in 0..<layer.classes { sum += Elementary.exp(Double(row[j] - highest)) }
            let loss = Elementary.log(sum) - Double(row[Int(context.labels[sample])] - highest)
            total += loss * Double(context.weights?[sample] ?? 1)
        }
        return total
    }

    private func rows(_ sample: Int) -> (logits: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>) {
        (logits.floats + sample * layer.classes, output.floats + sample * layer.classes)
    }

    private func highest(_ row: UnsafeMutablePointer<Float>) -> Float {
        var highest = row[0]
        for j in 1..<max(layer.classes, 1) { highest = max(highest, row[j]) }
        return highest
    }
}
