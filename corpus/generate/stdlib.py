"""Benign pickles of the standard library's and an author's own types, protocols 0 to 5.

    python stdlib.py OUT

Written by CPython's own picklers (`pickle.dumps`; `pickle._Pickler` where the name says `-python`).
The classes of an imaginary author are in `shop.py` beside this script. Run with CPython 3.13.0;
older ones (3.7 on) write all but the samples of modules they do not have.
Reproducible byte for byte with one CPython version.
"""

import argparse
import array
import collections
import datetime
import decimal
import fractions
import functools
import io
import ipaddress
import operator
import pathlib
import pickle
import random
import re
import statistics
import string
import struct
import types
import uuid

import shop
import writing

ALL = range(6)


def scalars():
    return [
        None,
        True,
        False,
        0,
        1,
        -1,
        255,
        256,
        65535,
        65536,
        -(2**31),
        2**31,
        2**63,
        -(2**2100),
        0.0,
        -1.5,
        float("inf"),
        float("nan"),
        1 + 2j,
        "",
        "shelf",
        "naïve ☃ \U0001f600",
        "a\nb\\u",
        b"",
        b"raw\x00\xff",
        b"x" * 300,
        (),
    ]


def containers():
    return {
        "list": [1, [2, [3]]],
        "tuple": (1,),
        "pair": (1, 2),
        "triple": (1, 2, 3),
        "four": (1, 2, 3, 4),
        "dict": {"a": {1: 2.0}},
        "set": {1, 2, 3},
        "frozenset": frozenset([4, 5]),
        "empty": [[], {}, set(), ()],
        "bytearray": bytearray(b"bytes"),
        "slice": slice(1, None, 2),
        "range": range(0, 10, 3),
    }


def singletons():
    return [None, Ellipsis, NotImplemented, type(None), type(...), type(NotImplemented), object, type]


def moments():
    east = datetime.timezone(datetime.timedelta(hours=5, minutes=30), "IST")
    return [
        datetime.date(2024, 2, 29),
        datetime.time(23, 59, 58, 999),
        datetime.time(1, fold=1),
        datetime.datetime(2020, 1, 2, 3, 4, 5, 6),
        datetime.datetime(1999, 12, 31, tzinfo=east),
        datetime.timedelta(days=-1, seconds=3),
        datetime.timezone.utc,
    ]


def zones():
    import zoneinfo  # CPython 3.9

    return [zoneinfo.ZoneInfo("Europe/Berlin"), datetime.datetime(2022, 6, 1, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))]


def numbers():
    return [
        decimal.Decimal("3.14"),
        decimal.Decimal("NaN"),
        decimal.Context(prec=9),
        fractions.Fraction(22, 7),
        statistics.NormalDist(1.5, 2.0),
    ]


def default_dict():
    table = collections.defaultdict(list)
    table["fruit"].append("apple")
    return table


def nested_default_dict():
    table = collections.defaultdict(functools.partial(collections.defaultdict, int))
    table["a"]["b"] += 1
    return table


def chain_map():
    return collections.ChainMap({"a": 1}, collections.ChainMap({"b": 2}))


def ip_addresses():
    return [
        ipaddress.ip_address("10.0.0.1"),
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_address("::1"),
        ipaddress.ip_interface("192.168.1.5/24"),
    ]


def partials():
    return [
        functools.partial(int, base=2),
        functools.partial(shop.discount, rate=0.5),
        functools.partial(print, "total:"),
    ]


def operators():
    return [
        operator.itemgetter(1),
        operator.itemgetter("a", "b"),
        operator.attrgetter("name"),
        operator.attrgetter("tag.text"),
        operator.methodcaller("label"),
    ]


def functions_by_reference():
    return [
        len,
        print,
        sum,
        sorted,
        str.upper,
        "".join,
        [].append,
        dict.fromkeys,
        int.from_bytes,
        string.capwords,
        shop.discount,
        shop.Item.label,
        shop.Item.currency,
        operator.add,
        struct.pack,
    ]


def types_by_reference():
    return [
        int,
        str,
        dict,
        list,
        set,
        frozenset,
        bytes,
        bytearray,
        complex,
        object,
        type,
        range,
        slice,
        memoryview,
        collections.OrderedDict,
        datetime.datetime,
        decimal.Decimal,
        shop.Item,
        shop.Item.Tag,
        ValueError,
    ]


def errors():
    missing = FileNotFoundError(2, "No such file or directory", "stock.csv")
    chained = ValueError("bad price", 7)
    chained.detail = {"row": 3}
    return [
        KeyError("apple"),
        chained,
        missing,
        shop.OutOfStock("apple", 0),
        StopIteration(3),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        ExceptionGroup("two", [OSError(1), OSError()]),
    ]


def paths():
    return [
        pathlib.PurePosixPath("shop/stock.csv"),
        pathlib.PosixPath("/tmp/stock"),
        pathlib.PureWindowsPath("C:\\stock"),
    ]


def patterns():
    return [re.compile(r"os\.system\((.*)\)"), re.compile(rb"\d+", re.IGNORECASE | re.DOTALL)]


def recursive_list():
    value = [1]
    value.append(value)
    return value


def recursive_tuple():
    inner = []
    value = (inner,)
    inner.append(value)
    return value


def recursive_dict():
    value = {}
    value["self"] = value
    return value


def recursive_object():
    item = shop.Item("ring", 9)
    item.parent = item
    item.tags = [shop.Item.Tag("gold"), item]
    return item


def recursive_set():
    item = shop.Item("member", 1)
    item.friends = {item}
    return item


def shared_references():
    name, row = "shared name", [1, 2]
    return [name, row, {"name": name, "row": row}, (name, row), (name, row)]


def big_memo():
    """More than 256 memo entries: LONG_BINPUT and LONG_BINGET appear."""
    words = ["word-%d" % number for number in range(300)]
    return words + words[::-1]


def huge_memo():
    """More than 65536 memo entries, in a file as small as that allows."""
    rows = [[] for _ in range(65_600)]
    return rows + rows[-3:]


def deep_nesting():
    value = []
    for _ in range(200):
        value = [value]
    return value


def scary_text():
    """Data is not code: nothing of this is imported."""
    return [
        "cos\nsystem\n(S'true'\ntR.",
        "__reduce__",
        "os.system",
        b"\x80\x04cposix\nsystem\n",
        "eval(exec(__import__('subprocess').Popen('id')))",
        {"builtins.exec": "import os"},
    ]


def slots():
    both = shop.SlottedAndDict("b", 2)
    both.extra = True
    return [shop.Slotted("a", 1), both]


def orders():
    return [shop.Order(7, [shop.Item("apple", 3)]), shop.Money(5)]


def enums():
    return [
        shop.Colour.RED,
        shop.Colour.GREEN,
        shop.Weekday.MONDAY,
        shop.Access.READ | shop.Access.WRITE,
        shop.Mode.FAST | shop.Mode.SAFE,
        shop.Access(0),
    ]


def library_enums():
    import http
    import signal
    import socket
    import ssl

    return [
        http.HTTPStatus.NOT_FOUND,
        signal.SIGTERM,
        socket.AF_INET,
        ssl.TLSVersion.TLSv1_2,
        re.IGNORECASE,
        uuid.SafeUUID.unknown,
    ]


def records_of_system_modules():
    """Inert data that lives in modules which also hold dangerous functions."""
    import os
    import subprocess
    import time
    import urllib.parse

    return [
        os.stat_result(range(10)),
        os.terminal_size((80, 24)),
        subprocess.CompletedProcess(["true"], 0),
        subprocess.CalledProcessError(1, ["false"]),
        time.struct_time(range(9)),
        urllib.parse.urlsplit("https://example.org/a?b"),
    ]


def subclasses():
    items, stock, shelf = shop.ItemList([1, 2]), shop.Inventory(apple=3), shop.Shelf(pear=1)
    items.owner = stock.owner = "me"
    return [items, stock, shelf, shop.Price(5)]


def random_state():
    return random.Random(1)


def arrays():
    return [array.array("d", [1.0, 2.5]), array.array("b", [-1, 1]), array.array("i", range(5))]


def simple_namespaces():
    return types.SimpleNamespace(learning_rate=0.1, layers=[3, 4], nested=types.SimpleNamespace(a=1))


def uuids():
    return [uuid.UUID(int=7), uuid.uuid5(uuid.NAMESPACE_DNS, "example.org")]


def user_types():
    return [collections.UserDict(a=1), collections.UserList([1]), collections.UserString("text")]


def iterators():
    started = iter([1, 2, 3])
    next(started)
    return [
        started,
        iter((1, 2)),
        iter({"a": 1}),
        iter("text"),
        iter(range(3)),
        reversed([1, 2]),
        enumerate("ab"),
        zip([1], [2]),
        map(str, [1]),
        filter(None, [0, 1]),
    ]


def generic_aliases():
    return [list[int], dict[str, "int"], int | None]


TABLE = [
    ("scalars", scalars, ALL),
    ("containers", containers, ALL),
    ("singletons", singletons, (0, 2, 4)),
    ("datetime", moments, (0, 2, 3, 5)),
    ("zoneinfo", zones, (4,)),
    ("numbers", numbers, (2, 4)),
    ("uuid", uuids, (0, 4)),
    ("ordered-dict", lambda: collections.OrderedDict(b=1, a=2), ALL),
    ("default-dict", default_dict, (0, 2, 4)),
    ("nested-default-dict", nested_default_dict, (4,)),
    ("counter", lambda: collections.Counter("abracadabra"), (2, 4)),
    ("deque", lambda: collections.deque([1, 2, 3], maxlen=5), (2, 4)),
    ("chain-map", chain_map, (4,)),
    ("user-types", user_types, (2, 4)),
    ("named-tuple", lambda: shop.Line(shop.Point(0, 1), shop.Point(2, 3)), (0, 2, 4)),
    ("dataclass", orders, (0, 4)),
    ("enum", enums, (0, 2, 4)),
    ("library-enum", library_enums, (2, 4)),
    ("path", paths, (2, 4)),
    ("ip-address", ip_addresses, (4,)),
    ("pattern", patterns, (0, 4)),
    ("partial", partials, (2, 4)),
    ("operator", operators, (2, 4)),
    ("array", arrays, (2, 4)),
    ("random", random_state, (4,)),
    ("exceptions", errors, (0, 2, 4)),
    ("simple-namespace", simple_namespaces, (4,)),
    ("functions-by-reference", functions_by_reference, (2, 3, 4)),
    ("types-by-reference", types_by_reference, (0, 3, 4)),
    ("bound-method", lambda: [shop.Item("a", 1).label, shop.Item.free], (2, 4)),
    ("nested-class", lambda: shop.Item.Tag("x"), (2, 3, 4)),
    ("system-records", records_of_system_modules, (2, 4)),
    ("recursive-list", recursive_list, (0, 1, 4)),
    ("recursive-tuple", recursive_tuple, (0, 2, 4)),
    ("recursive-dict", recursive_dict, (4,)),
    ("recursive-object", recursive_object, (1, 4)),
    ("recursive-set", recursive_set, (2, 4)),
    ("shared-references", shared_references, (0, 4)),
    ("big-memo", big_memo, (0, 2, 4)),
    ("deep-nesting", deep_nesting, (0, 4)),
    ("scary-text", scary_text, (0, 2, 4)),
    ("slots", slots, (2, 4)),
    ("with-state", lambda: shop.WithState([1, 2]), (0, 4)),
    ("new-arguments", lambda: shop.WithNewArguments("n"), (2, 3, 4)),
    ("reduce-ex", shop.WithReduceEx, (0, 2, 4)),
    ("copyreg-registered", lambda: shop.Registered(5), (0, 4)),
    ("subclasses", subclasses, (0, 2, 4)),
    ("iterators", iterators, (4,)),
    ("generic-alias", generic_aliases, (4,)),
]


def python_pickler(value, protocol, **options):
    file = io.BytesIO()
    pickle._Pickler(file, protocol, **options).dump(value)
    return file.getvalue()


def write_table(folder):
    for name, make, protocols in TABLE:
        for protocol in protocols:

            def action():
                folder.write("%s-p%d.pkl" % (name, protocol), pickle.dumps(make(), protocol))

            folder.attempt("%s-p%d" % (name, protocol), action)


def write_python_pickler(folder):
    for name, make in [
        ("containers", containers),
        ("shared-references", shared_references),
        ("reduce-ex", shop.WithReduceEx),
    ]:
        for protocol in (1, 4):
            folder.write("%s-python-p%d.pkl" % (name, protocol), python_pickler(make(), protocol))
    folder.write("fast-p2.pkl", fast_pickler(containers()), "Pickler.fast: no memo")
    folder.write("no-fix-imports-p2.pkl", pickle.dumps([set([1]), len], 2, fix_imports=False))


def fast_pickler(value):
    file = io.BytesIO()
    pickler = pickle.Pickler(file, 2)
    pickler.fast = True
    pickler.dump(value)
    return file.getvalue()


def write_huge_memo(folder):
    folder.write("huge-memo-p4.pkl", pickle.dumps(huge_memo(), 4))


def write_buffers(folder):
    value = [pickle.PickleBuffer(b"read-only"), pickle.PickleBuffer(bytearray(b"writable"))]
    folder.write("buffers-in-band-p5.pkl", pickle.dumps(value, 5))
    kept = []
    folder.write(
        "buffers-out-of-band-p5.pkl", pickle.dumps(value, 5, buffer_callback=kept.append), "loads only with buffers="
    )


def write_several(folder):
    rows = [{"id": 1, "name": "apple"}, {"id": 2, "name": "pear"}]
    folder.write("several-rows-p4.pkl", b"".join(pickle.dumps(row, 4) for row in rows), "two pickles in one file")
    items = [shop.Item("a", 1), shop.Item("b", 2), shop.Item("c", 3)]
    for protocol in (0, 2, 4):
        data = b"".join(pickle.dumps(item, protocol) for item in items)
        folder.write("several-objects-p%d.pkl" % protocol, data, "three pickles in one file")
    file = io.BytesIO()
    pickler = pickle.Pickler(file, 4)
    for row in (rows, rows, items[0], [items[0], rows]):
        pickler.dump(row)
    folder.write(
        "several-shared-memo-p4.pkl",
        file.getvalue(),
        "one Pickler, four dumps: later streams get what earlier ones put",
    )


def write_persistent(folder):
    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return ("item", value.name) if isinstance(value, shop.Item) else None

    class TextPickler(pickle.Pickler):
        def persistent_id(self, value):
            return value.name if isinstance(value, shop.Item) else None

    for pickler_type, protocol in ((Pickler, 4), (TextPickler, 0)):
        file = io.BytesIO()
        pickler_type(file, protocol).dump([shop.Item("apple", 1), 2])
        folder.write("persistent-id-p%d.pkl" % protocol, file.getvalue(), "loads only with persistent_load")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    out = parser.parse_args().out
    writing.fixed_hash_seed()
    with writing.Folder(out, __file__) as folder:
        write_table(folder)
        write_python_pickler(folder)
        write_huge_memo(folder)
        write_buffers(folder)
        write_several(folder)
        write_persistent(folder)


if __name__ == "__main__":
    main()
