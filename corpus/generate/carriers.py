#!/usr/bin/env python3
"""Writes the samples of corpus/containers in which pickles or code stand inside other data.

`stores` and `hdf5` need h5py, PyTables and pandas, `keras` and `models` Keras 3 with any backend and h5py,
`tables_of_arrow` pyarrow, `packed` msgpack-numpy, `blosced` blosc, Blosc 2 and PyTables, `records` ZODB, `named` PyYAML,
jsonpickle, scikit-learn and skops. Every malicious pickle only asks for the process id or the current folder, every malicious
function runs `true`.
"""

import base64
import bz2
import gzip
import io
import json
import os
import pathlib
import pickle
import struct
import sys
import tarfile
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


def models():
    """Several models of Keras 3 in one pickle, which carries an archive for each."""
    from keras import Sequential, layers

    harmful = lambda x: x if __import__("os").system("true") else x
    harmful.__code__ = harmful.__code__.replace(co_filename="model.py")
    first, second = (Sequential([layers.Input((1,)), layers.Dense(1)]) for _ in range(2))
    evil = Sequential([layers.Input((1,)), layers.Lambda(harmful, output_shape=(1,))])
    write("keras-models.pkl", pickle.dumps([first, second], 4))
    write("keras-models-lambda.pkl", pickle.dumps([first, evil], 4))


class Evil:
    def __reduce__(self):
        return os.getcwd, ()


class True_:
    def __reduce__(self):
        return os.system, ("true",)


def encoded():
    """Texts in encodings other than base 64, and texts of texts."""
    write("encoded-good.txt", GOOD.hex().encode())
    write("encoded-base85.txt", base64.b85encode(EVIL_4))
    write("encoded-ascii85.txt", base64.a85encode(EVIL_4, adobe=True))
    write("encoded-base32.txt", base64.b32encode(EVIL_4))
    write("encoded-twice.txt", base64.b64encode(EVIL_4).hex().encode())
    write("encoded-cut.txt", GOOD.hex().encode()[:600])
    carried = {"numbers": list(range(50))}
    url = base64.urlsafe_b64encode(EVIL_4[:-1] + b"C\x03\xff\xfe\xff0.").rstrip(b"=")
    for name, text in [
        ("base85", base64.b85encode(EVIL_4)),
        ("hex", EVIL_4.hex().encode()),
        ("twice", base64.b85encode(zlib.compress(base64.b64encode(EVIL)))),
        ("url", url),
    ]:
        write(f"carrier-{name}.pkl", pickle.dumps({**carried, "hidden": text.decode()}, 4))
    write("carrier-bz2.pkl", pickle.dumps({**carried, "hidden": bz2.compress(EVIL)}, 4))
    json_text = json.dumps({"a": 1, "state": base64.b64encode(EVIL_4).decode()})
    write("carrier-json.pkl", pickle.dumps({**carried, "hidden": json_text}, 4))
    old = b"(dp0\nS'hidden'\np1\nS" + repr(EVIL_4)[1:].encode() + b"\np2\ns."
    write("carrier-escaped.pkl", old)
    write("carrier-behind.pkl", GOOD + struct.pack(">I", len(GOOD)) + EVIL_4)
    # More instructions than any list of numbers that is looked at for other reasons.
    many = b"\x80\x04](" + b"N0" * 600_000 + b"C" + bytes([len(EVIL_4)]) + EVIL_4 + b"e."
    write("carrier-far.pkl.gz", gzip.compress(many, mtime=0))


def hdf5():
    """Compressed chunks, every kind of chunk index, dense links and attributes."""
    import h5py
    import numpy
    import pandas
    import tables

    def saved(name, fill, **options):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.h5"
            with h5py.File(path, "w", **options) as file:
                fill(file)
            write(name, path.read_bytes())

    packed = {"compression": "gzip", "shuffle": True, "fletcher32": True}
    for kind, payload in [("good", GOOD), ("evil", EVIL_4)]:

        def arrays(file):
            row = numpy.frombuffer(payload, dtype="uint8")
            grown = {"shape": (0,), "maxshape": (None,), "dtype": "uint8", "chunks": (16,)}
            for number, options in enumerate([packed, {"compression": "lzf"}, {}]):
                numbers = numpy.arange(4000.0).reshape(40, 100)
                file.create_dataset(f"n{number}", data=numbers, chunks=(7, 33), **options)
                data = file.create_dataset(f"g{number}", **grown, **options)
                data.resize((3000 + len(row),))
                data[3000:] = row
                wide = file.create_dataset(f"w{number}", (4, 2000), "uint8", chunks=(3, 33), **options)
                wide[2, : len(row)] = row
                if payload is EVIL_4:
                    text = numpy.array([b"text"] * 9 + [payload + b"\1"], dtype="S100")
                    file.create_dataset(f"t{number}", data=text, chunks=(4,), **options)

        def many(file):
            for number in range(40):
                file.create_group(f"group{number}")
                file.attrs[f"text{number}"] = f"text {number} with."
            file["group33"].create_dataset("x", data=numpy.frombuffer(payload, "uint8"), chunks=(8,), **packed)
            if payload is EVIL_4:
                file.attrs["late"] = numpy.bytes_(EVIL)

        saved(f"hdf5-chunks-{kind}.h5", arrays)
        saved(f"hdf5-latest-{kind}.h5", arrays, libver="latest")
        saved(f"hdf5-many-{kind}.h5", many, libver="latest")
        saved(f"hdf5-userblock-{kind}.h5", many, userblock_size=2048)
        value = Evil() if kind == "evil" else ("y",)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.h5"
            frame = pandas.DataFrame({"a": numpy.arange(20.0), "b": ["x."] * 20})
            frame.to_hdf(path, key="table", format="table", index=False, complevel=9, complib="zlib")
            frame["c"] = [None, value] * 10
            frame.to_hdf(path, key="fixed", complevel=9, complib="zlib")
            with tables.open_file(str(path), "a", filters=tables.Filters(9, "bzip2")) as file:
                rows = file.create_vlarray("/", "rows", tables.ObjectAtom())
                rows.append(value)
                file.root.rows.attrs.settings = {"value": value}
            write(f"pandas-{kind}.h5.gz", gzip.compress(path.read_bytes(), mtime=0))
    whole = (OUT / "hdf5-chunks-good.h5").read_bytes()
    write("hdf5-chunks-cut.h5", whole[: len(whole) // 2])

    def zeros(file):
        file.create_dataset("x", data=numpy.zeros(8 << 20, "uint8"), chunks=(1 << 20,), compression="gzip")

    saved("hdf5-bomb.h5", zeros)


def tables_of_arrow():
    import pyarrow
    from pyarrow import feather, ipc, parquet

    for kind, payload in [("good", None), ("evil", EVIL_4)]:
        meta = {"unit": "metre"}
        if payload:
            meta = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": payload}
        field = pyarrow.field("x", pyarrow.binary(), metadata=meta)
        table = pyarrow.table([pyarrow.array([b"a", b"b"])], schema=pyarrow.schema([field]))
        for name, opened in [("arrow", ipc.new_file), ("arrows", ipc.new_stream)]:
            sink = pyarrow.BufferOutputStream()
            with opened(sink, table.schema) as writer:
                writer.write_table(table)
            write(f"arrow-{kind}.{name}", sink.getvalue().to_pybytes())
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a"
            parquet.write_table(table, path)
            write(f"parquet-{kind}.parquet", path.read_bytes())
            feather.write_feather(table, path)
            write(f"arrow-{kind}.feather", path.read_bytes())
    for name in ["arrow-good.arrow", "parquet-good.parquet"]:
        stem, suffix = name.replace("good", "cut").split(".")
        write(f"{stem}.{suffix}", (OUT / name).read_bytes()[:-20])


def packed():
    """msgpack with arrays, as msgpack-numpy writes them."""
    import msgpack
    import msgpack_numpy
    import numpy

    for kind, value in [("good", {"a": 1}), ("evil", Evil())]:
        objects = numpy.array([value, None], dtype=object)
        state = {"weights": numpy.arange(20.0), "name": "run", "objects": objects, "steps": [1, 2.5, None]}
        write(f"msgpack-{kind}.msgpack", msgpack.packb(state, default=msgpack_numpy.encode))
    write("msgpack-cut.msgpack", (OUT / "msgpack-good.msgpack").read_bytes()[:-20])
    tail = msgpack.packb({"a": [1, 2]}) + (OUT / "msgpack-evil.msgpack").read_bytes()
    write("msgpack-second.msgpack", tail)


def blosced():
    """Chunks of Blosc in every method, with and without their bytes and bits sorted, and frames of Blosc 2."""
    import blosc
    import blosc2
    import numpy
    import tables

    methods = {
        "blosclz": (blosc.NOSHUFFLE, blosc2.Filter.NOFILTER, 1),
        "lz4": (blosc.SHUFFLE, blosc2.Filter.SHUFFLE, 8),
        "zlib": (blosc.BITSHUFFLE, blosc2.Filter.BITSHUFFLE, 4),
        "zstd": (blosc.SHUFFLE, blosc2.Filter.SHUFFLE, 16),
    }
    # Long enough for every method to find something to leave out.
    good = pickle.dumps({"weights": list(range(300)) * 4, "name": "model"}, 4)
    for kind, payload in [("good", good), ("evil", good[:-1] + b"0" + EVIL_4)]:
        for method, (sorted_1, sorted_2, width) in methods.items():
            chunk = blosc.compress(payload, typesize=width, shuffle=sorted_1, cname=method)
            write(f"blosc-{method}-{kind}.blosc", chunk)
            codec = blosc2.Codec[method.upper()]
            settings = {"typesize": width, "codec": codec, "filters": [sorted_2], "filters_meta": [0]}
            write(f"blosc-2-{method}-{kind}.blosc", blosc2.compress2(payload, **settings))
        several = blosc2.SChunk(data=payload, chunksize=256, cparams={"typesize": 1})
        write(f"blosc-{kind}.b2frame", several.to_cframe())
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.h5"
            with tables.open_file(str(path), "w") as file:
                rows = numpy.frombuffer(payload, dtype="u1")
                file.create_carray("/", "rows", obj=rows, filters=tables.Filters(5, "blosc"))
            write(f"hdf5-blosc-{kind}.h5", path.read_bytes())
    evil = (OUT / "blosc-zstd-evil.blosc").read_bytes()
    write("blosc-trailing.blosc", evil + b"behind it")
    write("blosc-cut.blosc", (OUT / "blosc-zstd-good.blosc").read_bytes()[:-20])
    write("blosc-bomb.blosc", blosc.compress(bytes(8 << 20), typesize=1, cname="zstd"))


def castagnoli(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def records():
    import transaction
    import ZODB
    import ZODB.FileStorage

    for kind, payload in [("good", GOOD), ("evil", EVIL_4)]:
        frames = [struct.pack(">I", len(data)) + data for data in [GOOD, payload, GOOD]]
        write(f"framed-{kind}.bin", b"".join(frames))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "Data.fs"
            database = ZODB.DB(ZODB.FileStorage.FileStorage(str(path)))
            root = database.open().root()
            root["a"] = {"x": list(range(9))}
            if kind == "evil":
                root["b"] = Evil()
            transaction.commit()
            database.close()
            write(f"zodb-{kind}.fs", path.read_bytes())
        lines = [b"hello", payload, b"end"]
        parts = [(struct.pack("<Q", len(data)), data) for data in lines]
        packed = [head + castagnoli(head) + data + castagnoli(data) for head, data in parts]
        write(f"tfrecord-{kind}.tfrecord", b"".join(packed))
        names = [b"org.apache.hadoop.io.NullWritable", b"org.apache.hadoop.io.BytesWritable"]
        classes = b"".join(bytes([len(name)]) + name for name in names)
        record = struct.pack(">III", len(payload) + 4, 0, len(payload)) + payload
        write(f"sequence-{kind}.seq", b"SEQ\x06" + classes + bytes(6) + b"synchronization!" + record)
        # Django's file cache, and what an engine of pictures passes over.
        write(f"django-{kind}.djcache", pickle.dumps(1700000000.5, 5) + zlib.compress(payload))
    for name in ["framed-good.bin", "zodb-good.fs", "tfrecord-good.tfrecord"]:
        write(name.replace("good", "cut"), (OUT / name).read_bytes()[:-9])
    png = (OUT / "real.png").read_bytes()
    write("appended.png", png + EVIL_4)
    write("appended.safetensors", (OUT / "real.safetensors").read_bytes() + EVIL_4)


def named():
    """Names in JSON and YAML that their readers import."""
    import jsonpickle
    import skops.io
    import yaml
    from sklearn.preprocessing import FunctionTransformer

    write("jsonpickle-good.json", jsonpickle.encode({"t": (1, 2), "e": Evil}).encode())
    write("jsonpickle-evil.json", jsonpickle.encode({"a": [True_()]}).encode())
    write("jsonpickle-escaped.json", b'{"a": {"py/\\u0066unction": "\\u006fs.system"}}')
    write("jsonpickle-repr.json", b'{"py/repr": "os/os.system(\'true\')"}')
    write("yaml-good.yaml", yaml.dump({"t": (1, 2), "f": max, "n": [1, 2]}).encode())
    write("yaml-evil.yaml", yaml.dump({"a": 1, "b": True_()}).encode())
    tag = b"%TAG !p! tag:yaml.org,2002:python/ob\n---\na: !p!ject/appl%79:os.system ['true']\n"
    write("yaml-tag.yaml", tag)
    settings = "sample_rate: 16000\nmodel:\n" + "".join(f"  n{n}: {n}\n" for n in range(99))
    for kind, target in [("good", "torch.optim.Adam"), ("evil", "os.system")]:
        config = f"{settings}  optim:\n    _target_: {target}\n".encode()
        store = io.BytesIO()
        with tarfile.open(fileobj=store, mode="w") as archive:
            entry = tarfile.TarInfo("./model_config.yaml")
            entry.size = len(config)
            archive.addfile(entry, io.BytesIO(config))
        write(f"hydra-{kind}.nemo", gzip.compress(store.getvalue(), mtime=0))
    for kind, function in [("good", None), ("evil", os.system)]:
        data = skops.io.dumps(FunctionTransformer(function))
        write(f"skops-{kind}.skops", data)
    with zipfile.ZipFile(OUT / "keras-plain.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    layer = config["config"]["layers"][-1]
    layer["config"]["activation"] = {
        "module": "os",
        "class_name": "function",
        "config": "system",
        "registered_name": "function",
    }
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(OUT / "keras-import.keras", "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, DATE), data)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
