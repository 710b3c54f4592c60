import Foundation

/// A file of events in a run's folder, where TensorBoard looks for it and reads on while it grows.
///
/// Nothing is opened before there is an event to write: a run that ends at once leaves no file.
public final class EventFile {
    private let folder: URL
    private let clock: () -> Double
    private var handle: FileHandle?
    private var path = ""
    /// Replaced by tests.
    var write: (FileHandle, [UInt8]) throws -> Void = { try $0.write(contentsOf: $1) }
    /// What is written before the next event.
    private var pending: [Event] = []

    private static let prefix = "events.out.tfevents."

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
            let isNew = handle == nil
            let handle = try handle ?? create()
            self.handle = handle
            let events = (isNew ? [Event(step: 0, .version)] : []) + pending + [Event(step: step, .summary(values))]
            let end = try handle.offset()
            do {
                try write(handle, events.flatMap { $0.record(seconds: clock()) })
            } catch {
                // What is torn would hide all that follows it.
                if (try? handle.truncate(atOffset: end)) == nil || isNew { abandon(isEmpty: isNew) }
                throw error
            }
            pending = []
        } catch let error as EventFileError {
            throw error
        } catch {
            throw EventFileError(path: path.isEmpty ? folder.path : path, error)
        }
    }

    /// What comes next goes into another file; an empty one is not left.
    private func abandon(isEmpty: Bool) {
        try? handle?.close()
        handle = nil
        if isEmpty { unlink(path) }
    }

    /// TensorBoard reads the files of a folder in the order of their names, so that of a resumed run follows the
    /// others, whatever the clock of this host says.
    private func create() throws -> FileHandle {
        let others = try FileManager.default.contentsOfDirectory(atPath: folder.path).compactMap { name -> Int? in
            guard name.hasPrefix(Self.prefix) else { return nil }
            let digits = name.dropFirst(Self.prefix.count).prefix { $0 != "." }
            return digits.count == 10 ? Int(digits) : nil
        }
        var second = max(Int(clock()), (others.filter { $0 < 9_999_999_999 }.max() ?? 0) + 1)
        while true {
            path = folder.appending(path: Self.prefix + String(format: "%010ld.heartbeatnet", second)).path
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            if descriptor >= 0 {
                return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
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
