"""Golden files of the Checkpoints module, by the Python safetensors package, json and hashlib."""
import hashlib
import json
import pathlib

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

DTYPES = {"float32": "F32", "float64": "F64", "int32": "I32", "int64": "I64", "uint8": "U8"}


def write(tests: pathlib.Path) -> None:
    folder = tests / "Network/CheckpointsTests/Golden"
    write_foreign(folder)
    write_own(folder / "own.safetensors")


def write_foreign(folder: pathlib.Path) -> None:
    """foreign.safetensors as the package writes it, and foreign.json with what stands in it."""
    random = np.random.default_rng(5)
    tensors = {
        "encoder.1.conv1.kernel": random.standard_normal((3, 3, 2, 4)).astype(np.float32),
        "encoder.1.conv1.bias": random.standard_normal(4).astype(np.float32),
        "encoder.1.conv10.bias": np.array([np.inf, -0.0, np.float32(1e-45)], np.float32),
        "Z.double": random.standard_normal((2, 3)),
        "labels": np.array([1, 0, -7], np.int32),
        "cursor": np.array([2**53 + 1, -1], np.int64),
        "bytes": np.arange(5, dtype=np.uint8),
        "scalar": np.array(2.5, np.float32),
        "empty": np.zeros((0, 3), np.float32),
        'Größe "\\ \u2603\U0001F600': np.array([4], np.float32),
        "momentum/encoder.1.conv1.bias": np.ones(4, np.float32),
    }
    metadata = {"step": "12", "note": 'a "quote", a \\, a tab\t and ♥'}
    save_file(tensors, folder / "foreign.safetensors", metadata=metadata)

    digest = hashlib.sha256()
    for name in sorted(tensors, key=lambda name: name.encode()):
        if not name.startswith("momentum/"):
            tensor = tensors[name]
            shape = "x".join(str(extent) for extent in tensor.shape)
            digest.update(name.encode() + b"\0" + (DTYPES[str(tensor.dtype)] + shape).encode() + b"\0")
            digest.update(tensor.tobytes())
    contents = {
        "metadata": metadata,
        "parameterDigest": digest.hexdigest(),
        "tensors": [
            {"name": name, "dtype": DTYPES[str(tensor.dtype)], "shape": list(tensor.shape),
             "sha256": hashlib.sha256(tensor.tobytes()).hexdigest()}
            for name, tensor in tensors.items()
        ],
    }
    (folder / "foreign.json").write_text(json.dumps(contents, indent=1, ensure_ascii=False) + "\n")


def write_own(path: pathlib.Path) -> None:
    """The bytes that our writer should write, put together here and read back by the package."""
    tensors = [
        ("a.kernel", np.arange(6, dtype=np.float32).reshape(2, 3) / 4),
        ("a.labels", np.array([3, -1], np.int32)),
        ('odd "name"\n', np.array([1, 2, 3], np.uint8)),
    ]
    header = {"__metadata__": {"header_sha256": "0" * 64, "sha256": "0" * 64, "step": "7", "text": "\x01\\♥"}}
    data = b""
    for name, tensor in tensors:
        header[name] = {
            "dtype": DTYPES[str(tensor.dtype)], "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + tensor.nbytes],
        }
        data += tensor.tobytes()
    header["__metadata__"]["sha256"] = hashlib.sha256(data).hexdigest()
    blank = encode(header)
    header["__metadata__"]["header_sha256"] = hashlib.sha256(blank).hexdigest()
    text = encode(header)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)

    with safe_open(path, "numpy") as file:
        assert file.metadata() == header["__metadata__"]
        assert set(file.keys()) == {name for name, _ in tensors}
        for name, tensor in tensors:
            np.testing.assert_array_equal(file.get_tensor(name), tensor)


def encode(header: dict) -> bytes:
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return text + b" " * (-len(text) % 8)
