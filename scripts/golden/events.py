"""A golden event file, as TensorBoard's own writer writes it: Tests/Results/EventFilesTests/Golden/events.out.tfevents.

Its events happen at the seconds 1000, 1000.5 and so on.
"""
import io

import numpy as np
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def write(tests):
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 13
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "png")
    folder = tests / "Results/EventFilesTests/Golden"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "picture.png").write_bytes(png.getvalue())

    events = [
        Event(file_version="brain.Event:2"),
        Event(step=1, session_log=SessionLog(status=SessionLog.START)),
        Event(step=110, summary=Summary(value=[
            Summary.Value(tag="loss/training", simple_value=0.25),
            Summary.Value(tag="loss/validation", simple_value=1 / 3),
        ])),
        Event(step=1_000_000, summary=Summary(value=[
            Summary.Value(tag="mistakes/1/spectrogram", image=Summary.Image(
                height=2, width=3, colorspace=3, encoded_image_string=png.getvalue())),
        ])),
    ]
    with open(folder / "events.out.tfevents", "wb") as file:
        writer = RecordWriter(file)
        for index, event in enumerate(events):
            event.wall_time = 1000 + index / 2
            writer.write(event.SerializeToString())
        writer.flush()
