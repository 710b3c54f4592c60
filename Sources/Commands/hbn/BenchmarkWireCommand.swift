import ArgumentParser
import Benchmarks
import Foundation
import Programs

/// `hbn benchmark wire`: how fast parameters travel.
struct BenchmarkWireCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wire", abstract: "Time parameters on their way over the loopback device.",
        discussion: """
            By turns: frames that ZeroMQ carries as they are, the same as nodes of a cluster send them, and as they send \
            them with a key. Sender and receiver are one process, and the cipher takes a core at either end.
            """)

    @Option(help: "Connections from the sender to the receiver, each with an I/O thread at both ends.")
    var connections = 1

    @Option(help: "Mebibytes of a frame.")
    var frameSize = 16

    @Option(help: "Frames of a turn.")
    var frames = 128

    @Option(help: "Turns of each.")
    var rounds = 5

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        try reportingFailures {
            guard (1...64).contains(connections), (1...1024).contains(frameSize), (1...1_000_000).contains(frames),
                (1...1000).contains(rounds)
            else {
                throw RunFailure(
                    .unusableArguments,
                    "connections must be 1 to 64, the frame size 1 to 1024, frames 1 to 1000000, rounds 1 to 1000")
            }
            let benchmark = WireBenchmark(
                connections: connections, framesPerTurn: frames, floatsPerFrame: frameSize << 18)
            let result = try benchmark.run(turns: rounds)
            if json { return try printJSON(result) }
            func line(_ name: String, _ rate: Double, _ ratio: Double) -> String {
                String(format: "%@  %.2f GB/s  %.2f of bare", name, rate / 1e9, ratio)
            }
            print(line("bare       ", result.bareBytesPerSecond, 1))
            print(line("plain      ", result.plainBytesPerSecond, result.plainRatio))
            print(line("with a key ", result.encryptedBytesPerSecond, result.encryptedRatio))
        }
    }
}
