"""A run of the programs: how it is started, followed and compared with an undisturbed one."""
import math
import re
import statistics
import subprocess
import time

from faults.children import Child, Failure, words

MODEL = (
    "--data synthetic --recordings 24 --height 32 --width 48 --base-filters 8 --dense-layers 2 --dense-width 16 "
    "--shard-size 4 --shards-per-step 4").split()
# 49 windows are trained on, 16 in a step.
STEPS_PER_EPOCH = 4
CHECKPOINT_EVERY = 8
STALLED = 150.0
CAUSES_OF_LOSS = ("has been silent", "is not connected any more")


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


class WatchedRun:
    """A run of child processes that are looked after: whoever waits does it by `wait`. Ended by `close`."""

    def __init__(self, binaries, folder, run, deadline, steps=math.inf):
        self.binaries, self.folder, self.run = binaries, folder, run
        self.steps = steps
        self.deadline = deadline
        self.progress = Progress()
        self.children = []
        self.environment = {"HBN_CACHE": str(folder / "cache")}

    def start_child(self, name, program, *options, within=()):
        """Starts a program; `within` is a command that starts the one behind it."""
        child = Child(name, [*within, program, *options], self.folder, self.environment)
        self.children.append(child)
        return child

    def end(self, child, number, statuses, within=15):
        """Ends a child by a signal, and fails unless it ends in one of these ways."""
        child.may_end_with |= statuses
        child.signal(number)
        self.wait(
            lambda: child.status is not None,
            f"{child.name} ends with {' or '.join(map(words, sorted(statuses)))}", within)

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

    def wait_for_loss(self, since, node, within=30):
        """Waits until the coordinator logs that it has lost a node: by its silence, or by a connection that broke first."""
        log = self.coordinator.err
        self.wait(
            lambda: any(log.find(f"{node} {cause}", since=since) for cause in CAUSES_OF_LOSS),
            f"the coordinator's log says that {node} is lost", within)

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


def undisturbed_digest(binaries, folder, options, deadline):
    """What a run comes to on one machine with two workers, if nothing happens, and the seconds it takes."""
    run = folder / "undisturbed"
    start = time.monotonic()
    child = Child(
        "undisturbed", [binaries.coordinator, *options, "--local", 2, "--output", run], folder,
        {"HBN_CACHE": str(folder / "cache")})
    try:
        status = child.process.wait(timeout=deadline - time.monotonic())
    except subprocess.TimeoutExpired:
        raise Failure("the undisturbed run takes too long") from None
    finally:
        child.kill()
    if status != 0:
        raise Failure(f"the undisturbed run ended with exit code {status}")
    return binaries.digest(run), time.monotonic() - start


def print_logs(folder):
    """The last lines of every log, for the failure that follows."""
    for path in [folder / "coordinator.out", *sorted(folder.glob("*.err"))]:
        if path.exists() and path.stat().st_size:
            lines = path.read_text(errors="replace").splitlines()[-12:]
            print(f"--- {path.name}", *lines, sep="\n    ", flush=True)
