"""The kinds of containers, and how Python's own readers and those of libraries read each.

Readers of the first sort hand out what is inside, whoever unpickles it then. They are generators of
bytes, and give what comes out of a damaged file before they fail. Those of the second sort are
libraries that unpickle, or import, by themselves.
"""

import ast
import base64
import bz2
import csv
import gzip
import importlib
import importlib.util
import io
import itertools
import json
import lzma
import os
import pathlib
import pickle
import quopri
import sqlite3
import struct
import sys
import tarfile
import tempfile
import zipfile
import zlib

MOST = 1 << 20

# Keras wants to know which of its backends is there.
os.environ.setdefault("KERAS_BACKEND", "torch")


def stream(opened):
    """Everything that a reader hands out before it fails, in small pieces, as unpicklers ask."""
    data = bytearray()
    try:
        while len(data) < MOST:
            piece = opened.read(64)
            if not piece:
                break
            data += piece
    except Exception:
        pass
    return bytes(data)


# --- what hands out bytes ----------------------------------------------------------------------


def members_of_zip(path):
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            for by in [info, info.filename]:
                try:
                    yield stream(archive.open(by))
                except Exception:
                    pass


def members_of_tar(path):
    for lenient in [False, True]:
        with tarfile.open(path, ignore_zeros=lenient) as archive:
            for info in archive:
                if info.isreg():
                    yield stream(archive.extractfile(info))


def members_of_7z(path):
    import py7zr

    with tempfile.TemporaryDirectory() as folder:
        try:
            with py7zr.SevenZipFile(path) as archive:
                archive.extractall(folder)
        finally:
            for file in pathlib.Path(folder).rglob("*"):
                if file.is_file():
                    yield file.read_bytes()


def rows(path):
    """Every value of every table. A log is read beside an empty database that has logs."""
    with tempfile.TemporaryDirectory() as folder:
        if path.endswith("-wal"):
            database = os.path.join(folder, "a.sqlite")
            with sqlite3.connect(database) as made:
                made.execute("pragma synchronous=off")
                made.execute("pragma journal_mode=wal")
                made.execute("create table x (y)")
            made.close()
            pathlib.Path(database + "-wal").write_bytes(pathlib.Path(path).read_bytes())
            connection = sqlite3.connect(database)
        else:
            connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        connection.text_factory = bytes
        names = connection.execute("select name from sqlite_master where type='table'").fetchall()
        for (name,) in names:
            cursor = connection.execute(f'select * from "{name.decode()}"')
            while True:
                try:
                    row = next(cursor)
                except StopIteration:
                    break
                for value in row:
                    if isinstance(value, bytes):
                        yield value


def decompressed(module, opener):
    def read(path):
        library = importlib.import_module(module)
        with opener(library, path) as opened:
            yield stream(opened)

    return read


def deflated(window):
    """With a header, or without one where the window is negative."""

    def read(path):
        packer = zlib.decompressobj(window)
        data = bytearray()
        with open(path, "rb") as file:
            try:
                while piece := file.read(16):
                    data += packer.decompress(piece, MOST)
            except zlib.error:
                pass
        yield bytes(data)

    return read


def database(module, suffix):
    """Every value, under every key that the library finds."""

    def read(path):
        library = importlib.import_module(module)
        # Some libraries append a suffix to the name that they are given.
        name = path
        if suffix and path.endswith(suffix):
            name = path[: -len(suffix)]
        elif suffix:
            os.link(path, path + suffix)
        opened = library.open(name, "r")
        try:
            if hasattr(opened, "firstkey"):
                key = opened.firstkey()
                for _ in range(1000):
                    if key is None:
                        break
                    yield opened[key]
                    key = opened.nextkey(key)
            else:
                for key in opened.keys():
                    yield opened[key]
        finally:
            if name == path and suffix:
                os.unlink(path + suffix)

    return read


def apart(reader):
    """The same reader in a process of its own: of a damaged file, some libraries crash."""

    def read(path):
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            with os.fdopen(into, "wb") as pipe:
                try:
                    for data in reader(path):
                        pickle.dump(bytes(data), pipe)
                        pipe.flush()
                finally:
                    pipe.flush()
                    os._exit(0)
        os.close(into)
        with os.fdopen(out, "rb") as pipe:
            try:
                while True:
                    yield pickle.load(pipe)
            except Exception:
                pass
        os.waitpid(child, 0)

    return read


def values_of_lmdb(path):
    """Every value of the database and of those that it names."""
    import lmdb

    with lmdb.open(path, subdir=False, readonly=True, lock=False, max_dbs=4) as opened:
        with opened.begin(buffers=False) as transaction:
            names = [None, b"rows"]
            for name in names:
                try:
                    within = name and opened.open_db(name, transaction, create=False)
                    cursor = transaction.cursor(within or None)
                    for _, value in itertools.islice(cursor, 1000):
                        yield value
                except lmdb.Error:
                    pass


def values_of_dumb(path):
    import dbm.dumb

    opened = dbm.dumb.open(path.removesuffix(".dat"), "r")
    for key in opened.keys():
        try:
            yield opened[key]
        except Exception:
            pass


def tree(path):
    from bsddb3 import db

    opened = db.DB()
    opened.open(path, flags=db.DB_RDONLY)
    cursor = opened.cursor()
    for _ in range(1000):
        record = cursor.next()
        if record is None:
            break
        yield record[1]


def values_of_hdf5(path):
    """Attributes, and arrays of bytes, of every object."""
    import h5py
    import numpy

    def held(value):
        if isinstance(value, (bytes, str)):
            yield value if isinstance(value, bytes) else value.encode("latin-1", "replace")
        elif isinstance(value, numpy.ndarray) and value.dtype.kind in "OS":
            for one in itertools.islice(value.flat, 1000):
                yield from held(one)
            if value.dtype.kind == "S":
                yield value.tobytes()
        elif isinstance(value, numpy.ndarray) and value.dtype.itemsize == 1:
            yield value.tobytes()
            # Rows of a padded array, each of which may be a pickle.
            if value.ndim == 2:
                for row in value[:50]:
                    yield row.tobytes()
            yield value.tobytes().lstrip(b"\0")

    def attributes(item):
        for name in list(item.attrs):
            try:
                yield from held(item.attrs[name])
            except Exception:
                pass

    with h5py.File(path, "r") as file:
        found = [file]
        try:
            file.visititems(lambda name, item: found.append(item))
        except Exception:
            pass
        for item in found:
            try:
                yield from attributes(item)
                if isinstance(item, h5py.Dataset) and item.size < MOST:
                    yield from held(item[()])
            except Exception:
                pass


def metadata(opened):
    """What stands beside the fields of a schema of Arrow's, which old versions unpickled."""

    def read(path):
        import pyarrow

        schema = opened(pyarrow, path)
        for field in schema:
            for value in (field.metadata or {}).values():
                yield value

    return read


def whole(module, read):
    """What a library makes of a file at once."""

    def read_all(path):
        library = importlib.import_module(module)
        yield read(library, pathlib.Path(path).read_bytes())[:MOST]

    return read_all


def chunks_of_blosc(path):
    """What each of the libraries makes of a chunk or a frame."""
    import blosc
    import blosc2
    from numcodecs.blosc import decompress

    data = pathlib.Path(path).read_bytes()
    for read in [blosc.decompress, blosc2.decompress2, decompress, lambda data: blosc2.schunk_from_cframe(data)[:]]:
        try:
            yield bytes(read(data))[:MOST]
        except Exception:
            pass


def schema_of_arrow(pyarrow, path):
    data = pathlib.Path(path).read_bytes()
    try:
        return pyarrow.ipc.open_file(data).schema
    except Exception:
        return pyarrow.ipc.open_stream(data).schema


def schema_of_parquet(pyarrow, path):
    import pyarrow.parquet

    return pyarrow.parquet.read_schema(path)


def columns(opened):
    """The values of all columns, and what texts stand for."""

    def read(path):
        import pyarrow

        for column in opened(pyarrow, path).columns:
            for value in column.to_pylist():
                for leaf in leaves(value):
                    yield from decoded(leaf)

    return read


def table_of_arrow(pyarrow, path):
    data = pathlib.Path(path).read_bytes()
    try:
        return pyarrow.ipc.open_file(data).read_all()
    except Exception:
        return pyarrow.ipc.open_stream(data).read_all()


def table_of_parquet(pyarrow, path):
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path)


def objects_of_zodb(path):
    import ZODB.FileStorage

    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "Data.fs")
        pathlib.Path(copy).write_bytes(pathlib.Path(path).read_bytes())
        storage = ZODB.FileStorage.FileStorage(copy, read_only=True)
        for transaction in storage.iterator():
            for record in transaction:
                # The class stands before the state, in a pickle of its own.
                data = record.data or b""
                # As `zc.zlibstorage` packs records.
                yield zlib.decompress(data[2:]) if data[:2] == b".z" else data


def records_of_tensorflow(path):
    with open(path, "rb") as file:
        while len(head := file.read(12)) == 12:
            (length,) = struct.unpack("<Q", head[:8])
            data = file.read(min(length, MOST))
            file.read(4)
            yield data


def frames(path):
    """As PySpark's serializers write them."""
    with open(path, "rb") as file:
        while len(head := file.read(4)) == 4:
            (length,) = struct.unpack(">i", head)
            if length < 0:
                return
            yield file.read(min(length, MOST))


def cached(path):
    """As Django's file cache reads: the time, and packed behind it the value."""
    with open(path, "rb") as file:
        Plain(file).load()
        yield zlib.decompress(file.read())


class Plain(pickle.Unpickler):
    """Values without any import."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError("refused")


ENCODINGS = [
    base64.b64decode,
    lambda text: base64.b64decode(text, validate=True),
    base64.urlsafe_b64decode,
    base64.b32decode,
    base64.b85decode,
    lambda text: base64.a85decode(text, adobe=True),
    lambda text: bytes.fromhex(text.decode()),
    lambda text: bytes.fromhex(text.decode().removeprefix("0x")),
    lambda text: ast.literal_eval(text.decode()),
    quopri.decodestring,
    zlib.decompress,
    gzip.decompress,
    bz2.decompress,
    lzma.decompress,
]


def decoded(data, depth=0):
    """Whatever the decoders make of these bytes, and of that."""
    yield data
    if depth > 3 or len(data) > MOST:
        return
    for decode in ENCODINGS:
        try:
            result = decode(data)
        except Exception:
            continue
        if result and isinstance(result, bytes):
            yield from decoded(result, depth + 1)


def text(path):
    yield from decoded(pathlib.Path(path).read_bytes())


def leaves(value, depth=0):
    """Bytes and texts inside a value."""
    if isinstance(value, (bytes, bytearray)):
        yield bytes(value)
    elif isinstance(value, str):
        yield value.encode("latin-1", "replace")
        try:
            yield from leaves(json.loads(value), depth + 1)
        except ValueError:
            pass
    elif isinstance(value, (list, tuple, set)) and depth < 50:
        for one in value:
            yield from leaves(one, depth + 1)
    elif isinstance(value, dict) and depth < 50:
        for pair in value.items():
            yield from leaves(pair, depth + 1)


def carried(path):
    with open(path, "rb") as file:
        loaders = [lambda file: Plain(file), lambda file: Plain(file, encoding="bytes")]
        for loader in loaders:
            file.seek(0)
            try:
                value = loader(file).load()
            except Exception:
                continue
            for leaf in leaves(value):
                yield from decoded(leaf)


def strings_of_json(path):
    with open(path, "rb") as file:
        for leaf in leaves(json.load(file)):
            yield from decoded(leaf)


def cells(path):
    """The values of a table in text."""
    with open(path, encoding="latin-1", newline="") as file:
        for row in csv.reader(file):
            for cell in row:
                yield from decoded(cell.encode("latin-1"))


def pickled(path):
    yield pathlib.Path(path).read_bytes()


# --- what unpickles by itself ------------------------------------------------------------------


def each_array(path):
    """`numpy.load`, as often as there is something, and every array of an archive."""
    import numpy

    with open(path, "rb") as file:
        while True:
            loaded = numpy.load(file, allow_pickle=True)
            if isinstance(loaded, numpy.lib.npyio.NpzFile):
                for name in loaded.files:
                    try:
                        loaded[name]
                    except Exception:
                        pass
                return


def of_joblib(path):
    import joblib

    joblib.load(path)


def of_torch(path):
    import torch

    torch.load(path, weights_only=False, map_location="cpu")


def of_torch_package(path):
    """Every pickle of the package by its importer, and the model's modules."""
    import torch.package

    importer = torch.package.PackageImporter(path)
    names = importer.zip_reader.get_all_records()
    for name in names:
        parts = name.split("/")
        if name.endswith(".pkl") and len(parts) == 2:
            try:
                importer.load_pickle(*parts)
            except Exception:
                pass


def of_torch_export(path):
    import torch

    torch.export.load(path)


def of_checkpoint(path):
    """Each shard is a row of archives of torch, which the metadata gives the places of."""
    import torch

    with open(path, "rb") as file:
        data = file.read()
    starts = [at for at in range(len(data)) if data.startswith(b"PK\3\4", at)]
    ends = [at + 22 for at in range(len(data)) if data.startswith(b"PK\5\6", at)]
    for end in ends[:20]:
        # The first member of each archive follows the end of the one before.
        before = max([one for one in ends if one < end], default=0)
        start = min([one for one in starts if one >= before], default=0)
        try:
            torch.load(io.BytesIO(data[start:end]), weights_only=False)
        except Exception:
            pass


def members_by_torch(members):
    """The weights inside an archive."""

    def load(path):
        import torch

        for data in members(path):
            try:
                torch.load(io.BytesIO(data), weights_only=False)
            except Exception:
                pass

    return load


def of_pandas(path):
    import pandas

    if path.endswith(".gz"):
        with tempfile.NamedTemporaryFile(suffix=".h5") as plain:
            plain.write(gzip.open(path).read())
            plain.flush()
            return of_pandas(plain.name)
    with pandas.HDFStore(path, "r") as store:
        keys = store.keys()
        for key in keys:
            try:
                store.get(key)
            except Exception:
                pass
    nodes_of_tables(path)


def nodes_of_tables(path):
    """Attributes and rows of objects, by PyTables, which unpickles both."""
    import tables

    with tables.open_file(path, "r") as file:
        for node in file.walk_nodes("/"):
            try:
                for name in node._v_attrs._v_attrnames:
                    node._v_attrs[name]
            except Exception:
                pass
            try:
                if isinstance(node, tables.VLArray):
                    node.read()
            except Exception:
                pass


def frame_of_pandas(path):
    import pandas

    pandas.read_pickle(path)


def of_keras(path):
    import keras

    keras.saving.load_model(path, safe_mode=False)


def models_of_keras(path):
    with open(path, "rb") as file:
        pickle.load(file)


def of_baselines(path):
    import torch
    from stable_baselines3.common.save_util import json_to_data

    with zipfile.ZipFile(path) as archive:
        json_to_data(archive.read("data").decode())
        for name in archive.namelist():
            if name.endswith(".pth"):
                torch.load(io.BytesIO(archive.read(name)), weights_only=False)


def of_jsonpickle(path):
    import jsonpickle

    jsonpickle.decode(pathlib.Path(path).read_text())


def of_msgpack(path):
    """One value behind the other, arrays among them."""
    import msgpack
    import msgpack_numpy

    with open(path, "rb") as file:
        for _ in msgpack.Unpacker(file, object_hook=msgpack_numpy.decode, strict_map_key=False):
            pass


def of_yaml(path):
    import yaml

    for _ in yaml.unsafe_load_all(pathlib.Path(path).read_bytes()):
        pass


def of_skops(path):
    import skops.io

    untrusted = skops.io.get_untrusted_types(file=path)
    if "posix.system" in untrusted or "os.system" in untrusted:
        raise LookupError("os.system")


class Kind:
    """How one kind is read. `read` gives bytes, `load` unpickles; both want these modules."""

    def __init__(self, read=None, load=None, needs=()):
        self.read, self.load = read, load
        self.needs = (needs,) if isinstance(needs, str) else needs


KINDS = {
    "zip": Kind(members_of_zip),
    "tar": Kind(members_of_tar),
    "gz": Kind(lambda path: [stream(gzip.open(path))]),
    "bz2": Kind(lambda path: [stream(bz2.open(path))]),
    "xz": Kind(lambda path: [stream(lzma.open(path))]),
    "lzma": Kind(lambda path: [stream(lzma.open(path))]),
    "zlib": Kind(deflated(zlib.MAX_WBITS)),
    "deflate": Kind(deflated(-zlib.MAX_WBITS)),
    "sqlite": Kind(rows),
    "wal": Kind(rows),
    "dumb": Kind(values_of_dumb),
    "framed": Kind(frames),
    "tfrecord": Kind(records_of_tensorflow),
    "django": Kind(cached),
    "text": Kind(text),
    "json": Kind(strings_of_json),
    "table": Kind(cells),
    "carrier": Kind(carried),
    "pickle": Kind(pickled),
    # What follows needs more than the standard library.
    "zst": Kind(decompressed("zstandard", lambda library, path: library.open(path, "rb")), needs="zstandard"),
    "lz4": Kind(decompressed("lz4.frame", lambda library, path: library.open(path, "rb")), needs="lz4.frame"),
    "snappy": Kind(
        whole("snappy", lambda library, data: library.StreamDecompressor().decompress(data)), needs="snappy"
    ),
    "snappy-block": Kind(whole("snappy", lambda library, data: library.decompress(data)), needs="snappy"),
    "lz4-block": Kind(whole("lz4.block", lambda library, data: library.decompress(data)), needs="lz4.block"),
    "7z": Kind(members_of_7z, needs="py7zr"),
    "gdbm": Kind(database("dbm.gnu", ""), needs="dbm.gnu"),
    "db": Kind(database("dbm.ndbm", ".db"), needs="dbm.ndbm"),
    "btree": Kind(tree, needs="bsddb3"),
    "lmdb": Kind(apart(values_of_lmdb), needs="lmdb"),
    "blosc": Kind(chunks_of_blosc, needs=("blosc", "blosc2", "numcodecs.blosc")),
    "hdf5": Kind(values_of_hdf5, needs=("h5py", "numpy")),
    "arrow": Kind(metadata(schema_of_arrow), needs="pyarrow"),
    "parquet": Kind(metadata(schema_of_parquet), needs=("pyarrow", "pyarrow.parquet")),
    "arrow-columns": Kind(columns(table_of_arrow), needs="pyarrow"),
    "parquet-columns": Kind(columns(table_of_parquet), needs=("pyarrow", "pyarrow.parquet")),
    "zodb": Kind(objects_of_zodb, needs=("ZODB", "ZODB.FileStorage")),
    "npy": Kind(load=each_array, needs="numpy"),
    "npz": Kind(load=each_array, needs="numpy"),
    "joblib": Kind(load=of_joblib, needs=("joblib", "numpy")),
    "pandas": Kind(load=frame_of_pandas, needs="pandas"),
    "tables": Kind(load=nodes_of_tables, needs=("tables", "numpy")),
    "store": Kind(load=of_pandas, needs=("pandas", "tables")),
    "torch": Kind(load=of_torch, needs="torch"),
    "package": Kind(load=of_torch_package, needs=("torch", "torch.package")),
    "export": Kind(load=of_torch_export, needs=("torch", "torch.export")),
    "checkpoint": Kind(load=of_checkpoint, needs="torch"),
    "mar": Kind(load=members_by_torch(members_of_zip), needs="torch"),
    "nemo": Kind(load=members_by_torch(members_of_tar), needs="torch"),
    "keras": Kind(load=of_keras, needs=("keras", "h5py")),
    "keras-pickle": Kind(load=models_of_keras, needs=("keras", "h5py")),
    "baselines": Kind(load=of_baselines, needs=("stable_baselines3.common.save_util",)),
    "jsonpickle": Kind(load=of_jsonpickle, needs="jsonpickle"),
    "msgpack": Kind(load=of_msgpack, needs=("msgpack", "msgpack_numpy")),
    "yaml": Kind(load=of_yaml, needs="yaml"),
    "skops": Kind(load=of_skops, needs="skops.io"),
}


def known():
    """The kinds that this interpreter has the libraries for."""
    return [name for name, kind in KINDS.items() if all(map(is_there, kind.needs))]


def is_there(module):
    """Whether there is such a module. Large libraries are not imported to find that out."""
    if module.startswith(("dbm.", "bsddb3")):
        try:
            importlib.import_module(module)
        except ImportError:
            return False
        return True
    return importlib.util.find_spec(module.split(".")[0]) is not None
