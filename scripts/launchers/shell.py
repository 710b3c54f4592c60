"""Shell scripts, and the shell in the guides."""
import re
import shutil
import subprocess


def check(project, report):
    scripts = [path for path, text in project.files() if re.match(r"#!.*\b(ba)?sh\b", text)]
    report.check("there are shell scripts under cluster/", [] if scripts else ["none was found"])
    for path in scripts:
        report.check(f"bash -n {project.name(path)}", syntax(path.read_text()))
    for path, text in project.files():
        blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL) if path.suffix == ".md" else []
        if blocks:
            report.check(
                f"bash -n of the commands in {project.name(path)}", [fault for block in blocks for fault in syntax(block)])
    if not shutil.which("shellcheck"):
        return report.skip("shellcheck", "it is not installed")
    for path in scripts:
        done = subprocess.run(
            ["shellcheck", "--format=gcc", path], capture_output=True, text=True, cwd=project.repository)
        report.check(f"shellcheck {project.name(path)}", faults(done))


def syntax(text):
    return faults(subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True))


def faults(done):
    lines = (done.stdout + done.stderr).splitlines()
    return lines[:3] if done.returncode or lines else []
