"""How every generator writes its samples: into one folder, with a provenance line for each.

`PROVENANCE.csv` stands beside the folder. A run replaces the lines of the files that it writes, and drops
those of files that are gone. Runs on Python 2.7 and 3.

Columns: file (folder/name), script, python, libraries (name==version, space-separated), note.
"""

from __future__ import print_function

import csv
import io
import os
import platform
import sys

COLUMNS = ["file", "script", "python", "libraries", "note"]


def fixed_hash_seed():
    """Starts the script again with PYTHONHASHSEED=0, so that sets of strings have one order."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable] + sys.argv)


def versions(names):
    """`name==version` for each distribution that is installed."""
    try:
        from importlib.metadata import PackageNotFoundError, version
    except ImportError:  # CPython 3.7
        from pkg_resources import DistributionNotFound as PackageNotFoundError
        from pkg_resources import get_distribution

        def version(name):
            return get_distribution(name).version

    found = []
    for name in names:
        try:
            found.append("%s==%s" % (name, version(name)))
        except PackageNotFoundError:
            pass
    return " ".join(found)


class Folder(object):
    """The folder one script writes to. Use as a context manager: entering it makes the folder the current
    one (libraries write the paths they are given into their files), leaving it writes the provenance."""

    def __init__(self, out, script, libraries="", provenance=None):
        self.out = os.path.abspath(out)
        self.script = os.path.basename(script)
        self.libraries = libraries
        self.provenance = provenance or os.path.join(os.path.dirname(self.out), "PROVENANCE.csv")
        self.rows = {}
        self.failures = []
        if not os.path.isdir(self.out):
            os.makedirs(self.out)

    def __enter__(self):
        os.chdir(self.out)
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.save_provenance()
            print("%s: %d files, %d failed" % (self.out, len(self.rows), len(self.failures)))

    def path(self, name, note="", libraries=None):
        """Where to write `name`; for libraries that insist on writing the file themselves."""
        key = "%s/%s" % (os.path.basename(self.out), name)
        if libraries is None:
            libraries = self.libraries
        self.rows[key] = [key, self.script, platform.python_version(), libraries, note]
        return name

    def write(self, name, data, note="", libraries=None):
        with io.open(self.path(name, note, libraries), "wb") as file:
            file.write(data)

    def attempt(self, name, action):
        """Runs `action()`; a library that cannot write a sample costs that sample, and says so."""
        before = set(self.rows)
        try:
            action()
        except Exception as error:
            self.failures.append(name)
            for key in set(self.rows) - before:
                del self.rows[key]
                partial = os.path.join(os.path.dirname(self.out), key)
                if os.path.isfile(partial):
                    os.remove(partial)
            print("not written: %s: %s: %s" % (name, type(error).__name__, str(error)[:200]))

    def save_provenance(self):
        rows = {}
        if os.path.exists(self.provenance):
            with io.open(self.provenance, encoding="utf-8") as file:
                lines = list(csv.reader(file.read().splitlines()))
            root = os.path.dirname(self.provenance)
            rows = {row[0]: row for row in lines[1:] if os.path.exists(os.path.join(root, row[0]))}
        rows.update(self.rows)
        ordered = [COLUMNS] + [rows[key] for key in sorted(rows)]
        with open(self.provenance, "w") as file:
            csv.writer(file, lineterminator="\n").writerows(ordered)
