"""Pictures read and resized by Keras and Pillow, sounds resampled by SciPy and soxr, spectrograms by librosa."""
import json
import pathlib

import librosa
import matplotlib
import numpy as np
import PIL.Image
import soundfile
from keras.utils import img_to_array, load_img


def write(tests: pathlib.Path) -> None:
    images(tests / "Libraries/ImagesTests/Golden")
    audio(tests / "Hearts/AudioTests/Golden")
    spectrograms(tests / "Hearts/SpectrogramsTests/Golden")


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


def audio(folder: pathlib.Path) -> None:
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(2)
    cases = []
    for rate, channels, name in [(8000, 1, "mono8k.wav"), (4000, 2, "stereo4k.flac"), (44100, 1, "mono44k.wav"),
                                 (1000, 1, "mono1k.wav"), (11025, 3, "three11k.wav")]:
        time = np.arange(int(0.25 * rate) + 3)[:, None] / rate
        tones = sum(np.sin(2 * np.pi * f * time + np.arange(channels) + f) for f in (37, 110, 333)) / 4
        sound = tones + generator.normal(0, 0.05, tones.shape)
        soundfile.write(folder / name, sound, rate, subtype="PCM_16")
        mono, _ = librosa.load(folder / name, sr=None, mono=True)
        cases.append({"file": name, "rate": rate, "mono": floats(mono), "resampled": floats(resampled(mono, rate, 2000))})
    (folder / "audio.json").write_text(json.dumps(cases))
    (folder / "resampling.json").write_text(json.dumps(smooth_sounds()))
    (folder / "filters.json").write_text(json.dumps(filtered()))


def resampled(sound: np.ndarray, rate: int, other: int) -> np.ndarray:
    """By SciPy, with the filter of Resampler.swift as SciPy designs it."""
    from scipy.signal import firwin, resample_poly
    up, down = (value // np.gcd(rate, other) for value in (other, rate))
    coefficients = firwin(2 * 84 * max(up, down) + 1, 0.95 / max(up, down), window=("kaiser", 13.0))
    return resample_poly(sound.astype(float), up, down, window=coefficients)


def smooth_sounds() -> list:
    """Tones below 0.9 of the lower rate's Nyquist frequency that swell and fade, at one rate and at another.

    Every filter that passes these makes the same of them: SciPy's, the formula, and librosa's call of soxr, where that has
    coefficients for each place (elsewhere it is off by up to 7e-5).
    """
    cases = []
    for rate, other in [(8000, 2000), (4000, 2000), (44100, 2000), (48000, 2000), (11025, 2000), (3000, 2000),
                        (1000, 2000), (2000, 8000), (44101, 2000), (2000, 4999)]:
        seconds = 0.12

        def tones(time: np.ndarray) -> np.ndarray:
            shares = np.array([0.1, 0.37, 0.6, 0.8])[:, None]
            swell = np.where(time < seconds, np.sin(np.pi * time / seconds) ** 8, 0)
            return swell * np.sin(np.pi * shares * min(rate, other) * time).sum(axis=0) / 4

        sound = tones(np.arange(int(seconds * rate)) / rate).astype(np.float32)
        result = resampled(sound, rate, other)
        case = {"rate": rate, "otherRate": other, "samples": floats(sound), "scipy": floats(result),
                "formula": floats(tones(np.arange(len(result)) / other))}
        if max(rate, other) % 1000 == 0:
            case["soxr"] = floats(librosa.resample(sound, orig_sr=rate, target_sr=other, res_type="soxr_vhq"))
        cases.append(case)
    return cases


def filtered() -> list:
    """Noise, and what SciPy's Butterworth filters leave of it."""
    from scipy.signal import butter, filtfilt
    generator = np.random.default_rng(5)
    cases = []
    for rate, low, high, length in [(2000, 25, 400, 700), (4000, 30, 150, 300), (500, 25, 400, 200), (2000, 25, 400, 4)]:
        sound = (0.1 * generator.normal(size=length) + 0.3).astype(np.float32)
        result = sound.astype(float)
        for frequency, kind in [(low, "highpass"), (high, "lowpass")]:
            if frequency < rate / 2:
                b, a = butter(2, frequency, kind, fs=rate)
                result = filtfilt(b, a, result, padlen=min(9, length - 1))
        cases.append({"rate": rate, "low": low, "high": high, "samples": floats(sound), "filtered": floats(result)})
    return cases


def spectrograms(folder: pathlib.Path) -> None:
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(3)
    time = np.arange(4017) / 2000
    beat = np.exp(-((time % 0.8) / 0.03)) * np.sin(2 * np.pi * 45 * time)
    sound = (0.5 * beat + 0.002 * generator.normal(size=time.shape)).astype(np.float32)
    power = np.abs(librosa.stft(sound, n_fft=1024, hop_length=64, window="hann", center=True, pad_mode="constant")) ** 2
    filters = librosa.filters.mel(sr=2000, n_fft=1024, n_mels=128)
    mel = librosa.feature.melspectrogram(y=sound, sr=2000, n_fft=1024, hop_length=64, n_mels=128)
    decibels = librosa.power_to_db(mel, ref=np.max, top_db=80)
    colours = matplotlib.colormaps["magma"](np.clip(decibels / 80 + 1, 0, 1)[::-1], bytes=True)[:, :, :3]
    frames = [0, 1, 30, 62]
    (folder / "spectrogram.json").write_text(json.dumps({
        "samples": floats(sound),
        "frames": frames,
        "power": floats(power[:, frames].T),
        "filterRows": (rows := [0, 1, 64, 127]),
        "filters": floats(filters[rows]),
        "otherFilters": floats(librosa.filters.mel(sr=8000, n_fft=512, n_mels=40)[::13]),
        "bandFilters": floats(librosa.filters.mel(sr=2000, n_fft=256, n_mels=32, fmin=25, fmax=400)[::8]),
        "mel": floats(mel[:, frames].T),
        "decibels": floats(decibels[:, frames].T),
        "colours": colours[:, frames].ravel().tolist(),
        "scaleColours": matplotlib.colormaps["magma"](np.linspace(0, 1, 1001), bytes=True)[:, :3].ravel().tolist(),
    }))


def floats(values: np.ndarray) -> list:
    """Nine digits name every 32-bit float."""
    return [float(f"{value:.9g}") for value in np.asarray(values, np.float32).ravel()]
