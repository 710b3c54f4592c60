/// What an event file says of one step.
public struct Event: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// The first of a file.
        case version
        /// A training goes on from the step before: what was said of this step and of later ones holds no more.
        case start
        case summary([Value])
    }

    public let step: Int
    public let content: Content

    public init(step: Int, _ content: Content) {
        self.step = step
        self.content = content
    }

    /// A number or a picture, under a name that groups it by its first word before a slash.
    public struct Value: Hashable, Sendable {
        enum Content: Hashable, Sendable {
            case scalar(Float)
            case picture(png: [UInt8], height: Int, width: Int)
        }

        let tag: String
        let content: Content

        public static func scalar(_ tag: String, _ number: Double) -> Value {
            Value(tag: tag, content: .scalar(Float(number)))
        }

        /// A PNG file of three channels.
        public static func picture(_ tag: String, png: [UInt8], height: Int, width: Int) -> Value {
            Value(tag: tag, content: .picture(png: png, height: height, width: width))
        }
    }
}
