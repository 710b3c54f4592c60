import Files
import Foundation
import Programs
import ZeroMQ

/// The key of a cluster, which all its nodes have and nobody else: one CURVE pair, both that of the sockets that listen
/// and that of those that connect.
public struct ClusterKey: Sendable {
    let pair: CurveKeyPair
    /// The file that it was read from.
    package let path: String

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
        } catch {
            unlink(path)
            throw RunFailure(.inputOutput, "\(path): \(error.localizedDescription)")
        }
        guard AtomicFile.synchronize(descriptor) else {
            let failure = RunFailure.system(path)
            unlink(path)
            throw failure
        }
    }

    /// A key that is in no file.
    package static func temporary() throws -> ClusterKey { ClusterKey(pair: try .generate(), path: "") }

    private init(pair: CurveKeyPair, path: String) { (self.pair, self.path) = (pair, path) }

    /// Reads a key that others of this machine cannot read.
    public init(path: String) throws {
        self.path = path
        let (bytes, permissions) = try Self.content(ofFileAt: path)
        guard permissions & 0o077 == 0 else {
            throw RunFailure(
                .unusableArguments,
                "--cluster-key \(path): others may read or change it; chmod 600 it, and make a new one if they have")
        }
        do throws(Fault) {
            pair = try Self.pair(in: bytes)
        } catch {
            throw RunFailure(
                .badData, "--cluster-key \(path): \(error.description); copy the key anew, or make one with hbn keygen")
        }
    }

    /// Why some text is no key.
    private struct Fault: Error { let description: String }

    /// Editors and mail programs may have put a mark before the text, other line ends and blanks into it.
    private static func pair(in bytes: Data) throws(Fault) -> CurveKeyPair {
        guard !bytes.isEmpty else { throw Fault(description: "is empty") }
        guard !bytes.contains(0), let text = String(data: bytes, encoding: .utf8) else {
            throw Fault(description: "is no text in UTF-8")
        }
        let words = text.trimmingPrefix("\u{FEFF}").split(whereSeparator: \.isWhitespace).map(String.init)
        let title = title.split(separator: " ").map(String.init)
        guard words.starts(with: title) else { throw Fault(description: "is no key of a cluster") }
        let rest = words.dropFirst(title.count)
        guard rest.count == 4, rest[title.count] == "public", rest[title.count + 2] == "secret" else {
            throw Fault(description: "is cut, or has more in it than a key")
        }
        guard let pair = CurveKeyPair(publicText: rest[title.count + 1], secretText: rest[title.count + 3]) else {
            throw Fault(description: "was changed: its public and its secret part are no pair")
        }
        return pair
    }

    private static func content(ofFileAt path: String) throws -> (bytes: Data, permissions: mode_t) {
        do throws(FileError) {
            let file = try RegularFile(path)
            return (Data(try file.bytes(in: 0..<1000)), file.permissions)
        } catch {
            let isSomethingElse = [.folder, .namedPipe, .socket, .device].contains(FileKind(at: path))
            throw RunFailure(
                isSomethingElse ? .badData : .inputOutput, "--cluster-key \(error); hbn keygen makes one")
        }
    }
}

extension Wire {
    /// What a listening socket admits: with a key only those who have it, and nobody who does not say so soon.
    package static func listening(with key: ClusterKey?) -> [SocketOption] {
        [.handshakeInterval(.seconds(10))] + (key.map { [.curveServer($0.pair, domain: Doorkeeper.domain)] } ?? [])
    }

    package static func connecting(with key: ClusterKey?) -> [SocketOption] {
        key.map { [.curveClient($0.pair, server: $0.pair.publicKey)] } ?? []
    }
}
