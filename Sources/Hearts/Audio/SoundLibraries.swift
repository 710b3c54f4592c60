internal import CMPG123
internal import CSndfile

/// The libraries that make samples of sound files.
public enum SoundLibraries {
    /// Their versions, as they tell themselves, and what else decides their bits.
    public static let versions: String = {
        // Older ones do not tell more than what they can be called by.
        let mpg123 = hbn_mpg123_version().map { String(cString: $0) } ?? "interface \(MPG123_API_VERSION)"
        let decoder = MP3Decoder.name ?? "any"
        return [
            String(cString: sf_version_string()), "libmpg123-\(mpg123) (\(decoder))", "on \(processor)",
        ].joined(separator: ", ")
    }()

    /// Compilers fuse multiplications and additions of C on some kinds and not on others.
    private static var processor: String {
        #if arch(x86_64)
            "x86-64"
        #elseif arch(arm64)
            "aarch64"
        #else
            "another processor"
        #endif
    }
}
