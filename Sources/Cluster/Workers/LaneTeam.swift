import AttentionUNet
import Dispatch
import Messages
import Parameters
import Programs
import TensorCore
import Transport

/// The lanes of a worker: what each computes, for whichever run, and what others still read of what they have computed.
///
/// It outlives sessions: a lane goes on when the coordinator is lost, and what it computed for a run may count even if
/// the worker has joined that run anew since, unless a piece of it was finished in between.
final class LaneTeam {
    let configuration: WorkerConfiguration
    let layout: ParameterLayout
    private let lanes: [Lane]
    private let answers: Mailbox<LaneAnswer>
    /// None where gradients do not travel, or are rounded for it, each by itself.
    private let sums: GradientSums?
    private var tasks: [(run: UInt64, id: ShardAttempt)?]
    private var loans: [Loan] = []

    /// What a parameter server reads in shared memory.
    private struct Loan {
        let run: UInt64
        let id: ShardAttempt
        /// Until it has taken their step.
        var gradients: [FloatFrame]
        /// Until the factored kernel has taken it too, which is before the next one.
        let factors: [FloatFrame]
    }

    init(
        _ configuration: WorkerConfiguration, lanes count: Int, corruptEvery: Int?, answers: Mailbox<LaneAnswer>
    ) {
        (self.configuration, self.answers) = (configuration, answers)
        layout = Network.attentionUNet(configuration.model).parameterLayout
        let sums =
            configuration.sharesMemory || configuration.numerics.gradientPrecision == .bf16 ? nil : GradientSums()
        self.sums = sums
        lanes = (0..<count).map {
            Lane($0, configuration, corruptEvery: corruptEvery, sums: sums, answers: answers)
        }
        tasks = lanes.map { _ in nil }
    }

    var count: Int { lanes.count }
    var hasIdleLane: Bool { tasks.contains { $0 == nil } }

    /// What is computed for a run, or is computed and waits for what it is added to.
    func computing(for run: UInt64) -> [ShardAttempt] {
        tasks.compactMap { $0?.run == run ? $0?.id : nil } + (sums?.waiting(for: run) ?? [])
    }

    func give(_ task: LaneTask) {
        let index = tasks.firstIndex { $0 == nil }!
        tasks[index] = (task.run, task.assignment.id)
        lanes[index].give(task)
    }

    func finished(_ answer: LaneAnswer) { tasks[answer.lane] = nil }

    func lend(_ shard: LaneAnswer.Shard, run: UInt64) {
        loans.append(
            Loan(
                run: run, id: shard.id, gradients: shard.pushes.flatMap(\.floats),
                factors: shard.pushes.compactMap(\.lent)))
    }

    /// There are parameters of a version, so the steps before it are taken; and what belongs to other runs is read by
    /// nobody.
    func endLoans(run: UInt64, before version: UInt64) {
        loans.removeAll { $0.run != run || $0.id.round + 1 < version }
        for index in loans.indices where loans[index].id.round < version { loans[index].gradients = [] }
    }

    func endLoan(run: UInt64, _ id: ShardAttempt) { loans.removeAll { $0.run == run && $0.id == id } }

    /// Ends the threads, each after the shard it computes. Who asks for a product meanwhile gets none.
    func stop() {
        beginToStop()
        while !hasStopped(within: .milliseconds(20)) {}
    }

    /// Has the threads end, each after the shard it computes, and does not wait for them.
    func beginToStop() { for lane in lanes { lane.stop() } }

    /// Have all threads ended, or do they by then? Who asks for a product meanwhile gets none.
    func hasStopped(within time: DispatchTimeInterval = .seconds(0)) -> Bool {
        for case .request(let request) in answers.takeAll().map(\.content) { request.giveUp() }
        return lanes.allSatisfy { $0.join(within: time) }
    }
}
