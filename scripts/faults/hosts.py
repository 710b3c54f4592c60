"""Hosts of their own on one machine: network namespaces, joined by a bridge.

Everything is in a network, a mount and a process namespace of this process' own, so the machine's network is not touched
and all of it, with every process in it, is gone when this process is.
"""
import os
import pathlib
import shutil
import subprocess
import sys

INSIDE = "HBN_INSIDE_NAMESPACES"
IPV4, IPV6 = "10.77.0.", "fd00:77::"


def go_inside():
    """Starts this program again within namespaces; says why not, and ends with 77, where that is not allowed."""
    if os.environ.get(INSIDE):
        return
    unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        unshare.append("--map-root-user")
    try:
        subprocess.run(
            [*unshare, "ip", "link", "add", "trial", "type", "veth", "peer", "name", "lair"], check=True,
            capture_output=True, text=True)
    except FileNotFoundError as missing:
        skip(f"{missing.filename} is not installed (util-linux, iproute2)")
    except subprocess.CalledProcessError as refused:
        skip(f"this system allows no network namespaces: {(refused.stderr.strip() or 'no reason given').splitlines()[0]}")
    if not shutil.which("ip"):
        skip("ip is not installed (iproute2)")
    os.environ[INSIDE] = "1"
    os.execvp("unshare", [*unshare, sys.executable, *sys.argv])


def skip(why):
    print(f"{pathlib.Path(sys.argv[0]).name}: skipped: {why}", flush=True)
    sys.exit(77)


def ip(*words):
    run("ip", *words)


def run(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")


class Network:
    """A bridge with a host at each of its ports. Hosts know each other by name."""

    def __init__(self, names, folder):
        self.numbers = {name: number for number, name in enumerate(names, 1)}
        pathlib.Path("/run/netns").mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/netns"], check=True)
        hosts = folder / "hosts"
        hosts.write_text("".join(f"{self.ipv4(name)} {name}\n" for name in names))
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
        ip("link", "add", "bridge", "type", "bridge")
        ip("link", "set", "bridge", "up")
        for name, number in self.numbers.items():
            ip("netns", "add", name)
            ip("link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"port{number}", "master", "bridge", "up")
            ip("-n", name, "address", "add", f"{self.ipv4(name)}/24", "dev", "eth0")
            ip("-n", name, "address", "add", f"{self.ipv6(name)}/64", "dev", "eth0", "nodad")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", "eth0", "up")

    def ipv4(self, name):
        return f"{IPV4}{self.numbers[name]}"

    def ipv6(self, name):
        return f"{IPV6}{self.numbers[name]}"

    def within(self, name):
        """The command that starts the one behind it on this host."""
        return ("ip", "netns", "exec", name)

    def link(self, name, state):
        """Takes the host's cable out ("down"), or puts it back ("up"). The host itself does not see it."""
        ip("link", "set", f"port{self.numbers[name]}", state)

    def limit(self, rate):
        """Limits each host's link, both ways, to a rate as tc has it: "1gbit"."""
        for name, number in self.numbers.items():
            queue = f"root tbf rate {rate} burst 256kb latency 100ms".split()
            run("tc", "-n", name, "qdisc", "add", "dev", "eth0", *queue)
            run("tc", "qdisc", "add", "dev", f"port{number}", *queue)
