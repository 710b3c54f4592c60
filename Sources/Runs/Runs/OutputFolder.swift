import Datasets
import Files
import Foundation
import Logging
import Programs
import Training
import TrainingData

/// The folder of a run, claimed for this process: a second coordinator on it is refused.
final class OutputFolder {
    let url: URL
    private let files: RunFolder
    private let lock: FolderLock

    /// Claims a folder for a new run; it must be empty or not there yet.
    /// `remedy` is what else a person could do.
    convenience init(new path: String, remedy: String = "choose another folder", log: Logger) throws {
        let url = URL(fileURLWithPath: path)
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw RunFailure(.inputOutput, "--output \(path): cannot be made a folder; choose another place")
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        let files = RunFolder(url.path)
        let checkpoints = (try? FileManager.default.contentsOfDirectory(atPath: files.path(.checkpoints))) ?? []
        let own = [FolderLock.fileName, OutputMark.fileName, RunFile.checkpoints.rawValue]
        guard checkpoints.isEmpty, names.allSatisfy({ own.contains($0) || RunFolder.isLeftover($0) }) else {
            let isRun = files.has(.configuration) || files.has(.folds)
            throw RunFailure(
                .unusableArguments,
                "--output \(path): is not empty and would be overwritten; \(isRun ? remedy : "choose another folder")")
        }
        try self.init(claiming: url, log)
    }

    /// Claims the folder of a run that stopped.
    convenience init(existing path: String, log: Logger) throws {
        try self.init(claiming: URL(fileURLWithPath: path), log)
    }

    private init(claiming url: URL, _ log: Logger) throws {
        lock = try FolderLock(url, log: log)
        // Where it cannot be put, what is written into the folder will tell.
        try? OutputMark.put(in: url.path)
        self.url = url
        files = RunFolder(url.path)
        files.sweep()
    }

    /// A folder for a run that was given none: runs/run-1 or the next free number.
    static func nextFree() -> String {
        let number = (1...).first { !FileManager.default.fileExists(atPath: "runs/run-\($0)") }!
        return "runs/run-\(number)"
    }

    func path(_ file: RunFile) -> String { files.path(file) }
    func has(_ file: RunFile) -> Bool { files.has(file) }

    func write(_ configuration: RunConfiguration) throws { try write(configuration.encoded(), to: .configuration) }

    /// Writes a file that is whole or not there.
    func write(_ data: Data, to file: RunFile) throws { try files.write(Array(data), to: file) }
}

extension RunConfiguration {
    /// Reads the configuration in a run's folder.
    public init(ofRun folder: String) throws {
        let path = RunFolder(folder).path(.configuration)
        guard FileManager.default.fileExists(atPath: path) else {
            throw RunFailure(
                .badData,
                CrossValidation.isIn(folder)
                    ? "\(folder): holds several runs; give the folder of one, which is in it"
                    : "\(folder): there is no \(RunFile.configuration.rawValue) in it; give the folder of a run")
        }
        try self.init(contentsOf: path)
    }

    /// Reads a configuration file.
    public init(contentsOf path: String) throws {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try RegularFile.contents(of: path, atMost: 1 << 24)
        } catch {
            throw RunFailure(.inputOutput, "\(error)")
        }
        do {
            self = try Self.decode(Data(bytes))
        } catch let unknown as UnknownKey {
            throw RunFailure(.badData, "\(path): \(unknown)")
        } catch {
            throw RunFailure(.badData, "\(path): is not a run's configuration (\(Self.place(of: error)))")
        }
        if let complaint { throw RunFailure(.badData, "\(path): \(complaint)") }
    }

    private static func place(of error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "it is not valid JSON"
                : "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has no usable value"
        default: "\(error)"
        }
    }
}
