"""A cluster of child processes: a coordinator, workers behind a proxy each, and a parameter server."""
import re
import statistics
import subprocess
import time

from faults.children import Child, Failure, words
from faults.proxy import Proxy, free_ports

MODEL = (
    "--data synthetic --recordings 24 --height 32 --width 48 --base-filters 8 --dense-layers 2 --dense-width 16 "
    "--shard-size 4 --shards-per-step 4").split()
# 49 windows are trained on, 16 in a step.
STEPS_PER_EPOCH = 4
CHECKPOINT_EVERY = 8
WORKERS = (2, 3, 4)
# Beyond those, whoever joins for a while; so many hosts are looked at for free ports.
GUESTS = range(5, 10)
# The proxy between the coordinator and a parameter server is at this host and its number.
SERVER_PLACES = 10
STALLED = 150.0


class Binaries:
    """The programs, and what they can do."""

    def __init__(self, folder):
        self.coordinator, self.worker, self.server, self.hbn = (
            folder / name for name in ("hbn-coordinator", "hbn-worker", "hbn-parameter-server", "hbn"))
        for program in (self.coordinator, self.worker, self.hbn):
            if not program.exists():
                raise Failure(f"{program} is missing; build it, or name its folder by --binaries")
        # Options of the cluster come before those of the training, which a resumed run does not take.
        help = subprocess.run([self.coordinator, "--help"], capture_output=True, text=True).stdout
        self.audits = "--audit" in help.split("\nTRAINING:")[0]
        self.has_servers = self.server.exists() and "--min-servers" in help
        # A hidden option is in no help; the complaint about it comes before that about the missing --connect.
        complaint = subprocess.run([self.worker, "--corrupt-every", "1"], capture_output=True, text=True).stderr
        self.can_corrupt = "Unknown option" not in complaint
        # Found out by trying.
        self.parameters_pass_proxies = False
        self.has_small_disk = False

    def digest(self, run):
        done = subprocess.run([self.hbn, "inspect", run, "--digest"], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"hbn inspect {run}: {done.stderr.strip()}")
        return done.stdout.strip()


class Progress:
    """The step that the coordinator has come to, as its output tells. A resumed run goes back."""

    LINE = re.compile(r"epoch (\d+)/\d+  (?:step (\d+)/)?|resuming at step (\d+)")

    def __init__(self):
        self.step = 0
        self.when = time.monotonic()
        self.read = 0
        self.paces = []  # The seconds of a step, from line to line.

    def follow(self, log):
        """Reads what is new."""
        with open(log.path, "rb") as file:
            file.seek(self.read)
            text = file.read()
        whole = text[:text.rfind(b"\n") + 1]
        self.read += len(whole)
        for match in self.LINE.finditer(whole.decode(errors="replace")):
            epoch, step, resumed = (int(group) if group else None for group in match.groups())
            if resumed is not None:
                self.step = resumed
                continue
            before, since = self.step, self.when
            self.step = epoch * STEPS_PER_EPOCH if step is None else (epoch - 1) * STEPS_PER_EPOCH + step
            self.when = time.monotonic()
            if self.step > before > 0:
                self.paces.append((self.when - since) / (self.step - before))

    @property
    def seconds_per_step(self):
        """The usual pace: a stop does not count."""
        return statistics.median(self.paces)


class Worker:
    """A worker's place: its host and proxy. Its name tells whether the one there is the same."""

    def __init__(self, number, proxy):
        self.number, self.proxy = number, proxy
        self.name = f"worker-{number}"
        self.successors = 0
        self.child = None


class Cluster:
    """Started by `start`, ended by `close`. Whoever waits does it by `wait`, which looks after everything meanwhile."""

    def __init__(self, binaries, folder, disk, epochs, deadline):
        self.binaries, self.folder, self.disk = binaries, folder, disk
        self.run = disk / "run"
        self.steps = epochs * STEPS_PER_EPOCH
        self.deadline = deadline
        self.progress = Progress()
        self.children = []
        self.workers = {}
        self.servers = {}
        self.server_proxies = {}
        self.guests = []
        self.environment = {"HBN_CACHE": str(folder / "cache")}
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

    def start_child(self, name, program, *options):
        child = Child(name, [program, *options], self.folder, self.environment)
        self.children.append(child)
        return child

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

    def end(self, child, number, statuses, within=15):
        """Ends a child by a signal, and fails unless it ends in one of these ways."""
        child.may_end_with |= statuses
        child.signal(number)
        self.wait(
            lambda: child.status is not None,
            f"{child.name} ends with {' or '.join(map(words, sorted(statuses)))}", within)

    # Waiting

    def wait(self, condition, what, within):
        """Waits until `condition`, and returns what it gave; fails if that takes too long."""
        limit = time.monotonic() + within
        while not (result := condition()):
            if time.monotonic() > limit:
                raise Failure(f"not within {within:.0f} s: {what}")
            self.look()
            time.sleep(0.02)
        return result

    def wait_for_line(self, since, *parts, within=30):
        """Waits until the coordinator logs a line with all of these."""
        log = self.coordinator.err
        self.wait(
            lambda: log.find(*parts, since=since), f"the coordinator's log says “{' … '.join(parts)}”", within)

    def pause(self, seconds):
        until = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() >= until, "time passes", seconds + 10)

    def look(self):
        """Follows the progress; fails if a child ended that should not, or if nothing goes on any more."""
        now = time.monotonic()
        self.progress.follow(self.coordinator.out)
        if self.coordinator.status == 0 and 0 not in self.coordinator.may_end_with:
            raise Failure("the run was over before its last fault; it needs more steps")
        for child in self.children:
            if self.progress.step >= self.steps and child is not self.coordinator:
                # The coordinator tells everybody that the training is done.
                child.may_end_with.add(0)
            child.check()
        self.children = [self.coordinator] + [
            child for child in self.children if child.status is None and child is not self.coordinator]
        if now - self.progress.when > STALLED:
            raise Failure(f"no step for {STALLED:.0f} s, at step {self.progress.step}")
        if now > self.deadline:
            raise Failure("the time is over; see --timeout")

    # The end

    def finish(self):
        """Waits until the training is done and everybody has gone home. Returns the names of those who have not."""
        self.coordinator.may_end_with.add(0)
        self.wait(lambda: self.coordinator.status is not None, "the coordinator ends", STALLED)
        # Who was just away when everybody was told has to wait for a coordinator: that is no fault of the run's.
        until = time.monotonic() + 5
        self.wait(lambda: len(self.children) == 1 or time.monotonic() > until, "the others end", 10)
        return [child.name for child in self.children[1:]]

    def close(self):
        for child in self.children:
            child.kill()
        for proxy in [*(worker.proxy for worker in self.workers.values()), *self.server_proxies.values()]:
            proxy.close()
