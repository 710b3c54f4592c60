#!/usr/bin/env python3
"""Writes the golden files kept with the tests, by software this project did not write. Run by hand:

    python3 -m venv golden && golden/bin/pip install tensorflow-cpu safetensors librosa scipy scikit-learn statsmodels pillow matplotlib tensorboard
    golden/bin/python scripts/make-golden.py [SET...]

Without names, every set is made. Each set is a module of scripts/golden with a function write(tests: pathlib.Path),
where `tests` is the repository's Tests folder; SETS below lists them.
"""
import importlib
import pathlib
import sys

SETS = ["network", "layers", "signal", "augmentation", "evaluation", "checkpoints", "optimization", "events"]

if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parent.parent
    sys.path.insert(0, str(root / "scripts"))
    names = sys.argv[1:] or SETS
    unknown = [name for name in names if name not in SETS]
    if unknown:
        sys.exit(f"make-golden.py: no set called {', '.join(unknown)}; the sets are {', '.join(SETS)}")
    for name in names:
        importlib.import_module(f"golden.{name}").write(root / "Tests")
        print(f"{name}: written")
