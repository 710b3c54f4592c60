#!/usr/bin/env python3
"""Carries weights between a run and Keras.

    python3 -m venv keras && keras/bin/pip install tensorflow-cpu safetensors
    keras/bin/python scripts/keras-interop.py from-run RUN [--output MODEL.keras]
    keras/bin/python scripts/keras-interop.py to-run MODEL.keras OUTPUT.safetensors

`from-run` builds the Keras model, loads the weights of the run into it, compares its predictions for random images with
those of `hbn`, and saves it. `to-run` writes the weights of a Keras model as a file to begin a run with:
`hbn-coordinator --initial-parameters OUTPUT.safetensors`, with the sizes that it prints.

Layers may have any names: they are known by their kind and by the shapes of their weights, those that are alike in these
by their order from the images to the probabilities.
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
root = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root / "scripts"))

try:
    import keras
    import numpy as np
    from golden.attention_unet import Sizes, assign, build, infer
    from safetensors.numpy import load_file, save_file
except ImportError as error:
    print(f"keras-interop: {error}; see the head of the script", file=sys.stderr)
    sys.exit(77)

TOLERANCE = 1e-4


def fail(text):
    sys.exit(f"keras-interop: {text}")


def must_be_new(path):
    if path.exists():
        fail(f"{path} exists; remove it or choose another name")


def hbn(program, *arguments):
    if not pathlib.Path(program).exists():
        fail(f"{program} is missing; build it with swift build -c release")
    result = subprocess.run([program, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        fail(f"{program} {arguments[0]} ended with {result.returncode}")
    return result.stdout


def from_run(chosen):
    if chosen.output:
        must_be_new(chosen.output)
    try:
        configuration = json.loads((chosen.run / "config.json").read_text())
    except OSError as error:
        fail(f"{chosen.run}: {error.strerror}; give the folder of a run")
    except ValueError:
        fail(f"{chosen.run}/config.json: is not a run's configuration; restore it")
    settings = configuration["model"]
    sizes = Sizes(settings["height"], settings["width"], settings["baseFilters"], settings["denseLayers"],
                  settings["denseWidth"], settings["classes"])
    path = hbn(chosen.hbn, "inspect", chosen.run).splitlines()[0]
    model = build(sizes, "float32", settings["dropout"])
    assign(model, load_file(path))
    print(f"{path}: classes {configuration['classes']}")

    images = np.random.default_rng(1).uniform(-1, 1, (chosen.batch, sizes.height, sizes.width, 3)).astype(np.float32)
    found = infer(model, images, np.zeros(chosen.batch, np.int32))["probabilities"]
    with tempfile.TemporaryDirectory() as folder:
        batch, output = f"{folder}/batch.safetensors", f"{folder}/output.safetensors"
        save_file({"images": images, "labels": np.zeros(chosen.batch, np.int32)}, batch)
        hbn(chosen.hbn, "gradient", "--inference", "--parameters", path, "--batch", batch, "--output", output)
        expected = load_file(output)["probabilities"]
    difference = float(np.abs(found - expected).max())
    print(f"greatest difference of a probability: {difference:.1e}, tolerance {TOLERANCE:.0e}")
    if not difference <= TOLERANCE:
        sys.exit(1)
    if chosen.output:
        model.save(chosen.output)
        print(f"written: {chosen.output}")


def sizes_of(model):
    """The sizes of a model by its first and last layers."""
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    if not convolutions or len(dense) < 2 or len(model.input_shape) != 4 or None in model.input_shape[1:]:
        fail("the model is no attention U-Net with dense layers on top, for images of one size")
    return Sizes(*model.input_shape[1:3], convolutions[0].filters, len(dense) - 1, dense[0].units, dense[-1].units)


def weights(model, sizes):
    """The weights under the names of a parameter file."""
    waiting = collections.defaultdict(list)
    for layer in model.layers:
        own = {weight.path.split("/")[-1]: weight for weight in layer.weights}
        shapes = {word: tuple(weight.shape) for word, weight in own.items()}
        waiting[isinstance(layer, keras.layers.Conv2DTranspose), *sorted(shapes.items())].append(own)
    del waiting[False,]  # Layers without weights.

    wanted = collections.defaultdict(dict)
    for name, shape in sizes.parameter_shapes().items():
        layer, word = name.rsplit(".", 1)
        wanted[layer][word] = shape
    found = {}
    for layer, shapes in wanted.items():
        alike = waiting[layer.endswith(".upsample"), *sorted(shapes.items())]
        if not alike:
            fail(f"the model has no layer for {layer}, with {shapes}; is it the notebook's model?")
        found |= {f"{layer}.{word}": np.asarray(weight, np.float32) for word, weight in alike.pop(0).items()}
    if left := [shapes for shapes, alike in waiting.items() if alike]:
        fail(f"the model has layers that an attention U-Net lacks, with {dict(left[0][1:])}; is it the notebook's model?")
    return found


def to_run(chosen):
    must_be_new(chosen.output)
    try:
        model = keras.saving.load_model(chosen.model, compile=False)
    except (OSError, ValueError, TypeError) as error:
        fail(f"{chosen.model}: cannot be loaded ({str(error).splitlines()[0]})")
    sizes = sizes_of(model)
    save_file(weights(model, sizes), chosen.output)
    print(f"written: {chosen.output}; begin a run of {sizes.classes} classes with")
    print(f"    hbn-coordinator --height {sizes.height} --width {sizes.width} --base-filters {sizes.base_filters} "
          f"--dense-layers {sizes.dense_layers} --dense-width {sizes.dense_width} --initial-parameters {chosen.output}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("from-run", help="from a run to Keras")
    command.add_argument("run", type=pathlib.Path, help="the run's folder")
    command.add_argument("--output", type=pathlib.Path, help="the .keras file to write")
    command.add_argument("--batch", type=int, default=3, help="images to compare the predictions of")
    command.add_argument("--hbn", default=str(root / ".build/release/hbn"), help="the program to compare with")
    command.set_defaults(run_command=from_run)
    command = commands.add_parser("to-run", help="from Keras to a run")
    command.add_argument("model", type=pathlib.Path, help="a .keras or .h5 file")
    command.add_argument("output", type=pathlib.Path, help="the safetensors file to write")
    command.set_defaults(run_command=to_run)
    chosen = parser.parse_args()
    chosen.run_command(chosen)


if __name__ == "__main__":
    main()
