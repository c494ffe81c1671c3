#!/usr/bin/env python3
"""Writes the samples of SavedModels in corpus/containers, as Keras 2 writes them.

Needs tensorflow and tf_keras. The code of the malicious one runs `true`.
"""

import os
import pathlib
import tempfile

os.environ["TF_USE_LEGACY_KERAS"] = "1"
OUT = pathlib.Path(__file__).resolve().parent.parent / "containers"


def varint(number):
    data = b""
    while number > 127:
        data += bytes([number & 127 | 128])
        number >>= 7
    return data + bytes([number])


def saved(layers):
    """The metadata of Keras and the graph of TensorFlow."""
    import tf_keras

    with tempfile.TemporaryDirectory() as folder:
        model = tf_keras.Sequential([tf_keras.layers.Input((2,)), *layers])
        model.save(f"{folder}/m", save_format="tf")
        return [pathlib.Path(f"{folder}/m/{name}.pb").read_bytes() for name in ["keras_metadata", "saved_model"]]


def main():
    import tf_keras

    harmful = compile('lambda x: __import__("os").system("true") or x', "model.py", "eval")
    good, graph = saved([tf_keras.layers.Dense(1)])
    evil, _ = saved([tf_keras.layers.Lambda(eval(harmful)), tf_keras.layers.Dense(1)])
    for name, data in [
        ("good.pb", good),
        ("graph-good.pb", graph),
        ("evil.pb", evil),
        ("cut.pb", good[:-40]),
        # Readers skip fields that they do not know.
        ("unknown-field.pb", b"\x7a" + varint(600) + bytes(600) + evil),
    ]:
        (OUT / f"saved-model-{name}").write_bytes(data)


if __name__ == "__main__":
    main()
