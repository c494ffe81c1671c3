"""Calls what the packs trust, in a throw-away environment, and says which calls reach beyond themselves.

    python3 rules/grow/exercise.py write PICKSCAN OUT.jsonl [LIBRARY ...]      pickles that pickscan finds nothing in
    ENVIRONMENT/bin/python rules/grow/exercise.py run OUT.jsonl [PACKAGE ...]  loads them there

`write` needs PyYAML. For each trusted name it makes pickles that call it with a marker in each of the first places, and
that give an instance the marker as its state. The marker is a text, and bytes that are a pickle of a module of that name,
made of numbers, so that a name of which the rules know that it unpickles them is left out. `run` loads them under an audit hook of
CPython: an event that names the marker (a file opened, code compiled, a module imported, an address resolved), a program started, a
file deleted or a connection is printed and stopped. What it prints should not be trusted, or only without arguments. It sees what the libraries do in this environment,
with these arguments; that it prints nothing proves nothing.
"""

import importlib
import json
import os
import pathlib
import pickle
import signal
import struct
import subprocess
import sys
import tempfile
import warnings

RULES = pathlib.Path(__file__).resolve().parent.parent
MARKER = "zqmark"
INNER = f"c{MARKER}\nx\n.".encode()
PICKLED = b"cbuiltins\nbytes\n(" + b"".join(b"K" + bytes([number]) for number in INNER) + b"l\x85R"
NOISE = ("object.", "sys._getframe", "pickle.find_class", "code.__new__", "builtins.id", "array.__new__", "gc.")
ALWAYS = {"os.system", "subprocess.Popen", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.remove", "os.rmdir", "os.kill",
          "shutil.rmtree", "socket.connect", "socket.getaddrinfo", "webbrowser.open", "ctypes.dlopen", "os.putenv"}
SECONDS = 60


def short(text):
    data = text.encode()
    return b"\x8c" + bytes([len(data)]) + data if len(data) < 256 else b"X" + struct.pack("<I", len(data)) + data


def variants(module, name):
    """What is done with a name, and the pickle that does it."""
    named = b"\x80\x04" + short(module) + short(name) + b"\x93"
    marker = short(MARKER)
    for number in range(6):
        yield f"called with {number}", named + b"(" + marker * number + b"tR."
    for number in range(1, 4):
        yield f"called with {number} None before", named + b"(" + b"N" * number + marker + b"tR."
    yield "called with a list", named + b"](" + marker + b"e\x85R."
    yield "given a dict", named + b")\x81}(" + b"".join(short(key) + marker for key in ("file", "filename", "path")) + b"ub."
    yield "given a tuple", named + b")\x81(" + marker * 4 + b"tb."
    yield "given a text", named + b")\x81" + marker + b"b."
    for number in range(1, 8):
        yield f"called with {number} pickles", named + b"(" + PICKLED * number + b"tR."
    for before in range(1, 6):
        for behind in range(3):
            arguments = b"N" * before + PICKLED + b"N" * behind
            yield f"called with a pickle between {before} and {behind} None", named + b"(" + arguments + b"tR."
    yield "given a pickle", named + b")\x81" + PICKLED + b"b."


def trusted(libraries):
    import yaml

    for path in sorted((RULES / "trust").glob("*.yml")):
        pack = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if not libraries or pack["library"] in libraries:
            for entry in pack["entries"]:
                if entry.get("use") != "data":
                    yield from ((module, name) for module in entry["modules"] for name in entry["names"])


def unsuspected(pickscan, pickles):
    """Those pickles in which nothing is found."""
    with tempfile.TemporaryDirectory(prefix="exercise-") as folder:
        for number, (_, _, _, data) in enumerate(pickles):
            pathlib.Path(folder, f"{number}.pkl").write_bytes(data)
        command = [pickscan, "--format", "json", "--no-progress", "--fail-on", "never", folder]
        report = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout)
    for entry in report["files"]:
        if entry["verdict"] in ("clean", "unfamiliar"):
            yield pickles[int(pathlib.Path(entry["path"]).stem)]


def write(pickscan, out, libraries):
    names = sorted(set(trusted(libraries)))
    with open(out, "w", encoding="utf-8") as file:
        for first in range(0, len(names), 2000):
            pickles = [(*name, how, data) for name in names[first : first + 2000] for how, data in variants(*name)]
            for module, name, how, data in unsuspected(pickscan, pickles):
                file.write(json.dumps([module, name, how, data.hex()]) + "\n")


class Watch:
    """What the audit hook saw while it was on."""

    def __init__(self):
        self.on, self.seen = False, []
        sys.addaudithook(self.hook)

    def hook(self, event, arguments):
        if not self.on or event.startswith(NOISE):
            return
        shown = repr(arguments)
        if MARKER in shown or event in ALWAYS:
            self.seen.append(f"{event} {shown[:120]}")
            raise RuntimeError("stopped")

    def load(self, data):
        self.seen, self.on = [], True
        signal.alarm(SECONDS)
        try:
            pickle.loads(data)
        except BaseException:
            pass
        self.on = False
        signal.alarm(0)
        return self.seen


def importable(module, known):
    if module not in known:
        try:
            importlib.import_module(module)
            known[module] = True
        except BaseException:
            known[module] = False
    return known[module]


def too_long(*_):
    raise TimeoutError


def run(path, packages):
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, too_long)
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries talk
    watch, known = Watch(), {}
    with open(path, encoding="utf-8") as file:
        for module, name, how, data in map(json.loads, file):
            if (not packages or module.split(".")[0] in packages) and importable(module, known):
                for event in watch.load(bytes.fromhex(data))[:1]:
                    print(f"{module}.{name}\t{how}\t{event}", file=out)


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] == "write":
        write(sys.argv[2], sys.argv[3], sys.argv[4:])
    elif len(sys.argv) > 2 and sys.argv[1] == "run":
        run(sys.argv[2], sys.argv[3:])
    else:
        raise SystemExit(__doc__)
