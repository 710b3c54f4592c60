"""A line for each check, and their number."""

# What reading a file brings that is not made as it should be.
UNREADABLE = (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError)


class Report:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name, faults):
        """The check holds if there are no faults. Each is a sentence."""
        try:
            faults = list(faults)
        except UNREADABLE as error:
            faults = [f"it cannot be checked: {error!r}"]
        if faults:
            self.failed += 1
            print(f"FAILED  {name}: {'; '.join(faults)}", flush=True)
        else:
            self.passed += 1
            print(f"ok      {name}", flush=True)

    def skip(self, name, reason):
        self.skipped += 1
        print(f"skipped {name}: {reason}", flush=True)

    def end(self):
        failed = f"{self.failed} FAILED, " if self.failed else ""
        print(f"launchers: {failed}{self.passed} checks passed, {self.skipped} skipped", flush=True)
        return 1 if self.failed else 0
