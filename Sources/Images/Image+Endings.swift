extension Image {
    /// How the names of picture files end that can be read, in lower case.
    public static let fileEndings = ["png", "jpg", "jpeg"]
}
