#!/usr/bin/env python3
"""The oracle: what CPython's own unpicklers ask for when they read a pickle.

Nothing is imported and nothing is run: `find_class`, `persistent_load` and the extension
registry hand out inert stubs, which only write down what is done to them.

    oracle.py [options] < inputs        each input: u32 little-endian length, then that many bytes
    oracle.py [options] --files A B     the same for whole files
    oracle.py --self-test
    oracle.py --compact < inputs        for the laboratory: see `compact`

One JSON object a line, in input order:

    {"index": 0, "length": 33, "python": "3.11.7",
     "runs": [{"reader": "c-file", "encoding": "ASCII", "status": "done",
       "streams": [{"start": 0,
          "imports": [{"module": "__builtin__", "name": "set", "mapped": ["builtins", "set"],
                       "protocol": 2, "via": "find_class"}],
          "events": [{"kind": "call", "target": "__builtin__.set", "arguments": "([1, 2],)"}],
          "truncated": false,
          "end": {"kind": "stop", "consumed": 33, "value": "<__builtin__.set()>"}}]}]}

`imports`   in the order asked for. `module` and `name` are raw, as the stream spells them; `mapped` is
            what `_compat_pickle` makes of them below protocol 3 (null if that changes nothing). `protocol`
            is the one in force at that moment where the reader tells (pure Python does, C does not: null).
            Extension codes are registered as `ext_module.ext_<code>` (`via`: "extension").
`events`    kind: call (REDUCE, or INST/OBJ with arguments), new (NEWOBJ, NEWOBJ_EX, INST/OBJ without
            arguments), setstate, append, extend, setitem, add, update, iterate, persistent-load, buffer.
            `target` names a stub by how it came to be: `os.system` imported, `os.system()` its result.
`end`       {"kind": "stop", "consumed": BYTES} counts from the stream's start; else
            {"kind": "error", "type": ..., "message": ...}. After STOP the same file is read on from where
            the reader left it, until its end or an error; `--unpickler shared` keeps the unpickler (and
            so its memo) as repeated `Unpickler.load()` does.
`status`    done | crashed (with `signal`) | timeout. A reader that takes the process down costs its own
            run only.

Readers: c-bytes (`pickle.loads`: the whole input in the buffer from the start; reached through a file
whose `peek` returns everything, since `loads` takes no `find_class`), c-file (a file opened "rb"),
c-stream (`io.BytesIO`, which cannot peek), python (`pickle._Unpickler` on `BytesIO`).

What it cannot show: values that real callables would return. A name computed by a call ends the stream
here ("STACK_GLOBAL requires str"), so the oracle is a lower bound of what a loader may import.

Standard library only; CPython 3.6 to 3.14.
"""

import argparse
import contextlib
import copyreg
import io
import itertools
import json
import os
import pickle
import platform
import resource
import signal
import struct
import sys
import tempfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

READERS = ("c-bytes", "c-file", "c-stream", "python")
MEMORY_BYTES = 2 << 30
STACK_BYTES = 120 << 20  # hash() and == of deeply nested tuples recurse in C
SECONDS_PER_RUN = 5
MAX_EVENTS = 200_000  # of each kind, in one stream
MAX_STREAMS = 20_000
BRIEF_DEPTH, BRIEF_ITEMS, BRIEF_TEXT = 4, 8, 120
COMPACT_MEMORY_BYTES = 300 << 20
MAX_CACHED_STUBS = 20_000
EXTENSION_MODULE = "ext_module"


# ---------------------------------------------------------------- recording


class Current:
    """The stream that is being read: whatever is done to a stub is written down there."""

    record = None


class Record:
    """Everything one stream asked for."""

    def __init__(self, start):
        self.start = start
        self.imports = []
        self.events = []
        self.truncated = False
        self.end = None
        self.from_extension = set()

    def add_import(self, module, name, protocol):
        if len(self.imports) >= MAX_EVENTS:
            self.truncated = True
            return
        via = "find_class"
        if module == EXTENSION_MODULE and name.startswith("ext_"):
            via = "extension"
        entry = {"module": module, "name": name, "mapped": mapped(module, name)}
        self.imports.append(dict(entry, protocol=protocol, via=via))

    def add_event(self, kind, target, *arguments):
        if len(self.events) >= MAX_EVENTS:
            self.truncated = True
            return
        text = brief(arguments) if arguments else "()"
        self.events.append({"kind": kind, "target": target, "arguments": text})

    def as_json(self):
        keys = ("start", "imports", "events", "truncated", "end")
        return {key: getattr(self, key) for key in keys}


def mapped(module, name):
    """The Python 3 name that fix_imports puts in place of a Python 2 one, or None."""
    new = NAME_MAPPING.get((module, name)) or (IMPORT_MAPPING.get(module, module), name)
    return None if new == (module, name) else list(new)


def brief(value, depth=0):
    """A bounded, deterministic rendering, which never calls into a stub."""
    kind = type(value)
    if isinstance(value, Meta):
        return "<%s>" % label_of(value)
    if kind is int and value.bit_length() > 256:
        return "<int of %d bits>" % value.bit_length()
    if kind in (str, bytes, bytearray):
        return brief_text(value)
    if kind in (tuple, list, dict, set, frozenset):
        return brief_container(value, depth)
    if kind in (bool, int, float, type(None)):
        return repr(value)
    return "<%s>" % kind.__name__


def brief_text(value):
    if len(value) <= BRIEF_TEXT:
        return repr(value)
    return "%r… (%d)" % (value[:BRIEF_TEXT], len(value))


def brief_container(value, depth):
    kind = type(value)
    opening, closing = {tuple: "()", list: "[]", dict: "{}"}.get(kind, (kind.__name__ + "{", "}"))
    if depth >= BRIEF_DEPTH:
        return "%s…%s" % (opening, closing)
    if kind in (set, frozenset) and len(value) > BRIEF_ITEMS:
        return "%s%d items%s" % (opening, len(value), closing)  # their order is not stable
    items = value.items() if kind is dict else value
    shown = []
    for item in itertools.islice(items, BRIEF_ITEMS):
        if kind is dict:
            shown.append("%s: %s" % (brief(item[0], depth + 1), brief(item[1], depth + 1)))
        else:
            shown.append(brief(item, depth + 1))
    if kind in (set, frozenset):
        shown.sort()
    if len(value) > BRIEF_ITEMS:
        shown.append("… (%d)" % len(value))
    elif kind is tuple and len(value) == 1:
        shown[0] += ","
    return opening + ", ".join(shown) + closing


# ---------------------------------------------------------------- stubs


def recording(kind):
    """A metaclass property: a *data* descriptor, so that it wins over what the stub class defines."""

    def method(stub):
        return lambda *arguments: Current.record.add_event(kind, label_of(stub), *arguments)

    return property(method)


class Meta(type):
    """The type of all stubs. Every stub is a class, because NEWOBJ accepts nothing else."""

    __setstate__ = recording("setstate")
    append = recording("append")
    extend = recording("extend")
    add = recording("add")
    update = recording("update")

    def __call__(*arguments, **keywords):
        stub, arguments = arguments[0], arguments[1:]
        return note_creation("call", stub, arguments, keywords)

    def __setitem__(cls, key, value):
        Current.record.add_event("setitem", label_of(cls), key, value)

    def __iter__(cls):
        Current.record.add_event("iterate", label_of(cls))
        return iter(())

    def __lt__(cls, other):
        return id(cls) < id(other)

    def __gt__(cls, other):
        return id(cls) > id(other)

    __le__, __ge__ = __lt__, __gt__


class Stub:
    """Namespace for the one method that must be found on the class itself."""

    def __new__(*arguments, **keywords):
        return note_creation("new", arguments[0], arguments[1:], keywords)


STUBS = {}


def make_stub(label):
    """The stub of that name. Stubs hold no state, so one serves all streams; making one is slow."""
    stub = STUBS.get(label)
    if stub is None:
        if len(STUBS) >= MAX_CACHED_STUBS:
            STUBS.clear()
        # Cheaper than `Meta("stub", (Stub,), …)`, and safe from Meta.__call__.
        stub = type.__new__(Meta, "stub", (Stub,), {"_label": label, "__slots__": ()})
        STUBS[label] = stub
    return stub


def label_of(stub):
    return type.__getattribute__(stub, "_label")


def note_creation(kind, stub, arguments, keywords):
    label = label_of(stub)
    if keywords:
        arguments += (dict(keywords),)
    Current.record.add_event(kind, label, *arguments)
    result = label + "()"
    return make_stub(result if len(result) < 200 else "…" + result[-150:])


# ---------------------------------------------------------------- unpicklers


def inert(base):
    """A subclass of one of CPython's two unpicklers that imports nothing."""

    class InertUnpickler(base):
        def find_class(self, module, name):
            Current.record.add_import(module, name, getattr(self, "proto", None))
            return make_stub("%s.%s" % (module, name))

        def persistent_load(self, pid):
            Current.record.add_event("persistent-load", "persistent_load", pid)
            return make_stub("persistent_load()")

    return InertUnpickler


CUnpickler = inert(pickle.Unpickler)
PythonUnpickler = inert(pickle._Unpickler)


class WholeInput(io.BytesIO):
    """Shows the C unpickler the whole rest at its first peek, which is how `loads` sees it."""

    def peek(self, _size=-1):
        return self.getvalue()[self.tell() :]


def open_input(reader, data, scratch):
    if reader == "c-bytes":
        return WholeInput(data)
    if reader == "c-file":
        with open(scratch, "wb") as file:
            file.write(data)
        return open(scratch, "rb")
    return io.BytesIO(data)


def out_of_band():
    """As many buffers as the stream asks for."""
    while True:
        Current.record.add_event("buffer", "next(buffers)")
        yield bytearray(b"out-of-band")


def make_unpickler(reader, file, encoding, buffers):
    unpickler_type = PythonUnpickler if reader == "python" else CUnpickler
    if buffers and sys.version_info >= (3, 8):
        return unpickler_type(file, encoding=encoding, buffers=out_of_band())
    return unpickler_type(file, encoding=encoding)


def run_reader(reader, encoding, data, scratch, options):
    """All streams of one input as one reader sees them."""
    register_extensions(data)
    streams, unpickler = [], None
    with open_input(reader, data, scratch) as file:
        while len(streams) < MAX_STREAMS:
            record = Current.record = Record(file.tell())
            if streams and record.start >= len(data):
                break
            copyreg._extension_cache.clear()
            if unpickler is None or not options.shared:
                unpickler = make_unpickler(reader, file, encoding, options.buffers)
            load_one(unpickler, file, record)
            streams.append(record.as_json())
            if record.end["kind"] != "stop":
                break
    return streams


def load_one(unpickler, file, record):
    try:
        value = unpickler.load()
    except Exception as error:  # every way to end is a result here
        message = str(error)
        record.end = {"kind": "error", "type": type(error).__name__, "message": message[:300]}
    else:
        consumed = file.tell() - record.start
        record.end = {"kind": "stop", "consumed": consumed, "value": brief(value)}


def register_extensions(data):
    """Makes every code the input could name resolve; C reads the very same dict object."""
    registry = copyreg._inverted_registry
    registry.clear()
    if not (b"\x82" in data or b"\x83" in data or b"\x84" in data):
        return
    codes = set(range(1, 256))
    for opcode, size in ((b"\x83", 2), (b"\x84", 4)):
        at = data.find(opcode)
        while at >= 0 and len(codes) < 4096:
            codes.add(int.from_bytes(data[at + 1 : at + 1 + size], "little", signed=size == 4))
            at = data.find(opcode, at + 1)
    registry.update({code: (EXTENSION_MODULE, "ext_%d" % code) for code in codes if code > 0})


# ---------------------------------------------------------------- the worker process


def worker(requests, replies, scratch, options):
    """Reads (reader, encoding, data) until the pipe closes; whatever kills it costs one run."""
    limit_resources(MEMORY_BYTES)
    while True:
        message = read_block(requests)
        if message is None:
            return
        reader, encoding, data = unpack_request(message)
        signal.alarm(options.seconds)  # default action: the parent reads SIGALRM as "timeout"
        if options.hook:
            options.hook(data)
        try:
            streams = run_reader(reader, encoding, data, scratch, options)
            reply = {"status": "done", "streams": streams}
        except MemoryError:
            reply = {"status": "crashed", "signal": None, "message": "MemoryError in the oracle"}
        body = json.dumps(reply).encode("ascii")
        signal.alarm(0)
        write_block(replies, body)


def limit_resources(memory):
    for kind, amount in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_STACK, STACK_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            amount = min(amount, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some of them
            resource.setrlimit(kind, (amount, hard))


def pack_request(reader, encoding, data):
    return bytes([READERS.index(reader)]) + encoding.encode("ascii").ljust(15) + data


def unpack_request(message):
    return READERS[message[0]], message[1:16].decode("ascii").strip(), message[16:]


def read_block(file):
    head = file.read(4)
    if len(head) < 4:
        return None
    size = struct.unpack("<I", head)[0]
    body = file.read(size)
    return body if len(body) == size else None


def write_block(file, body):
    file.write(struct.pack("<I", len(body)))
    file.write(body)
    file.flush()


class Driver:
    """Owns one worker process at a time and starts another when it dies."""

    def __init__(self, options):
        self.options = options
        self.folder = tempfile.TemporaryDirectory(prefix="pickscan-oracle-")
        self.pid = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def start(self):
        request_read, request_write = os.pipe()
        reply_read, reply_write = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(request_write)
                os.close(reply_read)
                scratch = os.path.join(self.folder.name, "input")
                worker(os.fdopen(request_read, "rb"), os.fdopen(reply_write, "wb"), scratch, self.options)
                status = 0
            finally:
                os._exit(status)
        os.close(request_read)
        os.close(reply_write)
        self.pid = pid
        self.requests = os.fdopen(request_write, "wb")
        self.replies = os.fdopen(reply_read, "rb")

    def stop(self):
        """Closes the pipes and waits; returns the wait status."""
        if self.pid is None:
            return 0
        with contextlib.suppress(BrokenPipeError):
            self.requests.close()
        self.replies.close()
        status = os.waitpid(self.pid, 0)[1]
        self.pid = None
        return status

    def ask(self, reader, encoding, data):
        if self.pid is None:
            self.start()
        reply = None
        with contextlib.suppress(BrokenPipeError):
            write_block(self.requests, pack_request(reader, encoding, data))
            reply = read_block(self.replies)
        if reply is not None:
            return json.loads(reply)
        status = self.stop()
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        if number == signal.SIGALRM:
            return {"status": "timeout", "streams": []}
        name = signal.Signals(number).name if number else "exit %d" % (status >> 8)
        return {"status": "crashed", "signal": name, "streams": []}

    def examine(self, index, data):
        runs = []
        for encoding in self.options.encodings:
            for reader in self.options.readers:
                run = {"reader": reader, "encoding": encoding}
                run.update(self.ask(reader, encoding, data))
                runs.append(run)
        return {"index": index, "length": len(data), "python": platform.python_version(), "runs": runs}


# ---------------------------------------------------------------- compact


class Digest:
    """What the runs of one input asked for, each thing once, with a bit for each run."""

    def __init__(self):
        self.bit = 1
        self.imports = {}
        self.events = {}

    def add_import(self, module, name, protocol):
        key = (module, name, protocol is not None and protocol < 3)
        self.imports[key] = self.imports.get(key, 0) | self.bit

    def add_event(self, kind, target, *_arguments):
        self.events[kind, target] = self.events.get((kind, target), 0) | self.bit


# Name of the run, reader, size of the buffer of a file, encoding, whether the unpickler is shared.
# CPython 3.14 buffers 128 KiB; most file systems of Linux make earlier ones buffer 4 KiB.
COMPACT_RUNS = (
    ("c-bytes", "c-bytes", 0, "ASCII", False),
    ("c-stream", "c-stream", 0, "ASCII", False),
    ("python", "python", 0, "ASCII", False),
    ("c-file-4096", "c-file", 4096, "ASCII", False),
    ("c-file-8192", "c-file", 8192, "ASCII", False),
    ("c-file-131072", "c-file", 131072, "ASCII", False),
    ("c-bytes-latin1", "c-bytes", 0, "latin1", False),
    ("python-latin1", "python", 0, "latin1", False),
    ("c-bytes-utf-8", "c-bytes", 0, "utf-8", False),
    ("python-utf-8", "python", 0, "utf-8", False),
    ("c-bytes-shared", "c-bytes", 0, "ASCII", True),
    ("c-stream-shared", "c-stream", 0, "ASCII", True),
    ("c-file-shared", "c-file", 4096, "ASCII", True),
    ("python-shared", "python", 0, "ASCII", True),
)
STRING_OPCODES = (b"S", b"T", b"U")
NOT_ASCII = bytes(range(128, 256))


def compact(options):
    """One line an input: what the runs of `COMPACT_RUNS` asked for, in this process, at speed.

        OUTCOMES \\t IMPORT,IMPORT,… \\t EVENT,EVENT,… \\n

    OUTCOMES has for each run `s` (every stream stopped) or `e` (one ended in an error) and the
    number of streams, `-` where the run could not differ. IMPORT is module:name:must-map:runs and
    EVENT is kind:target:runs, texts as hexadecimal UTF-8, runs as a bit mask in hexadecimal. Runs
    that the input cannot set apart are left out: other encodings without a string that is not
    ASCII, a file where no frame may be cut, a shared unpickler without a second stream.

    A dead process (a crash, or SIGALRM after `--seconds`) means the input that has no line yet.
    """
    limit_resources(COMPACT_MEMORY_BYTES)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    print(" ".join([platform.python_version()] + [run[0] for run in COMPACT_RUNS]), flush=True)
    while True:
        data = read_block(source)
        if data is None:
            return 0
        signal.alarm(options.seconds)
        line = compact_line(data)
        signal.alarm(0)
        sink.write(line.encode("ascii"))
        sink.flush()


def compact_line(data):
    digest = Current.record = Digest()
    register_extensions(data)
    framed = b"\x95" in data
    encoded = any(opcode in data for opcode in STRING_OPCODES) and (
        b"\\" in data or len(data.translate(None, NOT_ASCII)) != len(data)
    )
    outcomes, several = [], False
    for _name, reader, buffer, encoding, shared in COMPACT_RUNS:
        if (buffer and not shared and not framed) or (encoding != "ASCII" and not encoded):
            outcomes.append("-")
        elif shared and not several:
            outcomes.append("-")
        else:
            outcome, streams = compact_run(reader, buffer, encoding, shared, data)
            several = several or streams > 1
            outcomes.append("%s%d" % (outcome, streams))
        digest.bit <<= 1
    imports = ["%s:%s:%d:%x" % (hexed(m), hexed(n), low, bits) for (m, n, low), bits in digest.imports.items()]
    events = ["%s:%s:%x" % (kind, hexed(target), bits) for (kind, target), bits in digest.events.items()]
    return "%s\t%s\t%s\n" % (" ".join(outcomes), ",".join(imports), ",".join(events))


def compact_run(reader, buffer, encoding, shared, data):
    file = WholeInput(data) if reader == "c-bytes" else io.BytesIO(data)
    if buffer:
        file = io.BufferedReader(file, buffer)
    unpickler, streams, length = None, 0, len(data)
    try:
        while streams == 0 or (file.tell() < length and streams < MAX_STREAMS):
            copyreg._extension_cache.clear()
            streams += 1
            if unpickler is None or not shared:
                unpickler = make_unpickler(reader, file, encoding, True)
            unpickler.load()
    except Exception:  # every way to end is a result here
        return "e", streams
    return "s", streams


def hexed(text):
    return text.encode("utf-8", "surrogatepass").hex()


# ---------------------------------------------------------------- command line


def parse_options(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--readers", default=",".join(READERS), help="comma-separated; default: all four")
    parser.add_argument(
        "--encodings", default="ASCII", help="comma-separated, of ASCII latin1 utf-8 bytes; default: ASCII"
    )
    parser.add_argument(
        "--unpickler",
        choices=("fresh", "shared"),
        default="fresh",
        help="for the streams after the first: a new unpickler, or the same with its memo",
    )
    parser.add_argument(
        "--no-buffers",
        dest="buffers",
        action="store_false",
        help="load without out-of-band buffers, as a plain load() does",
    )
    parser.add_argument("--seconds", type=int, default=SECONDS_PER_RUN, help="for one reader on one input")
    parser.add_argument("--files", nargs="+", metavar="FILE", help="read these instead of stdin")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--compact", action="store_true", help="one short line an input, for the laboratory")
    options = parser.parse_args(arguments)
    options.readers = options.readers.split(",")
    options.encodings = options.encodings.split(",")
    options.shared = options.unpickler == "shared"
    options.hook = None
    unknown = set(options.readers) - set(READERS)
    if unknown:
        parser.error("unknown reader: %s" % ", ".join(sorted(unknown)))
    return options


def inputs(options):
    if options.files:
        for path in options.files:
            with open(path, "rb") as file:
                yield file.read()
        return
    while True:
        data = read_block(sys.stdin.buffer)
        if data is None:
            return
        yield data


def main(arguments):
    options = parse_options(arguments)
    if options.self_test:
        return self_test()
    if options.compact:
        return compact(options)
    with Driver(options) as driver:
        for index, data in enumerate(inputs(options)):
            print(json.dumps(driver.examine(index, data)), flush=True)
    return 0


# ---------------------------------------------------------------- self-test


def self_test():
    """Each row: a name, the input, and per reader the expected imports, event kinds and ends."""
    failures = 0
    options = parse_options([])
    options.seconds = 1
    options.hook = misbehave
    with Driver(options) as driver:
        for name, data, expected in SELF_TESTS:
            for run in driver.examine(0, data)["runs"]:
                seen = summary(run)
                wanted = expected.get(run["reader"], expected.get("all")) if type(expected) is dict else expected
                if seen != wanted:
                    failures += 1
                    print("FAIL %s, %s:\n  want %r\n  have %r" % (name, run["reader"], wanted, seen))
    print("%d passed, %d failed" % (len(SELF_TESTS) * len(READERS) - failures, failures))
    return 1 if failures else 0


def misbehave(data):
    """Stands in for inputs that take the interpreter down."""
    if data == b"test: crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if data == b"test: hang":
        while True:
            pass


def summary(run):
    if run["status"] != "done":
        return run["status"]
    streams = []
    for stream in run["streams"]:
        imports = ["%(module)s.%(name)s" % entry for entry in stream["imports"]]
        kinds = [event["kind"] for event in stream["events"]]
        end = stream["end"]
        streams.append((imports, kinds, end.get("consumed", end.get("type"))))
    return streams


class Value:
    """Pickled by the self-test with every protocol (never loaded for real)."""


def self_tests():
    yield "none", b"N.", [([], [], 2)]
    yield "empty input", b"", [([], [], "EOFError")]
    yield "global, reduce", b"cos\nsystem\n(S'true'\ntR.", [(["os.system"], ["call"], 23)]
    yield "inst with arguments", b"(S'true'\nios\nsystem\n.", [(["os.system"], ["call"], 21)]
    yield "inst without arguments", b"(ios\ngetpid\n.", [(["os.getpid"], ["new"], 13)]
    yield "obj", b"(cos\nsystem\nS'true'\no.", [(["os.system"], ["call"], 22)]
    yield "result is called", b"cm\nf\n)R(K\x01tR.", [(["m.f"], ["call", "call"], 13)]
    yield "newobj on a result", b"\x80\x02cm\nf\n)R)\x81.", [(["m.f"], ["call", "new"], 12)]
    yield "newobj_ex", b"\x80\x04cm\nC\n)}X\x01\x00\x00\x00kK\x01s\x92.", [(["m.C"], ["new"], 20)]
    yield "build", b"cm\nC\n}b.", [(["m.C"], ["setstate"], 8)]
    yield "append", b"cm\nC\nNa.", {"python": [(["m.C"], ["append"], 8)], "all": [(["m.C"], ["extend"], 8)]}
    yield "appends", b"cm\nC\n(NNe.", [(["m.C"], ["extend"], 10)]
    yield "setitems", b"cm\nC\n(NNNNu.", [(["m.C"], ["setitem", "setitem"], 12)]
    yield "additems", b"\x80\x04cm\nC\n(NN\x90.", [(["m.C"], ["add", "add"], 12)]
    yield "extension", b"\x80\x02\x82\x07.", [(["ext_module.ext_7"], [], 5)]
    yield "wide extension", b"\x80\x02\x84\x00\x00\x01\x00.", [(["ext_module.ext_65536"], [], 8)]
    yield "persistent id", b"\x80\x02K\x05Q.", [([], ["persistent-load"], 6)]
    yield "buffer", b"\x80\x05\x97\x98.", [([], ["buffer"], 5)]
    yield "stack global, dotted", b"\x80\x04\x8c\x01m\x8c\x03a.b\x93.", [(["m.a.b"], [], 12)]
    yield "computed name", b"\x80\x04cm\nf\n)R\x8c\x01x\x93.", [(["m.f"], ["call"], "UnpicklingError")]
    yield "two streams", b"cm\nf\n.cm\ng\n.", [(["m.f"], [], 6), (["m.g"], [], 6)]
    yield "error after stop", b"N.cm\ng\n", [([], [], 2), (["m.g"], [], "EOFError")]
    yield (
        "newobj on a list",
        b"\x80\x02])\x81.",
        {"python": [([], [], "TypeError")], "all": [([], [], "UnpicklingError")]},
    )
    yield "reduce with a list", b"cm\nf\n]R.", {"python": [(["m.f"], ["call"], 8)], "all": [(["m.f"], [], "TypeError")]}
    yield "stubs are keys", b"}(cm\nf\nNcm\ng\nNu.", [(["m.f", "m.g"], [], 16)]
    yield "deep list", b"]" * 50_000 + b"a" * 49_999 + b".", [([], [], 100_000)]
    yield "deep tuple", b")" + b"\x85" * 100_000 + b".", [([], [], 100_002)]
    yield (
        "announces 2**63 bytes",
        b"\x80\x04\x8e" + b"\x00" * 7 + b"\x80x.",
        {"python": [([], [], "UnpicklingError")], "all": [([], [], "OverflowError")]},
    )
    yield "crash", b"test: crash", "crashed"
    yield "hang", b"test: hang", "timeout"
    yield "alive afterwards", b"N.", [([], [], 2)]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        data = pickle.dumps(Value, protocol)
        yield "class by reference, protocol %d" % protocol, data, [(["__main__.Value"], [], len(data))]


SELF_TESTS = list(self_tests())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
