import Programs

Program.main(WorkerCommand.self)
