/// What a picture goes on with beyond its border, with the names and the meaning that `scipy.ndimage.affine_transform`
/// gives them, which Keras calls.
public enum FillMode: String, Codable, CaseIterable, Sendable {
    /// `aaaa|abcd|dddd`
    case nearest
    /// `kkkk|abcd|kkkk`, where k is the fill value: it begins at once beyond the centres of the outermost pixels.
    case constant
    /// `dcba|abcd|dcba`
    case reflect
    /// `cdbc|abcd|bcab`: the first and the last pixel take one place.
    case wrap

    /// The place in 0...last, in pixels, where an axis is read for `coordinate`; nil: the fill value stands there.
    @inline(__always) func place(of coordinate: Double, last: Double) -> Double? {
        if coordinate >= 0 && coordinate <= last { return coordinate }
        switch self {
        case .nearest:
            return min(max(coordinate, 0), last)
        case .constant:
            return nil
        case .reflect:
            let period = 2 * (last + 1)
            let forth = coordinate - period * (coordinate / period).rounded(.down)
            let back = period - 1 - forth
            return min(max(min(forth, back), 0), last)
        case .wrap:
            guard last > 0 else { return 0 }
            let rest = coordinate.truncatingRemainder(dividingBy: last)
            return coordinate < 0 ? last + rest : rest
        }
    }
}
