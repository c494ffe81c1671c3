"""The classes whose instances the samples hold: an author's own module, as real files have."""

import collections
import copyreg
import dataclasses
import enum
import typing


class Item:
    def __init__(self, name, price):
        self.name = name
        self.price = price

    def label(self):
        return "%s %s" % (self.name, self.price)

    @classmethod
    def free(cls):
        return cls("gift", 0)

    @staticmethod
    def currency():
        return "EUR"

    class Tag:
        def __init__(self, text):
            self.text = text


class Slotted:
    __slots__ = ("name", "price")

    def __init__(self, name, price):
        self.name, self.price = name, price


class SlottedAndDict(Slotted):
    pass


class WithState:
    """Uses __getstate__ and __setstate__; the state is not a dict."""

    def __init__(self, rows):
        self.rows = rows

    def __getstate__(self):
        return ("rows", tuple(self.rows))

    def __setstate__(self, state):
        self.rows = list(state[1])


class WithNewArguments:
    def __new__(cls, name, **options):
        self = super().__new__(cls)
        self.name = name
        return self

    def __getnewargs_ex__(self):
        return (self.name,), {"size": 3}


class WithReduceEx:
    """Six-part __reduce_ex__: callable, arguments, state, list items, dict items."""

    def __reduce_ex__(self, protocol):
        return make_basket, ("weekly",), {"open": True}, iter([1, 2]), iter([("apple", 3)])


class Basket(dict):
    def __init__(self, name="basket"):
        super().__init__()
        self.name = name
        self.items_seen = []

    def append(self, item):
        self.items_seen.append(item)

    def extend(self, items):
        self.items_seen.extend(items)


def make_basket(name):
    return Basket(name)


def discount(price, rate=0.1):
    return price * (1 - rate)


class Registered:
    def __init__(self, code):
        self.code = code


def rebuild_registered(code):
    return Registered(code)


copyreg.pickle(Registered, lambda item: (rebuild_registered, (item.code,)))


class ItemList(list):
    pass


class Inventory(dict):
    pass


class Price(int):
    pass


class Shelf(collections.UserDict):
    pass


class OutOfStock(Exception):
    def __init__(self, item, left):
        super().__init__(item, left)
        self.left = left


Point = collections.namedtuple("Point", "x y")


class Line(typing.NamedTuple):
    start: Point
    end: Point


@dataclasses.dataclass
class Order:
    number: int
    items: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Money:
    amount: int
    currency: str = "EUR"


class Colour(enum.Enum):
    RED = 1
    GREEN = "green"


class Weekday(enum.IntEnum):
    MONDAY = 1
    TUESDAY = 2


class Access(enum.IntFlag):
    READ = 4
    WRITE = 2
    RUN = 1


class Mode(enum.Flag):
    FAST = 1
    SAFE = 2
