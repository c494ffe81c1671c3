"""Says what Python's own readers, and those of libraries, get out of containers.

Reads lines `KIND PATH`. With `--kinds` it writes the kinds that it can judge with the modules at
hand. `kinds.py` says how each is read.

Without an option the files are damaged ones that held a pickle, or code, which asks for one of a few
functions of `os`. For each line it writes `+` and the path if the container still leads to them,
else `-` and the path. Pickles are read with nothing imported. Libraries that unpickle while they
read do so under a hook that lets no import pass but those of their own; what the malicious pickle
asks for is refused. The files are read by a process of its own, which may crash or hang, and then
another one goes on.

With `--imports` the files are honest ones. They are loaded for good, and for each one line is
written: the path, why loading ended early (mostly nothing), and every `module.name` that was asked
for. Classes of libraries that are not at hand are replaced by classes that accept anything.
"""

import importlib
import io
import json
import os
import pathlib
import pickle
import resource
import signal
import sys
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from kinds import KINDS, known  # noqa: E402

# What the malicious samples ask for.
HARMFUL = {"getpid", "getcwd", "system"}
SYSTEM = {"os", "posix", "nt"}

# Libraries whose classes damaged files may have.
ALLOWED = {
    "_codecs", "codecs", "collections", "copyreg", "datetime", "joblib", "lightning", "numpy", "pandas",
    "pytorch_lightning", "tables", "torch",
}  # fmt: skip
BUILTINS = {"bytearray", "complex", "float", "int", "object", "set", "slice"}

# What reading one damaged file may take: of the processor, and in all on a busy machine. The first
# file may make a library import the rest of itself.
PROCESSOR = 2
PROCESSOR_FIRST = 20
SECONDS = 60
MEMORY = 2 << 30
# Files that one process reads before another takes its place.
SHARE = 500


class Refused(Exception):
    pass


class Inert:
    """An instance of whatever a damaged pickle asks for."""

    def __init__(self, *args, **kwargs):
        pass

    def __setstate__(self, state):
        pass

    def __call__(self, *args, **kwargs):
        return Inert()


class Watching(pickle.Unpickler):
    asked = False

    def find_class(self, module, name):
        if module in SYSTEM and name in HARMFUL:
            self.asked = True
            raise Refused
        return Inert

    def persistent_load(self, key):
        return Inert()


def asks(data):
    """Whether some pickle in a row of them asks for what is harmful."""
    file = io.BytesIO(data)
    while True:
        unpickler = Watching(file)
        try:
            unpickler.load()
        except Exception:
            return unpickler.asked


ASKED = []


def watch(event, arguments):
    """Refuses what damaged files make libraries do."""
    if event == "pickle.find_class":
        module, name = arguments
        if module in SYSTEM and name in HARMFUL:
            ASKED.append(arguments)
        if module == "builtins" and name in BUILTINS:
            return
        if module.split(".")[0] not in ALLOWED:
            raise ImportError("refused")
    elif event in ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn"):
        ASKED.append(event)
        raise Refused
    elif event == "marshal.loads" and sys._getframe(1).f_globals["__name__"].startswith("keras"):
        ASKED.append(event)
        raise Refused


def leads(kind, path):
    del ASKED[:]
    try:
        if kind.read is None:
            kind.load(path)
            return bool(ASKED)
        return any([asks(data) for data in kind.read(path)])
    except LookupError as error:
        return bool(ASKED) or str(error) == "os.system"
    except Exception:
        return bool(ASKED)


def quietly():
    """Libraries may say what they like."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def limited():
    """Lets this process have so much more memory than it has now."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


class Worker:
    """A process that answers for one kind, and is replaced when it does not."""

    def __init__(self, name):
        self.name, self.child, self.answered = name, 0, 0

    def start(self):
        (asked, self.ask), (self.answer, answered) = os.pipe(), os.pipe()
        self.child, self.answered = os.fork(), 0
        if self.child == 0:
            os.close(self.ask)
            os.close(self.answer)
            quietly()
            limited()
            if KINDS[self.name].load is not None:
                sys.addaudithook(watch)
                special(watch)
            most = PROCESSOR_FIRST
            for line in os.fdopen(asked):
                signal.alarm(SECONDS)
                signal.setitimer(signal.ITIMER_PROF, most)
                most = PROCESSOR
                reply = b"+" if leads(KINDS[self.name], line.rstrip("\n")) else b"-"
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.alarm(0)
                os.write(answered, reply)
            os._exit(0)
        os.close(asked)
        os.close(answered)

    def stop(self):
        if self.child:
            os.close(self.ask)
            os.close(self.answer)
            os.waitpid(self.child, 0)
            self.child = 0

    def leads(self, path):
        if not self.child or self.answered >= SHARE:
            self.stop()
            self.start()
        self.answered += 1
        os.write(self.ask, path.encode() + b"\n")
        reply = os.read(self.answer, 1)
        if not reply:
            self.stop()
        return reply == b"+"


def stand_in(event, arguments):
    """Notes an import, and sees to it that there is something to import."""
    if event != "pickle.find_class":
        return
    module, name = arguments
    ASKED.append(f"{module}.{name}")
    top = module.split(".")[0]
    if top in sys.modules or top in sys.stdlib_module_names:
        try:
            found = importlib.import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
            return
        except (ImportError, AttributeError):
            pass
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        part = ".".join(parts[:end])
        if part not in sys.modules:
            sys.modules[part] = types.ModuleType(part)
            sys.modules[part].__path__ = []
    setattr(sys.modules[module], name, type(name, (Inert,), {"__module__": module}))


def load(kind, path):
    if kind.load is not None:
        return kind.load(path)
    for data in kind.read(path):
        if data[:1] != b"\x80":
            continue
        file = io.BytesIO(data)
        try:
            while file.tell() < len(data):
                pickle.load(file)
        except (EOFError, pickle.UnpicklingError):
            # What follows is padding, or no pickle.
            pass


def special(hook):
    """Makes loaders of torch say what they ask for: those of today's that would not ask, too."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    plain = torch.load
    torch.load = lambda *args, **options: plain(*args, **{**options, "weights_only": False})
    package = sys.modules.get("torch.package.package_importer")
    if package is not None:
        unpickler = package.PackageUnpickler
        find = unpickler.find_class

        def noted(self, module, name):
            hook("pickle.find_class", (module, name))
            return find(self, module, name)

        unpickler.find_class = noted


def imports(name, path):
    """Why loading a file ended early, if it did, and what it asked for."""
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        quietly()
        signal.alarm(SECONDS)
        sys.addaudithook(stand_in)
        special(stand_in)
        error = ""
        try:
            load(KINDS[name], path)
        except EOFError:
            # The end of what is loaded as often as there is something.
            pass
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}".replace("\t", " ").replace("\n", " ")[:200]
        os.write(told, json.dumps([error, *sorted(set(ASKED))]).encode())
        os._exit(0)
    os.close(told)
    with os.fdopen(answer, "rb") as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if text else [f"ended by {status}"]


def main():
    if "--kinds" in sys.argv:
        print("\n".join(known()))
        return
    worker = None
    for line in sys.stdin:
        name, path = line.rstrip("\n").split(" ", 1)
        for module in KINDS[name].needs:
            # Once, so that the processes need not.
            importlib.import_module(module)
        if "--imports" in sys.argv:
            print(path, *imports(name, path), sep="\t", flush=True)
            continue
        if worker is None or worker.name != name:
            if worker is not None:
                worker.stop()
            worker = Worker(name)
        print("+" if worker.leads(path) else "-", path, sep="\t", flush=True)
    if worker is not None:
        worker.stop()


if __name__ == "__main__":
    main()
