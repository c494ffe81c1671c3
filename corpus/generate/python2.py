# -*- coding: utf-8 -*-
"""Benign pickles written by Python 2: protocols 0, 1 and 2, and cPickle beside pickle.

    python2.7 python2.py OUT

Run with CPython 2.7.18. What Python 3 no longer writes: INST and OBJ for old-style classes, STRINGs with
raw non-ASCII bytes, `long` text with a trailing L, `copy_reg._reconstructor` for new-style objects,
`__builtin__` and `exceptions` names. The classes of an imaginary author are in module `shop2`, made here.
"""

from __future__ import print_function

import argparse
import array
import cPickle
import collections
import copy_reg
import datetime
import decimal
import fractions
import os
import pickle
import sys
import time
import types
import UserDict
import uuid

import writing

shop2 = types.ModuleType("shop2")
sys.modules["shop2"] = shop2


def of_shop(thing):
    thing.__module__ = "shop2"
    setattr(shop2, thing.__name__, thing)
    return thing


@of_shop
class OldStyle:
    def __init__(self, name):
        self.name = name


@of_shop
class OldStyleWithArguments:
    """__getinitargs__ makes INST and OBJ carry arguments."""

    def __init__(self, name, price):
        self.name, self.price = name, price

    def __getinitargs__(self):
        return (self.name, self.price)


@of_shop
class OldStyleWithState:
    def __init__(self, rows):
        self.rows = rows

    def __getstate__(self):
        return tuple(self.rows)

    def __setstate__(self, state):
        self.rows = list(state)


@of_shop
class NewStyle(object):
    def __init__(self, name):
        self.name = name


@of_shop
class Slotted(object):
    __slots__ = ("name",)

    def __getstate__(self):
        return {"name": self.name}

    def __setstate__(self, state):
        self.name = state["name"]


@of_shop
class Text(unicode):
    pass


@of_shop
class Rows(list):
    pass


@of_shop
class Failure(Exception):
    pass


@of_shop
class Registered(object):
    pass


@of_shop
def rebuild_registered(code):
    return Registered()


copy_reg.pickle(Registered, lambda item: (rebuild_registered, (5,)))
Point = of_shop(collections.namedtuple("Point", "x y"))


def slotted():
    item = Slotted()
    item.name = "thin"
    return item


def tree():
    root = OldStyle("root")
    root.children = [OldStyle("leaf"), OldStyle(u"bl\xe4tt"), root]
    return root


TABLE = [
    ("old-style", lambda: OldStyle("apple")), ("old-style-arguments", lambda: OldStyleWithArguments("apple", 3)),
    ("old-style-state", lambda: OldStyleWithState([1, 2])), ("old-style-tree", tree),
    ("new-style", lambda: [NewStyle("pear"), slotted()]), ("subclasses", lambda: [Text(u"t"), Rows([1]), Point(1, 2)]),
    ("strings", lambda: ["plain", "it's", "caf\xe9", "na\xc3\xafve", "\x00\xff\n", u"caf\xe9", u"\u2603\n\\u", u"\U0001f600", u""]),
    ("numbers", lambda: [0, -1, 2**31, 5L, -(2L**70), 2L**2100, 1.5, float("inf"), True, False, None, 1j]),
    ("sets", lambda: [set([1, 2]), frozenset([3]), xrange(4), slice(1, 2)]),
    ("collections", lambda: [collections.OrderedDict([("b", 1)]), collections.deque([1]), collections.Counter("aab"),
                             collections.defaultdict(list, {"a": [1]}), UserDict.UserDict({"k": "v"}), array.array("d", [1.5])]),
    ("exceptions", lambda: [ValueError("bad"), KeyError("k"), IOError(2, "missing", "f"), Failure("mine", 1), StopIteration()]),
    ("values", lambda: [datetime.datetime(2012, 1, 2, 3, 4), datetime.timedelta(1), decimal.Decimal("1.5"),
                        fractions.Fraction(1, 3), uuid.UUID(int=3), time.struct_time(range(9))]),
    ("references", lambda: [len, int, unicode, basestring, OldStyle, NewStyle, os.path.join, ValueError, type, object]),
    ("copy-reg", lambda: Registered()), ("shared", lambda: [["x" * 3] * 2, ("a", "a")] * 2),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    with writing.Folder(parser.parse_args().out, __file__) as folder:
        for name, make in TABLE:
            for protocol in (0, 1, 2):
                write_one(folder, name, make, protocol)
        folder.write("several-p0.pkl", "".join(cPickle.dumps(OldStyle(str(n)), 0) for n in range(3)), "three pickles in one file")


def write_one(folder, name, make, protocol):
    """`pickle` for every sample; `cPickle` too where its bytes differ in more than memo numbers."""
    def action():
        folder.write("%s-p%d.pkl" % (name, protocol), pickle.dumps(make(), protocol))
        if name in ("old-style-tree", "strings"):
            folder.write("%s-cpickle-p%d.pkl" % (name, protocol), cPickle.dumps(make(), protocol))
    folder.attempt("%s-p%d" % (name, protocol), action)


if __name__ == "__main__":
    main()
