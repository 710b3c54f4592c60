/// Which class is that of the healthy, by its name.
public enum NormalClass {
    /// Words for those who are well.
    private static let words: Set<String> = [
        "normal", "normals", "healthy", "control", "controls", "absent", "negative", "neg", "benign", "innocent",
        "unremarkable", "asymptomatic", "unauffällig", "gesund", "normale", "sain", "sano", "sana", "n", "0", "false",
    ]

    /// Words that turn another into its opposite, and that say by themselves that there is nothing.
    private static let negations: Set<String> = [
        "no", "not", "non", "without", "none", "kein", "keine", "ohne", "sans", "sin", "senza", "sem",
    ]

    /// What is written as one word.
    private static let wholes: Set<String> = [
        "-1", "nomurmur", "nonmurmur", "nodisease", "nonpathological", "noabnormality", "normalheart", "normalsinus",
    ]

    /// Whether a name is one of the healthy: "normal", "0_Normal", "no murmur", "Murmur absent", "N", but neither
    /// "abnormal" nor "not normal".
    public static func isNormal(_ name: String) -> Bool {
        let name = name.lowercased()
        if wholes.contains(name) { return true }
        var words = name.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        // A number before a name puts classes in order.
        if words.count > 1, words[0].allSatisfy(\.isNumber) { words.removeFirst() }
        let isNegated = words.contains(where: negations.contains)
        return words.contains { self.words.contains($0) || wholes.contains($0) } != isNegated
    }

    /// The only class of the healthy; nil where none or several are called so.
    public static func index(in classes: [String]) -> Int? {
        let normal = classes.indices.filter { isNormal(classes[$0]) }
        return normal.count == 1 ? normal[0] : nil
    }
}
