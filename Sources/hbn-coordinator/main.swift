import ClusterRuntime

Program.main(CoordinatorCommand.self)
