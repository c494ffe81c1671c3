"""Says what Python's own readers, and those of libraries, get out of damaged containers.

Reads lines `KIND PATH` and writes, for each, the path if the marker comes out of the container of
that kind, however much of it is damaged. With `--kinds` it writes the kinds that it can judge with
the modules at hand.

Libraries that unpickle while they read do so under a hook that lets no import pass but those of
their own arrays: that `getpid` is asked for is what is looked for, and it is refused. Each file is
read by a process of its own, which may crash or hang.

With `--imports` the files are honest ones. They are loaded for good, and for each one line is
written: the path, and every `module.name` that was asked for.
"""

import bz2
import gzip
import importlib
import io
import lzma
import os
import pickle
import signal
import sqlite3
import sys
import tarfile
import zipfile
import zlib

MARKER = b"cos\ngetpid\n(tR."
MOST = 1 << 20


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
        with tarfile.open(path, "r:", ignore_zeros=lenient) as archive:
            for info in archive:
                if info.isreg():
                    yield stream(archive.extractfile(info))


def rows(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    connection.text_factory = bytes
    names = [name for (name,) in connection.execute("select name from sqlite_master where type='table'")]
    for name in names:
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


def database(module, suffix):
    """Every value, under every key that the library finds."""

    def read(path):
        library = importlib.import_module(module)
        if suffix:
            os.link(path, path + suffix)
        opened = library.open(path, "r")
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

    return read


# What the arrays of these libraries are made of.
ARRAYS = {
    "_codecs", "codecs", "collections", "joblib.numpy_pickle", "joblib.numpy_pickle_compat", "numpy",
    "numpy._core.multiarray", "numpy.core.multiarray", "torch", "torch._utils", "torch.storage",
}  # fmt: skip


def loads(module, load):
    """Whether the library asks for the import of the marker."""

    def read(path):
        library = importlib.import_module(module)
        asked = []

        def hook(event, arguments):
            if event == "pickle.find_class":
                if arguments[0] in ("os", "posix") and arguments[1] == "getpid":
                    asked.append(arguments)
                if arguments[0] not in ARRAYS and arguments != ("builtins", "int"):
                    raise ImportError("refused")

        sys.addaudithook(hook)
        try:
            load(library, path)
        except Exception:
            pass
        yield MARKER if asked else b""

    return read


def each_array(numpy, path):
    """`numpy.load`, as often as there is something, and every array of an archive."""
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


def deflated(path):
    packer = zlib.decompressobj()
    data = bytearray()
    with open(path, "rb") as file:
        try:
            while piece := file.read(16):
                data += packer.decompress(piece, MOST)
        except zlib.error:
            pass
    yield bytes(data)


READERS = {
    "zip": members_of_zip,
    "tar": members_of_tar,
    "gz": lambda path: [stream(gzip.open(path))],
    "bz2": lambda path: [stream(bz2.open(path))],
    "xz": lambda path: [stream(lzma.open(path))],
    "lzma": lambda path: [stream(lzma.open(path))],
    "zlib": deflated,
    "sqlite": rows,
    "npy": loads("numpy", each_array),
    "npz": loads("numpy", each_array),
    "joblib": loads("joblib", lambda joblib, path: joblib.load(path)),
    "torch": loads("torch", lambda torch, path: torch.load(path, weights_only=False, map_location="cpu")),
    "zst": decompressed("zstandard", lambda zstandard, path: zstandard.open(path, "rb")),
    "lz4": decompressed("lz4.frame", lambda lz4, path: lz4.open(path, "rb")),
    "gdbm": database("dbm.gnu", ""),
    "db": database("dbm.ndbm", ".db"),
}

# The modules that do not come with every Python.
MODULES = {
    "npy": "numpy", "npz": "numpy", "joblib": "joblib", "torch": "torch", "zst": "zstandard",
    "lz4": "lz4.frame", "gdbm": "dbm.gnu", "db": "dbm.ndbm",
}  # fmt: skip

SECONDS = 20


def unpickled(opener):
    """Loads one pickle behind another from what a wrapper opens."""

    def load(path):
        with opener(path) as file:
            pickle.load(file)

    return load


def shelf(path):
    """Every value of a database."""
    for data in READERS["gdbm" if path.endswith(".gdbm") else "db"](path):
        pickle.loads(data)


def rows_unpickled(path):
    for data in rows(path):
        if data.startswith(b"\x80"):
            pickle.loads(data)


def zipped(path):
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".pkl"):
                pickle.loads(archive.read(name))


def tarred(path):
    with tarfile.open(path) as archive:
        for info in archive:
            if info.name.endswith(".pkl"):
                pickle.load(archive.extractfile(info))


# How honest files are loaded, by kind.
LOADERS = {
    "zip": zipped,
    "tar": tarred,
    "gz": unpickled(gzip.open),
    "bz2": unpickled(bz2.open),
    "xz": unpickled(lzma.open),
    "lzma": unpickled(lzma.open),
    "sqlite": rows_unpickled,
    "pickle": unpickled(lambda path: open(path, "rb")),
    "npy": lambda path: each_array(importlib.import_module("numpy"), path),
    "npz": lambda path: each_array(importlib.import_module("numpy"), path),
    "joblib": lambda path: importlib.import_module("joblib").load(path),
    "torch": lambda path: importlib.import_module("torch").load(path, weights_only=False),
    "gdbm": shelf,
    "db": shelf,
}


def imports(kind, path):
    del ASKED[:]
    prepare(kind)
    del ASKED[:]
    try:
        LOADERS[kind](path)
    except EOFError:
        # The end of what is loaded as often as there is something.
        pass
    return sorted({f"{module}.{name}" for module, name in ASKED})


# What pickles ask for, since this was emptied.
ASKED = []


def kinds():
    for kind in READERS:
        try:
            importlib.import_module(MODULES.get(kind, "io"))
            yield kind
        except ImportError:
            pass


def prepare(kind):
    """Imports what a kind needs before its first file is read, so that each process need not."""
    importlib.import_module(MODULES.get(kind, "io"))


def apart(kind, path):
    """Asks a process of its own."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        code = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            code = 0 if gets(kind, path) else 1
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def gets(kind, path):
    try:
        # Where one load stops, the next one starts.
        found = (data.startswith(MARKER) or b"." + MARKER in data for data in READERS[kind](path))
        return any(found)
    except Exception:
        return False


if __name__ == "__main__":
    if "--kinds" in sys.argv:
        print("\n".join(kinds()))
        sys.exit()
    if "--imports" in sys.argv:
        sys.addaudithook(lambda event, args: ASKED.append(args) if event == "pickle.find_class" else None)
    for line in sys.stdin:
        kind, path = line.rstrip("\n").split(" ", 1)
        if "--imports" in sys.argv:
            print(path, *imports(kind, path), sep="\t", flush=True)
            continue
        prepare(kind)
        if apart(kind, path):
            print(path, flush=True)
