import Dispatch
import Randomness

extension ParameterLayout {
    /// The start of a run: a pure function of the seed.
    public func initialParameters(seed: UInt64) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        initialize(buffer.floats, from: 0, seed: seed)
        return buffer
    }

    /// Writes a part of the start of a run, that from the float `first` on. On all cores: each number is a draw of its
    /// own.
    public func initialize(_ part: UnsafeMutableBufferPointer<Float>, from first: Int, seed: UInt64) {
        for (index, elements, floats) in pieces(of: part, from: first) {
            switch parameters[index].initializer {
            case .zeros: floats.update(repeating: 0)
            case .ones: floats.update(repeating: 1)
            case .glorotUniform(let fanIn, let fanOut):
                let generator = CounterGenerator(seed: seed, purpose: .initialization, item: UInt32(index))
                let limit = (6 / Float(fanIn + fanOut)).squareRoot()
                let size = 1 << 20
                nonisolated(unsafe) let target = floats
                DispatchQueue.concurrentPerform(iterations: (floats.count + size - 1) / size) { block in
                    let range = block * size..<min((block + 1) * size, target.count)
                    let part = UnsafeMutableBufferPointer(rebasing: target[range])
                    generator.fillUniform(part, offset: elements.lowerBound + range.lowerBound)
                    for i in part.indices { part[i] = (2 * part[i] - 1) * limit }
                }
            }
        }
    }
}
