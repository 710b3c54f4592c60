"""cluster/train-or-resume with a run that is killed, interrupted and gone on with; and until-done."""
import os
import re
import signal
import subprocess
import time

EPOCHS = 40
TRAINING = """--data synthetic --recordings 24 --height 32 --width 48 --base-filters 8 --dense-layers 2 --dense-width 16
    --shard-size 4 --shards-per-step 4""".split() + ["--epochs", str(EPOCHS)]
LIMIT = 240


def check(project, report):
    check_train_or_resume(project, report)
    check_until_done(project, report)


def check_until_done(project, report):
    script = project.cluster / "container/until-done"
    for told, status, expected in [(False, 0, 0), (False, 69, 69), (True, 0, 75), (True, 65, 65)]:
        # Says when it is ready, and ends after the signal, or by itself, with this status.
        program = f"trap 'exit {status}' TERM; echo ready; {'while :; do sleep 0.1; done' if told else f'exit {status}'}"
        process = subprocess.Popen(
            [script, "bash", "-c", program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            start_new_session=True)
        try:
            process.stdout.readline()
            if told:
                process.terminate()
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            pass
        finally:
            found = process.poll()
            kill_group(process)
        words = f"a program that ends with {status}{' when it is told to' if told else ''}"
        report.check(f"until-done makes {expected} of {words}", [] if found == expected else [f"it makes {found}"])


def check_train_or_resume(project, report):
    script = project.cluster / "train-or-resume"
    # HBN_CACHE: nothing of this machine's takes part, and nothing is left.
    environment = {
        **os.environ, "PATH": f"{project.binaries}:{os.environ['PATH']}", "HBN_CACHE": str(project.folder / "cache")}

    def start(run, *arguments):
        return subprocess.Popen(
            [script, project.folder / run, "--local", "2", *arguments], stdin=subprocess.DEVNULL, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def end(process, *numbers):
        """The exit code and the output, after these signals to the script's process; nothing is left behind."""
        try:
            for number in numbers:
                process.send_signal(number)
            output, _ = process.communicate(timeout=LIMIT)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            return "none in time", ""
        finally:
            kill_group(process)

    def refuses(what, *arguments):
        status, output = end(start("refused", *arguments))
        report.check(
            f"train-or-resume refuses {what}",
            [] if status == 2 and output.count("\n") == 1 else [f"it ends with {status}: {output.strip()}"])

    refuses("an option of the training before --", "--epochs", "1")
    refuses("an option of the cluster behind --", "--", "--listen", "tcp://127.0.0.1:*")

    def epochs(run):
        try:
            return (project.folder / run / "history.csv").read_text().count("\n")
        except FileNotFoundError:
            return 0

    def wait_for_epochs(process, run, more):
        aim, deadline = epochs(run) + more, time.monotonic() + LIMIT
        while epochs(run) < aim and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)

    def digest(run):
        return project.run("hbn", "inspect", project.folder / run, "--digest").strip()

    running = []
    try:
        running.append(start("calm", "--", *TRAINING))
        status, output = end(running[-1])
        report.check("train-or-resume trains, with exit code 0", expect(status, 0, output))
        if status != 0:
            return report.skip("train-or-resume goes on", "it does not train")

        running.append(start("disturbed", "--", *TRAINING))
        wait_for_epochs(running[-1], "disturbed", 4)
        status, output = end(running[-1], signal.SIGKILL)
        faults = expect(status, -signal.SIGKILL, output)
        if (project.folder / "disturbed/report.html").exists():
            faults.append("the run went on to its end")
        report.check("SIGKILL ends the run itself, not a shell around it", faults)

        # The same command as at first: the training's options count no more.
        running.append(start("disturbed", "--", *TRAINING))
        wait_for_epochs(running[-1], "disturbed", 3)
        status, output = end(running[-1], signal.SIGTERM)
        report.check(
            "after SIGKILL it goes on, and SIGTERM ends it with 75", expect(status, 75, output) + begins_late(output))

        running.append(start("disturbed", "--", *TRAINING))
        status, output = end(running[-1])
        report.check(
            "after SIGTERM it goes on to the end, with exit code 0", expect(status, 0, output) + begins_late(output))
        if status == 0:
            same = digest("disturbed") == digest("calm")
            report.check(
                "its parameters have the digest of an undisturbed run's",
                [] if same else [f"{digest('disturbed')}, not {digest('calm')}"])
            before = files(project.folder / "disturbed")
            running.append(start("disturbed", "--", *TRAINING))
            status, output = end(running[-1])
            faults = expect(status, 0, output)
            if "is done" not in output or files(project.folder / "disturbed") != before:
                faults.append("it did more than say that the run is done")
            report.check("a run that is done ends at once with 0", faults)

        for arguments in ([], ["--local", "2"]):
            done = subprocess.run([script, *arguments], capture_output=True, text=True, env=environment, timeout=LIMIT)
            report.check(
                f"train-or-resume {' '.join(arguments) or 'without a word'} ends with 2",
                expect(done.returncode, 2, done.stderr))
    finally:
        for process in running:
            kill_group(process)


def expect(status, expected, output):
    if status == expected:
        return []
    last = output.strip().splitlines()[-1:] or ["no output"]
    return [f"exit code {status}, not {expected}: {last[0]}"]


def begins_late(output):
    epoch = re.search(rf"epoch (\d+)/{EPOCHS}", output)
    return [] if epoch and int(epoch[1]) > 1 else ["it began at the beginning"]


def files(folder):
    return sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*"))


def kill_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
