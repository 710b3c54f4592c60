/// Reads the JSON of a safetensors header piece by piece, so that memory grows only with what is kept of it.
///
/// The grammar is RFC 8259's. A foreign header can be wrong in any way: each is an error with its position.
struct HeaderScanner {
    private let bytes: UnsafeRawBufferPointer
    private let path: String
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer, path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// Calls `member` with each key; it must read the key's value.
    mutating func object(
        _ member: (inout HeaderScanner, String) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try expect("{")
        if accept("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while accept(",")
        try expect("}")
    }

    /// Calls `element` before each element; it must read it.
    mutating func array(_ element: (inout HeaderScanner) throws(CheckpointError) -> Void) throws(CheckpointError) {
        try expect("[")
        if accept("]") { return }
        repeat { try element(&self) } while accept(",")
        try expect("]")
    }

    mutating func string() throws(CheckpointError) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while true {
            switch try next() {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw malformed("a string is not valid UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): text += try escaped().utf8
            case let byte where byte < 0x20: throw malformed("a string holds a control character")
            case let byte: text.append(byte)
            }
        }
    }

    /// A whole number from 0 to 2^63 - 1.
    mutating func count() throws(CheckpointError) -> Int {
        skipSpace()
        let start = position
        while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { position += 1 }
        let digits = String(decoding: bytes[start..<position], as: UTF8.self)
        let isFraction = [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(peek)
        guard let value = Int(digits), digits == "\(value)", !isFraction else {
            throw malformed("expected a whole number below 2^63")
        }
        return value
    }

    /// Nothing but white space may follow.
    mutating func end() throws(CheckpointError) {
        skipSpace()
        if position < bytes.count { throw malformed("something follows the closing brace") }
    }

    func malformed(_ reason: String) -> CheckpointError {
        CheckpointError(.malformed, path, "the header is wrong at byte \(position): \(reason); not a safetensors file")
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func next() throws(CheckpointError) -> UInt8 {
        guard let byte = peek else { throw malformed("it ends too early") }
        position += 1
        return byte
    }

    private mutating func skipSpace() {
        while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(CheckpointError) {
        if !accept(character) { throw malformed("expected '\(character)'") }
    }

    private mutating func escaped() throws(CheckpointError) -> String {
        switch Unicode.Scalar(try next()) {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u":
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]) {
                guard try next() == UInt8(ascii: "\\"), try next() == UInt8(ascii: "u") else {
                    throw malformed("half of a surrogate pair")
                }
                units.append(try codeUnit())
            }
            guard let text = String(validating: units, as: UTF16.self) else {
                throw malformed("half of a surrogate pair")
            }
            return text
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func codeUnit() throws(CheckpointError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(try next())).hexDigitValue else {
                throw malformed("an escape needs four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
