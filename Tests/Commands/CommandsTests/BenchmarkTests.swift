import Foundation
import Kernels
import Testing

private let model = ["--height", "32", "--width", "48", "--base-filters", "16", "--dense-layers", "2"]

/// A file of the Trace Event Format.
private struct TraceFile: Decodable {
    struct Event: Decodable {
        let name: String
        let pid: Int
        let ts: Double?
        let dur: Double?
        let args: [String: String]?
    }

    let traceEvents: [Event]
}

extension ClusterTests {
    @Suite struct BenchmarkTests {
        @Test(arguments: [1, 2, 3]) func aStepIsReportedWithTheContractsKeys(lanes: Int) throws {
            try Workspace.use { workspace in
                let text = try workspace.succeed(
                    "hbn",
                    ["benchmark", "step", "--batch", "5", "--lanes", "\(lanes)", "--steps", "2", "--json"] + model)
                let report = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Double])
                for key in [
                    "samples_per_second", "step_seconds", "model_gflops", "gemm_peak_gflops", "peak_memory_bytes",
                ] {
                    #expect(try #require(report[key]) > 0, "\(key)")
                }
                #expect(report["lanes"] == Double(lanes))
                let (rate, seconds) = (try #require(report["samples_per_second"]), try #require(report["step_seconds"]))
                #expect(abs(rate * seconds - 5) < 1e-6)
                #expect(try #require(report["planned_memory_bytes"]) < #require(report["peak_memory_bytes"]))
            }
        }

        @Test func lanesApartAreTimedToo() throws {
            try Workspace.use { workspace in
                let text = try workspace.succeed(
                    "hbn", ["benchmark", "step", "--batch", "4", "--lanes", "2", "--steps", "1", "--apart"] + model)
                #expect(text.contains("samples"))
            }
        }

        @Test func aProfileHasEveryPassOfALayer() throws {
            try Workspace.use { workspace in
                let text = try workspace.succeed(
                    "hbn", ["benchmark", "step", "--batch", "2", "--lanes", "1", "--profile"] + model)
                let rows = text.matches(of: #/(?m)^(\S+) +(\S+) .* -?[\d.]+ %$/#)
                let passes = Dictionary(grouping: rows) { String($0.1) }.mapValues { Set($0.map { String($0.2) }) }
                let convolution = try #require(passes["encoder.1.conv2"])
                #expect(convolution == ["forward", "backward-weights", "backward-data"])
                #expect(passes["head.dense1"] != nil)
            }
        }

        @Test func aTimelineShowsGradientsLeaveWhileTheirLaneComputes() throws {
            try Workspace.use { workspace in
                let path = workspace("timeline.json")
                let words = ["benchmark", "cluster", "--shard-size", "2", "--steps", "2", "--timeline", path] + model
                try workspace.succeed("hbn", words)
                let timeline = try JSONDecoder().decode(
                    TraceFile.self, from: Data(workspace.text(of: "timeline.json").utf8))
                let events = timeline.traceEvents
                let workers = Set(events.filter { $0.args?["name"] == "hbn-worker" }.map(\.pid))
                #expect(workers.count == 2)
                #expect(events.contains { $0.name.hasPrefix("applies step") })
                let backward = events.filter { $0.name.hasPrefix("backward") }
                #expect(Set(backward.map(\.pid)) == workers)
                let pieces = events.filter { $0.name.hasPrefix("sends a piece") }
                let early = backward.filter { span in
                    pieces.contains { $0.pid == span.pid && (span.ts!..<span.ts! + span.dur!).contains($0.ts!) }
                }
                #expect(early.count > 0)
                #expect(try workspace.run("hbn", words).status == 74)
            }
        }

        @Test(arguments: [(1, 0), (4, 0), (4, 1)])
        func simulatedWorkersCountEveryShard(lanes: Int, servers: Int) throws {
            try Workspace.use { workspace in
                let words = ["--lanes", "\(lanes)", "--further-servers", "\(servers)", "--steps", "4"]
                let text = try workspace.succeed(
                    "hbn",
                    ["benchmark", "cluster", "--simulated", "2", "--shard-size", "1", "--json"] + words + model)
                let report = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Double])
                #expect(report["shards"] == Double(4 * 2 * lanes))
                #expect(try #require(report["shards_per_second"]) > 0)
            }
        }

        @Test(arguments: [1, 2]) func theWireIsTimedInEachWay(connections: Int) throws {
            try Workspace.use { workspace in
                let text = try workspace.succeed(
                    "hbn",
                    ["benchmark", "wire", "--connections", "\(connections)", "--frame-size", "1", "--frames", "9"]
                        + ["--rounds", "1", "--json"])
                let report = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Double])
                let bare = try #require(report["bare_bytes_per_second"])
                for way in ["plain", "encrypted"] {
                    let (rate, ratio) = (
                        try #require(report["\(way)_bytes_per_second"]), try #require(report["\(way)_ratio"])
                    )
                    #expect(rate > 0 && abs(rate / bare - ratio) < 1e-9)
                }
            }
        }

        @Test func aRunComputesWithTheChoicesOfAFile() throws {
            try Workspace.use { workspace in
                let file = workspace("choices.json")
                try workspace.succeed(
                    "hbn", ["benchmark", "convolutions", "--shard-size", "2", "--steps", "1", "--output", file] + model)
                var text = try workspace.text(of: "choices.json")
                let line = try #require(text.firstMatch(of: #/"conv 3x3 16->16 32x48 backward-weights" : "[a-z-]+"/#)).0
                // A choice that certainly gives other bits.
                text.replace(line, with: "\"conv 3x3 16->16 32x48 backward-weights\" : \"direct\"")
                try Data(text.utf8).write(to: URL(fileURLWithPath: file))
                let options = TinyRun.brief.options + ["--base-filters", "16", "--local", "1", "--output"]
                try workspace.succeed("hbn-coordinator", options + [workspace("chosen"), "--convolutions", file])
                try workspace.succeed("hbn-coordinator", options + [workspace("ruled")])
                #expect(try workspace.text(of: "chosen/config.json").contains("direct"))
                #expect(try workspace.result(of: "chosen").digest != workspace.result(of: "ruled").digest)
            }
        }
    }
}
