import Programs

Program.main(ParameterServerCommand.self)
