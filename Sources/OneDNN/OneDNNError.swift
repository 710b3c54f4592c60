internal import COneDNN

/// A call that oneDNN refused.
public struct OneDNNError: Error, Hashable, Sendable, CustomStringConvertible {
    public let code: Int32
    public let call: String

    public var description: String { "oneDNN: \(call) failed with status \(code)" }
}

/// Every status goes through here.
@inline(__always)
func check(_ status: dnnl_status_t, _ call: StaticString) throws(OneDNNError) {
    guard status == dnnl_success else { throw OneDNNError(code: Int32(status.rawValue), call: "\(call)") }
}
