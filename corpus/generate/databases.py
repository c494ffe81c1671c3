#!/usr/bin/env python3
"""Writes the database samples of corpus/containers.

Each function writes what the modules of the Python that runs it can write: Debian's `python3` with
`python3-gdbm` and `python3-bsddb3` has `dbm.gnu`, Berkeley DB and `dbm.ndbm` over it; CPython 3.13
has `dbm.sqlite3`. Every malicious pickle only asks for the process id.
"""

import dbm.dumb
import importlib
import pathlib
import pickle
import shelve
import sqlite3
import sys
import tempfile
import zlib

OUT = pathlib.Path(__file__).resolve().parent.parent / "containers"
GOOD = {"weights": list(range(300)), "name": "model"}
EVIL = b"cos\ngetpid\n(tR."


def write(name, data):
    (OUT / name).write_bytes(data)


def fill(database, evil):
    """What a shelf of honest values holds; one value is long enough for several pages."""
    with shelve.Shelf(database) as shelf:
        shelf["model"] = GOOD
        shelf["long"] = list(range(3000))
        for number in range(40):
            shelf[f"row {number}"] = {"number": number}
        if evil:
            database[b"evil"] = EVIL


def variants(name, suffix, opened):
    """The benign, the malicious and the truncated sample of one kind of database."""
    for variant in ["good", "evil"]:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / ("shelf" + suffix)
            fill(opened(path), variant == "evil")
            write(f"{name}-{variant}{suffix}", path.read_bytes())
            if variant == "good":
                write(f"{name}-cut{suffix}", path.read_bytes()[:-600])


def gnu():
    module = importlib.import_module("dbm.gnu")
    variants("gdbm", ".gdbm", lambda path: module.open(str(path), "n"))
    whole = bytearray((OUT / "gdbm-evil.gdbm").read_bytes())
    whole[8:16] = b"\xff" * 8
    write("gdbm-directory.gdbm", bytes(whole))


def berkeley():
    module = importlib.import_module("dbm.ndbm")
    assert module.library == "Berkeley DB"
    variants("ndbm", ".db", lambda path: module.open(str(path)[:-3], "n"))
    db = importlib.import_module("bsddb3.db")

    def tree(path):
        database = db.DB()
        database.open(str(path), dbtype=db.DB_BTREE, flags=db.DB_CREATE)
        return Bytes(database)

    variants("btree", ".bdb", tree)
    whole = bytearray((OUT / "ndbm-evil.db").read_bytes())
    size = int.from_bytes(whole[20:24], "little")
    page = whole.index(EVIL) // size * size
    whole[page + 26 : page + 28] = b"\xff\xff"
    write("ndbm-index.db", bytes(whole))


class Bytes(dict):
    """What a shelf asks of a database."""

    def __init__(self, database):
        self.database = database

    def __setitem__(self, key, value):
        self.database.put(key, value)

    def close(self):
        self.database.close()


def lmdb():
    """Needs the package `lmdb`."""
    module = importlib.import_module("lmdb")

    def written(change, several=False):
        with tempfile.TemporaryDirectory() as folder:
            with module.open(f"{folder}/d", subdir=False, max_dbs=2) as opened:
                rows = opened.open_db(b"rows", dupsort=several)
                with opened.begin(write=True) as transaction:
                    transaction.put(b"model", pickle.dumps(GOOD, 4))
                    transaction.put(b"long", pickle.dumps(list(range(3000)), 4))
                    for number in range(5):
                        transaction.put(b"row %d" % number, pickle.dumps(number, 4), db=rows)
                change(opened, rows)
            return pathlib.Path(f"{folder}/d").read_bytes()

    def put(opened, rows, *values):
        with opened.begin(write=True) as transaction:
            for value in values:
                transaction.put(b"evil", value, db=rows)

    def overwrite(opened, rows):
        put(opened, rows, EVIL + bytes(5000))
        with opened.begin(write=True) as transaction:
            transaction.delete(b"evil", db=rows)

    good = written(lambda opened, rows: None)
    evil = written(lambda opened, rows: put(opened, rows, EVIL))
    write("lmdb-good.lmdb", good)
    write("lmdb-evil.lmdb", evil)
    write("lmdb-cut.lmdb", good[:-5000])
    write("lmdb-long-evil.lmdb", written(lambda opened, rows: put(opened, rows, EVIL + bytes(5000))))
    write("lmdb-bomb.lmdb", written(lambda opened, rows: put(opened, rows, zlib.compress(pickle.dumps(bytes(10_000_000), 4)))))
    write("lmdb-several.lmdb", written(lambda opened, rows: put(opened, rows, b"I1\n.", EVIL), several=True))
    write("lmdb-freed.lmdb", written(overwrite))
    # No reader asks a page for its own number.
    page = evil.index(EVIL) // 4096 * 4096
    write("lmdb-number.lmdb", evil[:page] + b"\xff" * 8 + evil[page + 8 :])


def sqlite():
    module = importlib.import_module("dbm.sqlite3")
    variants("dbm-sqlite", ".sqlite", lambda path: module.open(str(path), "n"))


def sqlite_tables():
    """Pickles in a table of many columns, in a freed page, and in a log that was not merged."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "a.sqlite"
        connection = sqlite3.connect(path)
        connection.execute("create table jobs (id integer primary key, name text, state blob, size real)")
        rows = [(f"job {number}", pickle.dumps(GOOD, 4), 1.5) for number in range(20)]
        connection.executemany("insert into jobs (name, state, size) values (?, ?, ?)", rows)
        connection.commit()
        write("sqlite-good.sqlite", path.read_bytes())
        connection.execute("insert into jobs (name, state, size) values ('evil', ?, 0)", (EVIL,))
        connection.commit()
        write("sqlite-evil.sqlite", path.read_bytes())
        connection.execute("pragma secure_delete=off")
        connection.execute("drop table jobs")
        connection.commit()
        write("sqlite-freed.sqlite", path.read_bytes())
        connection.close()
    whole = bytearray((OUT / "sqlite-evil.sqlite").read_bytes())
    at = whole.rindex(b"evil" + EVIL)
    page = at // 4096 * 4096
    count = int.from_bytes(whole[page + 3 : page + 5], "big")
    pointers = page + 8
    whole[pointers : pointers + 2 * count] = b"\xff\xff" * count
    write("sqlite-pointers.sqlite", bytes(whole))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "a.sqlite"
        connection = sqlite3.connect(path)
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table jobs (name text, state blob)")
        connection.execute("insert into jobs values ('long', ?)", (pickle.dumps(list(range(9000)), 4),))
        connection.execute("insert into jobs values ('evil', ?)", (EVIL,))
        connection.commit()
        write("sqlite-log.sqlite-wal", pathlib.Path(f"{path}-wal").read_bytes())
        connection.close()


def dumb():
    for variant in ["good", "evil"]:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "shelf"
            fill(dbm.dumb.open(str(path), "n"), variant == "evil")
            for suffix in ["dat", "dir", "bak"]:
                write(f"dumb-{variant}.{suffix}", path.with_suffix("." + suffix).read_bytes())
    data = (OUT / "dumb-good.dat").read_bytes()
    write("dumb-cut.dat", data[:5000])
    write("dumb-cut.dir", (OUT / "dumb-good.dir").read_bytes())
    # The index does not know the value any more; it is still there.
    index = (OUT / "dumb-evil.dir").read_text().splitlines(keepends=True)
    write("dumb-stale.dir", "".join(line for line in index if "evil" not in line).encode())
    write("dumb-stale.dat", (OUT / "dumb-evil.dat").read_bytes())
    write("dumb-alone.dat", (OUT / "dumb-evil.dat").read_bytes())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
