"""Pictures read and resized by Keras and Pillow, sounds resampled by soxr, spectrograms by librosa."""
import json
import pathlib

import librosa
import matplotlib
import numpy as np
import PIL.Image
import soundfile
from keras.utils import img_to_array, load_img
from safetensors.numpy import save_file


def write(tests: pathlib.Path) -> None:
    images(tests / "ImagesTests" / "Golden")
    audio(tests / "AudioTests" / "Golden")
    spectrograms(tests / "SpectrogramsTests" / "Golden")


def images(folder: pathlib.Path) -> None:
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(1)
    y, x = np.mgrid[0:19, 0:29]
    waves = np.stack([128 + 90 * np.sin(x / 5 + k) * np.cos(y / (4 + k)) for k in range(3)], axis=-1)
    rgb = np.clip(waves + generator.normal(0, 12, waves.shape), 0, 255).astype(np.uint8)
    picture = PIL.Image.fromarray(rgb)
    alpha = generator.integers(0, 256, rgb.shape[:2] + (1,), dtype=np.uint8)
    files = {
        "colour.png": (picture, {}),
        "grey.png": (picture.convert("L"), {}),
        "palette.png": (picture.quantize(16), {}),
        "bilevel.png": (picture.convert("1"), {}),
        "alpha.png": (PIL.Image.fromarray(np.concatenate([rgb, alpha], axis=-1)), {}),
        "colour.jpg": (picture, {"quality": 90}),
        "subsampled.jpeg": (picture, {"quality": 75, "subsampling": "4:2:0"}),
        "progressive.jpg": (picture, {"quality": 85, "progressive": True}),
        "grey.jpg": (picture.convert("L"), {"quality": 90}),
    }
    pixels = lambda name, size=None: img_to_array(load_img(folder / name, target_size=size)).astype(int).ravel().tolist()
    expected = {}
    for name, (image, options) in files.items():
        image.save(folder / name, **options)
        expected[name] = pixels(name)
    sizes = [(7, 5), (19, 58), (38, 29), (33, 47), (1, 1), (100, 3)]
    nearest = [{"height": h, "width": w, "pixels": pixels("colour.png", (h, w))} for h, w in sizes]
    (folder / "images.json").write_text(json.dumps(
        {"width": 29, "height": 19, "decoded": expected, "nearest": nearest, "bilinear": bilinear(rgb, sizes)}))


def bilinear(rgb: np.ndarray, sizes: list) -> list:
    """By OpenCV's definition of INTER_LINEAR, which SciPy's map_coordinates evaluates in double precision."""
    from scipy.ndimage import map_coordinates
    results = []
    for h, w in sizes:
        y = (np.arange(h) + 0.5) * rgb.shape[0] / h - 0.5
        x = (np.arange(w) + 0.5) * rgb.shape[1] / w - 0.5
        grid = np.meshgrid(y, x, indexing="ij")
        channels = [map_coordinates(rgb[:, :, c].astype(float), grid, order=1, mode="nearest") for c in range(3)]
        results.append({"height": h, "width": w, "pixels": np.round(np.stack(channels, -1).ravel(), 4).tolist()})
    return results
