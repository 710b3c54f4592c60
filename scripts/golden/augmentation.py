"""Pictures transformed by Keras' ImageDataGenerator."""
import json
import pathlib

import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator

# Those that read nothing beyond the border, or little.
INNER = [
    {},
    {"flip_horizontal": True},
    {"flip_vertical": True},
    {"shear": 0.2},
    {"shear": -25.0},
    {"zx": 0.8, "zy": 0.83},
    {"shear": 0.13, "zx": 1.07, "zy": 0.91, "flip_horizontal": True},
]

# Those that read beyond it: between the border and the next pixel, exactly on pixels, several widths away. A coordinate
# that lies on the border but for its rounding is avoided: Keras' rounding would decide what stands there.
OUTER = [
    {"shear": -25.0, "tx": 0.3},
    {"zx": 1.2, "zy": 1.35},
    {"zx": 4.1, "zy": 3.7},
    {"theta": 30.0},
    {"theta": -100.0, "flip_vertical": True},
    {"tx": 0.4, "ty": -0.7},
    {"tx": 2.25, "ty": -1.5},
    {"tx": -3.0, "ty": 2.0},
    {"tx": 17.3, "ty": -21.6},
    {"tx": -24.0, "ty": 24.0},
    {"theta": -12.0, "tx": 1.1, "ty": 0.7, "shear": 9.0, "zx": 0.7, "zy": 1.4, "flip_horizontal": True},
    {"theta": 171.0, "tx": -1.3, "ty": 2.6, "shear": -33.0, "zx": 1.6, "zy": 1.1, "flip_vertical": True},
]
FILLS = [("nearest", 0.0), ("constant", 37.5), ("reflect", 0.0), ("wrap", 0.0)]


def write(tests: pathlib.Path) -> None:
    folder = tests / "Hearts/AugmentationTests/Golden"
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(4)
    pictures = []
    for height, width in [(5, 9), (7, 4), (6, 6), (1, 5)]:
        image = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        cases = []
        for fill_mode, fill_value in FILLS:
            keras = ImageDataGenerator(fill_mode=fill_mode, cval=fill_value, data_format="channels_last")
            for transform in OUTER + INNER if fill_mode == "nearest" else OUTER:
                output = keras.apply_transform(image.astype(np.float32), transform)
                cases.append({
                    "transform": transform, "fill_mode": fill_mode, "fill_value": fill_value,
                    "output": [round(float(value), 5) for value in output.ravel()],
                })
        pictures.append({"height": height, "width": width, "image": image.ravel().tolist(), "cases": cases})
    (folder / "augmentation.json").write_text(json.dumps(pictures))
