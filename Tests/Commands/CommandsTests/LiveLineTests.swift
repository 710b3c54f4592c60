import Foundation
import Testing

extension ClusterTests {
    @Suite struct LiveLineTests {
        private static let start = "\r\u{1B}[K"

        @Test(arguments: [20, 50, 200]) func theLiveLineHasPlaceInTheTerminal(columns: Int) throws {
            try Workspace.use { workspace in
                let terminal = try PseudoTerminal(columns: columns)
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.brief.options + ["--local", "1", "--output", workspace("run")],
                    terminal: terminal, environment: ["TERM": "xterm"])
                #expect(try coordinator.outcome().status == 0)
                // What is not followed by the end of a line.
                let live = terminal.text.components(separatedBy: Self.start).dropFirst().filter { !$0.contains("\n") }
                #expect(live.contains { $0.hasPrefix("epoch 1/2  step") || $0.hasPrefix("epoch 2/2  step") })
                #expect(live.allSatisfy { $0.count < columns }, "\(live)")
            }
        }

        @Test func anInterruptionIsAnnouncedOnceBelowTheLiveLine() throws {
            try Workspace.use { workspace in
                let terminal = try PseudoTerminal(columns: 80)
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.long.options + ["--local", "1", "--output", workspace("run")],
                    terminal: terminal, environment: ["TERM": "xterm"])
                for _ in 0..<3000 where !terminal.text.contains("\(Self.start)epoch 2/") { usleep(10_000) }
                coordinator.signal(SIGINT)
                #expect(try coordinator.outcome().status == 75)
                let parts = terminal.text.components(separatedBy: "coordinator: writing a checkpoint")
                try #require(parts.count == 2, "\(terminal.text)")
                // The time of day stands at the beginning of its line.
                #expect(parts[0].contains(#/\n\d\d:\d\d:\d\d $/#), "\(parts[0].suffix(200).debugDescription)")
                #expect(parts[1].contains("Ctrl-C again ends at once\n"))
                #expect(parts[1].contains(#/(^|\n)error: interrupted after step/#), "\(parts[1].debugDescription)")
            }
        }

        @Test(arguments: ["dumb", ""]) func aTerminalThatCannotIsGivenWholeLines(kind: String) throws {
            try Workspace.use { workspace in
                let terminal = try PseudoTerminal(columns: 80)
                let coordinator = try workspace.start(
                    "hbn-coordinator", TinyRun.brief.options + ["--local", "1", "--output", workspace("run")],
                    terminal: terminal, environment: ["TERM": kind])
                #expect(try coordinator.outcome().status == 0)
                #expect(terminal.text.contains("samples/s  loss"))
                #expect(!terminal.text.contains("\u{1B}"))
            }
        }
    }
}
