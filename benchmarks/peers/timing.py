"""What both peers' scripts share: their options, and how they time steps and report."""
import argparse
import json
import os
import resource
import statistics
import time

WARM_UP = 2


def arguments(description, add_more=lambda parser: None):
    parser = argparse.ArgumentParser(description=description)
    for name in ("height", "width", "base-filters", "batch"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--steps", type=int, default=5, help="steps timed, after two that are not")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16 (PyTorch)")
    add_more(parser)
    return parser.parse_args()


def report(step, options, version, parameters, is_quiet=False):
    """Calls `step` and prints one line of JSON."""
    seconds = []
    for index in range(options.steps + WARM_UP):
        start = time.perf_counter()
        step()
        if index >= WARM_UP:
            seconds.append(time.perf_counter() - start)
    if is_quiet:
        return
    print(json.dumps({
        "step_seconds": statistics.median(seconds), "version": version, "parameters": parameters,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }))
