import Files
import Foundation
import ZeroMQ

/// The key of a cluster, which all its nodes have and nobody else: one CURVE pair, both that of the sockets that listen and
/// that of those that connect.
public struct ClusterKey: Sendable {
    let pair: CurveKeyPair
    /// The file that it was read from.
    let path: String

    private static let title = "heartbeatnet cluster key 1"

    /// Writes a new key to a file that does not exist yet and that only its owner may read.
    public static func generate(at path: String) throws {
        let pair = try CurveKeyPair.generate()
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw RunFailure(
                .inputOutput, errno == EEXIST ? "\(path) exists; keys are not overwritten" : "\(path): \(reason)")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data("\(title)\npublic \(pair.publicText)\nsecret \(pair.secretText)\n".utf8))
            try file.synchronize()
        } catch {
            unlink(path)
            throw RunFailure(.inputOutput, "\(path): \(error.localizedDescription)")
        }
    }

    /// A key that is in no file.
    static func temporary() throws -> ClusterKey { ClusterKey(pair: try .generate(), path: "") }

    private init(pair: CurveKeyPair, path: String) { (self.pair, self.path) = (pair, path) }

    /// Reads a key that others of this machine cannot read.
    public init(path: String) throws {
        self.path = path
        let (text, permissions) = try Self.text(ofFileAt: path)
        guard permissions & 0o077 == 0 else {
            throw RunFailure(
                .unusableArguments,
                "--cluster-key \(path): others may read or change it; chmod 600 it, and make a new one if they have")
        }
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        guard lines.count == 3, lines[0] == Self.title.split(separator: " ").map(String.init),
            lines[1].count == 2, lines[1][0] == "public", lines[2].count == 2, lines[2][0] == "secret",
            let pair = CurveKeyPair(publicText: lines[1][1], secretText: lines[2][1])
        else {
            throw RunFailure(.badData, "--cluster-key \(path): is no key of a cluster; hbn keygen makes one")
        }
        self.pair = pair
    }

    private static func text(ofFileAt path: String) throws -> (text: String, permissions: mode_t) {
        do throws(FileError) {
            let file = try RegularFile(path)
            return (String(decoding: try file.bytes(in: 0..<1000), as: UTF8.self), file.permissions)
        } catch {
            throw RunFailure(.inputOutput, "--cluster-key \(error); hbn keygen makes one")
        }
    }
}

extension Wire {
    /// What a listening socket admits: with a key only those who have it, and nobody who does not say so soon.
    static func listening(with key: ClusterKey?) -> [SocketOption] {
        [.handshakeInterval(.seconds(10))] + (key.map { [.curveServer($0.pair, domain: Doorkeeper.domain)] } ?? [])
    }

    static func connecting(with key: ClusterKey?) -> [SocketOption] {
        key.map { [.curveClient($0.pair, server: $0.pair.publicKey)] } ?? []
    }
}
