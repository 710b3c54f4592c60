"""Every option that a file under cluster/ gives to one of our programs exists."""
import re

from .project import PROGRAMS, SCRIPTS

# Whose options are not ours to check. An option belongs to the command before it in its line.
FOREIGN = """
    apt-get awk bash chmod cp docker grep install journalctl kubectl ldd mktemp podman realpath rm sacct SBATCH sbatch
    scancel scontrol sed sinfo sort squeue srun ssh scp sudo swift systemctl systemd-analyze timeout useradd xargs COPY
""".split()
# These name our services and jobs, which are called as the programs are.
NAMING = ["kubectl", "systemctl", "journalctl"]
# Of those that prose names without their command.
FOREIGN_OPTIONS = {"--cpus", "--cpus-per-task", "--install", "--no-requeue", "--tmpfs", "--userns"}
COORDINATOR = ["train-or-resume", "cluster/ssh/launch", "launch", "train.sbatch"]
# What a file of environment variables is for.
VARIABLES = {
    ("worker.env", "OPTIONS"): "hbn-worker", ("parameter-server.env", "OPTIONS"): "hbn-parameter-server",
}
WORDS = re.compile(
    r"(?P<end>[;|`]|&&)|(?P<option>(?<![\w-])--[a-z][a-z0-9-]*)|(?P<rest>(?<![\w-])--(?=[\s\"]))"
    r"|(?P<variable>^[A-Z_]+(?==))|(?<![\w.-])(?<!//)(?P<command>%s)(?![\w-])"
    % "|".join(map(re.escape, sorted(PROGRAMS + COORDINATOR + SCRIPTS + FOREIGN, key=len, reverse=True))))


def check(project, report):
    for path, text in project.files():
        used, faults = 0, []
        for line in logical_lines(text):
            number, unknown = check_line(project, path.name, line)
            used += number
            faults += unknown
        if used:
            report.check(f"options in {project.name(path)}", faults)
    for place, words in project.pod_commands:
        if words[0] in PROGRAMS + SCRIPTS:
            report.check(f"options of {place}", check_line(project, place, " ".join(words) + " ")[1])


def logical_lines(text):
    return text.replace("\\\n", " ").splitlines()


def check_line(project, file, line):
    """How many options of ours the line has, and what is wrong with them."""
    used, faults = 0, []
    command, rest = None, False
    for word in WORDS.finditer(line):
        kind = word.lastgroup
        if kind == "end":
            command, rest = None, False
        elif kind == "rest":
            rest = True
        elif kind == "command":
            if command not in NAMING and word["command"] != "until-done":
                command, rest = word["command"], False
        elif kind == "variable":
            command, rest = VARIABLES.get((file, word["variable"])), False
            if word["variable"] in ("CLUSTER_OPTIONS", "TRAINING_OPTIONS"):
                command, rest = "train-or-resume", word["variable"] == "TRAINING_OPTIONS"
        elif kind == "option" and command not in FOREIGN:
            used += 1
            faults += check_option(project, command, rest, word["option"])
    return used, faults


def check_option(project, command, rest, option):
    if command in COORDINATOR:
        sections = project.options("hbn-coordinator")
        if option not in project.all_options("hbn-coordinator"):
            return [f"hbn-coordinator has no {option}"]
        # Given to --resume, what decides the training is refused.
        if (option in sections["CLUSTER"]) == rest:
            return [f"{option} stands {'behind' if rest else 'before'} the -- of {command}"]
    elif command:
        if option not in project.all_options(command):
            return [f"{command} has no {option}"]
    elif option not in FOREIGN_OPTIONS and not any(option in project.all_options(program) for program in PROGRAMS):
        return [f"no program has {option}"]
    return []
