"""Child processes that end with us, and what they write."""
import ctypes
import os
import signal
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """What the run was to prove does not hold."""


def end_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def words(status):
    return f"signal {-status}" if status < 0 else f"exit code {status}"


class Log:
    """A file that a child writes. Marks are places in it, to ask what came since."""

    def __init__(self, path):
        self.path = path
        path.touch()

    def mark(self):
        return self.path.stat().st_size

    def lines(self, since=0):
        with open(self.path, "rb") as file:
            file.seek(since)
            return file.read().decode(errors="replace").splitlines()

    def find(self, *parts, since=0):
        """The first line with all of these parts; None if there is none yet."""
        return next((line for line in self.lines(since) if all(part in line for part in parts)), None)


class Child:
    """A program that was started. The files it writes go on when it is started again under the same name."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.out, self.err = Log(folder / f"{name}.out"), Log(folder / f"{name}.err")
        # How it may end, from now on. Until somebody asks for its end: not at all.
        self.may_end_with = set()
        with open(self.out.path, "ab") as out, open(self.err.path, "ab") as err:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env={**os.environ, **(environment or {})}, start_new_session=True, preexec_fn=end_with_parent)

    @property
    def status(self):
        return self.process.poll()

    def signal(self, number):
        # A child that is paused or gone has no use for more than the call.
        if self.status is None:
            os.killpg(self.process.pid, number)

    def kill(self):
        self.may_end_with.add(-signal.SIGKILL)
        self.signal(signal.SIGKILL)
        self.process.wait()

    def check(self):
        """Fails if it ended in a way that nobody asked for."""
        if self.status is not None and self.status not in self.may_end_with:
            raise Failure(f"{self.name} ended with {words(self.status)}, which nobody asked for")
