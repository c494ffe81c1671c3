#!/usr/bin/env python3
"""Writes the samples of corpus/containers in which pickles or code stand inside other data.

`stores` needs h5py and PyTables, `keras` Keras 3 with any backend and h5py. Every malicious pickle
only asks for the process id, every malicious function runs `true`.
"""

import base64
import gzip
import json
import os
import pathlib
import pickle
import sys
import tempfile
import zipfile
import zlib

OUT = pathlib.Path(__file__).resolve().parent.parent / "containers"
GOOD = pickle.dumps({"weights": list(range(300)), "name": "model"}, 4)
EVIL = b"cos\ngetpid\n(tR."
EVIL_4 = pickle.dumps(os.getcwd, 4)[:-1] + b")R."
DATE = (2024, 1, 1, 0, 0, 0)


def write(name, data):
    (OUT / name).write_bytes(data)


def texts():
    encoded = base64.b64encode
    write("base64-good.txt", encoded(GOOD))
    write("base64-evil.txt", base64.encodebytes(GOOD[:-1] + b"0" + EVIL_4))
    write("base64-zlib.txt", encoded(zlib.compress(EVIL)))
    write("base64-cut.txt", encoded(GOOD)[:600])
    for name, payload in [("good", GOOD), ("evil", EVIL)]:
        # As stable-baselines3 writes its `data`.
        data = {
            "policy_class": {":type:": "<class 'abc.ABCMeta'>", ":serialized:": encoded(payload).decode()},
            "verbose": 1,
            "text": "understandings of abbreviations",
        }
        with zipfile.ZipFile(OUT / f"json-{name}.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo("data", DATE), json.dumps(data, indent=4))
    mime = {"state": base64.encodebytes(EVIL_4 * 5).decode()}
    write("json-lines.json", json.dumps(mime).encode())


def pickles():
    """Pickles that carry others as data."""
    packed = gzip.compress(EVIL, mtime=0)
    carried = {"state": GOOD, "text": base64.b64encode(GOOD).decode(), "numbers": bytes(range(256)) * 40}
    write("carrier-good.pkl", pickle.dumps(carried, 4))
    for name, value in [
        ("bytes", EVIL_4),
        ("text", base64.b64encode(EVIL_4).decode()),
        ("gzip", packed),
        ("gzip-text", base64.b64encode(packed).decode()),
    ]:
        write(f"carrier-{name}.pkl", pickle.dumps({**carried, "hidden": value}, 4))


def stores():
    import h5py
    import numpy
    import tables

    for name in ["good", "evil"]:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.h5"
            with tables.open_file(str(path), "w") as file:
                rows = file.create_vlarray("/", "rows", tables.ObjectAtom(), chunkshape=4)
                rows.append({"a": [1, 2, 3]})
                rows.append((1.5, "text"))
                file.create_array("/", "numbers", numpy.arange(1000.0))
                file.root.numbers.attrs.settings = {"scale": 2}
            if name == "evil":
                with h5py.File(path, "a") as file:
                    file["numbers"].attrs["settings"] = numpy.bytes_(EVIL)
                    row = numpy.frombuffer(EVIL_4, dtype="uint8")
                    file["rows"].resize((3,))
                    file["rows"][2] = row
            write(f"hdf5-{name}.h5", path.read_bytes())
    write("hdf5-cut.h5", (OUT / "hdf5-good.h5").read_bytes()[:-500])


def keras():
    from keras import Sequential, layers

    harmful = lambda x: x if __import__("os").system("true") else x
    harmful.__code__ = harmful.__code__.replace(co_filename="model.py")
    models = {"plain": [layers.Dense(2)], "lambda": [layers.Lambda(harmful, output_shape=(3,)), layers.Dense(2)]}
    for name, stack in models.items():
        model = Sequential([layers.Input((3,)), *stack])
        with tempfile.TemporaryDirectory() as folder:
            for suffix in ["keras", "h5"]:
                path = pathlib.Path(folder) / f"model.{suffix}"
                model.save(path)
                write(f"keras-{name}.{suffix}", path.read_bytes())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
