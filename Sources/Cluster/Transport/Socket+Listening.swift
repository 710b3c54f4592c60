import Foundation
import ZeroMQ

extension Socket {
    /// Listens at an endpoint, at each address of its host's name, and returns the endpoint with the port that the
    /// system chose. An address that this machine does not have is passed over if it has another.
    package func listen(at endpoint: String) throws(ZeroMQError) -> String {
        guard let (host, asked) = Wire.split(endpoint), !Wire.isWildcard(host), !HostAddresses.isAddress(host),
            let addresses = try? HostAddresses.find(host)
        else {
            try bind(to: endpoint)
            return Wire.plain(try lastEndpoint)
        }
        var port: String?
        var failure: ZeroMQError?
        for address in addresses {
            do throws(ZeroMQError) {
                try bind(to: "tcp://\(address):\(port ?? asked)")
                if port == nil { port = Wire.split(try lastEndpoint)?.port }
            } catch  where [EADDRNOTAVAIL, EAFNOSUPPORT, ENODEV].contains(error.code) {
                failure = error
            }
        }
        if let failure, port == nil { throw failure }
        return "tcp://\(host):\(port ?? asked)"
    }
}
