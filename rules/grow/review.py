"""Asks of a class what an unpickler could make it do, from its source.

An unpickler reaches a class in two ways. It *restores*: `__new__` without arguments, then `__setstate__` or plain
attribute writes, and `__setitem__`, `append`, `extend`, `add` for containers; hashing and comparing when the object
is a dictionary key; `__del__` when it is dropped. It *constructs*: REDUCE with arguments of the file's choice runs
`__init__`. Both are followed through methods of the class, its bases and functions of the library, and every call
that touches code, processes, files, imports, networks, pickles or attributes named by data is reported.
A report is a reason to read the source, not a verdict.
"""

import ast

RESTORE = [
    "__new__", "__setstate__", "__setattr__", "__getattr__", "__getattribute__", "__setitem__", "append", "extend",
    "add", "__hash__", "__eq__", "__del__", "__missing__", "__setstate_cython__",
]
CONSTRUCT = ["__init__", "__post_init__"]
# A class with one of these takes its state whole; only without it does BUILD set attributes one by one.
OWN_STATE = ["__setstate__", "__setstate_cython__"]
MAX_DEPTH = 7

BUILTIN_EFFECTS = {
    "eval": "code", "exec": "code", "compile": "code", "execfile": "code", "open": "file", "__import__": "import",
    "input": "input", "breakpoint": "code", "globals": "namespace", "file": "file",
}
# Modules in which any call is worth a look; the value names the effect.
MODULE_EFFECTS = {
    "os": "os", "posix": "os", "nt": "os", "shutil": "file", "subprocess": "process", "tempfile": "file", "io": "io",
    "pathlib": "file", "glob": "file", "importlib": "import", "imp": "import", "runpy": "code", "pkgutil": "import",
    "pickle": "pickle", "cPickle": "pickle", "_pickle": "pickle", "marshal": "code", "dill": "pickle",
    "cloudpickle": "pickle", "joblib": "pickle", "shelve": "pickle", "ctypes": "native", "cffi": "native",
    "socket": "network", "ssl": "network", "urllib": "network", "urllib2": "network", "requests": "network",
    "http": "network", "httpx": "network", "ftplib": "network", "smtplib": "network", "huggingface_hub": "network",
    "multiprocessing": "process", "threading": "thread", "signal": "state", "atexit": "state", "sys": "sys",
    "zipfile": "file", "tarfile": "file", "gzip": "file", "bz2": "file", "lzma": "file", "codecs": "codecs",
    "types": "types", "code": "code", "codeop": "code", "webbrowser": "process", "pty": "process", "yaml": "yaml",
    "sqlite3": "file", "h5py": "file", "inspect": "inspect", "gc": "state", "weakref": None,
}
HARMLESS = {
    "os.path.join", "os.path.basename", "os.path.dirname", "os.path.splitext", "os.fspath", "os.cpu_count",
    "os.environ.get", "os.getenv", "os.getpid", "os.path.abspath", "os.path.normpath", "os.path.expanduser",
    "os.path.isabs", "os.path.relpath", "os.path.sep", "os.linesep",
    "os.path.exists", "os.path.isfile", "os.path.isdir", "sys.exc_info", "sys.getsizeof", "sys.version_info",
    "sys.intern", "io.BytesIO", "io.StringIO", "threading.Lock", "threading.RLock", "threading.local",
    "threading.get_ident", "threading.current_thread", "inspect.signature", "inspect.isclass", "inspect.isfunction",
    "inspect.getfullargspec", "inspect.getargspec", "inspect.getmro", "inspect.ismethod", "multiprocessing.cpu_count",
    "types.MappingProxyType", "types.SimpleNamespace", "types.MethodType", "inspect.currentframe", "inspect.stack",
    "os.environ.copy", "multiprocessing.RLock", "multiprocessing.Lock", "threading.Event", "os.path.split",
    "sys.stdout.write", "sys.stdout.flush", "sys.stderr.write", "sys.stdout.isatty", "threading.Condition",
    "inspect.isabstract", "inspect.Parameter", "inspect.isroutine", "inspect.getdoc", "inspect.cleandoc",
}
LOADING_METHODS = {
    "load", "loads", "load_model", "from_pretrained", "load_state_dict_from_url", "read_pickle", "unpickle",
    "load_library", "LoadLibrary", "system", "popen", "check_output", "check_call", "urlopen", "urlretrieve",
    "hf_hub_download", "save", "savez", "dump", "to_csv", "tofile", "fromfile", "memmap", "loadtxt", "read_csv",
    "write_text", "write_bytes", "read_text", "read_bytes", "mkdir", "unlink", "rmdir", "open", "import_module",
    "load_module", "exec_module", "register", "makedirs",
}


class Reviewer:
    """Follows calls through an index; `shared` results of functions are kept, since bases are asked for again and again."""

    def __init__(self, index):
        self.index = index

    def review_class(self, module_name, qualname):
        """(restore findings, construct findings, bases outside the index) of one class."""
        lineage, outside = self.index.lineage(module_name, qualname)
        restore = self._hooks(lineage, RESTORE)
        construct = self._hooks(lineage, CONSTRUCT) - restore
        return restore, construct, outside

    def _hooks(self, lineage, names):
        findings = set()
        for name in names:
            found = self.index.method(lineage, name)
            if found:
                self._walk(found, lineage, name, findings, set(), 0)
        if names is RESTORE and not any(self.index.method(lineage, name) for name in OWN_STATE):
            for setter in property_setters(self.index, lineage):
                self._walk(setter, lineage, f"{setter[2].name}.setter", findings, set(), 0)
        return findings

    def review_function(self, module_name, name):
        findings = set()
        node = self.index.modules[module_name].functions[name]
        self._walk((module_name, None, node), [], name, findings, set(), 0)
        return findings

    def _walk(self, where, lineage, path, findings, seen, depth):
        module_name, qualname, node = where
        key = (module_name, qualname, node.name)
        if key in seen or depth > MAX_DEPTH:
            return
        seen.add(key)
        parameters = {a.arg for a in [*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs]}
        local_imports = read_local_imports(self.index, module_name, node)
        for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
            self._call(call, where, lineage, path, findings, seen, depth, parameters, local_imports)

    def _call(self, call, where, lineage, path, findings, seen, depth, parameters, local_imports):
        module_name, qualname, node = where
        for effect in direct_effects(call, parameters, self.index, module_name, local_imports):
            findings.add((effect, f"{path}@{module_name}:{call.lineno}"))
        step = self._target(call.func, where, lineage, local_imports)
        if step:
            target, target_lineage = step
            self._walk(target, target_lineage, path, findings, seen, depth + 1)

    def _target(self, func, where, lineage, local_imports):
        """The definition that a call goes to, where the source tells: self.x(), super().x(), f(), module.f(), Class()."""
        module_name, qualname, _ = where
        if isinstance(func, ast.Attribute) and lineage:
            if isinstance(func.value, ast.Name) and func.value.id in ("self", "cls"):
                found = self.index.method(lineage, func.attr)
                return (found, lineage) if found else None
            if isinstance(func.value, ast.Call) and getattr(func.value.func, "id", "") == "super":
                here = lineage.index((module_name, qualname)) if (module_name, qualname) in lineage else -1
                found = self.index.method(lineage[here + 1 :], func.attr)
                return (found, lineage) if found else None
        parts = dotted(func)
        if not parts:
            return None
        if parts[0] in local_imports:
            source, name = local_imports[parts[0]]
            found = self.index.resolve(source, name) if name else ("module", source, None)
            for part in parts[1:]:
                found = self.index.resolve(found[1], part) if found[0] == "module" else ("unknown", "", "")
        else:
            found = self.index.resolve_expression(module_name, func)
        if found[0] == "function":
            return ((found[1], None, self.index.modules[found[1]].functions[found[2]]), [])
        if found[0] == "class":
            inner, _ = self.index.lineage(found[1], found[2])
            method = self.index.method(inner, "__init__")
            return (method, inner) if method else None
        return None


def property_setters(index, lineage):
    """Setters run when BUILD is given slot state, which it writes with `setattr`."""
    for module_name, qualname in lineage:
        for node in index.modules[module_name].classes[qualname].body:
            decorators = getattr(node, "decorator_list", [])
            if any(isinstance(d, ast.Attribute) and d.attr == "setter" for d in decorators):
                yield (module_name, qualname, node)


def read_local_imports(index, module_name, node):
    """Imports inside a function body, which are how libraries hide heavy or optional work."""
    from source_index import Module, read_import

    scratch = Module(module_name, index.modules[module_name].is_package)
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Import, ast.ImportFrom)):
            read_import(scratch, inner)
    return scratch.imports


def dotted(node):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else None


def direct_effects(call, parameters, index, module_name, local_imports):
    func = call.func
    if isinstance(func, ast.Call) and getattr(func.func, "id", "") == "getattr" and not is_own_object(func.args[0]):
        yield "attribute:called"
    if isinstance(func, ast.Name):
        yield from name_effects(call, func.id, parameters, index, module_name, local_imports)
        return
    parts = dotted(func)
    if parts:
        module = index.modules[module_name]
        source = local_imports.get(parts[0]) or module.imports.get(parts[0])
        full = ".".join([*(p for p in source or [parts[0]] if p), *parts[1:]])
        effect = MODULE_EFFECTS.get(full.split(".")[0]) if source else None
        if effect and full not in HARMLESS:
            yield f"{effect}:{full}"
            return
    if isinstance(func, ast.Attribute) and func.attr in LOADING_METHODS:
        yield f"method:{'.'.join(parts) if parts else '?.' + func.attr}"


def is_own_object(node):
    """`self`, `cls`, `type(self)`: an object reading its own attributes obtains nothing the file could not name."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "type" and node.args:
        node = node.args[0]
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def name_effects(call, name, parameters, index, module_name, local_imports):
    if name in ("getattr", "setattr", "delattr") and len(call.args) > 1 and not isinstance(call.args[1], ast.Constant):
        if not is_own_object(call.args[0]):
            yield f"attribute:{name}"
    elif name in BUILTIN_EFFECTS and index.resolve(module_name, name)[0] == "unknown":
        yield f"{BUILTIN_EFFECTS[name]}:{name}"
    elif name == "type" and len(call.args) == 3:
        yield "class:type"
    elif name in parameters and name != "cls":
        yield f"calls-argument:{name}"
    else:
        source = local_imports.get(name) or index.modules[module_name].imports.get(name)
        if source and source[1] and MODULE_EFFECTS.get(source[0].split(".")[0]):
            full = f"{source[0]}.{source[1]}"
            if full not in HARMLESS:
                yield f"{MODULE_EFFECTS[source[0].split('.')[0]]}:{full}"
