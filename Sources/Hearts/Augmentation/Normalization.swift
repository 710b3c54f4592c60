/// Scales bytes to -1...1 (x / 127.5 - 1), as pictures are that are not augmented.
public func normalize(_ image: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<Float>) {
    precondition(output.count == image.count, "normalize: \(image.count) bytes into \(output.count) places")
    for i in 0..<image.count { output[i] = Float(image[i]) / 127.5 - 1 }
}
