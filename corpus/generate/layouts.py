#!/usr/bin/env python3
"""Writes the samples of corpus/containers that are layouts of several files or records.

    layouts.py torch        torch 2.15, pytorch-lightning, torch-model-archiver
    layouts.py joblib       numpy, joblib
    layouts.py beside       numpy, joblib 0.9.4 (Python 3.6)
    layouts.py archives     nothing but Python

Every malicious pickle only asks for the process id, and every malicious module would.
"""

import io
import json
import os
import pathlib
import pickle
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import warnings
import zipfile

from containers import DATE, EVIL, GOOD, OUT, Entry, Evil, end, rechecked, tar_of, write, zip_of

PLAIN = "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return torch.relu(x)\n"


# --- torch before 1.6 --------------------------------------------------------------------------


def legacy(torch):
    """Numbers of elements, and elements, that begin like pickles do."""
    sizes = [128 + 256 * protocol for protocol in range(6)]
    pattern = torch.tensor([0x80, 2, 0xFF, 0x80, 4, 0x95, 1, 46], dtype=torch.uint8)
    state = {f"w{size}": pattern.repeat(size // 8) for size in sizes}
    state["wide"] = torch.arange(640, dtype=torch.float32)
    save(torch, state, "torch-legacy-sizes.pt")
    whole = (OUT / "torch-legacy-sizes.pt").read_bytes()
    write("torch-legacy-cut-storage.pt", whole[:-700])
    write("torch-legacy-trailing.pt", whole + EVIL)
    hidden = torch.tensor(list(b"\x80\x02" + EVIL), dtype=torch.uint8)
    save(torch, {"w": torch.arange(3.0), "hidden": hidden}, "torch-legacy-hides-pickle.pt")
    evil = (OUT / "torch-legacy-evil.pt").read_bytes()
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    assert evil.startswith(magic)
    computed = b"\x80\x02cbuiltins\nint\nX\x18\0\0\000119547037146038801333356\x85R."
    write("torch-legacy-magic.pt", computed + evil[len(magic) :])


def save(torch, state, name):
    torch.save(state, OUT / name, _use_new_zipfile_serialization=False)


def torch_tars():
    """The layout of torch 0.1, which no torch that runs today writes: pickles, and numbers behind them."""
    storages = pickle.dumps(1, 2) + b"\x80\x02K\x05X\x03\0\0\0cpuctorch\nFloatStorage\n\x87."
    storages += struct.pack("<Q4f", 4, 1, 2, 3, 4)
    # Behind the storages stands a list of views of them.
    views = pickle.dumps([], 2)
    tensors = pickle.dumps(1, 2) + b"\x80\x02K\x06K\x05ctorch\nFloatTensor\n\x87."
    tensors += struct.pack("<iiqqqqq", 2, 0, 2, 2, 2, 1, 0)
    info = pickle.dumps({"protocol_version": 1000, "little_endian": True}, 2)
    records = [("sys_info", info), ("storages", storages + views), ("tensors", tensors)]
    model = b"\x80\x02}q\0X\x06\0\0\0weightq\1K\x06Qs."
    good = tar_of([*records, ("pickle", model)])
    write("torch-0.1-good.pt", good)
    write("torch-0.1-cut.pt", good[: 512 * 5 + 30])
    write("torch-0.1-twice.pt", tar_of([*records, ("pickle", model), ("pickle", EVIL)]))
    smuggled = storages + EVIL
    write("torch-0.1-storages.pt", tar_of([records[0], ("storages", smuggled), records[2], ("pickle", model)]))


# --- archives of torch -------------------------------------------------------------------------


def packages(torch):
    def package(name, module=PLAIN, value=None):
        with torch.package.PackageExporter(str(OUT / name)) as exporter:
            exporter.extern("**")
            exporter.save_source_string("nets", module)
            exporter.save_pickle("model", "state.pkl", value if value is not None else {"w": torch.ones(2)})

    package("torch-package-module.pt")
    package("torch-package-acts.pt", PLAIN + "\n\ndef save(net, path):\n    open(path, 'w').write(str(net))\n")
    package("torch-package-harms.pt", "import os\n\nos.system('true')\n" + PLAIN)
    whole = (OUT / "torch-package-module.pt").read_bytes()
    write("torch-package-cut.pt", whole[: len(whole) // 2])
    write("torch-package-twice.pt", appended(whole, "torch-package-module/nets.py", b"import os\nos.system('true')\n"))
    calls = b"\x80\x02(X\x0e\0\0\0reduce_packageK\1cos\ngetpid\n)tQ."
    write("torch-package-calls.pt", replaced(whole, "state.pkl", calls))


def appended(archive, name, data):
    """The archive with another member of the same name."""
    buffer = io.BytesIO(archive)
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a") as out:
        warnings.simplefilter("ignore")
        out.writestr(zipfile.ZipInfo(name, DATE), data)
    return buffer.getvalue()


def replaced(archive, suffix, data):
    """The archive with other contents in the members whose name ends so."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            kept = old.read(info) if not info.filename.endswith(suffix) else data
            new.writestr(zipfile.ZipInfo(info.filename, DATE), kept)
    return buffer.getvalue()


def without(archive, suffix):
    """The archive without the members whose name ends so."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            if not info.filename.endswith(suffix):
                new.writestr(zipfile.ZipInfo(info.filename, DATE), old.read(info))
    return buffer.getvalue()


def exported(torch):
    program = torch.export.export(torch.nn.Linear(2, 2), (torch.ones(1, 2),))
    torch.export.save(program, OUT / "torch-export.pt2")
    whole = (OUT / "torch-export.pt2").read_bytes()
    evil = (OUT / "torch-evil.pt").read_bytes()
    write("torch-export-evil.pt2", replaced(whole, "sample_inputs/model.pt", evil))
    write("torch-export-cut.pt2", whole[: len(whole) // 2])
    write("torch-export-twice.pt2", appended(whole, "torch-export/data/sample_inputs/model.pt", evil))


def distributed(torch):
    import torch.distributed.checkpoint as checkpoint

    with tempfile.TemporaryDirectory() as folder:
        state = {"w": torch.arange(4.0), "b": torch.ones(2), "epoch": 3, "name": "run"}
        checkpoint.save(state, checkpoint_id=folder, no_dist=True)
        files = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
    (shard,) = [name for name in files if name.endswith(".distcp")]
    write("distributed.metadata", files[".metadata"])
    write("distributed.distcp", files[shard])
    buffer = io.BytesIO()
    torch.save(Evil(), buffer)
    write("distributed-evil.distcp", files[shard] + buffer.getvalue())
    write("distributed-cut.distcp", files[shard][:1000])
    write("distributed-cut.metadata", files[".metadata"][:300])
    write("distributed-evil.metadata", pickle.dumps({"storage_data": Evil()}, 4))
    write("distributed-gap.distcp", files[shard] + b"\0" * 5000 + EVIL)


def missing_storages():
    whole = (OUT / "torch.pt").read_bytes()
    write("torch-lacks-storage.pt", without(whole, "data/1"))
    write("torch-short-storage.pt", replaced(whole, "data/0", b"\0" * 8))


def lightning(torch):
    import pytorch_lightning

    class Small(pytorch_lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.save_hyperparameters({"rate": 0.1})
            self.layer = torch.nn.Linear(2, 1)

        def training_step(self, batch, index):
            return self.layer(batch).sum()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    quiet = dict(logger=False, enable_progress_bar=False, enable_model_summary=False)
    trainer = pytorch_lightning.Trainer(max_steps=1, accelerator="cpu", enable_checkpointing=False, **quiet)
    trainer.fit(Small(), torch.utils.data.DataLoader(torch.ones(2, 2)))
    trainer.save_checkpoint(OUT / "lightning.ckpt")
    whole = (OUT / "lightning.ckpt").read_bytes()
    write("lightning-cut.ckpt", whole[:2000])
    evil = torch.load(OUT / "lightning.ckpt", weights_only=False)
    evil["callbacks"] = {"callback": Evil()}
    torch.save(evil, OUT / "lightning-evil.ckpt")
    write("lightning-twice.ckpt", appended(whole, "lightning/data.pkl", EVIL))


def served():
    """Archives for TorchServe, written by its own tool."""
    for name, model, handler in [
        ("served", "torch.pt", PLAIN),
        ("served-evil", "torch-evil.pt", PLAIN),
        ("served-harms", "torch.pt", "import subprocess\n\nsubprocess.run(['true'])\n" + PLAIN),
    ]:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            shutil.copy(OUT / model, folder / "model.pt")
            (folder / "handler.py").write_text(handler)
            command = [
                pathlib.Path(sys.executable).parent / "torch-model-archiver",
                "--model-name", name, "--version", "1.0", "--serialized-file", "model.pt",
                "--handler", "handler.py", "--export-path", ".",
            ]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            shutil.copy(folder / f"{name}.mar", OUT / f"{name}.mar")
    whole = (OUT / "served.mar").read_bytes()
    write("served-cut.mar", whole[: len(whole) // 2])


def nemo():
    """NeMo writes a tar of a configuration and a checkpoint."""
    config = b"target: nemo.collections.asr.models.EncDecCTCModel\nsample_rate: 16000\n"
    for name, model in [("nemo", "torch.pt"), ("nemo-evil", "torch-evil.pt")]:
        weights = (OUT / model).read_bytes()
        write(f"{name}.nemo", tar_of([("./model_config.yaml", config), ("./model_weights.ckpt", weights)]))
    whole = (OUT / "nemo.nemo").read_bytes()
    write("nemo-cut.nemo", whole[: 512 * 4])
    write("nemo-twice.nemo", tar_of([("a.ckpt", (OUT / "torch.pt").read_bytes()), ("a.ckpt", EVIL)]))


def of_torch():
    import torch
    import torch.package

    legacy(torch)
    torch_tars()
    packages(torch)
    exported(torch)
    distributed(torch)
    missing_storages()
    lightning(torch)
    served()
    nemo()


# --- joblib ------------------------------------------------------------------------------------


def of_joblib():
    import joblib
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        memory = joblib.Memory(folder, verbose=0)
        memory.cache(np.arange)(5)
        (output,) = pathlib.Path(folder).rglob("output.pkl")
        write("joblib-memory-output.pkl", output.read_bytes())
    raw = (OUT / "joblib-raw.joblib").read_bytes()
    write("joblib-trailing.joblib", raw + EVIL)
    # One element less than there is: the reader goes on inside the array.
    array = np.frombuffer(b"." * 8 + b"cos\ngetpid\n(tR.\0", dtype=np.uint8)
    buffer = io.BytesIO()
    joblib.dump([array, array], buffer)
    shorter = buffer.getvalue().replace(b"K\x18\x85", b"K\x08\x85")
    assert shorter != buffer.getvalue()
    write("joblib-shape.joblib", shorter)
    # The padding byte counts bytes that then are the array, or the pickle.
    write("joblib-evil-zlib.joblib", compressed(joblib, [np.arange(5), Evil()]))


def compressed(joblib, value):
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=("zlib", 3))
    return buffer.getvalue()


def of_beside():
    """Arrays in files of their own, as joblib wrote them before 0.10."""
    import joblib
    import numpy as np

    value = {"w": np.arange(500.0), "o": np.array([{"a": 1}, None], dtype=object), "n": 3}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name in ["joblib-beside.pkl", "joblib-beside-evil.pkl"]:
            joblib.dump(value, str(folder / name))
        joblib.dump({"w": np.arange(500.0), "n": 3}, str(folder / "joblib-beside-packed.pkl"), compress=3, cache_size=0)
        for path in folder.iterdir():
            write(path.name, path.read_bytes())
    # What numpy.load does not know, it unpickles.
    write("joblib-beside-evil.pkl_01.npy", EVIL)
    whole = (OUT / "joblib-beside.pkl").read_bytes()
    write("joblib-elsewhere.pkl", whole.replace(b"joblib-beside.pkl_01.npy", b"../containers/zipevil.pt"))


# --- archives ----------------------------------------------------------------------------------


def extra(name, data):
    return struct.pack("<HH", name, len(data)) + data


def with_extra(entry, local=b"", central=b""):
    """The two headers of an entry with extra fields."""
    head, listed = bytearray(entry.local()), bytearray(entry.central(0))
    name = len(entry.name)
    head[28:30] = struct.pack("<H", len(local))
    listed[30:32] = struct.pack("<H", len(central))
    return bytes(head[: 30 + name] + local + head[30 + name :]), bytes(listed[: 46 + name] + central + listed[46 + name :])


def zip_from(pairs):
    body, directory = b"", b""
    for local, listed in pairs:
        listed = bytearray(listed)
        listed[42:46] = struct.pack("<I", len(body))
        body += local
        directory += bytes(listed)
    return body + directory + end(len(pairs), len(directory), len(body))


def zips():
    good, evil = Entry("a.pkl", GOOD), Entry("a.pkl", EVIL)
    # The 64-bit sizes count for some readers although the 32-bit ones are complete.
    both = Entry("a.pkl", GOOD + EVIL)
    wide = extra(1, struct.pack("<QQ", len(GOOD), len(GOOD)))
    write("zip-wide-disagrees.zip", zip_from([with_extra(both, wide, wide)]))
    # Info-ZIP and Python's zipfile 3.13 take the name from here.
    import zlib

    renamed = Entry("weights/readme.txt", EVIL)
    path = extra(0x7075, b"\1" + struct.pack("<I", zlib.crc32(renamed.name)) + b"x/data.pkl")
    write("zip-unicode-path.zip", zip_from([with_extra(renamed, path, path)]))
    for name, shown in [("nul", "a.txt\0.pkl"), ("absolute", "/tmp/a.pkl"), ("dots", "../../a.pkl")]:
        write(f"zip-name-{name}.zip", zip_of([Entry(shown, EVIL)]))
    for method in [1, 6, 9, 98, 77]:
        write(f"zip-method-{method}.zip", zip_of([good, Entry("b.pkl", EVIL, method=method)]))
    # The directory of another archive, which is stored as a member of this one.
    inner = zip_of([evil], base=31 + len("inner.zip") - 1)
    outer = zip_of([Entry("inner.zip", inner), good])
    at = outer.index(b"PK\1\2")
    outer = bytearray(outer)
    outer[-6:-2] = struct.pack("<I", at)
    outer[-10:-6] = struct.pack("<I", 46 + len(evil.name))
    write("zip-directory-inside.zip", bytes(outer))
    # The descriptor behind the data gives other sizes.
    late = Entry("a.pkl", GOOD + EVIL, local_flags=8, flags=8, local_crc=0, local_packed=0, local_unpacked=0)
    body = late.local() + b"PK\7\b" + struct.pack("<III", 0, len(GOOD), len(GOOD))
    listed = late.central(0)
    write("zip-descriptor.zip", body + listed + end(1, len(listed), len(body)))
    write("zip-far-trailing.zip", zip_of([good]) + b"\0" * 9000 + EVIL)


def tars():
    header = bytearray(tar_of([("a.pkl", EVIL)])[:512])
    header[156:157] = b"S"
    body = EVIL + bytes(512 - len(EVIL))
    write("tar-sparse.tar", rechecked(bytes(header)) + body + bytes(1024))
    # Long names one behind the other: readers take the first or the last.
    def record(kind, data):
        block = bytearray(tar_of([("././@LongLink", data)])[: 512 + -(-len(data) // 512) * 512])
        block[156:157] = kind
        return rechecked(bytes(block[:512])) + bytes(block[512:])

    names = record(b"L", b"readme.txt\0") + record(b"L", b"model.pkl\0")
    write("tar-long-names.tar", names + tar_of([("x", EVIL)]))
    write("tar-pax-path.tar", record(b"x", b"18 path=model.pkl\n") + tar_of([("readme.txt", EVIL)]))
    write("tar-global-size.tar", record(b"g", b"11 size=15\n") + tar_of([("a.bin", EVIL + b"x" * 100)]))
    import gzip

    write("tar-bomb.tar.gz", gzip.compress(tar_of([("a.pkl", GOOD), ("b.pkl", bytes(8_000_000))]), mtime=0))


def others():
    import gzip
    import lzma

    honest = gzip.compress(GOOD, mtime=0)
    write("padded-two.pkl.gz", honest + b"\0" * 700 + gzip.compress(EVIL, mtime=0))
    write("padded-trailing.pkl.gz", honest + b"\0" * 700 + EVIL)
    write("padded-two.pkl.xz", lzma.compress(GOOD) + b"\0" * 64 + lzma.compress(EVIL))
    for name, data in [("trailing", (OUT / "7z-good.7z").read_bytes() + EVIL)]:
        write(f"7z-{name}.7z", data)


def npys():
    def npy(header, data, version=1):
        header = header.encode()
        length = struct.pack("<H" if version == 1 else "<I", len(header))
        return b"\x93NUMPY" + bytes([version, 0]) + length + header + data

    write("npy-nested-dtype.npy", npy("{'descr': [('a', [('b', 'O')])], 'fortran_order': False, 'shape': (1,)}\n", EVIL))
    write("npy-string-dtype.npy", npy("{'descr': 'i4,O', 'fortran_order': False, 'shape': (1,)}\n", EVIL))
    write("npy-named-dtype.npy", npy("{'descr': 'object', 'fortran_order': False, 'shape': (1,)}\n", EVIL))
    write("npy-scalar.npy", npy("{'descr': '|O', 'fortran_order': False, 'shape': ()}\n", EVIL))
    write("npy-empty-objects.npy", npy("{'descr': '|O', 'fortran_order': False, 'shape': (0,)}\n", EVIL))
    write("npy-huge-header.npy", npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}" + " " * 70_000 + "\n", EVIL, 2))


def damaged():
    """Truncated and tampered variants of what other scripts wrote."""
    for name, cut, part in [
        ("keras-plain.keras", "keras-cut.keras", 0.5),
        ("skops-good.skops", "skops-cut.skops", 0.5),
        ("hydra-good.nemo", "hydra-cut.nemo", 0.5),
        ("django-good.djcache", "django-cut.djcache", 0.9),
        ("json-good.zip", "json-cut.zip", 0.5),
        ("carrier-good.pkl", "carrier-cut.pkl", 0.5),
    ]:
        whole = (OUT / name).read_bytes()
        write(cut, whole[: int(len(whole) * part)])
    honest = (OUT / "npz.npz").read_bytes()
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        name = archive.namelist()[0]
    write("npz-twice.npz", appended(honest, name, (OUT / "npy-evil.npy").read_bytes()))
    write("served-twice.mar", appended((OUT / "served.mar").read_bytes(), "model.pt", EVIL))
    write("skops-twice.skops", appended((OUT / "skops-good.skops").read_bytes(), "schema.json", EVIL))
    write("zfile-trailing.pkl", (OUT / "zfile-good.pkl").read_bytes() + EVIL)
    # An end record inside the comment of another: some readers look for the first, some for the last.
    outer = zip_of([Entry("a.pkl", GOOD)])
    inner = zip_of([Entry("a.pkl", EVIL)], base=len(outer))
    at = inner.index(b"PK\1\2")
    comment = inner[:at] + inner[at:-22]
    fake = end(1, len(inner) - 22 - at, len(outer) + at)
    outer = outer[:-2] + struct.pack("<H", len(comment) + len(fake))
    write("zip-end-in-comment.zip", outer + comment + fake)
    write("zip-comment-too-long.zip", outer + comment + fake[:-1] + b"\xff")


def of_archives():
    zips()
    damaged()
    tars()
    others()
    npys()


if __name__ == "__main__":
    for name in sys.argv[1:] or ["torch", "joblib", "beside", "archives"]:
        globals()[f"of_{name}"]()
