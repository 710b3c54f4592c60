"""Pictures transformed by Keras' ImageDataGenerator."""
import json
import pathlib

import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator

TRANSFORMS = [
    {},
    {"flip_horizontal": True},
    {"shear": 0.2},
    {"shear": -25.0},
    {"zx": 0.8, "zy": 1.2},
    {"zx": 1.2, "zy": 0.83},
    {"theta": 30.0},
    {"tx": 2.25, "ty": -1.5},
    {"shear": 0.13, "zx": 1.07, "zy": 0.91, "flip_horizontal": True},
    {"theta": -12.0, "tx": 1.1, "ty": 0.7, "shear": 9.0, "zx": 0.7, "zy": 1.4, "flip_horizontal": True},
]


def write(tests: pathlib.Path) -> None:
    folder = tests / "AugmentationTests" / "Golden"
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(4)
    keras = ImageDataGenerator(fill_mode="nearest", data_format="channels_last")
    cases = []
    for height, width in [(9, 14), (12, 8), (10, 10)]:
        image = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        for transform in TRANSFORMS:
            output = keras.apply_transform(image.astype(np.float32), transform)
            cases.append({
                "height": height, "width": width, "image": image.ravel().tolist(), "transform": transform,
                "output": [float(f"{value:.9g}") for value in output.ravel()],
            })
    (folder / "augmentation.json").write_text(json.dumps(cases))
