"""The units of systemd."""
import re
import shutil
import subprocess

from .project import HOME, PROGRAMS, SCRIPTS

# Of 100, as systemd-analyze security counts: 100 is a service that may do everything.
MOST_EXPOSURE = 20
NODES = {"User": None, "DynamicUser": "yes", "Restart": "always", "RestartPreventExitStatus": "2 65"}
SETTINGS = {
    "hbn-coordinator@.service": {
        # 75 is no failure, so a stop leaves it stopped; a crash starts it again.
        "SuccessExitStatus": "75", "Restart": "on-failure", "RestartPreventExitStatus": "2 65", "KillMode": "mixed",
        "RestartForceExitStatus": None},
    "hbn-worker.service": NODES,
    "hbn-parameter-server.service": NODES,
}
EVERYWHERE = {
    # No program makes code while it runs.
    "MemoryDenyWriteExecute": "yes",
    # The processor's model is in /proc/cpuinfo.
    "ProcSubset": None,
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "PrivateTmp": "yes", "CapabilityBoundingSet": "",
    "RuntimeDirectoryMode": "0700",
}
EXAMPLES = {"/etc/heartbeatnet/runs/%i.env": "first.env"}


def check(project, report):
    folder = project.cluster / "systemd"
    units = sorted(folder.glob("*.service"))
    report.check("systemd: every role has a unit", [] if {u.name for u in units} == set(SETTINGS) else [
        f"the units are {', '.join(u.name for u in units)}"])
    for unit in units:
        report.check(f"systemd: settings of {unit.name}", check_settings(folder, unit))
    if not shutil.which("systemd-analyze"):
        return report.skip("systemd-analyze", "it is not installed")
    copies = project.folder / "units"
    copies.mkdir()
    for unit in units:
        copy = copies / unit.name
        # With commands that exist here.
        copy.write_text(unit.read_text().replace(f"{HOME}/train-or-resume", str(project.cluster / "train-or-resume"))
                        .replace(HOME, str(project.binaries)))
        done = analyze("verify", "--man=no", copy)
        lines = [line for line in (done.stdout + done.stderr).splitlines() if copy.stem.rstrip("@") in line]
        report.check(f"systemd-analyze verify {unit.name}", lines or ([done.stderr] if done.returncode else []))
    version = int(re.search(r"\d+", analyze("--version").stdout)[0])
    if version < 250:
        return report.skip("systemd-analyze security", f"systemd {version} cannot do it without a running service")
    for unit in units:
        done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", copies / unit.name)
        level = re.search(r"exposure level for .*?: ([\d.]+)", done.stdout)
        report.check(
            f"systemd-analyze security {unit.name}, at most {MOST_EXPOSURE / 10}",
            [level[1] if level else done.stderr] if done.returncode else [])


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)


def read(unit):
    """The settings of a unit: name and values, in their order."""
    settings = {}
    for line in unit.read_text().replace("\\\n", " ").splitlines():
        if match := re.match(r"(\w+)=(.*)", line):
            settings.setdefault(match[1], []).append(match[2].strip())
    return settings


def check_settings(folder, unit):
    settings = read(unit)
    for name, value in {**EVERYWHERE, **SETTINGS.get(unit.name, {})}.items():
        found = settings.get(name)
        if found != (None if value is None else [value]):
            yield f"{name} is {' and '.join(found) if found else 'not set'}, not {value}"
    # ZeroMQ aborts when it may not list the network's interfaces.
    families = set(" ".join(settings.get("RestrictAddressFamilies", [])).split())
    if families != {"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"}:
        yield f"the address families are {' '.join(sorted(families))}"
    if settings.get("SystemCallFilter", [])[:1] != ["@system-service"]:
        yield "the system calls are not those of @system-service"
    command = " ".join(settings["ExecStart"])
    for program in re.findall(rf"{HOME}/([\w-]+)", command):
        if program not in PROGRAMS + SCRIPTS[:1]:
            yield f"{HOME} has no {program}"
    # From the credential to the program's option, the key has one name and one place.
    runtime = f"%t/{settings['RuntimeDirectory'][0]}/cluster.key"
    if settings.get("LoadCredential") != ["cluster.key:/etc/heartbeatnet/cluster.key"]:
        yield "the key is not loaded as a credential"
    if f"install --mode=600 %d/cluster.key {runtime} && exec" not in command or f"--cluster-key {runtime} " not in command:
        yield f"the key is not copied to {runtime} with mode 600, or not taken from there"
    for file in settings["EnvironmentFile"]:
        example = folder / EXAMPLES.get(file, file.rpartition("/")[2])
        if not example.is_file():
            yield f"{file} has no example"
            continue
        given = set(re.findall(r"^(\w+)=", example.read_text(), re.MULTILINE))
        used = set(re.findall(r"(?<!\$)\$\{?([A-Z_]+)", command))
        if given != used:
            yield f"{example.name} gives {' '.join(sorted(given))}, and {' '.join(sorted(used))} is used"
