"""Makes events.tfevents as TensorBoard's own writer does; EventFileTests holds ours to its bytes.

    python -m venv venv && venv/bin/pip install tensorboard && venv/bin/python make_events.py
"""

import os

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

EVENTS = [
    # step, values
    (1, [("loss", 4.25), ("learning_rate", 6e-4), ("gradient_norm", 1.5), ("tokens_per_s", 12345.0)]),
    (250, [("validation_loss", 1.8876543)]),
    (1_000_000, [("loss", float("nan"))]),
    (3_000_000_000, [("loss", -0.0), ("a longer name, with \u00e9", 1e-30)]),
]


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "events.tfevents"), "wb") as file:
    writer = RecordWriter(file)
    first = event_pb2.Event(wall_time=1700000000.25, file_version="brain.Event:2")
    writer.write(first.SerializeToString(deterministic=True))
    for index, (step, values) in enumerate(EVENTS):
        summary = summary_pb2.Summary(
            value=[summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in values])
        event = event_pb2.Event(wall_time=1700000001.5 + index, step=step, summary=summary)
        writer.write(event.SerializeToString(deterministic=True))
    writer.flush()
