/// sum[i] += part[i]
public func add(_ part: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>, count: Int) {
    for i in 0..<count { sum[i] += part[i] }
}

/// sum[i] = a[i] + b[i]
public func add(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into sum: UnsafeMutablePointer<Float>, count: Int
) {
    for i in 0..<count { sum[i] = a[i] + b[i] }
}
