/// What the numbers of a shard's gradient are rounded to before they leave their worker. They are added, and the step
/// is taken, in float32 either way. It decides bits, on one machine as on many.
public enum GradientPrecision: String, Codable, CaseIterable, Sendable {
    case float32
    /// Half the bytes on the wire, and 8 significant bits.
    case bf16
}
