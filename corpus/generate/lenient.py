#!/usr/bin/env python3
"""Writes the samples of corpus/containers that only lenient readers take, those of damaged and tampered
carriers, and the bombs inside carriers.

Most are made of samples that stand there already. Every malicious pickle only asks for the process
id or the current folder, every malicious name is called with `true`. `sqlite3`, `dbm.gnu` and
`dbm.ndbm` are Python's own; `packed_zodb` needs zc.zlibstorage, and called by name `spark` PySpark
and Java, `mlflow` MLflow.
"""

import base64
import codecs
import gzip
import io
import json
import os
import pathlib
import pickle
import sqlite3
import struct
import sys
import tarfile
import tempfile
import zipfile
import zlib

OUT = pathlib.Path(__file__).resolve().parent.parent / "containers"
GOOD = pickle.dumps({"weights": list(range(300)), "name": "model"}, 4)
# As `pickle.dumps` writes a call of `os.getcwd`.
EVIL = b"\x80\x04\x95\x14\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06getcwd\x94\x93\x94)R."
DATE = (2024, 1, 1, 0, 0, 0)
# More than what the tests let a bomb unpack to.
ZEROS = bytes(10_000_000)
BOMB = gzip.compress(ZEROS, mtime=0)
HUGE = pickle.dumps(ZEROS, 4)


def write(name, data):
    (OUT / name).write_bytes(data)


def read(name):
    return (OUT / name).read_bytes()


def texts():
    encoded = base64.b64encode(EVIL)
    write("base64-underscore.txt", encoded[:30] + b"_" + encoded[30:])
    write("base64-scattered.txt", b"".join(b"%c!" % byte for byte in encoded))
    adobe = base64.a85encode(EVIL, adobe=True)
    write("encoded-spaced.txt", adobe[:3] + b" " + adobe[3:])
    write("encoded-pairs.txt", EVIL.hex(" ").encode())
    keras = json.dumps({"class_name": "function", "module": "posix", "config": "system", "note": "é"})
    good = json.dumps({"class_name": "Dense", "module": "keras.layers", "note": "é"})
    write("wide-good.json", ("\ufeff" + good).encode("utf-16-le"))
    write("wide-evil.json", ("\ufeff" + keras).encode("utf-16-le"))
    write("wide-unmarked.json", keras.encode("utf-32-be"))
    yaml = "a: 1\nb: !!python/object/apply:posix.system ['true']\n"
    write("wide-evil.yaml", ("\ufeff" + yaml).encode("utf-16-be"))
    text = json.dumps({"state": base64.b64encode(GOOD).decode()})
    write("wide-cut.json", text[:600].encode("utf-16-le"))
    write("yaml-key.yaml", b"\\a (b): 1\nc: !!python/object/apply:posix.system ['true']\n")
    write("yaml-flow.yaml", b"{a: 1, b: [!!python/object/apply:posix.system ['true']]}\n")
    # jsonpickle takes YAML where it has a reader of it.
    json_pickle = read("jsonpickle-evil.json")
    write("jsonpickle-quote.json", json_pickle.replace(b'{"a', b'{ a', 1))
    # Values of a table, of XML, of YAML; one of them with a first word that is no value.
    good, evil = base64.b64encode(GOOD), base64.b64encode(EVIL)
    write("embedded-good.csv", b"id,model\n1," + good + b"\n2,\n")
    write("embedded-evil.csv", b"id,model\n1," + good + b"\n2," + evil + b"\n")
    write("embedded-evil.xml", b'<?xml version="1.0"?>\n<data>' + base64.encodebytes(EVIL) + b"</data>\n")
    write("embedded-evil.yaml", b"a: 1\nstate: !!binary |\n  " + evil[:30] + b"\n  " + evil[30:] + b"\n")
    write("embedded-cut.csv", b"id,model\n1," + good[:400])
    write("embedded-bomb.csv", b"id,model\n1," + base64.b64encode(gzip.compress(HUGE, mtime=0)) + b"\n")
    write("embedded-uri.txt", b"data:application/octet-stream;base64," + evil)
    # Bytes that a text spells out, in columns, sources and messages; and among many others.
    spelled = {
        "csv": b"id,model\n1," + GOOD.hex().encode() + b"\n2,0x%s\n" % EVIL.hex().encode(),
        "py": b"import pickle\n\nMODEL = pickle.loads(\n    %r\n)\n" % EVIL,
        "ini": b"[model]\nstate = %r\n" % pickle.dumps(os.getcwd, 0).replace(b".", b"(tR."),
        "json": json.dumps({"name": "model", "state": list(EVIL)}).encode(),
        "yaml": b"name: model\nstate:\n" + b"".join(b"- %d\n" % byte for byte in EVIL),
        "mail": b"From: a\n\nThe model:\n\n" + codecs.encode(EVIL, "uu"),
        "txt": b"state: " + codecs.encode(EVIL, "quopri") + b"\n",
    }
    for suffix, text in spelled.items():
        write(f"spelled-evil.{suffix}", text)
    write("spelled-good.csv", b"id,model,other\n1," + GOOD.hex().encode() + b",%r\n" % GOOD)
    write("spelled-good.json", json.dumps({"state": list(GOOD)}).encode())
    write("embedded-other.csv", b"id,model\n1," + evil[:9] + b";\xe9" + evil[9:] + b"\n2,more\n")
    words = b"some words of a text, " * 60
    write("embedded-middle.csv", words + b"\n1," + evil + b"\n" + words * 60)
    write("json-characters.json", json.dumps({"state": EVIL.decode("latin-1")}).encode())
    write("lzma-like.bin", struct.pack("<I", 5) + EVIL)
    layer = read("json-lines.json")
    write("json-delete.json", layer[:60] + b"\x7f" + layer[60:])
    write("json-latin.json", layer.replace(b'"state"', b'"\xe9tat"'))


def of_records():
    """Records behind what is no record, and whose checks are wrong."""
    record = read("tfrecord-evil.tfrecord")
    write("tfrecord-checksum.tfrecord", record[:8] + bytes(4) + record[12:])
    write("framed-second.bin", struct.pack(">I", 5) + b"hello" + struct.pack(">I", len(EVIL)) + EVIL)
    write("zodb-header.fs", b"FS30" + read("zodb-evil.fs")[4:])
    write("sequence-header.seq", b"SEQ\x06\xff" + read("sequence-evil.seq")[5:])
    values = read("msgpack-evil.msgpack")
    write("msgpack-scalars.msgpack", b"\x80\x07\xa2ab" + values)
    write("msgpack-counts.msgpack", b"\xdd\xff\xff\xff\xff" * 1000 + values)
    write("zfile-number.pkl", b"ZF0X_f\r".ljust(21) + read("zfile.pkl")[21:])
    django = read("django-evil.djcache")
    write("django-trailing.djcache", django + b"more")
    header = b"CACHE\x01\x00\x00" + struct.pack("<Q", len(EVIL))
    write("unknown-header.bin", header + EVIL)
    write("unknown-middle.bin", bytes(70_000) + EVIL + bytes(70_000))
    write("unknown-end.bin", bytes(range(256)) * 8 + EVIL)
    write("unknown-packed.bin", header + gzip.compress(EVIL, mtime=0))
    write("unknown-packed-end.bin", bytes(range(256)) * 8 + zlib.compress(EVIL))
    write("unknown-good.bin", header + bytes(range(128, 256)) * 4)
    packed = [zlib.compress(struct.pack(">I", len(data)) + data) for data in [GOOD, EVIL]]
    names = [b"org.apache.hadoop.io.NullWritable", b"org.apache.hadoop.io.BytesWritable"]
    classes = b"".join(bytes([len(name)]) + name for name in names)
    codecs = b"org.apache.hadoop.io.compress."
    for codec in [b"DefaultCodec", b"SnappyCodec"]:
        name = bytes([len(codecs + codec)]) + codecs + codec
        head = b"SEQ\x06" + classes + b"\1\0" + name + bytes(4) + b"synchronization!"
        records = [struct.pack(">II", len(data), 0) + data for data in packed]
        write(f"sequence-{codec.decode().removesuffix('Codec').lower()}.seq", head + b"".join(records))
    blocks = b"SEQ\x06" + classes + b"\1\1" + bytes([len(codecs) + 12]) + codecs + b"DefaultCodec" + bytes(4)
    mark = b"synchronization!"
    empty = zlib.compress(b"")
    parts = [empty, empty, empty, packed[1]]
    block = b"\xff\xff\xff\xff" + mark + b"\x01" + b"".join(bytes([len(part)]) + part for part in parts)
    write("sequence-blocks.seq", blocks + mark + block)
    write("sequence-cut.seq", read("sequence-good.seq")[:-9])
    bomb = zlib.compress(ZEROS)
    head = b"SEQ\x06" + classes + b"\1\0" + bytes([len(codecs) + 12]) + codecs + b"DefaultCodec" + bytes(4)
    write("sequence-bomb.seq", head + mark + struct.pack(">II", len(bomb), 0) + bomb)


class Evil:
    def __reduce__(self):
        return os.getcwd, ()


def packed_zodb():
    import transaction
    import zc.zlibstorage
    import ZODB
    import ZODB.FileStorage

    for kind, value in [("good", {"x": list(range(99))}), ("evil", Evil()), ("bomb", ZEROS)]:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "Data.fs"
            storage = zc.zlibstorage.ZlibStorage(ZODB.FileStorage.FileStorage(str(path)))
            database = ZODB.DB(storage)
            root = database.open().root()
            root["a"] = value
            # Short records are left as they are.
            root["b"] = "text" * 50
            transaction.commit()
            database.close()
            write(f"zodb-zlib-{kind}.fs", path.read_bytes())


def of_databases():
    import dbm.gnu
    import dbm.ndbm

    data = bytearray(read("ndbm-evil.db"))
    # The types of the items of a hash page: readers take those that there are not for data.
    place = data.find(EVIL)
    data[place - 1] = 0xD2
    write("ndbm-type.db", bytes(data))
    # Salts of its frames that are not those of its header: SQLite passes over them.
    log = bytearray(read("sqlite-log.sqlite-wal"))
    log[16:24] = bytes(8)
    write("sqlite-log-salts.sqlite-wal", bytes(log))
    with tempfile.TemporaryDirectory() as folder:
        database = dbm.ndbm.open(f"{folder}/e", "n")
        database[b"a"] = BOMB
        database.close()
        write("ndbm-bomb.db", pathlib.Path(f"{folder}/e.db").read_bytes())
        path = f"{folder}/a.sqlite"
        with sqlite3.connect(path) as made:
            made.execute("create table cache (key text, value blob)")
            made.execute("insert into cache values ('a', ?)", (BOMB,))
            made.execute("insert into cache values ('long', ?)", (GOOD * 20,))
        made.close()
        data = bytearray(pathlib.Path(path).read_bytes())
        write("sqlite-bomb.sqlite", bytes(data))
        path = f"{folder}/b.sqlite"
        with sqlite3.connect(path) as made:
            made.execute("create table cache (key text, value blob)")
            made.execute("insert into cache values ('long', ?)", (GOOD * 40,))
        made.close()
        # Each page of a long value names the next one: the third names the second.
        data = bytearray(pathlib.Path(path).read_bytes())
        size = struct.unpack(">H", data[16:18])[0]
        data[4 * size : 4 * size + 4] = struct.pack(">I", 4)
        write("sqlite-loop.sqlite", bytes(data))
        # A log of honest pickles, taken before it was written back.
        path = f"{folder}/c.sqlite"
        made = sqlite3.connect(path)
        made.execute("pragma journal_mode=wal")
        made.execute("create table cache (key text, value blob)")
        made.execute("insert into cache values ('a', ?)", (GOOD,))
        made.commit()
        write("sqlite-log-good.sqlite-wal", pathlib.Path(path + "-wal").read_bytes())
        made.close()
        database = dbm.gnu.open(f"{folder}/d", "n")
        database["a"] = BOMB
        database.close()
        write("gdbm-bomb.gdbm", pathlib.Path(f"{folder}/d").read_bytes())
    write("dumb-bomb.dat", BOMB)
    write("dumb-bomb.dir", b"'a', (0, %d)\n" % len(BOMB))
    write("dumb-bomb.bak", b"'a', (0, %d)\n" % len(BOMB))
    write("msgpack-bomb.msgpack", b"\x81\xa5state\xc6" + struct.pack(">I", len(BOMB)) + BOMB)
    write("framed-bomb.bin", struct.pack(">I", len(GOOD)) + GOOD + struct.pack(">I", len(BOMB)) + BOMB)


def spark():
    """As Spark writes pickled elements, packed in blocks by Hadoop and as they are."""
    import pyspark

    hadoop = "spark.hadoop.mapreduce.output.fileoutputformat.compress"
    for kind, element, settings in [
        ("good", dict, {}),
        ("evil", Evil, {}),
        ("blocks", Evil, {hadoop: "true", hadoop + ".type": "BLOCK"}),
        ("records", Evil, {hadoop: "true", hadoop + ".type": "RECORD"}),
    ]:
        conf = pyspark.SparkConf().setMaster("local[1]").setAll(settings.items())
        context = pyspark.SparkContext(conf=conf)
        with tempfile.TemporaryDirectory() as folder:
            elements = context.parallelize([1, 2, 3], 1).map(lambda _: element())
            elements.saveAsPickleFile(f"{folder}/out")
            data = pathlib.Path(f"{folder}/out/part-00000").read_bytes()
            write(f"spark-{kind}.seq", data)
            # The object of Java's in which Spark wraps a batch, and the length before it.
            start = data.find(b"\xac\xed\0\5")
            if start > 0:
                write(f"java-{kind}.ser", data[start:])
                if kind == "evil":
                    write("java-evil-length.ser", data[start - 4 :])
        context.stop()


def mlflow():
    """The description of a model of MLflow, as `mlflow.pyfunc.save_model` writes it."""
    import mlflow.pyfunc

    for kind, module in [("good", "mlflow.sklearn"), ("evil", "antigravity")]:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/model"
            (pathlib.Path(folder) / "data").write_bytes(GOOD)
            mlflow.pyfunc.save_model(
                path, loader_module="mlflow.sklearn", data_path=f"{folder}/data", pip_requirements=[]
            )
            text = (pathlib.Path(path) / "MLmodel").read_text()
            write(f"mlflow-{kind}.yaml", text.replace("mlflow.sklearn", module).encode())


def of_archives():
    """The same archives with a member that unpacks to much, and with a member twice."""

    def repacked(name, suffix, data, to):
        packed = io.BytesIO()
        with zipfile.ZipFile(OUT / name) as archive, zipfile.ZipFile(packed, "w") as made:
            for info in archive.infolist():
                content = data if info.filename.endswith(suffix) else archive.read(info)
                method = zipfile.ZIP_DEFLATED if info.filename.endswith(suffix) else info.compress_type
                made.writestr(zipfile.ZipInfo(info.filename, DATE), content, method)
        write(to, packed.getvalue())

    repacked("torch.pt", "data.pkl", HUGE, "torch-bomb.pt")
    repacked("torch-package.pt", ".pkl", HUGE, "torch-package-bomb.pt")
    repacked("torch-export.pt2", ".pt", HUGE, "torch-export-bomb.pt2")
    repacked("lightning.ckpt", "data.pkl", HUGE, "lightning-bomb.ckpt")
    repacked("served.mar", ".pt", HUGE, "served-bomb.mar")
    repacked("skops-good.skops", "schema.json", b'{"a": 1}' + b" " * len(ZEROS), "skops-bomb.skops")
    repacked("json-good.zip", "data", b'{"a": 1}' + b" " * len(ZEROS), "json-bomb.zip")
    repacked("keras-plain.keras", "config.json", b'{"a": 1}' + b" " * len(ZEROS), "keras-bomb.keras")
    config = json.dumps({"class_name": "function", "module": "posix", "config": "system"})
    repacked("keras-plain.keras", "config.json", config.encode("utf-16"), "keras-wide.keras")
    shard = io.BytesIO()
    with zipfile.ZipFile(shard, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(zipfile.ZipInfo("archive/data.pkl", DATE), HUGE, zipfile.ZIP_DEFLATED)
    write("distributed-bomb.distcp", shard.getvalue())
    for name, member in [("nemo", "model_weights.ckpt"), ("hydra", "model_config.yaml")]:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            info = tarfile.TarInfo(member)
            info.size = len(ZEROS)
            archive.addfile(info, io.BytesIO(ZEROS))
        write(f"{name}-bomb.nemo", gzip.compress(packed.getvalue(), mtime=0))
    flow = b"model: {_target_: posix.system, _args_: ['true']}\n"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        info = tarfile.TarInfo("model_config.yaml")
        info.size = len(flow)
        archive.addfile(info, io.BytesIO(flow))
    write("hydra-flow.nemo", gzip.compress(packed.getvalue(), mtime=0))
    bomb = gzip.compress(HUGE, mtime=0)
    write("base64-bomb.txt", base64.b64encode(bomb))
    write("encoded-bomb.txt", bomb.hex().encode())
    write("carrier-bomb.pkl", pickle.dumps({"state": bomb}, 4))
    write("django-bomb.djcache", pickle.dumps(1700000000.5, 5) + zlib.compress(ZEROS))


def of_tables():
    """Readers of Arrow's files go by the schema at the end, and so do those of Parquet."""
    good, evil = read("arrow-good.arrow"), read("arrow-evil.arrow")
    size = struct.unpack("<I", evil[-10:-6])[0]
    footer = evil[-10 - size :]
    size = struct.unpack("<I", good[-10:-6])[0]
    write("arrow-footer.arrow", good[: -10 - size] + footer)
    write("arrow-magic.arrow", b"JUNK\0\0\0\0" + evil[8:])
    write("parquet-magic.parquet", b"JUNK" + read("parquet-evil.parquet")[4:])
    # A pickle that breaks behind its import.
    broken = read("parquet-evil.parquet").replace(b"\x94)R.", b"\xb5)R.")
    write("parquet-broken.parquet", broken)


def columns():
    """Tables with pickles in columns of bytes and of text; needs pyarrow."""
    import pyarrow
    from pyarrow import feather, parquet

    for word, last in [("good", GOOD), ("evil", EVIL)]:
        values = [GOOD, last]
        texts = [base64.b64encode(value).decode() for value in values]
        for kind, column in [("bytes", values), ("text", texts)]:
            table = pyarrow.table({"number": [1, 2], "state": column})
            name = f"columns-{kind}-{word}"
            with pyarrow.OSFile(str(OUT / f"{name}.arrow"), "wb") as file:
                with pyarrow.ipc.new_file(file, table.schema) as writer:
                    writer.write_table(table)
            for packer in ["lz4", "zstd"]:
                feather.write_feather(table, OUT / f"{name}-{packer}.feather", compression=packer)
            for packer in ["none", "gzip", "zstd", "snappy", "brotli", "lz4"]:
                path = OUT / f"{name}-{packer}.parquet"
                parquet.write_table(table, path, compression=packer, write_statistics=False)
    # Pages of the second version, with a dictionary, behind what the packing can refer to.
    table = pyarrow.table({"state": [GOOD] * 200 + [EVIL], "number": list(range(201))})
    path = OUT / "columns-evil-pages-2.parquet"
    parquet.write_table(
        table, path, compression="snappy", write_statistics=False, data_page_version="2.0", use_dictionary=False
    )
    write("columns-cut.parquet", path.read_bytes()[:-40])
    write("columns-bomb.parquet", pages_in_each_other(200_000, 20))


def pages_in_each_other(size, count):
    """Parquet with a page of zeros, packed by Snappy, that so many columns share."""

    def varint(number):
        digits = []
        while True:
            digits.append(number & 0x7F | (0x80 if number > 0x7F else 0))
            number >>= 7
            if not number:
                return bytes(digits)

    def number(value):
        return varint(value << 1)

    # One zero, then copies of up to 64 bytes from one byte before.
    copies = [min(64, size - 1 - start) for start in range(0, size - 1, 64)]
    packed = varint(size) + b"\0\0" + b"".join(bytes([length - 1 << 2 | 2, 1, 0]) for length in copies)
    page = b"\x15\0\x15" + number(size) + b"\x15" + number(len(packed)) + b"\0" + packed
    # Type, codec, length and place of a column of bytes.
    columns = [
        b"\x3c\x15" + number(6) + b"\x35" + number(1) + b"\x36" + number(len(page) + more) + b"\x26" + number(4) + b"\0\0"
        for more in range(count)
    ]
    groups = b"\x49\x1c\x19\xfc" + varint(count) + b"".join(columns) + b"\0\0"
    return b"PAR1" + page + groups + len(groups).to_bytes(4, "little") + b"PAR1"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
    if sys.argv[1:]:
        sys.exit()
    texts()
    of_records()
    of_databases()
    of_archives()
    of_tables()
    packed_zodb()
