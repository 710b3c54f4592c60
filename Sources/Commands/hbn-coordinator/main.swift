import Programs

Program.main(CoordinatorCommand.self)
