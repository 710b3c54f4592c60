import Foundation
import Parameters
import Transport

/// The parameters of a version, which a lane may use from the front while the rest of them still comes.
///
/// `@unchecked Sendable`: what changes is guarded by `condition`; the floats up to what a lane has waited for are not
/// written any more.
package final class ArrivingParameters: @unchecked Sendable {
    let floats: FloatFrame
    private let condition = NSCondition()
    private var arrived: Int
    private var isGivenUp = false

    /// Parameters that are there.
    package init(_ floats: FloatFrame) {
        self.floats = floats
        arrived = floats.count
    }

    /// Parameters that will be written to a buffer.
    init(to buffer: FloatBuffer) {
        floats = FloatFrame(buffer)
        arrived = 0
    }

    /// The floats from the front on that are there.
    var count: Int { condition.withLock { arrived } }

    func advance(to count: Int) {
        condition.withLock {
            arrived = count
            condition.broadcast()
        }
    }

    /// The rest will not come. Who waits for it learns so.
    func giveUp() {
        condition.withLock {
            isGivenUp = true
            condition.broadcast()
        }
    }

    /// Returns when the first `count` floats are there, false if they will not come.
    func wait(for count: Int) -> Bool {
        condition.withLock {
            while arrived < count && !isGivenUp { condition.wait() }
            return arrived >= count
        }
    }
}
