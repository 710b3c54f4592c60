import Coordination
import Foundation
import Logging
import ParameterServing
import Parameters
import Programs
import Runs
import Training
import TrainingData

extension Cluster {
    /// A cluster that is there for a measurement: it speaks of errors alone, and ends when `body` does.
    static func use<Result>(
        _ gathering: Gathering, _ configuration: RunConfiguration, _ layout: ParameterLayout, totalSteps: Int,
        from source: ParameterSource, load: @escaping ShardLoader.Load, _ body: (Cluster) throws -> Result
    ) throws -> Result {
        var log = Logger.ofProgram("benchmark")
        log.logLevel = .error
        let cluster = try Cluster(
            gathering: gathering, configuration: configuration.ofCluster(totalSteps: UInt64(totalSteps)),
            layout: layout,
            trust: TrustSettings(), load: load,
            interruption: try Interruption(secondTime: .interrupted, "interrupted twice"), log: log)
        let result: Result
        do {
            try cluster.place(source)
            result = try body(cluster)
        } catch {
            try? cluster.end(reason: "the measurement failed")
            throw error
        }
        try cluster.end(reason: "the measurement is done")
        return result
    }
}
