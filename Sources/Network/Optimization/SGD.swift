import ElementaryFunctions
import Kernels

/// How the learning rate changes over a run.
public enum LearningRateDecay: String, Codable, CaseIterable, Sendable {
    case constant
    /// Half a cosine, from the learning rate down to zero at the last step (Loshchilov and Hutter, "SGDR", ICLR 2017).
    case cosine
}

/// Stochastic gradient descent, with the formulas of Keras' optimizer of that name.
public struct SGD: Codable, Hashable, Sendable {
    public var learningRate: Float = 0.01
    public var decay = LearningRateDecay.constant
    public var momentum: Float = 0
    public var nesterov = false
    /// Decoupled: each step first shrinks a parameter by learningRate * weightDecay of itself.
    public var weightDecay: Float = 0

    public init(learningRate: Float = 0.01, momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) {
        self.learningRate = learningRate
        self.momentum = momentum
        self.nesterov = nesterov
        self.weightDecay = weightDecay
    }

    /// The optimizer of one step out of `total`, with the learning rate of that step.
    public func at(step: UInt64, of total: UInt64) -> SGD {
        var one = self
        one.decay = .constant
        if decay == .cosine {
            let progress = Double(step) / Double(max(total, 1))
            one.learningRate = Float(Double(learningRate) * 0.5 * (1 + Elementary.cos(.pi * min(progress, 1))))
        }
        return one
    }

    public var needsVelocity: Bool { momentum != 0 }

    /// What is wrong with the numbers, in one line, or nil.
    public var complaint: String? {
        if !(learningRate > 0 && learningRate.isFinite) { return "the learning rate must be above 0" }
        if !(momentum >= 0 && momentum < 1) { return "momentum must be at least 0 and below 1" }
        if !(weightDecay >= 0 && weightDecay.isFinite) { return "weight decay must not be negative" }
        return nil
    }

    /// What one step does to each parameter.
    ///
    /// velocity = momentum velocity - learningRate gradient; the parameter moves by the velocity, or, with Nesterov's
    /// look-ahead, by momentum velocity - learningRate gradient. Without momentum no velocity is kept.
    public var step: SGDStep {
        SGDStep(
            learningRate: learningRate, momentum: momentum, nesterov: nesterov, kept: 1 - learningRate * weightDecay)
    }

    /// `updated[i]` becomes `parameters[i]` after one step along `gradient[i]`; the two may be one buffer.
    public func step(
        _ parameters: UnsafePointer<Float>, gradient: UnsafePointer<Float>, velocity: UnsafeMutablePointer<Float>?,
        into updated: UnsafeMutablePointer<Float>, count: Int
    ) {
        step.apply(
            to: parameters, gradient: gradient, velocity: needsVelocity ? velocity : nil, into: updated, count: count)
    }
}
