"""Writes inputs that would be expensive for a scanner that is not careful.

    python3 tests/tools/pathological.py FOLDER SIZE [KIND...]

writes one file for each kind, KIND.bin, of about SIZE bytes (some have a least size). Nothing that is
written does anything when it is loaded: what it calls does not exist or is never given anything to do.
`tests/pathological.rs` holds the cost of each kind; `tests/tools/pathological.sh` measures it.
"""

import bz2
import gzip
import io
import lzma
import struct
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

KINDS = {}


def kind(make):
    """Registers a function from a size to the bytes of an input."""
    KINDS[make.__name__.replace("_", "-")] = make
    return make


def repeated(item, size, before=b"", behind=b"."):
    count = max(1, (size - len(before) - len(behind)) // len(item))
    return before + item * count + behind


def numbered(item, size, before=b"", behind=b"N."):
    """As `repeated`, with a different number in each."""
    count = max(1, size // (len(item % 0) + 4))
    return before + b"".join(item % number for number in range(count)) + behind


def text(data):
    return b"X" + struct.pack("<I", len(data)) + data


def binary(data):
    return b"B" + struct.pack("<I", len(data)) + data


# ---- streams ----


@kind
def streams(size):
    return repeated(b"N.", size)


@kind
def streams_with_header(size):
    return repeated(b"\x80\x04N.", size)


@kind
def streams_that_import(size):
    return repeated(b"cfoo\nbar\n.", size)


@kind
def streams_that_call(size):
    return repeated(b"cos\ngetpid\n)R.", size)


@kind
def streams_that_break(size):
    return repeated(b"\x80\x04\xff", size)


@kind
def streams_that_call_and_break(size):
    return repeated(b"\x80\x04cos\ngetpid\n)R\xff", size)


@kind
def streams_without_end(size):
    return repeated(b"\x80\x04(", size, behind=b"")


@kind
def streams_that_share_a_memo(size):
    """Each reads an entry that only those before it have written."""
    return repeated(b"h\x000.", size, before=b"N\x94.")


@kind
def streams_that_share_and_grow(size):
    return repeated(b"N\x94h\x00.", size, before=b"N\x94.")


@kind
def streams_in_cut_frames(size):
    """Each stream's frame ends inside an instruction: every reader is followed."""
    return repeated(b"\x80\x04\x95\x02\0\0\0\0\0\0\0X\x01\0\0\0a.", size)


@kind
def streams_in_endless_frames(size):
    """Each stream's frame goes on to the end of the input."""
    one = b"\x80\x04\x95%sN."
    count = size // 13
    return b"".join(one % struct.pack("<Q", size - 13 * number) for number in range(count))


@kind
def streams_that_begin_inside_each_other(size):
    """A reader that takes whole frames goes on inside the next stream."""
    one = b"\x80\x04\x95\x07\0\0\0\0\0\0\0N.NNNN."
    return repeated(one, size)


@kind
def streams_with_strings_of_python_2(size):
    return repeated(b"U\x01\xe9U\x01b\x93.", size)


# ---- stack, marks, memo ----


@kind
def marks(size):
    return repeated(b"(", size)


@kind
def marks_and_tuples(size):
    return b"(" * (size // 2) + b"t" * (size // 2) + b"."


@kind
def pushes(size):
    return repeated(b"N", size)


@kind
def lists(size):
    return repeated(b"]", size)


@kind
def memo_far_away(size):
    entries = (struct.pack("<I", number * 2654435761 & 0xFFFFFFFF) for number in range(size // 5))
    return b"N" + b"".join(b"r" + entry for entry in entries) + b"."


@kind
def memo_huge_index(size):
    return repeated(b"Nr\xff\xff\xff\x7f", size)


@kind
def memo_rewritten(size):
    return repeated(b"Nq\x00", size)


@kind
def doubled_tuples(size):
    return repeated(b"2\x86", size, before=b"K\x01")


@kind
def doubled_tuples_in_calls(size):
    shared = b"cfoo\nbar\nq\x010K\x01" + b"2\x86" * 100 + b"q\x000"
    return repeated(b"h\x01h\x00\x85R0", size, before=shared, behind=b"N.")


def wide():
    """A tuple of 64 references to a tuple of 64 references, four deep, as memo entry 4."""
    levels = b"(" + b"N" * 64 + b"tq\x00"
    for level in range(4):
        levels += b"0(" + bytes([ord("h"), level]) * 64 + bytes([ord("t"), ord("q"), level + 1])
    return levels + b"0"


@kind
def wide_arguments(size):
    return repeated(b"h\x05h\x04\x85R0", size, before=wide() + b"cfoo\nbar\nq\x050", behind=b"N.")


@kind
def wide_states(size):
    before = wide() + b"cfoo\nBar\n)\x81q\x050"
    return repeated(b"h\x05h\x04b0", size, before=before, behind=b"N.")


@kind
def wide_ids(size):
    return repeated(b"h\x04Q0", size, before=wide(), behind=b"N.")


@kind
def long_text_in_calls(size):
    before = b"cfoo\nbar\nq\x010" + text(b"a" * 4000) + b"q\x000"
    return repeated(b"h\x01h\x00\x85R0", size, before=before, behind=b"N.")


# ---- imports and calls ----


@kind
def imports_of_one_name(size):
    return repeated(b"cos\ngetpid\n0", size, behind=b"N.")


@kind
def imports_of_many_names(size):
    return numbered(b"cm%d\nf\n0", size)


@kind
def imports_of_many_harmful_names(size):
    return numbered(b"cos\nsystem.a%d\n0", size)


@kind
def a_long_name(size):
    return b"c" + b"a" * (size // 2) + b"\n" + b"b" * (size // 2) + b"\n."


@kind
def a_long_name_again_and_again(size):
    before = text(b"a" * 1000) + b"q\x000"
    return repeated(b"h\x00h\x00\x930", size, before=before, behind=b"N.")


@kind
def a_dotted_name(size):
    return b"\x80\x04\x8c\x02os" + text((b"a." * (size // 2))[:-1]) + b"\x93."


@kind
def calls_of_one_name(size):
    return repeated(b"h\x00)R0", size, before=b"cfoo\nbar\nq\x000", behind=b"N.")


@kind
def calls_of_one_harmful_name(size):
    return repeated(b"h\x00)R0", size, before=b"cos\ngetpid\nq\x000", behind=b"N.")


@kind
def calls_of_many_names(size):
    return numbered(b"cm%d\nf\n)R0", size)


@kind
def calls_of_nothing_known(size):
    return repeated(b"\x82\x01)R0", size, behind=b"N.")


@kind
def states(size):
    return repeated(b"h\x00}b0", size, before=b"cfoo\nBar\n)\x81q\x000", behind=b"N.")


@kind
def states_of_a_module(size):
    return repeated(b"h\x00}b0", size, before=b"cfoo\nbar\nq\x000", behind=b"N.")


@kind
def persistent_ids(size):
    return repeated(b"h\x00Q0", size, before=b"(NN(K\x01K\x02ttq\x000", behind=b"N.")


@kind
def extensions(size):
    return repeated(b"\x82\x01", size)


@kind
def carried_by_a_list(size):
    return repeated(b"cfoo\nbar\na", size, before=b"]")


@kind
def carried_by_arguments(size):
    before = b"](" + b"".join(b"cfoo\nbar%d\n" % number for number in range(200)) + b"eq\x00"
    return repeated(b"h\x01h\x00\x85R0", size, before=before + b"0cfoo\nbaz\nq\x010", behind=b"N.")


@kind
def carried_through_each_other(size):
    """Each result goes into the next call."""
    return repeated(b"\x85q\x020h\x01h\x02R", size, before=b"cfoo\nbar\nq\x01")


# ---- modelled calls ----


@kind
def attributes_of_attributes(size):
    before = b"cbuiltins\ngetattr\nq\x000cos\nsystem\n"
    return repeated(b"q\x010h\x00h\x01" + text(b"__x__") + b"\x86R", size, before=before)


@kind
def attributes_of_instances(size):
    before = b"cbuiltins\ngetattr\nq\x000cfoo\nbar\n)R"
    return repeated(b"q\x010h\x00h\x01" + text(b"x") + b"\x86R", size, before=before)


@kind
def attributes_of_a_deep_name(size):
    """Many names, each of sixty segments."""
    before = b"cbuiltins\ngetattr\nq\x000cos\n" + b"a." * 60 + b"b\nq\x010"
    return numbered(b"h\x00h\x01X\x06\0\0\0x%05d\x86R0", size, before=before)


@kind
def text_that_inflates_too_far(size):
    bomb = zlib.compress(b"\0" * (17 << 20), 9)
    before = b"czlib\ndecompress\nq\x000" + binary(bomb) + b"q\x010"
    return repeated(b"h\x00h\x01\x85R0", size, before=before, behind=b"N.")


@kind
def zip_of_a_long_name(size):
    """A member whose name is long holds many pickles, and each of them is reported."""
    return zipped([("a" * 60_000, repeated(b"cos\ngetpid\n)R.", size))])


@kind
def partials_of_partials(size):
    before = b"cfunctools\npartial\nq\x000cfoo\nbar\n"
    return repeated(b"q\x010h\x00h\x01N\x86R", size, before=before)


@kind
def partials_that_are_called(size):
    before = b"cfunctools\npartial\nq\x000cfoo\nbar\n"
    before += b"q\x010h\x00h\x01N\x86R" * 20 + b"q\x010"
    return repeated(b"h\x01)R0", size, before=before, behind=b"N.")


@kind
def partials_of_many_arguments(size):
    arguments = b"(h\x00cfoo\nbar\n" + b"cfoo\nbaz\n" * 200 + b"t"
    before = b"cfunctools\npartial\nq\x000h\x00" + arguments + b"Rq\x010"
    return repeated(b"h\x01)R0", size, before=before, behind=b"N.")


@kind
def maps_of_maps(size):
    before = b"cbuiltins\nmap\nq\x000(" + b"N" * 16 + b"lq\x020cfoo\nbar\n"
    before += b"q\x010cfunctools\npartial\nh\x00h\x01\x86R" * 6
    return repeated(b"h\x00h\x01h\x02\x86R0", size, before=before + b"q\x010", behind=b"N.")


@kind
def growing_text(size):
    before = b"coperator\nadd\nq\x000" + text(b"a" * 64) + b"q\x02"
    return repeated(b"q\x010h\x00h\x01h\x02\x86R", size, before=before)


@kind
def doubling_text(size):
    before = b"coperator\nadd\nq\x000" + text(b"a" * 64)
    return repeated(b"q\x010h\x00h\x01h\x01\x86R", size, before=before)


@kind
def replaced_text(size):
    """Each call replaces every letter of a text by the text."""
    before = b"cbuiltins\nstr.replace\nq\x000" + text(b"a" * 2000) + b"q\x010"
    one = b"h\x00(h\x01" + text(b"a") + b"h\x01tR0"
    return repeated(one, size, before=before, behind=b"N.")


@kind
def items_of_a_long_dict(size):
    items = b"".join(text(b"key%d" % number) + b"N" for number in range(200))
    before = b"coperator\ngetitem\nq\x000}(" + items + b"uq\x010"
    return repeated(b"h\x00h\x01" + text(b"nokey") + b"\x86R0", size, before=before, behind=b"N.")


@kind
def namespaces_of_namespaces(size):
    return repeated(b"q\x010h\x00h\x01\x85R", size, before=b"cbuiltins\nvars\nq\x000cos\nsystem\n")


@kind
def registered_extensions(size):
    before = b"ccopyreg\nadd_extension\nq\x000"
    count = size // 40
    one = b"h\x00(" + text(b"foo") + text(b"bar") + b"J%stR0\x84%s0"
    numbers = (struct.pack("<I", number + 1) for number in range(count))
    return before + b"".join(one % (number, number) for number in numbers) + b"N."


# ---- payloads ----


@kind
def pickles_inside(size):
    return repeated(b"h\x00C\x02N.\x85R0", size, before=b"cpickle\nloads\nq\x000", behind=b"N.")


@kind
def one_pickle_inside_loaded_again_and_again(size):
    inner = repeated(b"N0", size // 2, behind=b"N.")
    before = b"cpickle\nloads\nq\x000" + binary(inner) + b"q\x010"
    return repeated(b"h\x00h\x01\x85R0", size, before=before, behind=b"N.")


@kind
def pickles_inside_pickles(size):
    inner = b"N."
    before = b"cpickle\nloads\nq\x000"
    while len(inner) * 2 < size:
        inner = before + binary(inner) + b"q\x010" + b"h\x00h\x01\x85R0" * 50 + b"N."
        if len(inner) > 6000:
            break
    return repeated(b"N0", size, before=inner, behind=b"N.")


@kind
def one_source_run_again_and_again(size):
    source = b"import os\n" * (size // 20)
    before = b"cbuiltins\nexec\nq\x000" + text(source) + b"q\x010"
    return repeated(b"h\x00h\x01\x85R0", size, before=before, behind=b"N.")


@kind
def one_command_run_again_and_again(size):
    before = b"cos\nsystem\nq\x000" + text(b"true;" * (size // 10)) + b"q\x010"
    return repeated(b"h\x00h\x01\x85R0", size, before=before, behind=b"N.")


def source(line):
    def make(size):
        return b"cbuiltins\nexec\n(" + text(line * (size // len(line))) + b"tR."

    return make


for name, line in {
    "source-of-imports": b"import os;",
    "source-of-brackets": b"((",
    "source-of-closed-brackets": b"()",
    "source-of-dots": b"a.",
    "source-of-quotes": b"'\"",
    "source-of-backslashes": b"\\\n",
    "source-of-strings": b'"aaaaaaaa"+',
    "source-of-digits": b"1.",
    "source-of-urls": b"http://a.b/",
    "source-of-almost-urls": b"http:/",
    "source-of-assignments": b"a=b;b=a;",
    "source-of-base64": b"aW1wb3J0",
    "source-of-spaces": b" ",
    "source-of-names": b"a",
    "source-of-f-strings": b'f"{a}"',
}.items():
    KINDS[name] = source(line)


def command(line):
    def make(size):
        return b"cos\nsystem\n(" + text(line * (size // len(line))) + b"tR."

    return make


for name, line in {
    "command-of-pipes": b"a|",
    "command-of-quotes": b"'\"",
    "command-of-substitutions": b"$(",
    "command-of-backquotes": b"`",
    "command-of-words": b"true ",
    "command-of-addresses": b"1.1.1.1",
    "command-of-assignments": b"a=1 ",
}.items():
    KINDS[name] = command(line)


@kind
def code_object_deep(size):
    """Marshalled tuples in tuples."""
    return b"cmarshal\nloads\n(" + binary(b")\x01" * (size // 2) + b"N") + b"tR."


@kind
def code_object_wide(size):
    data = b"(" + struct.pack("<I", size // 5) + b"z\x03foo" * (size // 5)
    return b"cmarshal\nloads\n(" + binary(data) + b"tR."


@kind
def code_object_references(size):
    data = b"(" + struct.pack("<I", size // 5) + b"\xdb" * 1 + b"\x01\0\0\0N" + b"r\0\0\0\0" * (size // 5)
    return b"cmarshal\nloads\n(" + binary(data) + b"tR."


# ---- frames, numbers, text ----


@kind
def frames(size):
    return repeated(b"\x95\x03\0\0\0\0\0\0\0NNN0", size, before=b"\x80\x04", behind=b"N.")


@kind
def frames_cut(size):
    one = b"\x95\x02\0\0\0\0\0\0\0X\x01\0\0\0a0"
    return repeated(one, size, before=b"\x80\x04", behind=b"N.")


@kind
def frames_in_frames(size):
    return repeated(b"\x95\xff\xff\0\0\0\0\0\0", size, before=b"\x80\x04", behind=b"N.")


@kind
def a_long_integer(size):
    return b"I" + b"9" * size + b"\n."


@kind
def a_long_long(size):
    return b"L" + b"9" * size + b"L\n."


@kind
def a_long_binary_integer_in_a_call(size):
    return b"cfoo\nbar\n(\x8b" + struct.pack("<I", size) + b"\x7f" * size + b"tR."


@kind
def a_long_float(size):
    return b"F" + b"1" * size + b"\n."


@kind
def many_numbers_as_text(size):
    return repeated(b"I00012\n0", size, behind=b"N.")


@kind
def a_long_string_with_escapes(size):
    return b"cfoo\nbar\n(S'" + b"\\x41" * (size // 4) + b"'\ntR."


@kind
def a_long_line(size):
    return b"V" + b"\\u0041" * (size // 6) + b"\n."


@kind
def no_pickle(size):
    return b"The quick brown fox. " * (size // 21)


@kind
def protos(size):
    return repeated(b"\x80\x04", size)


# ---- containers ----


def zipped(members, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def tarred(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@kind
def zip_of_pickles(size):
    return zipped((f"{number}.pkl", b"cos\ngetpid\n)R.") for number in range(size // 120))


@kind
def zip_of_zips(size):
    inner = zipped([("a.pkl", b"N.")])
    return zipped((f"{number}.zip", inner) for number in range(size // 220))


@kind
def zip_in_zip(size):
    data = b"N."
    while len(data) < size:
        data = zipped([("a.zip", data)])
        if len(data) > 100_000:
            return data + b"\0" * (size - len(data))
    return data


@kind
def zip_of_the_same_name(size):
    head = struct.pack("<IHHHHHIIIHH", 0x04034B50, 10, 0, 0, 0, 0, 0, 2, 2, 1, 0) + b"aN."
    count = max(1, size // 82)
    local = head * count
    central = b"".join(
        struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 10, 10, 0, 0, 0, 0, 0, 2, 2, 1, 0, 0, 0, 0, 0, len(head) * n)
        + b"a"
        for n in range(count)
    )
    return local + central + end_of_zip(count, len(central), len(local))


def end_of_zip(count, length, offset):
    count = min(count, 0xFFFF)
    return struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, length, offset, 0)


def overlapping(size, method, data, plain):
    name = b"a.pkl"
    head = struct.pack("<IHHHHHIIIHH", 0x04034B50, 10, 0, method, 0, 0, zlib.crc32(plain), len(data), len(plain), len(name), 0)
    local = head + name + data
    count = max(1, min(0xFFFF, size // 2 // 51))
    entry = struct.pack(
        "<IHHHHHHIIIHHHHHII", 0x02014B50, 10, 10, 0, method, 0, 0, zlib.crc32(plain), len(data), len(plain), len(name), 0, 0, 0, 0, 0, 0
    )
    central = b"".join(entry + b"%05d" % number for number in range(count))
    return local + central + end_of_zip(count, len(central), len(local))


@kind
def zip_of_one_member_many_times(size):
    plain = repeated(b"K\x010", size // 2, behind=b"N.")
    return overlapping(size, 0, plain, plain)


@kind
def zip_of_one_deflated_member_many_times(size):
    plain = repeated(b"K\x010", size, behind=b"N.")
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    return overlapping(size, 8, squeezed.compress(plain) + squeezed.flush(), plain)


@kind
def zip_local_headers(size):
    return repeated(b"PK\x03\x04", size)


@kind
def zip_ends(size):
    return repeated(b"PK\x05\x06", size)


@kind
def zip_central_headers(size):
    return b"PK\x03\x04" + b"PK\x01\x02" * (size // 4) + b"PK\x05\x06" + b"\0" * 18


@kind
def zip_nested_local_headers(size):
    """Each member reaches to the end of the file: read whole, the sum would be quadratic."""
    count = max(1, size // 60)
    heads = []
    for number in range(count):
        rest = (count - number - 1) * 40
        heads.append(struct.pack("<IHHHHHIIIHH", 0x04034B50, 10, 0, 0, 0, 0, 0, rest, rest, 5, 0) + b"a.pkl" + b"\x80\x04N.0")
    return b"".join(heads)


@kind
def gzip_members(size):
    return repeated(gzip.compress(b"N.", mtime=0), size, behind=b"")


@kind
def gzip_members_with_headers(size):
    return repeated(b"\x1f\x8b\x08\0\0\0\0\0\0\0", size, behind=b"")


@kind
def gzip_in_gzip(size):
    data = repeated(b"N0", size, behind=b"N.")
    for _ in range(60):
        data = gzip.compress(data, 1, mtime=0)
    return data


@kind
def gzip_of_zeros(size):
    return gzip.compress(b"\0" * (size * 100), 9, mtime=0)


@kind
def gzip_of_pickles(size):
    return gzip.compress(repeated(b"cfoo\nbar\n)R0", size * 20, behind=b"N."), 9, mtime=0)


@kind
def bzip2_streams(size):
    return repeated(bz2.compress(b"N."), size, behind=b"")


@kind
def xz_streams(size):
    return repeated(lzma.compress(b"N."), size, behind=b"")


@kind
def xz_with_a_huge_dictionary(size):
    """Says that it needs four gigabytes to be read."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]
    data = bytearray(lzma.compress(b"N." * size, filters=filters))
    data[16] = 40
    data[20:24] = struct.pack("<I", zlib.crc32(bytes(data[12:20])))
    return bytes(data)


@kind
def lzma_with_a_huge_dictionary(size):
    data = bytearray(lzma.compress(b"N." * size, format=lzma.FORMAT_ALONE))
    data[1:5] = b"\xff\xff\xff\xff"
    return bytes(data)


@kind
def tar_of_pickles(size):
    return tarred((f"{number}.pkl", b"cos\ngetpid\n)R.") for number in range(max(1, size // 1024)))


@kind
def tar_headers(size):
    return tarred([("a.pkl", b"")])[:512] * max(1, size // 512)


@kind
def tar_of_long_names(size):
    return tarred((f"{number}" + "a" * 3000, b"N.") for number in range(max(1, size // 5120)))


@kind
def npy_header_deep(size):
    depth = min(size, 60_000)
    header = b"{'descr': " + b"(" * depth + b"}\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + b"N" * (size - depth) + b"."


@kind
def npy_headers(size):
    return repeated(b"\x93NUMPY\x01\0\x02\0{}", size)


@kind
def joblib_arrays(size):
    """Wrappers with raw data behind them, each of which holds a pickle of objects."""
    before = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\nq\x000"
    one = b"h\x00)\x81}(X\x05\0\0\0dtypecnumpy\ndtype\nX\x02\0\0\0O8\x85Rubhello"
    return repeated(one, size, before=b"\x80\x03" + before, behind=b".")


def main():
    folder, size, chosen = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    folder.mkdir(parents=True, exist_ok=True)
    for name in chosen or KINDS:
        (folder / f"{name}.bin").write_bytes(KINDS[name](size))


if __name__ == "__main__":
    main()
