"""Benign pickles of pandas objects, and what `to_pickle` makes of each compression.

    python pandas_.py OUT

Run with pandas 3.1.1, numpy 2.4.6, pyarrow 26.0.1 on CPython 3.11.
"""

import argparse
import pickle

import numpy as np
import pandas as pd

import writing


def frame():
    return pd.DataFrame(
        {
            "id": [1, 2, 3],
            "price": [0.5, np.nan, 2.5],
            "name": ["apple", "pear", None],
            "fresh": [True, False, True],
            "when": pd.date_range("2024-01-01", periods=3),
            "kind": pd.Categorical(["a", "b", "a"]),
        }
    )


def mixed_objects():
    return pd.DataFrame({"mixed": [1, "two", [3]], "rows": [{"a": 1}, (1, 2), None]}, dtype=object)


def nullable():
    return pd.DataFrame(
        {
            "i": pd.array([1, None], dtype="Int64"),
            "b": pd.array([True, None], dtype="boolean"),
            "f": pd.array([1.5, None], dtype="Float32"),
            "s": pd.array(["x", None], dtype="string"),
        }
    )


def multi_index():
    return frame().set_index(["kind", "id"])


def indexes():
    return [
        pd.RangeIndex(3),
        pd.Index([1, 2]),
        pd.Index(["a", "b"]),
        pd.DatetimeIndex(["2024-01-01"], tz="Europe/Berlin"),
        pd.timedelta_range("1D", periods=2),
        pd.period_range("2024-01", periods=2, freq="M"),
        pd.CategoricalIndex(["a", "b"]),
        pd.IntervalIndex.from_breaks([0, 1, 2]),
        pd.MultiIndex.from_product([[1, 2], ["x", "y"]], names=["n", "c"]),
    ]


def scalars():
    return [
        pd.Timestamp("2024-02-29 12:00", tz="UTC"),
        pd.Timedelta("1 day"),
        pd.Period("2024Q1", freq="Q"),
        pd.Interval(0, 1),
        pd.NaT,
        pd.NA,
        pd.offsets.MonthEnd(2),
        pd.offsets.BusinessDay(),
        pd.DateOffset(months=1),
    ]


def extension_types():
    return [
        pd.array([1, 2], dtype="Int8"),
        pd.arrays.SparseArray([0, 0, 1]),
        pd.Series(pd.period_range("2024", periods=2, freq="D")),
        pd.Series(pd.interval_range(0, 2)),
        pd.CategoricalDtype(["a", "b"], ordered=True),
        pd.DatetimeTZDtype(tz="UTC"),
    ]


def arrow_backed():
    return pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).convert_dtypes(dtype_backend="pyarrow")


TABLE = [
    ("frame", frame, (2, 4, 5)),
    ("mixed-objects", mixed_objects, (4,)),
    ("nullable", nullable, (4,)),
    ("multi-index", multi_index, (2, 5)),
    ("indexes", indexes, (4, 5)),
    ("scalars", scalars, (2, 4)),
    ("extension-types", extension_types, (4,)),
    ("arrow-backed", arrow_backed, (5,)),
    ("series", lambda: pd.Series([1, 2], index=["a", "b"], name="counts"), (2, 5)),
    ("empty-frame", pd.DataFrame, (4,)),
    ("attributes", lambda: attributes(), (4,)),
]


def attributes():
    value = frame()
    value.attrs["source"] = "stock.csv"
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    with writing.Folder(parser.parse_args().out, __file__, writing.versions(["pandas", "numpy", "pyarrow"])) as folder:
        for name, make, protocols in TABLE:
            for protocol in protocols:
                folder.attempt(
                    name, lambda: folder.write("%s-p%d.pkl" % (name, protocol), pickle.dumps(make(), protocol))
                )
        for suffix in ("gz", "bz2", "xz", "zip", "zst", "tar", "tar.gz"):
            folder.attempt(suffix, lambda: frame().to_pickle(folder.path("frame.pkl." + suffix)))


if __name__ == "__main__":
    main()
