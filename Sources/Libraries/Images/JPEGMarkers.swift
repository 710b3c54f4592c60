/// The markers of a JPEG file, which its parts begin with.
enum JPEGMarkers {
    private static let start: UInt8 = 0xD8
    private static let end: UInt8 = 0xD9
    private static let restarts: ClosedRange<UInt8> = 0xD0...0xD7
    private static let temporary: UInt8 = 0x01

    /// Does the file go on to the marker that ends its picture? A decoder would grey what is missing.
    static func reachEnd(of bytes: [UInt8]) -> Bool {
        var place = 2
        while let marker = next(in: bytes, from: &place) {
            switch marker {
            case end: return true
            case start, temporary, restarts: break
            default:
                guard place + 2 <= bytes.count else { return false }
                // What the length counts begins with itself; behind a scan's head come its bits.
                place += max(2, Int(bytes[place]) << 8 | Int(bytes[place + 1]))
            }
        }
        return false
    }

    /// The next marker at or behind `place`, which moves behind it; nil if there is none. FF 00 is no marker.
    private static func next(in bytes: [UInt8], from place: inout Int) -> UInt8? {
        while place + 1 < bytes.count {
            if bytes[place] == 0xFF, bytes[place + 1] != 0, bytes[place + 1] != 0xFF {
                defer { place += 2 }
                return bytes[place + 1]
            }
            place += 1
        }
        return nil
    }
}
