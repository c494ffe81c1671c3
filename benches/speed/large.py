"""How long pickscan takes for what is large, and how much memory.

    python3 benches/speed/large.py PICKSCAN FOLDER

Makes, in FOLDER, a checkpoint of torch of 5 GB (sparse, 1,000 stored tensors) and a joblib file of an
array of 2 GB, compressed by zlib; where h5py is at hand also weights of Keras of 4 GB (sparse, 100
layers), and 2 GB of them in an archive. They stay there. Prints seconds and peak memory of the whole
process. Needs nothing else but the standard library.
"""

import importlib.util
import os
import pathlib
import random
import subprocess
import sys
import time
import zipfile
import zlib

from shapes import checkpoint

GIGABYTE = 1 << 30


def compressed(path, size):
    """What `joblib.dump(array, path, compress=("zlib", 1))` writes for an array of doubles."""
    count = size // 8
    head = (
        b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(\x8c\x08subclasscnumpy\nndarray\n"
        b"\x8c\x05shape\x8a\x08" + count.to_bytes(8, "little") + b"\x85\x8c\x05order\x8c\x01C"
        b"\x8c\x05dtypecnumpy\ndtype\n\x8c\x02f8\x89\x88\x87R(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
        b"\x8c\x0aallow_mmap\x89\x8c\x1bnumpy_array_alignment_bytesNub"
    )
    random.seed(3)
    # Half of it is noise, so that it becomes about half as long.
    piece = b"".join(random.randbytes(32) + bytes(32) for _ in range(1 << 14))
    packer = zlib.compressobj(1)
    with path.open("wb") as file:
        file.write(packer.compress(head))
        for _ in range(size // len(piece)):
            file.write(packer.compress(piece))
        file.write(packer.compress(b".") + packer.flush())


def weights(path, size, layers=100):
    """What `model.save_weights` of Keras writes, with nothing but zeros in it."""
    import h5py

    count = size // layers // 4
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["keras_version"] = "3.10.0"
        for layer in range(layers):
            group = file.create_group(f"layers/dense_{layer}/vars")
            group.attrs["name"] = f"dense_{layer}"
            made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            made.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            made.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            space = h5py.h5s.create_simple((count,))
            h5py.h5d.create(group.id, b"0", h5py.h5t.IEEE_F32LE, space, made)


def archive(path, size):
    """The same as `model.save` writes it."""
    inner = path.with_suffix(".weights.h5")
    weights(inner, size)
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("metadata.json", '{"keras_version": "3.10.0"}')
        out.writestr("config.json", '{"module": "keras", "class_name": "Sequential", "config": {"layers": []}}')
        out.write(inner, "model.weights.h5")
    inner.unlink()


def measured(program, path):
    begun = time.perf_counter()
    child = subprocess.Popen([program, path, "-f", "json"], stdout=subprocess.PIPE)
    output = child.stdout.read()
    _, _, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begun
    verdict = output.split(b'"verdict":"')[1].split(b'"')[0].decode()
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, verdict


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    shapes = {
        "torch-5g.pt": (lambda path: checkpoint(path, 5 * GIGABYTE), 5),
        "array-2g.joblib": (lambda path: compressed(path, 2 * GIGABYTE), 1),
    }
    if importlib.util.find_spec("h5py"):
        shapes["weights-4g.h5"] = (lambda path: weights(path, 4 * GIGABYTE), 5)
        shapes["model-2g.keras"] = (lambda path: archive(path, 2 * GIGABYTE), 5)
    for name, (make, runs) in shapes.items():
        path = folder / name
        if not path.exists():
            make(path)
        seconds, processor, peak, verdict = sorted(measured(program, path) for _ in range(runs))[runs // 2]
        size = path.stat().st_size / 1e9
        print(f"{name} ({size:.2f} GB): {verdict}, {seconds:.3f} s, processor {processor:.3f} s, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
