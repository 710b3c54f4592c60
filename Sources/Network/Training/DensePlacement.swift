/// Where the first dense layer's kernel W lies, which holds nearly all of a model's weights.
public enum DensePlacement: String, Codable, CaseIterable, Sendable {
    /// On the parameter servers, which multiply with it: inputs and errors of shards travel, W does not.
    case server
    /// On each worker: W is fetched in each step. For comparison, and where servers are short of processor time.
    case worker
}
