extension Sound {
    /// How the names of sound files end that can be read, in lower case.
    public static let fileEndings = [
        "wav", "wave", "flac", "mp3", "ogg", "oga", "opus", "aif", "aiff", "aifc", "au", "snd", "caf", "w64", "rf64",
    ]
}
