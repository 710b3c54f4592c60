/// Are all of these numbers finite?
///
/// Without its sign, a number's bits grow with it, and those of infinity are the first that are not finite. The largest
/// of whole numbers is found in vector registers, unlike a sum of floats, which has an order.
public func areFinite(_ floats: UnsafeBufferPointer<Float>) -> Bool {
    var largest: UInt32 = 0
    for float in floats { largest = max(largest, float.magnitude.bitPattern) }
    return largest < Float.infinity.bitPattern
}
