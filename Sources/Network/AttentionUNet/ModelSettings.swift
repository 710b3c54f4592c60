/// Every size of the model. The defaults are the notebook's.
public struct ModelSettings: Codable, Hashable, Sendable {
    public var height = 432
    public var width = 288
    public var baseFilters = 64
    public var classes = 2
    public var denseLayers = 16
    public var denseWidth = 256
    public var dropout: Float = 0.3

    public init() {}

    /// What is wrong with the sizes, in one line, or nil.
    public var complaint: String? {
        if height < 16 || height % 16 != 0 { return Self.notAMultiple("height", height) }
        if width < 16 || width % 16 != 0 { return Self.notAMultiple("width", width) }
        if height > 1 << 14 || width > 1 << 14 { return "an input of \(height)x\(width) is larger than 16384x16384" }
        if !(1...1024).contains(baseFilters) { return "base filters must be 1 to 1024, not \(baseFilters)" }
        if !(2...1000).contains(classes) { return "the model needs 2 to 1000 classes, not \(classes)" }
        if !(1...64).contains(denseLayers) { return "dense layers must be 1 to 64, not \(denseLayers)" }
        if !(1...65536).contains(denseWidth) { return "the dense width must be 1 to 65536, not \(denseWidth)" }
        if height * width * baseFilters > 1 << 42 / denseWidth {
            return
                "the first dense layer would have over 2^42 weights; choose a smaller size, base filters or dense width"
        }
        if !(dropout >= 0 && dropout < 1) { return "dropout must be at least 0 and below 1, not \(dropout)" }
        return nil
    }

    private static func notAMultiple(_ name: String, _ size: Int) -> String {
        let near = max(16, (size + 8) / 16 * 16)
        return "\(name) \(size) is not a multiple of 16 (four poolings halve it); \(near) would do"
    }
}
