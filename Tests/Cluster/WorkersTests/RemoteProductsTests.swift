import ClusterLogic
import Examples
import Foundation
import Kernels
import Messages
import Parameters
import Synchronization
import Testing

@testable import ParameterServing
@testable import Programs
@testable import Transport
@testable import Workers

/// Parameter servers that hold the rows of a kernel between them, without sockets: questions reach them in the lane's
/// own thread.
private final class Fleet: @unchecked Sendable {
    // Sendable: a test asks from one thread.
    let factored: FactoredKernel
    let ranges: [Range<Int>]
    private let servers: [Int: PlacedKernel]
    private let wakeup = try! Wakeup()
    /// Floats that came over the wire, in both directions.
    private(set) var carried = 0

    init(_ factored: FactoredKernel, servers count: Int) {
        self.factored = factored
        let layout = factored.layout
        ranges =
            Partition(
                count: layout.count, servers: count, rowsFrom: layout.gradientCount,
                rowWidth: factored.width * FactoredDense.rowsPerBlock
            ).ranges
        var servers: [Int: PlacedKernel] = [:]
        for (index, range) in ranges.enumerated() {
            let rows = layout.rows(in: range)
            guard !rows.isEmpty else { continue }
            let server = PlacedKernel(
                FactoredDense(depth: rows.count, width: factored.width),
                .init(layout.blocks(in: range), of: layout.blocks),
                sharesMemory: false, cores: [0, 1], waking: wakeup)
            server.start(factored.kernel + rows.lowerBound * factored.width)
            servers[index] = server
        }
        self.servers = servers
    }

    /// A server gets a question, and the answer goes back to who asked; each as often as the network will have it.
    func answer(_ request: ProductRequest, times: Int = 1) {
        for question in request.missing {
            for _ in 0..<times { try! pass(question, of: request) }
        }
    }

    private func pass(_ question: ProductRequest.Question, of request: ProductRequest) throws {
        let server = servers[question.server]!
        let peer = NodeID(name: "worker", incarnation: 1)
        let frame = try question.tensors[0].message()
        carried += frame.count / MemoryLayout<Float>.stride
        var answer: PlacedKernel.Answer?
        switch question.header {
        case .multiply(let id, _, let samples, let isKept, let core, let digest, _):
            let x = try server.shard(id)?.x ?? server.unpack(frame, samples: samples)!
            #expect(x.digest == digest)
            answer = try server.multiply(
                id, of: peer, samples: samples, isKept: isKept, core: core, x: x, digest: digest)
        case .multiplyTransposed(let id, _, let digest):
            let d = FloatFrame(frame, count: server.shard(id)!.samples * factored.width)!
            #expect(d.digest == digest)
            answer = try server.multiplyTransposed(id, d: d, digest: digest)
        default: Issue.record("\(question.header) is no question")
        }
        while answer == nil {
            answer = try server.takeAnswers().first
            usleep(100)
        }
        let tensor = answer!.tensors[0]
        carried += tensor.count / MemoryLayout<Float>.stride
        _ = request.answer(FloatFrame(tensor, count: tensor.count / MemoryLayout<Float>.stride)!, from: question.server)
    }

    func task(_ shard: Int) -> LaneTask {
        LaneTask(
            assignment: .init(
                kind: .train, id: .init(round: 1, shard: shard, attempt: 0), version: 1, roundSamples: 6,
                samples: (0..<UInt32(factored.shards[shard].samples)).map { $0 }),
            run: 7, tensors: [], parameters: ArrivingParameters(FloatFrame(FloatBuffer(count: 0))), ranges: ranges)
    }
}

/// X W and D W^T of a shard.
private struct Products: Equatable {
    let sums: [Float]
    let dx: [Float]
}

private func products(_ fleet: Fleet, shard: Int, times: Int = 1) throws -> Products {
    let (factored, one) = (fleet.factored, fleet.factored.shards[shard])
    let remote = RemoteProducts(layout: factored.layout, sharesMemory: false) {
        fleet.answer($0, times: times)
    }
    remote.begin(fleet.task(shard))
    let (sums, dx) = (FloatBuffer(count: one.samples * factored.width), FloatBuffer(count: one.samples * factored.rows))
    try #require(remote.forward(one.x.base, samples: one.samples, into: sums.base))
    try #require(remote.backwardData(one.x.base, d: one.d.base, samples: one.samples, into: dx.base))
    return Products(sums: Array(sums.floats), dx: Array(dx.floats))
}

@Test(.timeLimit(.minutes(1)), arguments: [1, 2, 3, 5])
func theBitsDependNotOnHowManyServersHoldTheRows(servers: Int) throws {
    let factored = FactoredKernel()
    let (one, several) = (Fleet(factored, servers: 1), Fleet(factored, servers: servers))
    for (index, shard) in factored.shards.enumerated() {
        let found = try products(several, shard: index)
        #expect(found == (try products(one, shard: index)))
        #expect(relativeError(found.sums, factored.product(shard)) < 1e-6)
        #expect(relativeError(found.dx, factored.transposedProduct(shard)) < 1e-6)
    }
}

@Test(.timeLimit(.minutes(1))) func aQuestionThatComesAgainGetsTheSameAnswer() throws {
    let factored = FactoredKernel()
    #expect(
        try products(Fleet(factored, servers: 2), shard: 0, times: 3)
            == products(Fleet(factored, servers: 2), shard: 0))
}

@Test(.timeLimit(.minutes(1))) func zerosOfXAreCarriedNeitherWay() throws {
    let factored = FactoredKernel(shards: [2])
    let fleet = Fleet(factored, servers: 2)
    _ = try products(fleet, shard: 0)
    let x = factored.shards[0].x.floats
    let nonZeros = x.count { $0 != 0 }
    #expect(nonZeros < x.count * 6 / 10)
    // The non-zeros there and back, a bit for each entry, and for each server sums and errors.
    #expect(fleet.carried >= 2 * nonZeros)
    #expect(fleet.carried < 2 * nonZeros + x.count / 32 + 1000)
}

@Test func aLaneWhoseRequestIsGivenUpGetsNothing() throws {
    let factored = FactoredKernel(shards: [1])
    let fleet = Fleet(factored, servers: 1)
    let remote = RemoteProducts(layout: factored.layout, sharesMemory: false) { $0.giveUp() }
    remote.begin(fleet.task(0))
    let sums = FloatBuffer(count: factored.width)
    #expect(!remote.forward(factored.shards[0].x.base, samples: 1, into: sums.base))
}
