import Foundation
import Parameters
import Training

extension Cluster {
    /// A cluster that is there for a measurement: it speaks of errors alone, and ends when `body` does.
    static func use<Result>(
        _ gathering: Gathering, _ configuration: RunConfiguration, _ layout: ParameterLayout, totalSteps: Int,
        from source: ParameterSource, load: @escaping ShardLoader.Load, _ body: (Cluster) throws -> Result
    ) throws -> Result {
        var log = Wire.logger("benchmark")
        log.logLevel = .error
        let cluster = try Cluster(
            gathering: gathering, configuration: configuration, layout: layout, totalSteps: UInt64(totalSteps),
            trust: TrustSettings(), load: load,
            interruption: Interruption(secondTime: .interrupted, "interrupted twice"), log: log)
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
