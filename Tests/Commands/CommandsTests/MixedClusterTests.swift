import Kernels
import Testing

extension ClusterTests {
    @Suite struct MixedClusterTests {
        /// Every shard is computed twice, mostly by two kinds, and compared.
        @Test func workersAndServersOfEveryKindGiveTheResultOfOne() throws {
            let kinds = Processor.allCases.filter(\.isAvailable)
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(
                    .brief, "--audit", "1", "--min-workers", "\(kinds.count)", "--min-servers", "2")
                for kind in kinds { _ = try workspace.worker("\(kind)-worker", at: endpoint, on: kind) }
                let serving = Array(kinds.suffix(2))
                let servers = try serving.map { try workspace.server("\($0)-server", at: endpoint, on: $0) }
                let outcome = try coordinator.outcome()
                #expect(outcome.status == 0)
                #expect(!outcome.errors.contains("warning"))
                let joining = outcome.errors.split(separator: "\n").filter { $0.contains(" joins") }
                for name in kinds.map({ "\($0)-worker" }) + serving.map({ "\($0)-server" }) {
                    let kind = name.prefix { $0 != "-" }
                    #expect(joining.contains { $0.contains(name) && $0.contains("kernels: \(kind),") }, "\(joining)")
                }
                for (kind, server) in zip(serving, servers) {
                    #expect(try server.outcome().errors.contains("kernels: \(kind)"))
                }
                #expect(try workspace.result(of: "run") == TinyRun.brief.result())
            }
        }
    }
}
