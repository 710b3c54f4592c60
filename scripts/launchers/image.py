"""The image: what goes into it, and that its packages have every library that the programs need."""
import pathlib
import re
import shutil
import subprocess

from .project import HOME, PROGRAMS, SCRIPTS


def check(project, report):
    path = project.cluster / "container/Containerfile"
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    build, _, runtime = text.rpartition("\nFROM ")
    releases = re.findall(r"^FROM docker\.io/library/(?:swift:[\d.]+-|debian:)([a-z]+)(?:-slim)?(?: AS build)?$",
                          f"{build}\nFROM {runtime}", re.MULTILINE)
    report.check(
        "container: both stages are of one Debian release",
        [] if len(releases) == 2 and len(set(releases)) == 1 else [f"they are of {' and '.join(releases) or 'none'}"])
    report.check("container: its files reach the build, and no key does", check_context(project, build))
    report.check("container: programs and scripts are all there", check_contents(build, runtime))
    check_libraries(project, report, build, runtime)


def check_context(project, build):
    """The ignore file keeps everything out, and then names what comes in."""
    lines = (project.repository / ".containerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    if rules[:1] != ["*"] or not all(rule.startswith("!") for rule in rules[1:]):
        yield ".containerignore does not begin with everything"
        return
    admitted = [rule[1:] for rule in rules[1:]]
    for instruction in re.findall(r"^COPY (?!--from)(.+)$", build, re.MULTILINE):
        for source in instruction.split()[:-1]:
            if not any(pathlib.PurePath(source).is_relative_to(path) for path in admitted):
                yield f".containerignore keeps {source} out"
            if not (project.repository / source).exists():
                yield f"there is no {source}"
    for path in admitted:
        if any(key in (project.repository / path).rglob("*") for key in project.repository.rglob("*.key")):
            yield f"{path} has a key in it"
        if pathlib.PurePath("cluster/kubernetes/cluster.key").is_relative_to(path):
            yield f"{path} lets the key in"


def check_contents(build, runtime):
    copied = set(re.findall(r"[\w-]+", " ".join(re.findall(r"^COPY .*/image/$|\bcp .*?/image/", build, re.MULTILINE))))
    yield from (f"{name} is not copied" for name in PROGRAMS + SCRIPTS if name not in copied)
    if f"COPY --from=build /image {HOME}" not in runtime or f"PATH={HOME}:" not in runtime:
        yield f"they are not in {HOME}, or not on the PATH"
    if not re.search(r"^USER [1-9]\d*:[1-9]\d*$", runtime, re.MULTILINE):
        yield "the user is not named by numbers, or is root"


def check_libraries(project, report, build, runtime):
    wanted = runtime.partition("--no-install-recommends")[2].partition("&&")[0].split()
    libraries = set()
    for program in PROGRAMS:
        output = subprocess.run(["ldd", project.binaries / program], capture_output=True, text=True).stdout
        libraries |= set(re.findall(r"=> (/\S+)", output))
        report.check(f"container: ldd finds every library of {program}", re.findall(r"\S+ => not found", output))
    pattern = re.search(r'\$3 ~ "([^"]+)"', build)[1]
    ours = {path for path in libraries if pattern in path}
    report.check("container: Swift's libraries come along", [] if any(
        "libswiftCore.so" in path for path in ours) else [f"no library is in a folder like {pattern}"])
    if not shutil.which("dpkg-query"):
        return report.skip("container: packages with the libraries", "this is no Debian system")
    owners = {path: owner(path) for path in sorted(libraries - ours)}
    closure = depend_on(wanted)
    report.check("container: its packages have every other library", [
        f"{path} is in {package or 'no package'}" for path, package in owners.items() if package not in closure])
    needed = set(owners.values())
    report.check("container: it installs no package that the programs do not need", [
        package for package in wanted if package not in needed])


def owner(path):
    """The package that has a file. Debian's database knows files in /usr/lib as in /lib, where they used to be."""
    real = str(pathlib.Path(path).resolve())
    for name in {real, real.removeprefix("/usr"), path, path.removeprefix("/usr")}:
        done = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(":")[0].strip()
    return None


def depend_on(packages):
    """The packages, and all those that they cannot do without."""
    output = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${Package}\t${Pre-Depends}, ${Depends}\n"], capture_output=True,
        text=True, check=True).stdout
    # Of alternatives, the first is what an empty system takes.
    depends = {
        package: [re.split(r"[ :(]", part.strip())[0] for part in text.split(",")]
        for package, _, text in (line.partition("\t") for line in output.splitlines())}
    closure, left = set(), list(packages)
    while left:
        package = left.pop()
        if package and package not in closure:
            closure.add(package)
            left += depends.get(package, [])
    return closure
