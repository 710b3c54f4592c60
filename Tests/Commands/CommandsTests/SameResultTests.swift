import Testing

extension ClusterTests {
    @Suite struct SameResultTests {
        @Test(arguments: [TinyRun.brief, .plain], [2, 3])
        func theResultDoesNotDependOnTheNumberOfWorkers(run: TinyRun, workers: Int) throws {
            let alone = try run.result()
            try Workspace.use { workspace in
                try workspace.succeed(
                    "hbn-coordinator", run.options + ["--local", "\(workers)", "--output", workspace("run")])
                #expect(try workspace.result(of: "run") == alone)
            }
        }

        @Test func anotherSeedGivesAnotherResult() throws {
            let other = TinyRun(testDescription: "another seed", options: TinyRun.brief.options + ["--seed", "2"])
            #expect(try other.result().digest != TinyRun.brief.result().digest)
        }

        @Test(arguments: [1, 2, 4]) func theResultDoesNotDependOnTheNumberOfLanes(lanes: Int) throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.brief)
                let worker = try workspace.worker("only", at: endpoint, lanes: lanes)
                #expect(try coordinator.outcome().status == 0)
                #expect(try worker.outcome().status == 0)
                #expect(try workspace.result(of: "run") == TinyRun.brief.result())
            }
        }

        @Test func gradientsRoundedForTheWireAreTheSameWhereThereIsNone() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.rounded, "--min-servers", "1")
                _ = try workspace.server("further", at: endpoint)
                _ = try workspace.worker("only", at: endpoint, lanes: 2)
                #expect(try coordinator.outcome().status == 0)
                let result = try workspace.result(of: "run")
                #expect(result == (try TinyRun.rounded.result()))
                #expect(result.digest != (try TinyRun.brief.result().digest))
            }
        }

        @Test func weightsOfSamplesTravelWithThem() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.balanced)
                _ = try workspace.worker("only", at: endpoint, lanes: 2)
                #expect(try coordinator.outcome().status == 0)
                let result = try workspace.result(of: "run")
                #expect(result == (try TinyRun.balanced.result()))
                #expect(result.digest != (try TinyRun.brief.result().digest))
            }
        }

        @Test func workersOfOneAndOfTwoLanesOverTCPGiveTheSameResult() throws {
            try Workspace.use { workspace in
                let (coordinator, endpoint) = try workspace.listen(.long, "--min-workers", "2")
                let workers = [
                    try workspace.worker("left", at: endpoint), try workspace.worker("right", at: endpoint, lanes: 2),
                ]
                #expect(try coordinator.outcome().status == 0)
                for worker in workers {
                    let outcome = try worker.outcome()
                    #expect(outcome.status == 0)
                    #expect(outcome.errors.contains("the training is done"))
                }
                #expect(try workspace.result(of: "run") == TinyRun.undisturbed.get())
            }
        }
    }
}
