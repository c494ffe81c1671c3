"""Benign pickles of what programs keep beside their data: functions by reference, partials, bound methods, annotations,
enumerations, exceptions, records. The table is that of `honest_more.py`.

    python callables_.py OUT

Run with CPython 3.13, then with numpy 2.5.5 on CPython 3.12 and `--only numpy`.
"""

import argparse
import pickle

import honest_more
import writing

# Subscripted annotations differ from release to release; `honest_more.py` has them.
NUMPY = ("ufuncs", "numpy-values")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--only", choices=["numpy"])
    options = parser.parse_args()
    writing.fixed_hash_seed()
    setup, lines = honest_more.lines_of(honest_more.TABLE["callables"])
    with writing.Folder(options.out, __file__, writing.versions(["numpy"]) if options.only else "") as folder:
        for name, make in honest_more.values_of(setup, lines):
            if name != "typing" and (name in NUMPY) == bool(options.only):
                folder.attempt(name, lambda: write(folder, name, make()))


def write(folder, name, value):
    for protocol in (2, 4):
        folder.write("%s-p%d.pkl" % (name, protocol), pickle.dumps(value, protocol))


if __name__ == "__main__":
    main()
