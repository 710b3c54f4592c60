"""A run on this machine's loopback addresses: a coordinator, workers behind a proxy each, and parameter servers."""
from faults.proxy import Proxy, free_ports
from faults.run import CHECKPOINT_EVERY, MODEL, STEPS_PER_EPOCH, WatchedRun

WORKERS = (2, 3, 4)
# Beyond those, whoever joins for a while; so many hosts are looked at for free ports.
GUESTS = range(5, 10)
# The proxy between the coordinator and a parameter server is at this host and its number.
SERVER_PLACES = 10


class Worker:
    """A worker's place: its host and proxy. Its name tells whether the one there is the same."""

    def __init__(self, number, proxy):
        self.number, self.proxy = number, proxy
        self.name = f"worker-{number}"
        self.successors = 0
        self.child = None


class Cluster(WatchedRun):
    """A run behind proxies, on this machine's loopback addresses. Started by `start`."""

    def __init__(self, binaries, folder, disk, epochs, deadline):
        super().__init__(binaries, folder, disk / "run", deadline, steps=epochs * STEPS_PER_EPOCH)
        self.disk = disk
        self.workers = {}
        self.servers = {}
        self.server_proxies = {}
        self.guests = []
        hosts = [f"127.0.0.{number}" for number in (1, *WORKERS, *GUESTS)]
        self.port = free_ports(6, hosts)
        self.parameter_ports = [self.port + 1] + ([self.port + 2, self.port + 3] if binaries.has_servers else [])

    def endpoint(self, host=1, port=None):
        return f"tcp://127.0.0.{host}:{port or self.port}"

    # Children

    def start(self):
        self.start_coordinator(
            [*MODEL, "--epochs", self.steps // STEPS_PER_EPOCH, "--checkpoint-every", CHECKPOINT_EVERY, "--keep", 3,
             "--output", self.run])
        if self.binaries.has_servers:
            self.start_server(1)
        for number in WORKERS:
            self.start_worker(number)

    def start_coordinator(self, what):
        options = ["--listen", self.endpoint(), "--min-workers", 2]
        if self.binaries.has_servers:
            options += ["--min-servers", 1]
        if self.binaries.audits:
            options += ["--audit", 1]
        self.coordinator = self.start_child("coordinator", self.binaries.coordinator, *options, *what)

    def resume(self):
        """Starts the coordinator again and waits until it trains."""
        mark = self.coordinator.out.mark()
        self.start_coordinator(["--resume", self.run])
        self.wait(lambda: self.coordinator.out.find("resuming at step", since=mark), "the coordinator resumes", 30)

    def start_worker(self, number, same=True):
        """Starts the worker at this place again, or a new one with a name of its own."""
        worker = self.workers.get(number)
        if worker is None:
            proxy = Proxy(f"127.0.0.{number}", [self.port, *self.parameter_ports])
            worker = self.workers[number] = Worker(number, proxy)
        elif not same:
            worker.successors += 1
            worker.name = f"worker-{number}-{worker.successors + 1}"
        worker.child = self.start_child(
            worker.name, self.binaries.worker, "--connect", self.endpoint(number), "--name", worker.name,
            "--lanes", 1)
        return worker

    def start_server(self, number):
        name = f"server-{number}"
        place = SERVER_PLACES + number
        if number not in self.server_proxies:
            self.server_proxies[number] = Proxy(f"127.0.0.{place}", [self.port])
        self.servers[number] = self.start_child(
            name, self.binaries.server, "--connect", self.endpoint(place), "--listen",
            self.endpoint(port=self.port + 1 + number), "--name", name)
        return self.servers[number]

    def close(self):
        super().close()
        for proxy in [*(worker.proxy for worker in self.workers.values()), *self.server_proxies.values()]:
            proxy.close()
