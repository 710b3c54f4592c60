import Foundation

/// A file of events in a run's folder, where TensorBoard looks for it and reads on while it grows.
///
/// Nothing is opened before there is an event to write: a run that ends at once leaves no file.
public final class EventFile {
    private let folder: URL
    private let clock: () -> Double
    private var handle: FileHandle?
    private var path = ""
    /// What is written before the next event.
    private var pending: [Event] = []

    /// A new file in `folder`. `clock` tells the seconds since 1970.
    public init(folder: URL, clock: @escaping () -> Double = { Date().timeIntervalSince1970 }) {
        (self.folder, self.clock) = (folder, clock)
    }

    deinit { try? handle?.close() }

    /// From here on, what was said of steps after this one holds no more.
    public func start(after step: Int) {
        pending = [Event(step: step + 1, .start)]
    }

    public func append(_ values: [Event.Value], step: Int) throws(EventFileError) {
        do {
            let handle = try handle ?? create()
            self.handle = handle
            for event in pending + [Event(step: step, .summary(values))] {
                try handle.write(contentsOf: event.record(seconds: clock()))
            }
            pending = []
        } catch let error as EventFileError {
            throw error
        } catch {
            throw EventFileError(path: path.isEmpty ? folder.path : path, error)
        }
    }

    /// TensorBoard reads the files of a folder in the order of their names, so those of a resumed run follow each other.
    private func create() throws -> FileHandle {
        var second = Int(clock())
        while true {
            path = folder.appending(path: String(format: "events.out.tfevents.%010d.heartbeatnet", second)).path
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            if descriptor >= 0 {
                let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
                try handle.write(contentsOf: Event(step: 0, .version).record(seconds: clock()))
                return handle
            }
            guard errno == EEXIST else { throw EventFileError(path: path, POSIXError(.init(rawValue: errno) ?? .EIO)) }
            second += 1
        }
    }
}

/// An event file that cannot be written.
public struct EventFileError: Error, Sendable, CustomStringConvertible {
    public let path: String
    let reason: String

    init(path: String, _ error: any Error) {
        let error = error as NSError
        let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
        (self.path, reason) = (path, (underlying ?? error).localizedDescription)
    }

    public var description: String { "\(path): cannot be written (\(reason)); TensorBoard will not show all" }
}
