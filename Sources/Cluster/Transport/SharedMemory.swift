import Foundation
import Messages
import Parameters
import Programs

/// Memory that the processes of one machine share: a coordinator and its local workers read each other's floats where
/// they lie, and only say where that is.
///
/// A process finds another's memory by its descriptor, which only processes of the same user may open.
extension FloatBuffer {
    /// Zeros, of which other processes can be told of the first, or of all. The others may lie in huge pages, which
    /// systems seldom give to shared memory.
    package static func shared(_ shared: Int? = nil, count: Int) throws -> FloatBuffer {
        let shared = shared ?? count
        let (bytes, page) = (max(shared, 1) * MemoryLayout<Float>.stride, Int(getpagesize()))
        let descriptor = MemoryFile.make()
        guard descriptor >= 0, ftruncate(descriptor, (bytes + page - 1) / page * page) == 0,
            let buffer = FloatBuffer(mapping: descriptor, shared: shared, count: count, isWritable: true)
        else {
            throw RunFailure.system("cannot share memory with local workers")
        }
        return buffer
    }

    /// Where other processes find the shared floats; nil if there are none.
    package var memory: Header.Memory? {
        guard let descriptor, let number = Self.fileNumber(descriptor) else { return nil }
        return Header.Memory(
            process: Int(ProcessInfo.processInfo.processIdentifier), descriptor: Int(descriptor), serial: number,
            count: sharedCount)
    }

    /// No two files that exist at one time have the same.
    fileprivate static func fileNumber(_ descriptor: CInt) -> UInt64? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    fileprivate static func reading(_ memory: Header.Memory) -> FloatBuffer? {
        let descriptor = open("/proc/\(memory.process)/fd/\(memory.descriptor)", O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0 else { return nil }
        guard fstat(descriptor, &status) == 0, UInt64(status.st_ino) == memory.serial,
            memory.count >= 0, memory.count <= Int(status.st_size) / MemoryLayout<Float>.stride
        else {
            close(descriptor)
            return nil
        }
        return FloatBuffer(mapping: descriptor, shared: memory.count, count: memory.count, isWritable: false)
    }
}

/// The memory of other processes that is mapped here. It is mapped once, and forgotten when its process has ended.
package struct SharedMemoryMaps {
    private var maps: [Header.Memory: FloatBuffer] = [:]

    package init() {}

    /// The floats that lie there; nil if they do not any more, for their process has ended or has given them up.
    package mutating func floats(_ memory: Header.Memory) -> FloatBuffer? {
        if let known = maps[memory] { return known }
        guard let floats = FloatBuffer.reading(memory) else { return nil }
        maps = maps.filter { known, _ in
            kill(pid_t(known.process), 0) == 0
                && (known.process, known.descriptor) != (memory.process, memory.descriptor)
        }
        maps[memory] = floats
        return floats
    }
}
