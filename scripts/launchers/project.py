"""The files that are checked, and the programs that they start."""
import functools
import re
import subprocess

PROGRAMS = ["hbn", "hbn-coordinator", "hbn-worker", "hbn-parameter-server"]
# What the image and the services have beside the programs.
SCRIPTS = ["train-or-resume", "until-done"]
HOME = "/opt/heartbeatnet"


class Project:
    def __init__(self, repository, binaries, folder):
        self.repository, self.binaries, self.folder = repository, binaries, folder
        self.cluster = repository / "cluster"
        # The commands of the pods, filled by the checks of the manifests: where, and the words.
        self.pod_commands = []

    def files(self):
        """The text files under cluster/, without keys."""
        for path in sorted(self.cluster.rglob("*")):
            if path.is_file() and path.suffix != ".key":
                yield path, path.read_text()

    def name(self, path):
        return str(path.relative_to(self.repository))

    @functools.cache
    def options(self, program):
        """The options of a program by the section of its --help: {"CLUSTER": {"--listen", ...}, ...}."""
        texts = [self.run(program, "--help")]
        if program == "hbn":
            for command in re.findall(r"^  ([a-z]+) {2,}\S", texts[0].partition("SUBCOMMANDS:")[2], re.MULTILINE):
                texts.append(self.run(program, command, "--help"))
        sections, section = {}, None
        for line in "\n".join(texts).splitlines():
            if heading := re.match(r"([A-Z]+):", line):
                section = heading[1]
            elif option := re.match(r"  (?:-\w, )?(--[a-z][a-z-]*)", line):
                sections.setdefault(section, set()).add(option[1])
        return sections

    def all_options(self, program):
        return set().union(*self.options(program).values())

    def run(self, program, *arguments):
        return subprocess.run(
            [self.binaries / program, *arguments], capture_output=True, text=True, check=True, timeout=60).stdout
