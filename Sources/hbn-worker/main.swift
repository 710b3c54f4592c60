import ClusterRuntime

Program.main(WorkerCommand.self)
