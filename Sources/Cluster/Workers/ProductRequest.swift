import Dispatch
import Messages
import Parameters
import Synchronization
import Transport
import ZeroMQ

/// A product with the factored kernel that a lane asks the parameter servers for, and waits for.
///
/// The lane makes it, the message thread of its worker sends it and fills in what comes back.
package final class ProductRequest: Sendable {
    /// What each server is asked.
    struct Question: Sendable {
        /// The server's place among the worker's.
        let server: Int
        let header: Header
        let tensors: [FloatFrame]
    }

    let run: UInt64
    let id: ShardAttempt
    let isTransposed: Bool
    let questions: [Question]
    private let answers = Mutex<[Int: FloatFrame]>([:])
    private let isGivenUp = Mutex(false)
    private let done = DispatchSemaphore(value: 0)

    init(run: UInt64, id: ShardAttempt, isTransposed: Bool, questions: [Question]) {
        self.run = run
        self.id = id
        self.isTransposed = isTransposed
        self.questions = questions
    }

    /// The servers that have not answered.
    var missing: [Question] { answers.withLock { answers in questions.filter { answers[$0.server] == nil } } }

    /// True when it was the last answer.
    func answer(_ floats: FloatFrame, from server: Int) -> Bool {
        guard questions.contains(where: { $0.server == server }) else { return false }
        let isComplete = answers.withLock { answers in
            guard answers[server] == nil else { return false }
            answers[server] = floats
            return answers.count == questions.count
        }
        if isComplete { done.signal() }
        return isComplete
    }

    /// There will be no answer.
    package func giveUp() {
        isGivenUp.withLock { $0 = true }
        done.signal()
    }

    /// The answers by server; nil if it was given up.
    func wait() -> [Int: FloatFrame]? {
        done.wait()
        return isGivenUp.withLock { $0 } ? nil : answers.withLock { $0 }
    }
}
