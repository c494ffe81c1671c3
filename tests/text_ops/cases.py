"""Calls of text functions: a pickle of each, and what this Python makes of it.

Prints one JSON line per case: the call, the pickle, whether the scanner may not know the result,
and the result. The pickle passes the result to `check.show`, so that a test can see it.
"""

import importlib
import json
import struct
import sys
import warnings

warnings.simplefilter("ignore")


def resolve(name):
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        found = module
        for part in parts[length:]:
            found = getattr(found, part, None)
        return ".".join(parts[:length]), ".".join(parts[length:]), found
    return None, None, None


def emit(value):
    if value is None:
        return b"N"
    if value is True:
        return b"\x88"
    if value is False:
        return b"\x89"
    if isinstance(value, int):
        if -(2**31) <= value < 2**31:
            return b"J" + struct.pack("<i", value)
        data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        return b"\x8a" + bytes([len(data)]) + data
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        return b"X" + struct.pack("<I", len(data)) + data
    if isinstance(value, bytes):
        return b"B" + struct.pack("<I", len(value)) + value
    if isinstance(value, bytearray):
        return b"\x96" + struct.pack("<Q", len(value)) + bytes(value)
    if isinstance(value, slice):
        return emit_global("builtins", "slice") + emit((value.start, value.stop, value.step)) + b"R"
    if callable(value):
        return emit_global(value.__module__, value.__qualname__)
    items = b"".join(map(emit, value)) if not isinstance(value, dict) else b""
    if isinstance(value, tuple):
        return b"(" + items + b"t"
    if isinstance(value, list):
        return b"](" + items + b"e"
    if isinstance(value, frozenset):
        return b"(" + items + b"\x91"
    if isinstance(value, set):
        return b"\x8f(" + items + b"\x90"
    if isinstance(value, dict):
        return b"}(" + b"".join(emit(k) + emit(v) for k, v in value.items()) + b"u"
    raise TypeError(type(value))


def emit_global(module, name):
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def canonical(value):
    if value is None or isinstance(value, bool):
        return [repr(value)]
    if isinstance(value, int):
        return ["int", str(value)]
    if isinstance(value, float):
        return ["float", struct.pack(">d", value).hex()]
    if isinstance(value, str):
        return ["text", value.encode("utf-8", "surrogatepass").hex()]
    if isinstance(value, (bytes, bytearray)):
        return ["bytes", value.hex()]
    if isinstance(value, dict):
        return ["dict", [[canonical(k), canonical(v)] for k, v in value.items()]]
    if isinstance(value, (set, frozenset)):
        return ["set", sorted(map(canonical, value))]
    if isinstance(value, map):
        value = list(value)
    return [type(value).__name__, [canonical(item) for item in value]]


def case(name, *arguments, unknown=False):
    module, qualname, function = resolve(name)
    if function is None:
        return
    pickle = b"\x80\x05" + emit_global("check", "show") + b"("
    pickle += emit_global(module, qualname) + emit(arguments) + b"Rt" + b"R."
    shown = "%s(%s)" % (name, ", ".join(ascii(a)[:60] for a in arguments))
    try:
        result = canonical(function(*arguments))
    except Exception as error:
        result = ["raises", type(error).__name__]
    print(json.dumps({"call": shown, "pickle": pickle.hex(), "unknown": unknown, "result": result}))


TEXTS = ["", "a", "os.System", "  x y  ", "Hello World", "o-s", "\u00e9t\u00e9 \u00df", "\ud800x",
         "a\tb\nc\r\nd", "\u01c6abc", "\u03a3\u0391\u03a3", "\U0001f600!", "\u0130I\u0131", "they're x2y",
         "\ufb01n", "\u10d0b", "aaa", "\x85\x1cz\u3000", "NaN", "ll'l\"m\\"]
CASES = ["lower", "upper", "title", "swapcase", "casefold", "capitalize"]
MAY_BE_UNKNOWN = {"title", "swapcase", "casefold", "capitalize", "upper"}


def text_methods():
    for text in TEXTS:
        for method in CASES:
            case("builtins.str." + method, text, unknown=method in MAY_BE_UNKNOWN and not text.isascii())
        for method in ("strip", "lstrip", "rstrip"):
            case("builtins.str." + method, text)
            case("builtins.str." + method, text, None)
            case("builtins.str." + method, text, "ax! \u00df")
        for method in ("split", "rsplit"):
            case("builtins.str." + method, text)
            case("builtins.str." + method, text, None, 1)
            case("builtins.str." + method, text, "a")
            case("builtins.str." + method, text, ".", 0)
        case("builtins.str.splitlines", text)
        case("builtins.str.splitlines", text, True)
        for method in ("partition", "rpartition"):
            case("builtins.str." + method, text, "a")
            case("builtins.str." + method, text, "")
        case("builtins.str.replace", text, "a", "bb")
        case("builtins.str.replace", text, "", "-")
        case("builtins.str.replace", text, "aa", "", 1)
        case("builtins.str.replace", text, "", "x", 2, unknown=not text)
        case("builtins.str.removeprefix", text, "a")
        case("builtins.str.removesuffix", text, "m")
        case("operator.getitem", text, 0)
        case("operator.getitem", text, -1)
        for part in (slice(None, None, -1), slice(1, None), slice(-3, None), slice(None, -1), slice(0, 10, 2),
                     slice(5, 1, -2), slice(-100, 100), slice(100, -100, -1), slice(3)):
            case("operator.getitem", text, part)
        case("builtins.str", text)
        case("builtins.str.encode", text)
        case("builtins.str.join", text, ["x", "y", text])
        case("builtins.str.join", "-", text)
        case("operator.add", text, "z")
        case("operator.mul", text, 3)
        case("operator.mul", 2, text)
        case("builtins.str.__mul__", text, -1)
        case("string.capwords", text, unknown=not text.isascii())
        case("builtins.repr", text, unknown=True)
        case("builtins.str", [text], unknown=not text.isprintable() or not text.isascii())


def bytes_methods():
    for data in (b"", b"os.System", b"  x\ty ", b"\xe9\xff\x00", b"aaXaa", b"a'b\"\\\n"):
        for method in ("lower", "upper", "title", "swapcase", "capitalize", "strip", "lstrip", "rstrip", "split",
                       "rsplit", "splitlines", "hex"):
            case("builtins.bytes." + method, data)
        case("builtins.bytes.strip", data, b"a ")
        case("builtins.bytes.replace", data, b"a", b"")
        case("builtins.bytes.split", data, b"X")
        case("builtins.bytes.join", b"-", [data, b"1", bytearray(b"2")])
        case("builtins.bytes.partition", data, b"X")
        case("builtins.bytes.removeprefix", data, b"aa")
        case("operator.getitem", data, 1)
        case("operator.getitem", data, slice(None, None, -1))
        case("operator.add", data, b"z")
        case("operator.add", bytearray(data), b"z")
        case("builtins.str", data)
        case("builtins.str", bytearray(data))
        case("builtins.bytes", data)
        case("builtins.bytes", bytearray(data))
        case("builtins.bytearray", data)
        for function in ("binascii.hexlify", "base64.b16encode", "base64.b64encode", "base64.encodebytes",
                         "binascii.b2a_base64", "base64.urlsafe_b64encode"):
            case(function, data)
        case("base64.b64encode", data * 40, b"-_")
        case("base64.encodebytes", data * 40)
    table = bytes(range(255, -1, -1))
    case("builtins.bytes.translate", b"\x90\x8c", table)
    case("builtins.bytes.translate", b"o-s", None, b"-")
    case("builtins.bytes.translate", b"o-s", table, b"-")
    case("builtins.bytes.__mul__", b"ab", 2)


def constructors():
    for value in (None, True, 0, -17, 2**40, 2**62, 1.5, 1e16, 1e-5, 0.1, 123456.0, -0.0, float("inf"), float("nan"),
                  5e-324, 1.7976931348623157e308, [], [1, "a"], (), (1,), (1, 2), {"a": 1}, {"b": [None]}, set(),
                  {1}, frozenset(), frozenset(["x"]), b"x", [b"\xff", bytearray(b"q")]):
        case("builtins.str", value)
    case("builtins.str", {1, 2, 3}, unknown=True)
    case("builtins.str")
    case("builtins.str", b"\xc3\xa9", "utf-8")
    case("builtins.str", b"o\xffs", "ascii", "ignore")
    for value in ([111, 115], (111, 115), 3, True, [], [256], [-1], ["a"], "text", {111}, b"x", {"a": 1}):
        case("builtins.bytes", value)
        case("builtins.bytearray", value)
    case("builtins.bytes", {65, 66}, unknown=True)
    case("builtins.bytes", "o\u00e9", "latin-1")
    case("builtins.bytearray", "os", "utf-16")
    case("builtins.bytes")
    for code in (0, 111, 0xE9, 0xD800, 0x1F600, 0x10FFFF, 0x110000, -1, True):
        case("builtins.chr", code)
    for number in (0, 255, -255, 2**62):
        case("builtins.hex", number)
    case("builtins.str.join", "", list(map(chr, range(0x60, 0x70))))
    case("builtins.str.join", "", {"a": 1, "b": 2})
    case("builtins.str.join", "", {"a"})
    case("builtins.str.join", "", {"a", "b"}, unknown=True)
    case("builtins.str.join", "", "os")
    case("builtins.str.join", "", ["a", b"b"])
    case("builtins.map", chr, [111, 115])
    case("builtins.map", chr, b"os")
    case("builtins.map", chr, "os")
    case("operator.getitem", ["a", "b"], -2)
    case("operator.getitem", ("a", "b", "c"), slice(None, None, -1))
    case("operator.getitem", [1, 2], 2)
    case("operator.add", [1], ["a"])
    case("operator.concat", (1,), ("a",))
    case("builtins.str.translate", "ifmmp", {ord("i"): "h", ord("f"): 101, ord("m"): "ll", ord("p"): None})
    case("builtins.str.translate", "abc", {97: "\U0001f600", 98: 0x110000})
    case("builtins.str.translate", "\x00\x01x", "so")
    case("builtins.str.translate", "\x00\x01x", b"so")


def codecs():
    texts = ["", "os.system", "\u00e9\u20ac", "\U0001f600z", "a\\b\n\t'", "\ud800", "\x7f\x80\xff\u0100"]
    names = ["utf-8", "UTF8", "latin-1", "iso-8859-1", "ascii", "us-ascii", "utf-16", "utf-16-le", "utf_16_be",
             "utf-32", "utf-32-le", "UTF-32-BE", "unicode_escape", "raw_unicode_escape", "utf-8-sig", "rot13",
             "rot_13", "hex", "no-such-codec", "L1", "u8", "utf-7", "punycode", "cp1252", "idna"]
    rare = ("utf-7", "punycode", "cp1252", "idna")
    for text in texts:
        for name in names:
            case("codecs.encode", text, name, unknown=name in rare)
            for errors in ("strict", "ignore", "replace", "surrogatepass", "backslashreplace"):
                hard = name in rare or errors not in ("strict", "ignore", "replace") or name.lower().startswith("utf-")
                case("builtins.str.encode", text, name, errors, unknown=hard or name.startswith("utf_"))
    data = [b"", b"os.system", b"\xc3\xa9\xe2\x82\xac", b"o\xffs", b"\xff\xfeo\x00s\x00", b"\xfe\xff\x00o\x00s",
            b"o\x00s\x00", b"o\x00", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\x6f\x00\x00\x00", b"\\x6fs\\u0041\\n\\q\\101",
            b"\\U0001f600\\\n\\N{DIGIT ONE}", b"\\400\\8", b"\\u00", b"\xef\xbb\xbfx", b"+AG8-s", b"+AG8AcwAu-x", b"+-1",
            b"+AGE.x", b"~a", b"+A", b"3d\xd8", b"=\xd8\x00\xdez\x00", b"6f73", b"b3M=", b"a+AOkA6Q-b"]
    for item in data:
        for name in names:
            case("codecs.decode", item, name, unknown=name in rare[1:] or b"\\N" in item)
            for errors in ("strict", "ignore", "replace", "surrogateescape"):
                simple = name in ("utf-8", "ascii", "latin-1") and errors != "surrogateescape"
                case("builtins.bytes.decode", item, name, errors, unknown=not simple)
        case("builtins.bytes.decode", item)
        case("builtins.bytearray.decode", bytearray(item))
        for function in ("utf_8", "latin_1", "ascii", "unicode_escape", "raw_unicode_escape", "escape", "utf_16_le",
                         "utf_16_be", "utf_7", "utf_32"):
            case("codecs.%s_decode" % function, item, unknown=True)
        case("codecs.utf_8_encode", item.decode("latin-1"))
        case("codecs.latin_1_encode", item.decode("latin-1"))
    case("codecs.decode", "bf.flfgrz", "rot13")
    case("codecs.encode", b"os", "hex")
    case("codecs.encode", b"os" * 50, "base64")
    case("codecs.decode", b"b3M=\n", "base64_codec")
    case("codecs.decode", "\\x6fs", "unicode_escape")
    case("codecs.decode", __import__("zlib").compress(b"os"), "zip")
    case("codecs.decode", __import__("bz2").compress(b"os"), "bz2")


def bases():
    import base64
    for digits in ("", "6f73", "6F73", "6 f", "6f 73", " 6f\n73 ", "6g", "6f7", "\u00e9"):
        case("builtins.bytes.fromhex", digits)
        for form in (digits, digits.encode("utf-8")):
            case("binascii.unhexlify", form)
            case("base64.b16decode", form)
    for text in ("", "b3M=", "b3M", "b3M=b3M=", "b3\nM=", "b=3M=", "====", "b3N5", "b3N5=", "b", "b3==", "b3=!=", "b-_=",
                 "b+/=", "b3M=\n", "*b*3*M*=*", "/////w==", "YQ=", "YR==", "b3Ms"):
        for form in (text, text.encode()):
            case("base64.b64decode", form)
            case("base64.urlsafe_b64decode", form)
            case("base64.standard_b64decode", form)
            case("binascii.a2b_base64", form)
            case("base64.b64decode", form, b"-_")
            case("base64.b64decode", form, None, True)
        case("base64.decodebytes", text.encode())
    for data in (b"", b"o", b"os", b"os.", b"os.s", b"os.system", b"\0\0\0\0", bytes(range(256))):
        for name in ("b32", "b32hex", "b85", "a85", "z85"):
            encoder = getattr(base64, name + "encode", None)
            if encoder:
                encoded = encoder(data)
                case("base64.%sdecode" % name, encoded)
                case("base64.%sdecode" % name, encoded.decode())
                case("base64.%sdecode" % name, encoded + b"x")
                case("base64.%sdecode" % name, encoded[:-1])
    case("base64.b32decode", "n5zs4===")
    case("base64.a85decode", "z!!")
    case("base64.a85decode", "DI\n ;z")


def formats():
    for template, *values in (
            ("{}{}", "o", "s"), ("{1}{0}", "s", "o"), ("{{{}}}", 1), ("{", ), ("}", ), ("{}", ), ("{0}{}", 1, 2),
            ("{:>5}|{:<5}|{:^5}", "a", "b", "c"), ("{:*^7}", "ab"), ("{:.2}", "system"), ("{!r}", "a'b"), ("{!s:>4}", 7),
            ("{!a}", "\u00e9"), ("{:d} {:x} {:X} {:o} {:b} {:c}", 10, 255, 255, 8, 5, 111), ("{:#x} {:#o} {:#b}", 255, 8, 5),
            ("{:05d}|{:<05d}|{:=5d}|{:+d}|{: d}", -7, -7, -7, 7, 7), ("{:#06x}", 255), ("{}", 1.5), ("{}", None),
            ("{}", True), ("{:d}", True), ("{:s}", "a"), ("{:5}", 3), ("{:5}", "a"), ("{}", [1, "a"]), ("{:>3}", None),
            ("{0}{0}", "ab"), ("a{}b{}c", "1", "2"), ("{:=5}", "a"), ("{:05}", "a"), ("{: >3c}", 65), ("{!x}", 1), ("{:y}", 1),
            ("{00}", "z"), ("{}\u00e9{}", "\ud800", "x"), ("{:\u00e9>3}", "x"), ("{:.1}", 5), ("{!r:}", b"x")):
        case("builtins.str.format", template, *values)
    for template, *values in (("{0.__class__}", "a"), ("{0[0]}", "abc"), ("{:{}}", "a", 3), ("{:,}", 10000), ("{:.2f}", 1.5),
                              ("{:e}", 1.0), ("{:>5}", True), ("{:_}", 10000), ("{:5}", 1.5), ("{:n}", 5), ("{:05}", "a")):
        case("builtins.str.format", template, *values, unknown=True)
    case("builtins.str.format_map", "{a}{b}", {"a": "o", "b": "s"})
    case("builtins.str.format_map", "{a}{c}", {"a": "o"})
    for template, values in (
            ("%s%s", ("o", "s")), ("%s", "x"), ("%s", ("x",)), ("%c%c", (111, "s")), ("%d %i %u", (1, -2, 3)), ("%x %X %o", (255, 255, 8)),
            ("%#x %#o", (255, 8)), ("%5d|%-5d|%05d|%+d|% d", (1, 2, 3, 4, 5)), ("%.3d", 7), ("%5.3d|", 7), ("%r", "a'b"), ("%a", "\u00e9"),
            ("%%", ()), ("%s%%", "a"), ("%(a)s%(b)s", {"a": "o", "b": "s"}), ("%(a)s", {"b": 1}), ("%s", {"a": 1}), ("none", ()), ("none", (1,)),
            ("none", {"a": 1}), ("%s %s", ("a",)), ("%5s|%-5s|", ("a", "b")), ("%.2s", "system"), ("%s", None), ("%s", 1.5), ("%s", [1]),
            ("%d", True), ("%d", "1"), ("%c", "ab"), ("%c", 0x110000), ("%05s", "a"), ("%s", b"x"), ("%s", ((1, 2),)), ("%(a)d%%", {"a": 3}),
            ("%-05d|", 3), ("%+05d", 3), ("%#06x", 255), ("%x", -255), ("%ld", 3), ("%", ()), ("%s%", ("a",))):
        hard = template in ("%ld", "%(a)s")
        case("operator.mod", template, values, unknown=hard)
        case("builtins.str.__mod__", template, values, unknown=hard)
    for template, values in (("%f", 1.5), ("%e", 1.0), ("%g", 0.1), ("%*d", (5, 3)), ("%.*s", (1, "ab")), ("%d", 1.9), ("%+.3d", 7)):
        case("operator.mod", template, values, unknown=True)
    for template, values in ((b"%s%b", (b"o", b"s")), (b"%c%c", (111, b"s")), (b"%d", 5), (b"%x", 255), (b"%a", "\u00e9"), (b"%r", b"x"),
                             (b"%s", "x"), (b"%(a)s", {b"a": b"o"}), (b"%5s|", b"x")):
        case("builtins.bytes.__mod__", template, values)


def references():
    for text in ("", "o&#115;", "&#x6f;s", "&#X6F;s", "&#111s", "&lt;&gt;&amp;&quot;&apos;", "&period;&lowbar;&lpar;", "& x", "&;", "&#;", "&#x;",
                 "&#0;&#x80;&#x81;&#1;&#xd800;&#x110000;&#xfdd0;&#xffff;", "a&&#97;", "&#13;", "&#x1F600;", "&#99999999999999999999;", "&"):
        case("html.unescape", text)
    for text in ("&notin;", "&eacute;", "&lt", "&ampx", "&nosuch;", "&x"):
        case("html.unescape", text, unknown=True)
    for text in ("", "o%73", "%6f%73", "%6F", "%c3%a9", "%ff", "%e9x", "%", "%6", "%zz", "a+b", "\u00e9%6f", "%25%36f", "\u00e9"):
        for name in ("unquote", "unquote_plus", "unquote_to_bytes"):
            case("urllib.parse." + name, text)
        case("urllib.parse.unquote", text.encode())
        case("urllib.parse.unquote_to_bytes", text.encode())
    case("urllib.parse.unquote", "%e9", "latin-1", unknown=True)


def compressed():
    import bz2
    import gzip
    import lzma
    import zlib
    for data in (b"", b"os.system", b"x" * 5000):
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        raw = deflate.compress(data) + deflate.flush()
        packed = zlib.compress(data)
        long = len(data) > 4096
        for name, stream in (("zlib", packed), ("gzip", gzip.compress(data)), ("bz2", bz2.compress(data)), ("lzma", lzma.compress(data))):
            case(name + ".decompress", stream, unknown=long)
            case(name + ".decompress", stream + stream, unknown=long)
            case(name + ".decompress", stream[:-3], unknown=True)
            case(name + ".decompress", stream + b"junk", unknown=True)
            case(name + ".decompress", stream[:8] + b"\xff" + stream[9:], unknown=True)
        case("zlib.decompress", raw, -15, unknown=long)
        case("zlib.decompress", gzip.compress(data), 31, unknown=long)
        case("zlib.decompress", packed, 47, unknown=long)
        case("lzma.decompress", lzma.compress(data, lzma.FORMAT_ALONE), unknown=long)


def literals():
    for text in ("1", "-1", "+1", "'os'", '"o" "s"', "b'o\\x73'", "r'\\n'", "u'x'", "[1, 2, 'a']", "(1,)", "()", "(1)", "[]", "{}", "{1}", "{'a': 1, 'b': [2]}",
                 "None", "True", "[True, None]", "0x10", "0o17", "0b11", "1_000", "[1,]", "[,]", "[1 2]", "(1, 2", "]", "'a", "'''a\nb'''", "'a\\\nb'",
                 "  'x'", "'x'  ", "'x'\n", "['a' # c\n, 'b']", "{'a': (1, {'b': 2})}", "'\\u006fs'", "b'\\u006f'", "'\\x6f\\163'", "{'a': 1,}", "{1: 2, 3}", "{1, 2: 3}",
                 "(('a'), ('b',))", "-0x1f", "--1", "01", "00", "1.5j", "1+2j", "abc", "f'x'", "rb'\\x'", "[-1, +2]", "set()", "[[[[1]]]]", "'\u00e9'", "'\\N{DIGIT ONE}'",
                 "'a' b'b'", "1 2", "", "[1,2][0]", "1,", "1, 2", "x'y'", "{'a' 'b': 1}", "'\\q'", "...", "9223372036854775807", "99999999999999999999",
                 "'a'\n'b'", "('a'\n'b')", "(1,,2)", "{:1}", "{'a':}", "[1]]", "{**{}}", "[*[1]]"):
        hard = {"--1", "1.5j", "1+2j", "'\\N{DIGIT ONE}'", "1,", "1, 2", "...", "99999999999999999999", "9223372036854775807", "1.5"}
        case("ast.literal_eval", text, unknown=text in hard)
    case("ast.literal_eval", "1.5", unknown=True)


for group in (text_methods, bytes_methods, constructors, codecs, bases, formats, references, compressed, literals):
    group()
