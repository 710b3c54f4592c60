"""cluster/ssh/launch with lists of hosts as other systems write them, and an ssh that cannot connect."""
import os
import subprocess

# What the file is, what is said of it, and the exit code: 69, for no worker can be reached, where it is read.
READ = "on localhost other at tcp://localhost:0\n"
LISTS = {
    "with line feeds": (b"localhost lanes=1\nother # a host\n", READ, 69),
    "with carriage returns": (b"localhost lanes=1\r\n\r\nother # a host\r\n", READ, 69),
    "with a mark before it": (b"\xef\xbb\xbflocalhost lanes=1\nother", READ, 69),
    "with blanks at the ends": (b"localhost  \t\nother lanes=2 \n", READ, 69),
    "of MPI": (b"localhost slots=2\r\n", "line 1: write [user@]host [lanes=N]", 2),
    "without hosts": (b"\xef\xbb\xbf# none\r\n", "names no host", 2),
}


def check(project, report):
    script = project.cluster / "ssh/launch"
    for number, (name, (text, said, status)) in enumerate(LISTS.items()):
        hosts, run = project.folder / f"hosts-{number}", project.folder / f"run-{number}"
        hosts.write_bytes(text)
        # Carriage returns behind the settings, too.
        environment = {
            **os.environ, "HBN_SSH": "false\r", "HBN_PROGRAMS": f"{project.binaries}\r", "HBN_PORT": "0\r",
            "HBN_ADDRESS": "localhost \r", "HBN_CACHE": f"{project.folder}/cache\r"}
        done = subprocess.run(
            [script, hosts, run, "--", "--data", "synthetic", "--recordings", "4", "--height", "32", "--width", "32",
             "--base-filters", "8", "--dense-layers", "1", "--max-steps", "1"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, timeout=60)
        output = done.stdout + done.stderr
        report.check(f"launch, by a list of hosts {name}", [
            f"exit code {done.returncode}: {output!r}"] if said not in output or done.returncode != status else [])
