import Foundation

extension Thread {
    /// A thread of its own, with a name that `top -H` shows.
    package static func start(named name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread {
            // From within, so that the system knows the name too.
            Thread.current.name = name
            body()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }
}
