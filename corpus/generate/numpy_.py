"""Benign files written by NumPy: pickled arrays and scalars, .npy and .npz with and without objects.

    python numpy_.py OUT

Run with numpy 2.4.6 on CPython 3.11 (names under `numpy._core`); numpy before 2.0 writes `numpy.core`.
"""

import argparse
import io
import pickle

import numpy as np

import writing


def arrays():
    return {
        "float": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.eye(3)),
        "empty": np.zeros((0, 2)),
        "bool": np.array([True, False]),
        "text": np.array(["a", "bc"]),
        "bytes": np.array([b"a", b"\xff"]),
        "strided": np.arange(10)[::2],
        "big-endian": np.arange(3, dtype=">i4"),
        "half": np.ones(2, np.float16),
        "complex": np.array([1 + 2j]),
        "zero-dimensional": np.array(5),
    }


def dates():
    return [np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"), np.timedelta64(5, "ms"), np.datetime64("2021")]


def scalars():
    return [
        np.float64(1.5),
        np.float32(2),
        np.int8(-3),
        np.bool_(True),
        np.str_("text"),
        np.bytes_(b"raw"),
        np.complex128(1j),
        np.longdouble(1),
        np.void(b"ab"),
    ]


def dtypes():
    return [
        np.dtype("f8"),
        np.dtype([("x", "i4"), ("y", "f8", (2,))]),
        np.dtype(object),
        np.dtype("M8[ns]"),
        np.float32,
        np.int64,
    ]


def structured():
    return np.array([(1, 2.5, "a"), (2, 3.5, "b")], dtype=[("id", "i4"), ("price", "f8"), ("name", "U3")])


def record_array():
    return np.rec.fromrecords([(1, "a"), (2, "b")], names="id,name")


def masked():
    return np.ma.masked_array([1.0, 2.0, 3.0], mask=[0, 1, 0])


def objects():
    return np.array([{"a": 1}, None, [1, 2], "text"], dtype=object)


def generators():
    return np.random.default_rng(1)


TABLE = [
    ("arrays", arrays, (0, 2, 4, 5)),
    ("dates", dates, (2, 5)),
    ("scalars", scalars, (0, 2, 4)),
    ("dtypes", dtypes, (2, 4)),
    ("structured", structured, (2, 4)),
    ("record-array", record_array, (4,)),
    ("masked", masked, (2, 4)),
    ("objects", objects, (0, 2, 4)),
    ("matrix", lambda: np.asmatrix(np.eye(2)), (2,)),
    ("generator", generators, (4,)),
    ("random-state", lambda: np.random.RandomState(1), (4,)),
    ("seed-sequence", lambda: np.random.SeedSequence(5), (4,)),
    ("ufuncs", lambda: [np.add, np.sin, np.mean, np.linalg.norm], (2, 4)),
    ("polynomial", lambda: [np.polynomial.Polynomial([1, 2]), np.poly1d([1, 2])], (4,)),
    ("string-dtype", lambda: np.array(["a", "long text" * 5], dtype=np.dtypes.StringDType()), (4,)),
]


def write_npy(folder):
    np.save(folder.path("plain.npy"), np.arange(6.0))
    np.save(folder.path("objects.npy"), objects())
    np.save(folder.path("structured-object.npy"), np.array([(1, {"k": 2})], dtype=[("id", "i4"), ("value", object)]))
    np.savez(folder.path("plain.npz"), a=np.arange(3), b=np.eye(2))
    np.savez_compressed(folder.path("objects.npz"), data=objects(), rows=np.arange(3))
    file = io.BytesIO()
    for array in (np.arange(3), objects(), np.eye(2)):
        np.save(file, array)
    folder.write("several.npy", file.getvalue(), "three arrays in one file")
    for version in ((2, 0), (3, 0)):
        file = io.BytesIO()
        np.lib.format.write_array(file, objects(), version=version, allow_pickle=True)
        folder.write("objects-version-%d.npy" % version[0], file.getvalue())
    np.arange(4).dump(folder.path("ndarray-dump.pkl"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    with writing.Folder(parser.parse_args().out, __file__, writing.versions(["numpy"])) as folder:
        for name, make, protocols in TABLE:
            for protocol in protocols:
                folder.attempt(
                    name, lambda: folder.write("%s-p%d.pkl" % (name, protocol), pickle.dumps(make(), protocol))
                )
        folder.attempt("npy", lambda: write_npy(folder))


if __name__ == "__main__":
    main()
