"""Pictures of unusual kinds, and what Keras' loader makes of them: Pillow's convert("RGB"). Needs numpy and Pillow alone."""
import base64
import io
import json
import pathlib
import struct
import warnings
import zlib

import numpy as np
import PIL.Image

HEIGHT, WIDTH = 9, 13


def write(tests: pathlib.Path) -> None:
    warnings.simplefilter("ignore")
    folder = tests / "Libraries/ImagesTests/Golden"
    kinds = {**pngs(np.random.default_rng(8)), **jpegs()}
    (folder / "kinds.json").write_text(json.dumps(
        {name: {"file": base64.b64encode(data).decode(), "pixels": pixels(data)} for name, data in kinds.items()}))


def pixels(data: bytes):
    """As keras.utils.load_img; None where it raises."""
    try:
        image = PIL.Image.open(io.BytesIO(data))
        if image.mode != "RGB":
            image = image.convert("RGB")
        return np.asarray(image).ravel().tolist()
    except (OSError, SyntaxError):
        return None


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(samples: np.ndarray, kind: int, depth: int, before: bytes = b"", interlaced: bool = False) -> bytes:
    """`samples` are [height, width, channels]."""
    def rows(part: np.ndarray) -> bytes:
        if part.size == 0:
            return b""
        if depth == 16:
            lines = [row.astype(">u2").tobytes() for row in part]
        elif depth == 8:
            lines = [row.astype(np.uint8).tobytes() for row in part]
        else:
            bits = [(row.ravel()[:, None] >> np.arange(depth)[::-1]) & 1 for row in part]
            lines = [np.packbits(row.ravel().astype(np.uint8)).tobytes() for row in bits]
        return b"".join(b"\0" + line for line in lines)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    data = b"".join(rows(samples[y::dy, x::dx]) for y, x, dy, dx in passes) if interlaced else rows(samples)
    head = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, kind, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", zlib.compress(data))
            + chunk(b"IEND", b""))


def pngs(generator: np.random.Generator) -> dict:
    def noise(depth: int, channels: int = 1) -> np.ndarray:
        return generator.integers(0, 1 << depth, (HEIGHT, WIDTH, channels))
    def palette(count: int) -> bytes:
        return chunk(b"PLTE", generator.integers(0, 256, 3 * count, dtype=np.uint8).tobytes())
    gamma = lambda value: chunk(b"gAMA", struct.pack(">I", value))
    files = {f"grey {depth} bits": png(noise(depth), 0, depth) for depth in (1, 2, 4, 8, 16)}
    files |= {f"palette {depth} bits": png(noise(depth), 3, depth, palette(1 << depth)) for depth in (1, 2, 4, 8)}
    for name, kind, channels in (("colour", 2, 3), ("grey with alpha", 4, 2), ("colour with alpha", 6, 4)):
        files |= {f"{name} {depth} bits": png(noise(depth, channels), kind, depth) for depth in (8, 16)}
    files |= {f"interlaced {name}": png(noise(depth, channels), kind, depth, before, True) for name, kind, depth, channels, before in (
        ("grey 1 bit", 0, 1, 1, b""), ("grey 16 bits", 0, 16, 1, b""), ("palette 4 bits", 3, 4, 1, palette(16)),
        ("colour 8 bits", 2, 8, 3, b""), ("colour with alpha 16 bits", 6, 16, 4, b""))}
    files["dark grey 16 bits"] = png(noise(9), 0, 16)
    files["short palette"] = png(noise(8), 3, 8, palette(100))
    files["palette with alphas"] = png(noise(8), 3, 8, palette(256) + chunk(b"tRNS", bytes(range(200))))
    files["grey with a clear level"] = png(noise(8), 0, 8, chunk(b"tRNS", b"\0\x40"))
    files["colour with a clear one"] = png(noise(8, 3), 2, 8, chunk(b"tRNS", b"\0\1\0\2\0\3"))
    files["linear"] = png(noise(8, 3), 2, 8, gamma(100_000))
    files["linear grey"] = png(noise(8), 0, 8, gamma(100_000))
    files["linear 16 bits"] = png(noise(16, 3), 2, 16, gamma(100_000))
    files["few bits that count"] = png(noise(8, 3), 2, 8, chunk(b"sBIT", b"\5\6\5"))
    whole = files["colour 8 bits"]
    files["without its end"] = whole[:-12]
    files["cut PNG"] = whole[:len(whole) // 2]
    files["with something behind"] = whole + b"something" * 9
    return files


def jpegs() -> dict:
    y, x = np.mgrid[0:HEIGHT * 2, 0:WIDTH * 2]
    planes = [128 + 100 * np.sin(x / (3 + k) + k) * np.cos(y / (4 + k)) for k in range(4)]
    picture = PIL.Image.fromarray(np.stack(planes[:3], axis=-1).astype(np.uint8))
    ink = PIL.Image.frombytes("CMYK", picture.size, np.stack(planes, axis=-1).astype(np.uint8).tobytes())

    def saved(image: PIL.Image.Image, **options) -> bytes:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=90, **options)
        return stream.getvalue()

    colour, cmyk = saved(picture), saved(ink)
    adobe = cmyk.index(b"\xff\xee")
    length = 2 + int.from_bytes(cmyk[adobe + 2:adobe + 4], "big")
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    middle = len(colour) * 3 // 4
    return {
        "ink": cmyk,
        "ink without a word of Adobe's": cmyk[:adobe] + cmyk[adobe + length:],
        "ink as luma and chroma": cmyk[:adobe + 15] + b"\2" + cmyk[adobe + 16:],
        "turned": saved(picture, exif=exif),
        "stray bytes before the end": colour[:-2] + bytes(range(1, 66)) + colour[-2:],
        "JFIF 0.00": colour.replace(b"JFIF\0\1\1", b"JFIF\0\0\0", 1),
        "something behind": colour + b"something" * 9,
        "two in one": colour + cmyk,
        "a flipped bit": colour[:middle] + bytes([colour[middle] ^ 8]) + colour[middle + 1:],
        "bits missing": colour[:middle] + colour[-2:],
        "no end": colour[:-2],
        "cut JPEG": colour[:middle],
        "cut in its header": colour[:100],
        "cut progressive": saved(picture, progressive=True)[:middle],
        "grey JPEG": saved(picture.convert("L")),
    }
