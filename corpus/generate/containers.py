#!/usr/bin/env python3
"""Writes the container samples of corpus/containers.

Run it with a Python that has numpy, torch, joblib, zstandard, lz4 and python-snappy. Archives that no library writes (tampered,
truncated, hostile ones) are built here byte by byte. Every malicious pickle only asks for the
process id.
"""

import bz2
import gzip
import io
import lzma
import os
import pathlib
import pickle
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

OUT = pathlib.Path(__file__).resolve().parent.parent / "containers"
GOOD = pickle.dumps({"weights": list(range(300)), "name": "model"}, 4)
EVIL = b"cos\ngetpid\n(tR."
DATE = (2024, 1, 1, 0, 0, 0)


def write(name, data):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_bytes(data)


# --- zip, byte by byte -------------------------------------------------------------------------


class Entry:
    """One zip member whose local header and directory entry may contradict each other."""

    def __init__(self, name, data, method=0, **changes):
        self.name, self.plain, self.method = name.encode(), data, method
        self.changes = changes
        self.packed = raw_deflate(data) if method == 8 else data

    def field(self, side, key, default):
        return self.changes.get(f"{side}_{key}", self.changes.get(key, default))

    def fields(self, side):
        name = self.field(side, "name", self.name)
        name = name.encode() if isinstance(name, str) else name
        return (
            self.field(side, "flags", 0),
            self.field(side, "method", self.method),
            self.field(side, "crc", zlib.crc32(self.plain)),
            self.field(side, "packed", len(self.packed)),
            self.field(side, "unpacked", len(self.plain)),
            name,
        )

    def local(self):
        flags, method, crc, packed, unpacked, name = self.fields("local")
        head = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 33, crc, packed, unpacked, len(name), 0)
        return b"PK\3\4" + head + name + self.packed

    def central(self, offset):
        flags, method, crc, packed, unpacked, name = self.fields("central")
        offset = self.changes.get("offset", offset)
        head = struct.pack(
            "<HHHHHHIIIHHHHHII", 20, 20, flags, method, 0, 33, crc, packed, unpacked,
            len(name), 0, 0, 0, 0, 0, offset,
        )
        return b"PK\1\2" + head + name


def raw_deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def end(count, size, offset, comment=b""):
    return b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, size, offset, len(comment)) + comment


def zip_of(entries, hidden=(), base=0, count=None, comment=b""):
    """An archive of `entries`; those in `hidden` get no directory entry."""
    body, directory, listed = b"", b"", 0
    for entry in entries:
        if entry not in hidden:
            directory += entry.central(base + len(body))
            listed += 1
        body += entry.local()
    tail = end(listed if count is None else count, len(directory), base + len(body), comment)
    return body + directory + tail


def torch_like(**changes):
    return [
        Entry("a/data.pkl", EVIL, **changes),
        Entry("a/data/0", b"\0\0\x80\x3f" * 64),
        Entry("a/version", b"3\n"),
    ]


def tampered_zips():
    good, evil = Entry("x/data.pkl", GOOD), Entry("x/data.pkl", EVIL)
    write("zip-plain.zip", zip_of([Entry("a.pkl", GOOD), Entry("b.pkl", GOOD, 8)]))
    write("zip-crc.pt", zip_of(torch_like(crc=1)))
    write("zip-encrypted-mark.pt", zip_of(torch_like(flags=1)))
    write("zip-encrypted-mark-local.pt", zip_of(torch_like(local_flags=1)))
    noise = bytes((i * 197 + 91) & 255 ^ (i >> 3) for i in range(400))
    write("zip-encrypted.zip", zip_of([Entry("secret.pkl", noise, flags=1, crc=5)]))
    write("zip-aes.zip", zip_of([Entry("secret.pkl", noise, method=99)]))
    write("zip-name-mismatch.pt", zip_of(torch_like(local_name="a/readme.md")))
    write("zip-duplicate.pt", zip_of([good, evil]))
    write("zip-case.pt", zip_of([good, Entry("X/Data.pkl", EVIL)]))
    stored_as_deflate = torch_like(local_method=8)
    write("zip-method-local.pt", zip_of(stored_as_deflate))
    write("zip-method-central.pt", zip_of(torch_like(central_method=8)))
    write("zip-sizes-zero.pt", zip_of(torch_like(central_packed=0, central_unpacked=0)))
    write("zip-size-short.pt", zip_of(torch_like(central_packed=3, central_unpacked=3)))
    write("zip-hidden.pt", zip_of([good, Entry("x/extra.pkl", EVIL)], hidden=()))
    hidden = Entry("x/other.pkl", EVIL)
    write("zip-hidden-member.pt", zip_of([good, hidden], hidden=(hidden,)))
    deep = Entry("x/other.pkl", EVIL, method=8, local_flags=8, local_crc=0, local_packed=0, local_unpacked=0)
    write("zip-hidden-deferred.pt", zip_of([good, deep], hidden=(deep,)))
    first, second = zip_of([Entry("a.pkl", EVIL)]), None
    second = zip_of([Entry("b.pkl", GOOD)], base=len(first))
    write("zip-joined.zip", first + second)
    write("zip-joined-relative.zip", first + zip_of([Entry("b.pkl", GOOD)]))
    write("zip-two-ends.zip", zip_of([Entry("a.pkl", GOOD)], comment=zip_of([Entry("b.pkl", EVIL)])))
    write("zip-prefix.zip", b"#!/bin/sh\nexit\n" + zip_of([Entry("a.pkl", EVIL)]))
    write("zip-behind-pickle.zip", GOOD + zip_of([Entry("a.pkl", EVIL)]))
    write("zip-trailing.zip", zip_of([Entry("a.pkl", GOOD)]) + EVIL)
    whole = zip_of(torch_like())
    write("zip-no-directory.pt", whole[: whole.index(b"PK\1\2")])
    write("zip-cut-member.pt", whole[:60])
    write("zip-count-low.zip", zip_of([Entry("a.pkl", GOOD), Entry("b.pkl", EVIL)], count=1))
    write("zip-count-high.zip", zip_of([Entry("a.pkl", EVIL)], count=9))
    write("zip-overlap.zip", overlapping())
    write("zip-missing-local.zip", zip_of([Entry("a.pkl", EVIL), Entry("b.pkl", GOOD, offset=7)]))
    write("zip-folder-with-data.zip", zip_of([Entry("folder/", EVIL)]))
    write("zip-storage-hides-pickle.pt", zip_of([good, Entry("x/data/0", pickle.dumps(1, 2)[:2] + EVIL)]))
    write("zip-storage-hides-zip.pt", zip_of([good, Entry("x/data/0", zip_of([evil]))]))
    write("zip-nested.zip", zip_of([Entry("inner.zip", zip_of([Entry("deeper.gz", gzip.compress(EVIL, mtime=0))]), 8)]))
    write("zip64.zip", zip64())
    write("zip-bomb.zip", zip_of([Entry(f"{i}.pkl", b"\0" * 4_000_000, 8) for i in range(3)]))


def overlapping():
    """The second member starts inside the first one's data."""
    inner = Entry("b.pkl", EVIL)
    outer = Entry("a.bin", b"?" * 10 + inner.local())
    body = outer.local()
    directory = outer.central(0) + inner.central(body.index(inner.local()))
    return body + directory + end(2, len(directory), len(body))


def zip64():
    """All sizes and offsets only in 64-bit records."""
    entry = Entry("big.pkl", EVIL)
    wide = struct.pack("<HHQQ", 1, 16, len(EVIL), len(EVIL))
    head = struct.pack("<HHHHHIIIHH", 45, 0, 0, 0, 33, zlib.crc32(EVIL), 2**32 - 1, 2**32 - 1, 7, len(wide))
    body = b"PK\3\4" + head + entry.name + wide + EVIL
    wide = struct.pack("<HHQQQ", 1, 24, len(EVIL), len(EVIL), 0)
    head = struct.pack(
        "<HHHHHHIIIHHHHHII", 45, 45, 0, 0, 0, 33, zlib.crc32(EVIL), 2**32 - 1, 2**32 - 1,
        7, len(wide), 0, 0, 0, 0, 2**32 - 1,
    )
    directory = b"PK\1\2" + head + entry.name + wide
    end64 = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, len(directory), len(body))
    locator = b"PK\6\7" + struct.pack("<IQI", 0, len(body) + len(directory), 1)
    tail = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    return body + directory + end64 + locator + tail


def written_zips():
    for name, method in [("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)]:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            archive.writestr(zipfile.ZipInfo("a.pkl", DATE), GOOD, method)
            archive.writestr(zipfile.ZipInfo("folder/", DATE), b"")
            archive.writestr(zipfile.ZipInfo("b.txt", DATE), b"some text\n")
        write(f"zip-{name}.zip", buffer.getvalue())


# --- wrappers ----------------------------------------------------------------------------------


def wrappers():
    packers = {
        "gz": lambda data: gzip.compress(data, mtime=0),
        "zlib": zlib.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    }
    for suffix, pack in packers.items():
        write(f"good.pkl.{suffix}", pack(GOOD))
        write(f"evil.pkl.{suffix}", pack(EVIL))
        write(f"two.pkl.{suffix}", pack(GOOD) + pack(EVIL))
        write(f"cut.pkl.{suffix}", pack(GOOD)[:-25])
        write(f"trailing.pkl.{suffix}", pack(GOOD) + EVIL)
        write(f"bomb.{suffix}", pack(b"\0" * 8_000_000))
    damaged = bytearray(gzip.compress(GOOD, mtime=0))
    damaged[-5] ^= 1
    write("checksum.pkl.gz", bytes(damaged))
    write("padded.pkl.gz", gzip.compress(GOOD, mtime=0) + b"\0" * 100)
    length = hex(len(EVIL)).encode().ljust(19)
    write("zfile.pkl", b"ZF" + length + zlib.compress(EVIL))


def other_wrappers(zstandard, lz4):
    """Wrappers that Python itself does not write (zstd only from 3.14 on)."""
    packers = {
        "zst": zstandard.ZstdCompressor(level=19, write_checksum=True).compress,
        "lz4": lz4.compress,
    }
    for suffix, pack in packers.items():
        write(f"good.pkl.{suffix}", pack(GOOD))
        write(f"evil.pkl.{suffix}", pack(EVIL))
        write(f"two.pkl.{suffix}", pack(GOOD) + pack(EVIL))
        write(f"cut.pkl.{suffix}", pack(GOOD)[:-25])
        write(f"trailing.pkl.{suffix}", pack(GOOD) + EVIL)
        write(f"bomb.{suffix}", pack(b"\0" * 8_000_000))
        skippable = struct.pack("<II", 0x184D2A53, 9) + b"user data"
        write(f"skippable.pkl.{suffix}", skippable + pack(EVIL))
    linked = lz4.compress(pickle.dumps([n % 700 for n in range(60_000)], 2), block_linked=True, block_size=4)
    write("linked.pkl.lz4", linked)
    whole = lz4.compress(EVIL, store_size=False)
    write("empty-block.pkl.lz4", whole[:7] + struct.pack("<I", 1) + b"\0" + whole[7:])


def bare_wrappers():
    """Packed data without a signature, and frames of Snappy."""
    import lz4.block
    import snappy

    def deflated(data):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(data) + packer.flush()

    packers = {
        "lz4-block": lz4.block.compress,
        "snappy-block": snappy.compress,
        "deflate": deflated,
        "snappy": lambda data: snappy.StreamCompressor().compress(data),
    }
    bomb = pickle.dumps(bytes(8_000_000), 4)
    for name, pack in packers.items():
        write(f"{name}-good.bin", pack(GOOD))
        write(f"{name}-evil.bin", pack(EVIL))
        write(f"{name}-header-evil.bin", pack(GOOD[:-1] + b"0" + EVIL))
        write(f"{name}-cut.bin", pack(GOOD)[:-25])
        # Snappy makes of twenty bytes one at best.
        if "snappy" not in name:
            write(f"{name}-bomb.bin", pack(bomb))
    write("deflate-trailing.bin", deflated(EVIL) + b"behind it")


def tool(*command, cwd):
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def by_tools():
    """Archives written by the programs `7z` and `tar`."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, data in [("good.pkl", GOOD), ("evil.pkl", EVIL), ("zeros.pkl", GOOD + bytes(8_000_000))]:
            (folder / name).write_bytes(data)
        (folder / "notes.txt").write_text("some text\n" * 100)
        tool("7z", "a", "-mx=9", "good.7z", "good.pkl", "notes.txt", cwd=folder)
        tool("7z", "a", "-mx=9", "evil.7z", "notes.txt", "good.pkl", "evil.pkl", cwd=folder)
        tool("7z", "a", "-m0=BZip2", "bzip2.7z", "evil.pkl", cwd=folder)
        tool("7z", "a", "-mx=0", "stored.7z", "evil.pkl", cwd=folder)
        tool("7z", "a", "-mx=9", "bomb.7z", "zeros.pkl", cwd=folder)
        tool("7z", "a", "-psecret", "encrypted.7z", "good.pkl", cwd=folder)
        for name in ["good", "evil", "bzip2", "stored", "bomb", "encrypted"]:
            write(f"7z-{name}.7z", (folder / f"{name}.7z").read_bytes())
        write("7z-cut.7z", (folder / "good.7z").read_bytes()[:-20])
        damaged = bytearray((folder / "stored.7z").read_bytes())
        damaged[damaged.index(EVIL) + len(EVIL) + 3] ^= 1
        write("7z-header.7z", bytes(damaged))
        tool("tar", "-cf", "again.tar", "good.pkl", cwd=folder)
        tool("tar", "-rf", "again.tar", "good.pkl", cwd=folder)
        write("tar-again.tar", (folder / "again.tar").read_bytes())
        (folder / "good.pkl").write_bytes(EVIL)
        tool("tar", "-rf", "again.tar", "good.pkl", cwd=folder)
        write("tar-again-evil.tar", (folder / "again.tar").read_bytes())


# --- tar ---------------------------------------------------------------------------------------


def tar_of(members, format=tarfile.GNU_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def rechecked(block):
    """A tar header with its checksum made right."""
    block = bytearray(block)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def tars():
    long = "folder/" * 30 + "a.pkl"
    for name, format in [("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)]:
        write(f"tar-{name}.tar", tar_of([("a.pkl", GOOD), (long, EVIL)], format))
    write("tar-ustar.tar", tar_of([("a.pkl", GOOD), ("d/" * 50 + "b.pkl", EVIL)], tarfile.USTAR_FORMAT))
    v7 = bytearray(tar_of([("a.pkl", EVIL)]))
    v7[257:512] = bytes(255)
    write("tar-v7.tar", rechecked(v7[:512]) + bytes(v7[512:]))
    whole = tar_of([("a.pkl", GOOD), ("b.pkl", EVIL)])
    write("tar-cut.tar", whole[:700])
    write("tar-after-end.tar", tar_of([("a.pkl", GOOD)]) + tar_of([("b.pkl", EVIL)]))
    write("tar-trailing.tar", tar_of([("a.pkl", GOOD)]) + EVIL)
    second = 512 + -(-len(GOOD) // 512) * 512
    broken = bytearray(whole)
    broken[second + 149] ^= 1
    write("tar-checksum.tar", bytes(broken) + tar_of([("c.pkl", EVIL)]))
    wide = bytearray(whole)
    wide[124:136] = b"\x80" + len(GOOD).to_bytes(11, "big")
    write("tar-base256.tar", rechecked(wide[:512]) + bytes(wide[512:]))
    write("tar-pax-size.tar", smuggled_tar())
    link = bytearray(tar_of([("link", EVIL)]))
    link[156:157] = b"2"
    write("tar-link-with-data.tar", rechecked(link[:512]) + bytes(link[512:]))
    write("tar-gz.tar.gz", gzip.compress(tar_of([("model/a.pkl", EVIL)]), mtime=0))


def smuggled_tar():
    """The pax record gives the member another size than its header does."""
    inner = tar_of([("hidden.pkl", EVIL)])[:1024]
    outer = tar_of([("a.bin", inner)])[: 512 + 1024]
    header = bytearray(outer[:512])
    header[124:136] = b"%011o\0" % 512
    record = b"13 size=1024\n"
    pax = bytearray(tar_of([("pax", record)])[:1024])
    pax[156:157] = b"x"
    return rechecked(pax[:512]) + bytes(pax[512:]) + rechecked(header) + outer[512:] + bytes(1024)


# --- numpy, joblib, torch ----------------------------------------------------------------------


def numpy_files(np):
    np.save(OUT / "npy-floats.npy", np.arange(20.0))
    np.save(OUT / "npy-objects.npy", np.array([1, None, "a"], dtype=object))
    nested = [("a", "<i4"), ("b", [("c", "O", (2,)), ("d", "<U3")])]
    np.save(OUT / "npy-nested-objects.npy", np.zeros(2, dtype=nested))
    with open(OUT / "npy-several.npy", "wb") as file:
        for array in [np.arange(3), np.array([None], dtype=object), np.arange(4.0)]:
            np.save(file, array)
    for version in [(2, 0), (3, 0)]:
        with open(OUT / f"npy-version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, np.array([None], dtype=object), version=version)
    np.savez(OUT / "npz.npz", x=np.arange(5), o=np.array([None, 2], dtype=object))
    np.savez_compressed(OUT / "npz-compressed.npz", x=np.arange(5000), o=np.array([None], dtype=object))
    head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    write("npy-evil.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + EVIL)
    odd = b"{'descr': eval('O'), 'shape': (1,)}\n"
    write("npy-odd-header.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(odd)) + odd + EVIL)
    floats = (OUT / "npy-floats.npy").read_bytes()
    write("npy-cut.npy", floats[:-30])
    write("npy-cut-header.npy", floats[:40])
    write("npy-trailing.npy", floats + EVIL)


def joblib_files(np, joblib):
    value = {"a": np.arange(50.0), "o": np.array([None, 1], dtype=object), "n": [1, 2, 3]}
    joblib.dump(value, OUT / "joblib-raw.joblib")
    for method in ["zlib", "gzip", "bz2", "xz", "lzma"]:
        joblib.dump(value, OUT / f"joblib-{method}.joblib", compress=(method, 3))


def torch_files(torch):
    state = {"w": torch.arange(6.0).reshape(2, 3), "b": torch.ones(3, dtype=torch.int64)}
    torch.save(state, OUT / "torch.pt")
    torch.save(state, OUT / "torch-legacy.pt", _use_new_zipfile_serialization=False)
    model = torch.jit.script(torch.nn.Linear(2, 2))
    torch.jit.save(model, OUT / "torch-script.pt")
    with torch.package.PackageExporter(str(OUT / "torch-package.pt")) as exporter:
        exporter.save_pickle("model", "state.pkl", state)
        exporter.save_source_string("helper", "answer = 42\n")
    write("torch-cut.pt", (OUT / "torch.pt").read_bytes()[:900])
    carrier = pickle.dumps({"bytes": (OUT / "torch.pt").read_bytes(), "n": 1}, 4)
    write("pickle-carries-zip.pkl", carrier)


class Evil:
    """Asks for the process id where it is unpickled."""

    def __reduce__(self):
        return os.getpid, ()


def twins(np, joblib, torch, package):
    """What the libraries write of a malicious object, cut short, and of a great many zeros."""
    for name, value in [("good", GOOD), ("evil", EVIL)]:
        with zipfile.ZipFile(OUT / f"zip-{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("model/a.pkl", DATE), value)
        length = hex(len(value)).encode().ljust(19)
        write(f"zfile-{name}.pkl", b"ZF" + length + zlib.compress(value))
    write("zfile-cut.pkl", (OUT / "zfile-good.pkl").read_bytes()[:-25])
    write("zfile-bomb.pkl", b"ZF" + hex(8_000_000).encode().ljust(19) + zlib.compress(bytes(8_000_000)))
    state = {"w": torch.arange(6.0), "evil": Evil()}
    torch.save(state, OUT / "torch-evil.pt")
    torch.save(state, OUT / "torch-legacy-evil.pt", _use_new_zipfile_serialization=False)
    write("torch-legacy-cut.pt", (OUT / "torch-legacy.pt").read_bytes()[:300])
    with package.PackageExporter(str(OUT / "torch-package-evil.pt")) as exporter:
        exporter.extern("**")
        exporter.save_pickle("model", "state.pkl", state)
    objects = np.array([Evil()], dtype=object)
    np.savez(OUT / "npz-evil.npz", x=np.arange(5), o=objects)
    np.savez_compressed(OUT / "npz-bomb.npz", x=np.zeros(1_000_000))
    write("npz-cut.npz", (OUT / "npz-evil.npz").read_bytes()[:600])
    with open(OUT / "npy-several-evil.npy", "wb") as file:
        for array in [np.arange(3), np.array([None], dtype=object), np.arange(4.0), objects]:
            np.save(file, array)
    value = {"a": np.arange(50.0), "o": np.array([None, Evil()], dtype=object), "n": [1, 2, 3]}
    joblib.dump(value, OUT / "joblib-evil.joblib")
    joblib.dump(value, OUT / "joblib-evil-lz4.joblib", compress=("lz4", 3))
    write("joblib-cut.joblib", (OUT / "joblib-evil.joblib").read_bytes()[:250])
    joblib.dump(np.zeros(1_000_000), OUT / "joblib-bomb.joblib", compress=("zlib", 9))
    write("tar-good.tar", tar_of([("a.pkl", GOOD), ("b.txt", b"some text\n")]))
    write("tar-evil.tar", tar_of([("a.pkl", GOOD), ("b.pkl", EVIL)], tarfile.PAX_FORMAT))


def torch_tar():
    """The layout of torch 0.1: no library that runs today writes it."""
    float_storage = b"ctorch\nFloatStorage\n"
    storages = pickle.dumps(1, 2) + b"\x80\x02K\x05X\x03\0\0\0cpu" + float_storage + b"\x87."
    storages += struct.pack("<Q4f", 4, 1, 2, 3, 4) + pickle.dumps([], 2)
    tensors = pickle.dumps(1, 2) + b"\x80\x02K\x06K\x05ctorch\nFloatTensor\n\x87."
    tensors += struct.pack("<iiqqqqq", 2, 0, 2, 2, 2, 1, 0)
    info = pickle.dumps({"protocol_version": 1000, "little_endian": True}, 2)
    members = [("sys_info", info), ("storages", storages), ("tensors", tensors), ("pickle", EVIL)]
    write("torch-0.1.pt", tar_of(members))


# --- disguises ---------------------------------------------------------------------------------


def disguises():
    write("disguise.gif", b"GIF89a\x01\x00\x01" + EVIL)
    write("disguise.exe", b"MZ0" + EVIL)
    write("disguise.bmp", b"BM" + struct.pack("<I", 70)[1:] + b"\0" * 77 + b"0" + EVIL)
    write("real.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 40)
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    write("real.safetensors", struct.pack("<Q", len(header)) + header + b"\0" * 4)
    write("empty.pkl", b"")
    write("lfs.pt", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n")


def only(names):
    """Writes some groups of samples again."""
    import importlib

    modules = {
        "other_wrappers": ["zstandard", "lz4.frame"],
        "twins": ["numpy", "joblib", "torch", "torch.package"],
    }
    for name in names:
        globals()[name](*map(importlib.import_module, modules.get(name, [])))


def main():
    if sys.argv[1:]:
        return only(sys.argv[1:])
    tampered_zips()
    written_zips()
    wrappers()
    tars()
    torch_tar()
    disguises()
    try:
        import joblib
        import numpy
        import torch
        import torch.package
    except ImportError as missing:
        sys.exit(f"only the hand-made samples were written: {missing}")
    only(["other_wrappers", "bare_wrappers", "by_tools"])
    numpy_files(numpy)
    joblib_files(numpy, joblib)
    torch_files(torch)
    only(["twins"])


if __name__ == "__main__":
    main()
