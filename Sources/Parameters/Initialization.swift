import Randomness

extension ParameterLayout {
    /// The start of a run: a pure function of the seed.
    public func initialParameters(seed: UInt64) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        for (index, parameter) in parameters.enumerated() {
            let floats = buffer.floats(of: parameter)
            switch parameter.initializer {
            case .zeros: floats.update(repeating: 0)
            case .ones: floats.update(repeating: 1)
            case .glorotUniform(let fanIn, let fanOut):
                let generator = CounterGenerator(seed: seed, purpose: .initialization, item: UInt32(index))
                let limit = (6 / Float(fanIn + fanOut)).squareRoot()
                generator.fillUniform(floats)
                for i in floats.indices { floats[i] = (2 * floats[i] - 1) * limit }
            }
        }
        return buffer
    }
}
