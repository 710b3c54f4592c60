import Testing

@testable import Coordination

@Test func whatResumesARunGathersItsWorkersAsBefore() throws {
    #expect(Gathering.local(3).options == " --local 3")
    func listening(_ endpoint: String, workers: Int = 1, servers: Int = 0) -> String {
        Gathering.listen(endpoint, minimumWorkers: workers, minimumServers: servers, key: nil).options
    }
    #expect(listening("tcp://127.0.0.1:5555") == " --listen tcp://127.0.0.1:5555")
    #expect(
        listening("tcp://0.0.0.0:5555", workers: 4, servers: 2)
            == " --listen tcp://0.0.0.0:5555 --min-workers 4 --min-servers 2 --insecure")
}
