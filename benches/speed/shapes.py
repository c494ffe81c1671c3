"""Makes the inputs of compare.py.

    python3 benches/speed/shapes.py FOLDER [--scale 1.0] [--only NAME ...]

Needs nothing but the standard library for most shapes; `forest` and `arrays` need numpy, joblib and
scikit-learn, and are left out where these are missing. A shape that exists is not made again.
"""

import argparse
import bz2
import io
import pathlib
import pickle
import random
import struct
import zipfile
import zlib


def small_dicts(path, scale, protocol):
    kinds = [f"class-{number}" for number in range(7)]
    rows = [
        {"id": i, "name": f"row-{i}", "score": i * 0.5, "ok": i % 2 == 0, "kind": kinds[i % 7], "seen": [i, i + 1]}
        for i in range(int(1_000_000 * scale))
    ]
    path.write_bytes(pickle.dumps(rows, protocol))


def ints(path, scale):
    path.write_bytes(pickle.dumps(list(range(int(4_000_000 * scale))), 4))


def text_protocol(path, scale):
    rows = [{"id": i, "name": f"row-{i}", "score": i * 0.5} for i in range(int(300_000 * scale))]
    path.write_bytes(pickle.dumps(rows, 0))


def byte_heavy(path, scale):
    """What numpy writes for a list of arrays, without numpy: one gigabyte of payload, sparse."""
    arrays, size = 16, int((1 << 26) * scale)
    with path.open("wb") as file:
        file.write(b"\x80\x04]\x94(")
        for _ in range(arrays):
            file.write(b"\x8e" + struct.pack("<Q", size))
            file.seek(size - 1, io.SEEK_CUR)
            file.write(b"\0\x94")
        file.write(b"e.")


def checkpoint(path, total):
    """A zip as torch.save writes it: data.pkl, then 1,000 stored tensors, sparse."""
    tensors = 1000
    size = max(int(total) // tensors, 64) // 64 * 64
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr("archive/data.pkl", state_dict(tensors, size // 4))
        archive.writestr("archive/byteorder", b"little")
    members, zeros = [], zlib.crc32(bytes(size))
    with path.open("r+b") as file:
        with zipfile.ZipFile(path) as archive:
            directory = archive.start_dir
            entries = archive.infolist()
        file.seek(directory)
        for number in range(tensors):
            name = f"archive/data/{number}".encode()
            members.append((name, file.tell(), size))
            file.write(struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 33, zeros, size, size, len(name), 0) + name)
            file.seek(size, io.SEEK_CUR)
        start = file.tell()
        for entry in entries:
            name = entry.filename.encode()
            file.write(central(name, entry.header_offset, entry.file_size, entry.CRC))
        for name, offset, length in members:
            file.write(central(name, offset, length, zeros))
        length, count = file.tell() - start, len(entries) + tensors
        file.write(struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, length, start))
        file.write(struct.pack("<IIQI", 0x07064B50, 0, start + length, 1))
        file.write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))


def central(name, offset, size, crc):
    extra = struct.pack("<HHQ", 1, 8, offset)
    fixed = (0x02014B50, 45, 45, 0, 0, 0, 33, crc, size, size, len(name), len(extra), 0, 0, 0, 0, 0xFFFFFFFF)
    return struct.pack("<IHHHHHHIIIHHHHHII", *fixed) + name + extra


def state_dict(tensors, elements):
    """The pickle of a state dict, in assembly that torch's own writer would produce."""
    out = [b"\x80\x02ccollections\nOrderedDict\n)R("]
    for number in range(tensors):
        key = str(number).encode()
        out.append(b"X" + struct.pack("<I", len(b"layer." + key)) + b"layer." + key)
        out.append(b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n")
        out.append(b"X" + struct.pack("<I", len(key)) + key + b"X\x03\0\0\0cpuJ" + struct.pack("<i", elements) + b"tQK\0")
        out.append(b"J" + struct.pack("<i", elements) + b"\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR")
    return b"".join(out) + b"u."


def forest(path, writer):
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier

    data, labels = make_classification(20_000, 20, random_state=1)
    model = RandomForestClassifier(200, random_state=1, n_jobs=2).fit(data, labels)
    writer(model, path)


def pickled(model, path):
    path.write_bytes(pickle.dumps(model, 4))


def joblibbed(compress):
    def write(model, path):
        import joblib

        joblib.dump(model, path, compress=compress)

    return write


def small_pickles(path, scale):
    path.mkdir()
    random.seed(1)
    for number in range(int(20_000 * scale)):
        folder = path / f"{number // 1000:03}"
        folder.mkdir(exist_ok=True)
        value = {"step": number, "loss": random.random(), "history": [random.random() for _ in range(50)]}
        (folder / f"{number}.pkl").write_bytes(pickle.dumps(value, 4))


def other_files(path, scale):
    path.mkdir()
    random.seed(2)
    kinds = [b"\x89PNG\r\n\x1a\n" + bytes(2000), b"import os\n" * 150, b'{"a": [1, 2]}\n' * 100, b"\x7fELF\2\1\1" + bytes(3000)]
    for number in range(int(200_000 * scale)):
        folder = path / f"{number // 1000:03}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}").write_bytes(kinds[number % len(kinds)])


def tiny(path):
    path.write_bytes(pickle.dumps([1, 2, 3], 4))


def compressed_rows(path, scale):
    path.write_bytes(bz2.compress(pickle.dumps([{"id": i} for i in range(int(300_000 * scale))], 4)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    scale = options.scale
    shapes = {
        "dicts-2.pkl": lambda path: small_dicts(path, scale, 2),
        "dicts-4.pkl": lambda path: small_dicts(path, scale, 4),
        "dicts-peers.pkl": lambda path: small_dicts(path, scale / 5, 4),
        "ints.pkl": lambda path: ints(path, scale),
        "text.pkl": lambda path: text_protocol(path, scale),
        "bytes.pkl": lambda path: byte_heavy(path, scale),
        "torch-10m.pt": lambda path: checkpoint(path, 1e7),
        "torch-1g.pt": lambda path: checkpoint(path, 1e9),
        "torch-10g.pt": lambda path: checkpoint(path, 1e10),
        "forest.pkl": lambda path: forest(path, pickled),
        "forest.joblib": lambda path: forest(path, joblibbed(0)),
        "forest-zlib.joblib": lambda path: forest(path, joblibbed(3)),
        "rows.pkl.bz2": lambda path: compressed_rows(path, scale),
        "tiny.pkl": tiny,
        "pickles": lambda path: small_pickles(path, scale),
        "others": lambda path: other_files(path, scale),
    }
    for name, make in shapes.items():
        path = options.folder / name
        if path.exists() or (options.only and name not in options.only):
            continue
        try:
            make(path)
        except ImportError as missing:
            print(f"{name}: left out, {missing}")


if __name__ == "__main__":
    main()
