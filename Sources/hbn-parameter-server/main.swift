import ClusterRuntime

Program.main(ParameterServerCommand.self)
