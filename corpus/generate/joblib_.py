"""Benign joblib files: raw arrays between the opcodes, every compressor, a Memory cache, nested object arrays.

    python joblib_.py OUT

Run with joblib 1.6.0, numpy 2.4.6, scikit-learn 1.9.1, lz4 4.4.5 on CPython 3.11.
"""

import argparse
import os
import shutil
import tempfile

import joblib
import numpy as np

import writing


def arrays():
    return {
        "weights": np.arange(12.0).reshape(3, 4),
        "order": np.asfortranarray(np.eye(3)),
        "words": np.array(["a", "bc"]),
        "stop-bytes": np.frombuffer(b"....R.cos\nsystem\n", np.uint8),
        "empty": np.zeros(0),
        "scalar": np.float64(1.5),
    }


def objects():
    return [np.array([{"a": np.arange(3)}, "text", None], dtype=object), np.arange(2)]


def records():
    """Records that hold objects are pickled too, and their dtype says so by a flag."""
    rows = np.array([(1, "a"), (2, "b")], dtype=[("number", "i4"), ("thing", "O")])
    plain = np.array([(1, [1, 2.0])], dtype=[("number", "i4"), ("pair", "f8", (2,))])
    return {"objects": rows, "plain": plain, "behind": np.arange(5.0)}


def words():
    """NumPy 2's text of any length: items are objects to joblib."""
    return {"words": np.array(["a", "long text" * 5], dtype=np.dtypes.StringDType()), "behind": np.arange(3)}


def shared_names():
    """A memo that holds other things than that of the pickle inside."""
    names = ["numpy", "dtype", "ndarray", "O8", {"classes": None}]
    return {"names": names, "things": np.array([{"f8": np.float64(number)} for number in range(8)], dtype=object)}


def estimator():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(np.arange(8.0).reshape(4, 2), [0, 1, 0, 1])


def big():
    """Larger than joblib's alignment and buffer sizes, still compressible."""
    return [np.zeros((40, 40)), np.arange(300, dtype=np.int16)]


def memory_map_cache(folder):
    """The output file of `joblib.Memory`, taken out of its cache folder."""
    cache = tempfile.mkdtemp()
    try:
        square = joblib.Memory(cache, verbose=0).cache(np.square)
        square(np.arange(4.0))
        for place, _, names in os.walk(cache):
            if "output.pkl" in names:
                shutil.copy(os.path.join(place, "output.pkl"), folder.path("memory-output.pkl"))
    finally:
        shutil.rmtree(cache)


TABLE = [("arrays", arrays), ("objects", objects), ("estimator", estimator), ("big", big), ("records", records),
         ("words", words), ("shared-names", shared_names)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    libraries = writing.versions(["joblib", "numpy", "scikit-learn", "lz4"])
    with writing.Folder(parser.parse_args().out, __file__, libraries) as folder:
        for name, make in TABLE:
            folder.attempt(name, lambda: joblib.dump(make(), folder.path(name + ".joblib")))
        for protocol in (2, 3, 4):
            joblib.dump(arrays(), folder.path("arrays-p%d.joblib" % protocol), protocol=protocol)
        for method in ("zlib", "gzip", "bz2", "lzma", "xz", "lz4"):
            folder.attempt(
                method, lambda: joblib.dump(arrays(), folder.path("arrays-%s.joblib" % method), compress=(method, 3))
            )
        joblib.dump(objects(), folder.path("objects-zlib-9.joblib.z"), compress=9)
        joblib.dump(shared_names(), folder.path("shared-names-zlib.joblib.z"), compress=3)
        folder.attempt("memory", lambda: memory_map_cache(folder))


if __name__ == "__main__":
    main()
