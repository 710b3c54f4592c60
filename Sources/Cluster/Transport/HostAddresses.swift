import Dispatch
import Foundation
import Programs

/// The addresses of hosts by their names, of IPv4 and IPv6. ZeroMQ by itself takes one address of a name only.
enum HostAddresses {
    /// A name that has no address, in the system's words.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The addresses of a host as an endpoint has them, such as 127.0.0.1 and [::1], in the system's order of
    /// preference. This may take long. An address is its own.
    static func find(_ host: String) throws(Failure) -> [String] { try find(host, flags: 0) }

    /// Is this an address, not a name?
    static func isAddress(_ host: String) -> Bool { (try? find(host, flags: AI_NUMERICHOST)) != nil }

    /// May this be the name of a host, or its address?
    static func isSpelledWell(_ host: String) -> Bool {
        isAddress(host) || host.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9._\-]*/#) != nil
    }

    private static func find(_ host: String, flags: CInt) throws(Failure) -> [String] {
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = flags
        var first: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &first)
        guard status == 0 else { throw Failure(description: String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(first) }
        var addresses: [String] = []
        var next = first
        while let info = next?.pointee {
            if let address = text(of: info), !addresses.contains(address) { addresses.append(address) }
            next = info.ai_next
        }
        guard !addresses.isEmpty else { throw Failure(description: "it has no address of IPv4 or IPv6") }
        return addresses
    }

    private static func text(of info: addrinfo) -> String? {
        guard info.ai_family == AF_INET || info.ai_family == AF_INET6 else { return nil }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(
                info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return info.ai_family == AF_INET6 ? "[\(address)]" : address
    }
}

/// Looks up the addresses of one host, beside the thread that wants them, as often as it asks.
final class AddressLookup: Sendable {
    typealias Find = @Sendable (_ host: String) throws -> [String]

    private let host: String
    private let find: Find
    private let queue = DispatchQueue(label: "names")
    private let found: Mailbox<Result<[String], any Error>>

    /// Wakes whoever waits for what was found.
    init(of host: String, by find: @escaping Find, waking wakeup: Wakeup) {
        (self.host, self.find) = (host, find)
        found = Mailbox(waking: wakeup)
    }

    func begin() {
        queue.async { [host, find, found] in found.put(Result { try find(host) }) }
    }

    /// What was found since this was last asked.
    func takeAll() -> [Result<[String], any Error>] { found.takeAll() }
}
