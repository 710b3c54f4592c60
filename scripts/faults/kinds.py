"""The kinds of faults. Each draws its parameters when it is planned, is injected, and settles: it undoes what it did
and waits until the cluster shows what it must show."""
import os
import random
import signal
import time

from faults.cluster import GUESTS, WORKERS
from faults.proxy import LARGE, Trick

# Silence that the coordinator must have noticed: its lease and some time.
NOTICED = 6.5


class Fault:
    """One fault of a plan.

    `lasts` is for how many seconds the training goes on, about, until the fault has settled: less than the fault
    itself if the training waits meanwhile.
    """

    lasts = 0.3

    def __init__(self, draw):
        """Takes every parameter from `draw`, so that a seed says everything."""

    @staticmethod
    def is_possible(binaries):
        return True

    def __str__(self):
        return self.kind

    def inject(self, cluster):
        raise NotImplementedError

    def settle(self, cluster):
        pass


# Workers


class WorkerFault(Fault):
    def __init__(self, draw):
        self.number = draw.choice(WORKERS)
        self.seconds = self.draw_seconds(draw)

    @staticmethod
    def draw_seconds(draw):
        return draw.uniform(0, 3)

    def __str__(self):
        return f"worker-{self.number}, {self.seconds:.1f} s"

    def inject(self, cluster):
        self.worker = cluster.workers[self.number]
        self.proxy = self.worker.proxy
        self.mark = cluster.coordinator.err.mark()
        self.strike(cluster)

    def wait_until_joined(self, cluster):
        cluster.wait_for_line(self.mark, f"{self.worker.name} joins")


class WorkerKill(WorkerFault):
    kind = "worker-kill"

    def strike(self, cluster):
        self.worker.child.kill()

    def settle(self, cluster):
        cluster.pause(self.seconds)
        cluster.start_worker(self.number)
        self.wait_until_joined(cluster)


class WorkerPause(WorkerFault):
    kind = "worker-pause"

    @staticmethod
    def draw_seconds(draw):
        return draw.uniform(0.3, 7)

    def strike(self, cluster):
        self.worker.child.signal(signal.SIGSTOP)

    def settle(self, cluster):
        cluster.pause(self.seconds)
        self.worker.child.signal(signal.SIGCONT)
        if self.seconds > NOTICED:
            cluster.wait_for_loss(self.mark, self.worker.name)


class WorkerLeave(WorkerFault):
    kind = "worker-leave"

    def strike(self, cluster):
        # Binaries that cannot yet leave in order die by the signal.
        statuses = {0} if cluster.binaries.audits else {0, -signal.SIGTERM}
        cluster.end(self.worker.child, signal.SIGTERM, statuses)

    def settle(self, cluster):
        cluster.pause(self.seconds)
        cluster.start_worker(self.number, same=False)
        self.wait_until_joined(cluster)


class WorkerJoin(Fault):
    kind = "worker-join"

    def __str__(self):
        return "one more; the last guest leaves"

    def inject(self, cluster):
        self.mark = cluster.coordinator.err.mark()
        used = [worker.number for worker in cluster.guests]
        self.worker = cluster.start_worker(next(n for n in GUESTS if n not in used), same=False)
        cluster.guests.append(self.worker)

    def settle(self, cluster):
        cluster.wait_for_line(self.mark, f"{self.worker.name} joins")
        if len(cluster.guests) > 1:
            statuses = {0} if cluster.binaries.audits else {0, -signal.SIGTERM}
            cluster.end(cluster.guests.pop(0).child, signal.SIGTERM, statuses)


class CorruptWorker(Fault):
    """A processor that computes wrongly now and then."""

    kind = "corrupt-worker"
    count = 0

    def __init__(self, draw):
        self.seconds = draw.uniform(1, 3)
        self.lasts = self.seconds + 1

    @staticmethod
    def is_possible(binaries):
        return binaries.audits and binaries.can_corrupt

    def __str__(self):
        return f"every third result, {self.seconds:.1f} s"

    def inject(self, cluster):
        CorruptWorker.count += 1
        name = f"corrupt-{CorruptWorker.count}"
        self.mark = cluster.coordinator.err.mark()
        self.child = cluster.start_child(
            name, cluster.binaries.worker, "--connect", cluster.endpoint(), "--name", name, "--lanes", 1,
            "--corrupt-every", 3)
        self.child.may_end_with.add(69)

    def settle(self, cluster):
        cluster.wait_for_line(self.mark, "silent data corruption", self.child.name)
        cluster.pause(self.seconds)
        self.child.kill()


# The coordinator


class CoordinatorKill(Fault):
    kind = "coordinator-kill"

    def __init__(self, draw):
        self.seconds = draw.uniform(0, 2)

    def __str__(self):
        return f"resumed after {self.seconds:.1f} s"

    def inject(self, cluster):
        self.mark = cluster.coordinator.err.mark()
        cluster.coordinator.kill()

    def settle(self, cluster):
        cluster.pause(self.seconds)
        cluster.resume()


class CoordinatorInterrupt(CoordinatorKill):
    kind = "coordinator-interrupt"

    def __init__(self, draw):
        super().__init__(draw)
        self.signal = draw.choice([signal.SIGTERM, signal.SIGINT])

    def __str__(self):
        return f"{self.signal.name}, {super().__str__()}"

    def inject(self, cluster):
        cluster.end(cluster.coordinator, self.signal, {75}, within=30)


class TornCheckpoint(CoordinatorKill):
    kind = "torn-checkpoint"

    def __init__(self, draw):
        super().__init__(draw)
        self.is_cut = draw.random() < 0.5
        # The data begin far before this; a digest covers them.
        self.place = draw.uniform(0.1, 0.99)

    def __str__(self):
        return f"{'cut' if self.is_cut else 'a byte changed'} at {self.place:.0%}, {super().__str__()}"

    def inject(self, cluster):
        super().inject(cluster)
        newest = max((cluster.run / "checkpoints").glob("step-*.safetensors"))
        place = int(self.place * newest.stat().st_size)
        with open(newest, "r+b") as file:
            if self.is_cut:
                return file.truncate(place)
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 0x5A]))

    def settle(self, cluster):
        super().settle(cluster)
        cluster.wait_for_line(self.mark, "passed over")


class SecondCoordinator(Fault):
    kind = "second-coordinator"
    lasts = 1.0

    def __str__(self):
        return "on the same folder"

    def inject(self, cluster):
        self.child = cluster.start_child(
            "second-coordinator", cluster.binaries.coordinator, "--resume", cluster.run,
            "--listen", cluster.endpoint(port=cluster.port + 4))

    def settle(self, cluster):
        self.child.may_end_with.add(74)
        cluster.wait(lambda: self.child.status is not None, "the second coordinator is refused with exit code 74", 20)


class DiskFull(Fault):
    kind = "disk-full"

    def __init__(self, draw):
        self.seconds = draw.uniform(1, 4)
        self.lasts = self.seconds

    @staticmethod
    def is_possible(binaries):
        return binaries.has_small_disk

    def __str__(self):
        return f"{self.seconds:.1f} s"

    def inject(self, cluster):
        self.mark = cluster.coordinator.err.mark()
        self.until = time.monotonic() + self.seconds
        self.junk = os.open(cluster.disk / "junk", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.fill()

    def fill(self):
        """Takes all that is free, to the last byte: also what a failed checkpoint has given back."""
        size = 1 << 20
        while size:
            try:
                os.write(self.junk, bytes(size))
            except OSError:
                size //= 2

    def settle(self, cluster):
        def has_been_noticed():
            self.fill()
            return time.monotonic() > self.until and cluster.coordinator.err.find("not written", since=self.mark)

        cluster.wait(has_been_noticed, "the coordinator's log says that a checkpoint was not written", 30)
        os.close(self.junk)
        os.remove(cluster.disk / "junk")


# Parameter servers


class ServerFault(Fault):
    def __init__(self, draw):
        self.seconds = self.draw_seconds(draw)

    @staticmethod
    def draw_seconds(draw):
        return draw.uniform(0.3, 7)

    @staticmethod
    def is_possible(binaries):
        return binaries.has_servers

    def __str__(self):
        return f"server-1, {self.seconds:.1f} s"


class ServerKill(ServerFault):
    kind = "server-kill"

    @staticmethod
    def draw_seconds(draw):
        return draw.uniform(0, 3)

    def inject(self, cluster):
        self.mark = cluster.coordinator.err.mark()
        cluster.servers[1].kill()

    def settle(self, cluster):
        cluster.pause(self.seconds)
        cluster.start_server(1)
        cluster.wait_for_line(self.mark, "server-1")


class ServerPause(ServerFault):
    kind = "server-pause"

    def inject(self, cluster):
        cluster.servers[1].signal(signal.SIGSTOP)

    def settle(self, cluster):
        cluster.pause(self.seconds)
        cluster.servers[1].signal(signal.SIGCONT)


class ServerCut(ServerFault):
    """What the coordinator and a parameter server tell each other is lost with their connection."""

    kind = "server-cut"

    @staticmethod
    def draw_seconds(draw):
        return 0.5

    def inject(self, cluster):
        cluster.server_proxies[1].cut()


class ServerHang(ServerFault):
    kind = "server-hang"

    def inject(self, cluster):
        cluster.server_proxies[1].hang()

    def settle(self, cluster):
        cluster.pause(self.seconds)
        cluster.server_proxies[1].release()


class ServerJoin(ServerFault):
    kind = "server-join"

    def __init__(self, draw):
        self.seconds = draw.uniform(1, 4)
        self.lasts = self.seconds + 1

    def __str__(self):
        return f"server-2, {self.seconds:.1f} s"

    def inject(self, cluster):
        self.mark = cluster.coordinator.err.mark()
        self.server = cluster.start_server(2)

    def settle(self, cluster):
        cluster.wait_for_line(self.mark, "server-2")
        cluster.pause(self.seconds)
        cluster.end(self.server, signal.SIGTERM, {0})


# The network, by a worker's proxy


class Cut(WorkerFault):
    kind = "cut"

    def __str__(self):
        return f"worker-{self.number}"

    def strike(self, cluster):
        self.proxy.cut()


class Hang(WorkerFault):
    kind = "hang"

    @staticmethod
    def draw_seconds(draw):
        return draw.uniform(1, 7)

    def strike(self, cluster):
        self.proxy.hang()

    def settle(self, cluster):
        cluster.pause(self.seconds)
        self.proxy.release()
        if self.seconds > NOTICED:
            cluster.wait_for_loss(self.mark, self.worker.name)


class Delay(WorkerFault):
    kind = "delay"
    lasts = 1.0

    def __init__(self, draw):
        super().__init__(draw)
        self.delays = random.Random(draw.getrandbits(32))

    @staticmethod
    def draw_seconds(draw):
        return draw.uniform(1, 4)

    def strike(self, cluster):
        self.proxy.delay = lambda: self.delays.uniform(0.05, 0.3)

    def settle(self, cluster):
        cluster.pause(self.seconds)
        self.proxy.delay = None


class MessageFault(WorkerFault):
    """Harms the next message of a kind; it has settled when there was one."""

    count = 1

    def strike(self, cluster):
        self.parameter_ports = cluster.parameter_ports
        # Where the parameters do not pass the proxy, the coordinator's messages have to do.
        self.parameters_pass = cluster.binaries.parameters_pass_proxies
        self.trick = self.proxy.trick = Trick(self.matches, self.play, self.count)

    def settle(self, cluster):
        cluster.wait(self.trick.done.is_set, f"{self.worker.name} has a message for “{self.kind}”", 40)

    def is_push(self, way, message):
        return way.to_cluster and way.port in self.parameter_ports and len(message.largest) >= LARGE


class Truncate(MessageFault):
    kind = "truncate"

    def __init__(self, draw):
        super().__init__(draw)
        self.to_cluster = draw.random() < 0.5
        self.place = draw.uniform(0.1, 0.9)

    def __str__(self):
        return f"{'from' if self.to_cluster else 'to'} worker-{self.number}, at {self.place:.0%}"

    def matches(self, way, message):
        return len(message.largest) >= LARGE and (way.to_cluster == self.to_cluster or not self.parameters_pass)

    def play(self, way, message):
        wire = b"".join(message.wire)
        way.send([wire[:int(self.place * len(wire))]])
        way.link.close()


class Duplicate(MessageFault):
    kind = "duplicate"

    def __init__(self, draw):
        super().__init__(draw)
        self.to_cluster = draw.random() < 0.5
        self.is_large = draw.random() < 0.7
        self.count = draw.randint(1, 5)

    def __str__(self):
        size = "large" if self.is_large else "small"
        return f"{self.count} {size} {'from' if self.to_cluster else 'to'} worker-{self.number}, each twice"

    def matches(self, way, message):
        if not self.parameters_pass:
            return True
        return way.to_cluster == self.to_cluster and self.is_large == (len(message.largest) >= LARGE)

    def play(self, way, message):
        way.send(message.wire)
        way.send(message.wire)


class Late(MessageFault):
    """A result that comes late: held back with all that follows it, or sent once more after its round."""

    kind = "late"

    def __init__(self, draw):
        super().__init__(draw)
        self.again = draw.random() < 0.7
        if self.again:
            self.lasts = self.seconds

    @staticmethod
    def draw_seconds(draw):
        return draw.uniform(1, 5)

    @staticmethod
    def is_possible(binaries):
        return binaries.parameters_pass_proxies

    def __str__(self):
        return f"{super().__str__()}, {'once more' if self.again else 'held back'}"

    def matches(self, way, message):
        return self.is_push(way, message)

    def play(self, way, message):
        if self.again:
            way.late.append((time.monotonic() + self.seconds, message.wire))
        else:
            time.sleep(self.seconds)
        way.send(message.wire)

    def settle(self, cluster):
        super().settle(cluster)
        if self.again:
            cluster.pause(self.seconds)


class FlippedBit(MessageFault):
    """A bit that changes on the way to the parameter servers, behind TCP's back."""

    kind = "flipped-bit"

    def __init__(self, draw):
        super().__init__(draw)
        self.place, self.bit = draw.random(), draw.randrange(8)

    @staticmethod
    def is_possible(binaries):
        # Binaries from before the audit take a gradient as it comes.
        return binaries.parameters_pass_proxies and binaries.audits

    def __str__(self):
        return f"from worker-{self.number}, bit {self.bit} at {self.place:.0%}"

    def matches(self, way, message):
        return self.is_push(way, message)

    def play(self, way, message):
        message.flip(self.place, self.bit)
        way.send(message.wire)


ALL = [
    WorkerKill, WorkerPause, WorkerJoin, WorkerLeave, CorruptWorker, CoordinatorKill, CoordinatorInterrupt,
    TornCheckpoint, SecondCoordinator, DiskFull, ServerKill, ServerPause, ServerCut, ServerHang, ServerJoin, Cut, Hang,
    Delay, Truncate, Duplicate, Late, FlippedBit,
]


# What nobody notices but who checks what has come.
DAMAGE = [CorruptWorker, Truncate, Duplicate, Late, FlippedBit]


def plan(kinds, count, seed):
    """So many faults. Every kind comes before any comes again, and each kind of damage is among the first few."""
    draw = random.Random(seed)
    faults = []
    while len(faults) < count:
        faults += [kind(draw) for kind in draw.sample(kinds, len(kinds))]
    if count < len(kinds):
        # A stable order: the drawn one, but for what has to be there.
        faults.sort(key=lambda fault: type(fault) not in DAMAGE)
        draw.shuffle(faults := faults[:count])
    return faults[:count]
