"""Finds callables of a library that hand what they are given to something harmful, without importing anything.

    python3 rules/grow/sweep.py list OUT.csv ROOT[=PACKAGE,...] ...    candidates, in the columns of a gadget list
    python3 rules/grow/sweep.py write PICKSCAN LIST.csv ...             adds what PICKSCAN does not know to swept.yml

ROOT holds modules or packages: a standard library, or site-packages with the packages that are meant. A call is
followed through imports, methods of a class and its bases, and functions of the same root, at most four steps; what
depends on a parameter (of a method also on its object, whose state a file chooses) carries on, what is constant does
not. Classes are listed when their `__init__` or `__new__` does it, and as `hook` when what an unpickler calls by itself does it:
`__setstate__`, and `__del__` when the object is dropped.

`list` is meant for benches/quality/gadgets.py: what is not dangerous there is a gap, or a candidate to read. `write`
leaves out what the rules trust or judge already, and classes outside the standard library, which honest files name.
"""

import argparse
import ast
import collections
import csv
import pathlib
import re
import sys
import tempfile

from source_index import Index, Module, dotted_parts, read_import

STEPS = 4
SKIPPED = {"__pycache__", "site-packages", "turtledemo", "idle_test", "tests", "test", "conftest", "lib2to3_tests"}

# What a call of these does, worst first: the worst effect of a callable is the one it is listed under.
SINKS = {
    "start-process": """os.system os.popen os.popen2 os.popen3 os.popen4 os.startfile os.posix_spawn os.posix_spawnp pty.spawn
        os.execv os.execve os.execvp os.execvpe os.execl os.execle os.execlp os.execlpe os.spawnv os.spawnve os.spawnvp
        os.spawnl os.spawnle os.spawnlp os.fork subprocess.Popen subprocess.run subprocess.call subprocess.check_call
        subprocess.check_output subprocess.getoutput subprocess.getstatusoutput commands.getoutput popen2.popen3
        commands.getstatusoutput asyncio.create_subprocess_exec asyncio.create_subprocess_shell webbrowser.open
        multiprocessing.Process _posixsubprocess.fork_exec _winapi.CreateProcess""",
    "run-code": """eval exec compile execfile runpy.run_path runpy.run_module code.interact types.FunctionType types.CodeType
        marshal.loads marshal.load code.InteractiveInterpreter codeop.compile_command imp.load_source timeit.timeit""",
    "load-pickle": """pickle.load pickle.loads pickle.Unpickler _pickle.loads _pickle.load cPickle.loads cPickle.load
        cPickle.Unpickler torch.load joblib.load dill.load dill.loads cloudpickle.load cloudpickle.loads yaml.load
        yaml.unsafe_load numpy.load shelve.open pandas.read_pickle jsonpickle.decode""",
    "load-native": """ctypes.CDLL ctypes.PyDLL ctypes.cdll.LoadLibrary ctypes.WinDLL ctypes.windll.LoadLibrary imp.load_dynamic
        torch.ops.load_library torch.classes.load_library numpy.ctypeslib.load_library cffi.FFI""",
    "import-module": """__import__ importlib.import_module importlib.__import__ importlib.util.spec_from_file_location
        importlib.util.module_from_spec pkgutil.resolve_name importlib.reload imp.load_module imp.find_module
        importlib.machinery.SourceFileLoader pkgutil.get_data pkgutil.find_loader""",
    "network": """urllib.request.urlopen urllib.request.urlretrieve urllib2.urlopen urllib.urlopen urllib.urlretrieve socket.socket
        socket.create_connection requests.get requests.post requests.request requests.head requests.Session
        http.client.HTTPConnection http.client.HTTPSConnection ftplib.FTP smtplib.SMTP urllib3.PoolManager httpx.get
        huggingface_hub.hf_hub_download huggingface_hub.snapshot_download torch.hub.load_state_dict_from_url
        torch.hub.download_url_to_file socket.getaddrinfo socket.gethostbyname asyncio.open_connection""",
    "delete-file": "os.remove os.unlink os.rmdir os.removedirs shutil.rmtree",
    "write-file": """os.rename os.replace os.renames os.mkdir os.makedirs os.symlink os.link os.chmod os.chown os.truncate
        os.mkfifo os.utime shutil.copy shutil.copy2 shutil.copyfile shutil.copyfileobj shutil.move shutil.copytree
        shutil.make_archive shutil.unpack_archive tempfile.mkstemp tempfile.mkdtemp tempfile.NamedTemporaryFile
        pickle.dump torch.save joblib.dump numpy.save numpy.savez numpy.savetxt""",
    "read-file": """open io.open codecs.open os.open tokenize.open gzip.open gzip.GzipFile bz2.open bz2.BZ2File lzma.open
        lzma.LZMAFile zipfile.ZipFile tarfile.open tarfile.TarFile io.FileIO io.open_code os.listdir os.scandir os.walk
        glob.glob glob.iglob numpy.loadtxt numpy.fromfile numpy.memmap numpy.genfromtxt linecache.getlines
        linecache.getline mmap.mmap sqlite3.connect""",
    "change-state": "os.putenv os.unsetenv os.chdir os.fchdir os.umask os.kill os.killpg os.setuid signal.signal sys.settrace",
}
EFFECT_OF = {name: effect for effect, names in SINKS.items() for name in names.split()}
BUILTIN = {name for name in EFFECT_OF if "." not in name}
# Methods of objects whose class the source does not tell; no other common class has them.
METHODS = {
    "unlink": "delete-file", "rmdir": "delete-file",
    "read_text": "read-file", "read_bytes": "read-file", "write_text": "write-file", "write_bytes": "write-file",
    "rmtree": "delete-file", "exec_module": "run-code", "load_module": "run-code",
    "LoadLibrary": "load-native", "urlopen": "network", "import_module": "import-module",
}
# What an unpickler calls by itself on an object whose state the file chooses, and the effects for which a class is listed then.
HOOKS = ("__setstate__", "__setstate_cython__", "__del__")
HOOK_EFFECTS = {"start-process", "run-code", "load-pickle", "load-native", "import-module", "network", "delete-file"}
# What these do with their arguments is to look at source lines for a message, or to compile an annotation.
QUIET = {"warnings", "traceback", "logging", "re", "re._parser", "re._compiler", "sre_parse", "sre_compile", "typing", "linecache"}
# In these nearly every method does it; functions are enough to be reached by name alone.
FUNCTIONS_ONLY = {"sympy", "keras", "mlflow", "wandb", "django", "ray", "langchain_community"}
RANK = {effect: rank for rank, effect in enumerate(SINKS)}

NOTES = {
    "start-process": "Starts a program from its arguments.",
    "run-code": "Runs or compiles code that its arguments hold or name.",
    "load-pickle": "Loads a pickle or a like format that its arguments name.",
    "load-native": "Loads a native library that its arguments name.",
    "import-module": "Imports a module that its arguments name.",
    "network": "Opens a connection that its arguments choose.",
    "delete-file": "Deletes files that its arguments name.",
    "write-file": "Writes, moves or copies files that its arguments name.",
    "read-file": "Opens a file that its arguments name.",
    "change-state": "Changes state of the whole process.",
}


class Sweep:
    """The functions of an index: what each does by itself, and which others it hands its arguments to."""

    def __init__(self, index):
        self.index = index
        self.direct = {}  # (module, qualname) -> effect
        self.callers = collections.defaultdict(set)  # callee -> callers
        self.own_calls = collections.defaultdict(set)  # method -> names of methods that it calls on its own object
        self.lineages = {}
        for module in index.modules.values():
            for name, node in module.functions.items():
                self._read((module.name, name), node, None)
            for qualname, node in module.classes.items():
                for method in methods(node):
                    self._read((module.name, f"{qualname}.{method.name}"), method, qualname)

    def effects(self):
        """The worst effect of each callable, through at most STEPS calls."""
        found = dict(self.direct)
        layer = dict(found)
        for _ in range(STEPS):
            following = {}
            for callee, effect in layer.items():
                for caller in self.callers[callee]:
                    if RANK[effect] < RANK.get(found.get(caller), len(RANK)):
                        found[caller] = following[caller] = effect
            layer = following
        return found

    def hooks(self, effects):
        """Classes that do harm as soon as an object of them is given a state, or dropped. Methods that a hook calls on its
        object are those of the class itself, which may be another's than that of the hook."""
        for module in self.index.modules.values():
            for qualname in module.classes:
                layer = reached = {self._method(module.name, qualname, hook) for hook in HOOKS} - {None}
                for _ in range(STEPS):
                    called = {name for key in layer for name in self.own_calls[key]}
                    layer = {self._method(module.name, qualname, name) for name in called} - {None} - reached
                    reached = reached | layer
                found = {effects.get(key) for key in reached} & HOOK_EFFECTS
                if found:
                    yield module.name, qualname, min(found, key=RANK.get)

    def _read(self, key, node, owner):
        module = self.index.modules[key[0]]
        local = local_imports(module, node)
        tainted = taint(node)
        for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)):
            receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
            if getattr(receiver, "id", "") == "self":
                self.own_calls[key].add(call.func.attr)
            arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
            if not any(depends(argument, tainted) for argument in [*arguments, *([receiver] if receiver else [])]):
                continue
            names = self._names(module, local, call.func)
            effect = sink(call, names, arguments, tainted, module)
            if effect:
                self.direct[key] = min(effect, self.direct.get(key, effect), key=RANK.get)
            target = self._target(module, owner, local, call.func)
            if target and target[0] not in QUIET:
                self.callers[target].add(key)

    def _names(self, module, local, func):
        """What the callee may be called: as written, with its import replaced."""
        parts = dotted_parts(func)
        if not parts:
            return []
        source = local.get(parts[0]) or module.imports.get(parts[0])
        head = ".".join(part for part in source if part) if source else parts[0]
        return [".".join([head, *parts[1:]])]

    def _target(self, module, owner, local, func):
        if isinstance(func, ast.Attribute) and owner and getattr(func.value, "id", "") in ("self", "cls"):
            return self._method(module.name, owner, func.attr)
        parts = dotted_parts(func)
        if not parts:
            return None
        if parts[0] in local:
            source, name = local[parts[0]]
            found = self.index.resolve(source, name) if name else ("module", source, None)
            for part in parts[1:]:
                found = self.index.resolve(found[1], part) if found[0] == "module" else ("unknown", "", "")
        else:
            found = self.index.resolve_expression(module.name, func)
        if found[0] == "function":
            return (found[1], found[2])
        if found[0] == "class":
            return self._method(found[1], found[2], "__init__") or self._method(found[1], found[2], "__new__")
        return self._static_method(module, func)

    def _static_method(self, module, func):
        """`Class.method(...)` and `Class(...).method(...)`."""
        if not isinstance(func, ast.Attribute):
            return None
        inner = func.value.func if isinstance(func.value, ast.Call) else func.value
        found = self.index.resolve_expression(module.name, inner) if dotted_parts(inner) else ("unknown",)
        return self._method(found[1], found[2], func.attr) if found[0] == "class" else None

    def _method(self, module_name, qualname, name):
        key = (module_name, qualname)
        if key not in self.lineages:
            self.lineages[key] = self.index.lineage(*key)[0]
        found = self.index.method(self.lineages[key], name)
        return (found[0], f"{found[1]}.{name}") if found else None


def methods(node):
    for inner in node.body:
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield inner


def local_imports(module, node):
    scratch = Module(module.name, module.is_package)
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Import, ast.ImportFrom)):
            read_import(scratch, inner)
    return scratch.imports


def taint(node):
    """Names that depend on a parameter."""
    arguments = node.args
    names = {a.arg for a in [*arguments.args, *arguments.kwonlyargs, *arguments.posonlyargs]}
    names |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a}
    for _ in range(2):
        for inner in ast.walk(node):
            for target, value in bindings(inner):
                if depends(value, names):
                    names |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
    return names


def bindings(node):
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield target, node.value
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value:
        yield node.target, node.value
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield node.target, node.iter
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            if item.optional_vars:
                yield item.optional_vars, item.context_expr


def depends(node, names):
    return any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node))


def sink(call, names, arguments, tainted, module):
    """The effect of a call by itself. What it is called on counts only where the class is not told."""
    given = any(depends(argument, tainted) for argument in arguments)
    for name in names:
        effect = EFFECT_OF.get(name) if given else None
        if effect and not (name in BUILTIN and (name in module.functions or name in module.classes)):
            return "write-file" if effect == "read-file" and writes(call) else effect
    if isinstance(call.func, ast.Attribute):
        return METHODS.get(call.func.attr)
    return None


def writes(call):
    mode = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "mode"), None)
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and bool(set("wax+") & set(mode.value))


def list_candidates(out, roots):
    rows = []
    for root in roots:
        folder, _, packages = root.partition("=")
        index = Index([folder], skipped=SKIPPED, only=set(packages.split(",")) - {""})
        sweep = Sweep(index)
        effects = sweep.effects()
        rows += [(*found, "hook") for found in sweep.hooks(effects)]
        for (module, qualname), effect in effects.items():
            owner, _, method = qualname.rpartition(".")
            if method in ("__init__", "__new__"):
                qualname = owner
            rows.append((module, qualname, effect, "class" if method in ("__init__", "__new__") else "function"))
    with open(out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["module", "qualname", "effect", "source"])
        writer.writerows(sorted(set(rows)))
    print(len(set(rows)), "candidates")


def write(binary, lists):
    """Adds to swept.yml what is suspicious or unfamiliar so far."""
    here = pathlib.Path(__file__).resolve()
    sys.path.insert(0, str(here.parents[2] / "benches" / "quality"))
    rows = {}
    for path in lists:
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["source"] == "hook" or (row["module"], row["qualname"]) not in rows:
                    rows[row["module"], row["qualname"]] = row
    target = here.parents[1] / "models" / "swept.yml"
    effects = known(target)
    for (module, qualname), row in unjudged(binary, rows).items():
        package = module.split(".")[0]
        is_method = row["source"] != "class" and "." in qualname
        if any(part.endswith("_test") or part.startswith("test_") for part in module.split(".")):
            continue
        named_honestly = row["source"] == "class" and package not in sys.stdlib_module_names
        if not named_honestly and not (is_method and package in FUNCTIONS_ONLY):
            effects.setdefault(f"{module}.{qualname}", row["effect"])
    target.write_text(rendered(effects), encoding="utf-8")
    print(len(effects), "names in", target.name)


def unjudged(binary, rows):
    """The rows whose name alone is neither trusted nor dangerous."""
    from pickscan import scan

    keys = sorted(rows)
    with tempfile.TemporaryDirectory(prefix="pickscan-sweep-") as folder:
        for number, (module, qualname) in enumerate(keys):
            data = b"\x80\x04c" + f"{module}\n{qualname}\n".encode() + b"."
            pathlib.Path(folder, str(number)).write_bytes(data)
        report = scan(binary, [folder])
    kept = {}
    for path, entry in report.items():
        if entry["verdict"] in ("suspicious", "unfamiliar"):
            key = keys[int(pathlib.Path(path).name)]
            kept[key] = rows[key]
    return kept


def known(target):
    """The names that the file has already, with their effects."""
    effects, names = {}, []
    for line in target.read_text(encoding="utf-8").splitlines() if target.exists() else []:
        if found := re.match(r"  - symbols: \[(.*)\]$", line):
            names = found[1].split(", ")
        elif found := re.match(r"    effects: \[([a-z-]+)\]$", line):
            effects.update(dict.fromkeys(names, found[1]))
    return effects


def rendered(effects):
    lines = [
        "# Written by rules/grow/sweep.py, which adds to it; entries that turn out wrong are removed by hand. Callables whose",
        "# body hands what they are given to open, exec, subprocess, importlib, pickle, a socket and the like. Classes outside",
        "# the standard library are left out: honest files name them.",
        "package: python",
        'versions: "libraries as of 2026"',
        "entries:",
    ]
    groups = collections.defaultdict(list)
    for name, effect in effects.items():
        groups[name.split(".")[0], effect].append(name)
    for (_, effect), names in sorted(groups.items()):
        lines += [f"  - symbols: [{', '.join(sorted(names))}]", f"    effects: [{effect}]", f'    note: "{NOTES[effect]}"']
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list")
    listing.add_argument("out")
    listing.add_argument("roots", nargs="+")
    writing = commands.add_parser("write")
    writing.add_argument("binary")
    writing.add_argument("lists", nargs="+")
    options = parser.parse_args()
    if options.command == "list":
        list_candidates(options.out, options.roots)
    else:
        write(options.binary, options.lists)


if __name__ == "__main__":
    main()
