/// How nodes know of each other that they are there.
public enum Heartbeat {
    /// How often a node says so.
    public static let interval = Duration.seconds(1)
    /// Who is silent for longer is gone.
    public static let lease = Duration.seconds(5)
}
