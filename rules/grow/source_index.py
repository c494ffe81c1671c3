"""Reads a library's Python source, without importing it, into classes and functions that can be asked about.

Only `ast` touches the source, so old releases that no interpreter of today can import are read like new ones.
This module knows nothing of what is dangerous: `review.py` does.
"""

import ast
from dataclasses import dataclass, field
from pathlib import Path

# Tests and vendored build tools are never named by honest pickles and only slow the walk down.
SKIPPED_PARTS = {"tests", "test", "testing", "conftest", "__pycache__", "distutils", "benchmarks", "examples"}
MAX_HOPS = 12
RECORD_MAKERS = {"namedtuple", "NamedTuple", "_make_tuple_bunch"}


@dataclass
class Module:
    """One source file: its dotted name, its imports, and its module-level definitions."""

    name: str
    is_package: bool
    imports: dict = field(default_factory=dict)  # local name -> (module, name or None)
    stars: list = field(default_factory=list)  # modules imported with `*`
    classes: dict = field(default_factory=dict)  # qualname -> ast.ClassDef
    functions: dict = field(default_factory=dict)  # name -> ast.FunctionDef
    aliases: dict = field(default_factory=dict)  # name -> the name it is assigned from
    instances: set = field(default_factory=set)  # names bound by module-level assignment
    records: set = field(default_factory=set)  # names bound to `namedtuple(...)` and its like


class Index:
    """All modules below the given roots; several roots let a base class be found in another library."""

    def __init__(self, roots, skipped=SKIPPED_PARTS, only=frozenset()):
        """`only` names top-level packages, where not everything below the roots is meant."""
        self.modules = {}
        self.skipped = skipped
        self.only = only
        for root in roots:
            self._read_root(Path(root))

    def _read_root(self, root):
        for path in sorted(root.rglob("*.py")):
            relative = path.relative_to(root)
            parts = relative.with_suffix("").parts
            if self.skipped & set(parts) or (self.only and parts[0] not in self.only):
                continue
            parts = list(relative.with_suffix("").parts)
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            if name and name not in self.modules:
                tree = parse(path)
                if tree is not None:
                    self.modules[name] = read_module(name, is_package, tree)

    def resolve(self, module_name, name):
        """Follows imports from `name` as seen in `module_name` to ("class" | "function" | "module", module, name)."""
        for _ in range(MAX_HOPS):
            module = self.modules.get(module_name)
            if module is None:
                return ("external", module_name, name)
            if name in module.classes:
                return ("class", module_name, name)
            if name in module.functions:
                return ("function", module_name, name)
            if name in module.aliases and module.aliases[name] != name:
                name = module.aliases[name]
                continue
            target = module.imports.get(name) or self._through_stars(module, name)
            if target is None:
                inner = f"{module_name}.{name}"
                return ("module", inner, None) if inner in self.modules else ("unknown", module_name, name)
            if target[1] is None:
                return ("module", target[0], None)
            if target == (module_name, name):  # `from . import x` in a package names its own submodule
                inner = f"{module_name}.{name}"
                return ("module", inner, None) if inner in self.modules else ("unknown", module_name, name)
            if f"{target[0]}.{target[1]}" in self.modules and target[1] not in getattr(
                self.modules.get(target[0]), "imports", {}
            ):
                return ("module", f"{target[0]}.{target[1]}", None)
            module_name, name = target
        return ("unknown", module_name, name)

    def _through_stars(self, module, name):
        for star in module.stars:
            other = self.modules.get(star)
            if other and (name in other.classes or name in other.functions or name in other.imports):
                return (star, name)
        return None

    def resolve_expression(self, module_name, node):
        """Resolves `a`, `a.b`, `a.b.c` written in `module_name`; anything else is unknown."""
        if isinstance(node, ast.Subscript):
            node = node.value
        parts = dotted_parts(node)
        if not parts:
            return ("unknown", module_name, ast.dump(node)[:40])
        found = self.resolve(module_name, parts[0])
        for part in parts[1:]:
            if found[0] == "module":
                found = self.resolve(found[1], part)
            elif found[0] == "external":
                found = ("external", found[1], f"{found[2]}.{part}" if found[2] else part)
            elif found[0] == "class" and f"{found[2]}.{part}" in self.modules[found[1]].classes:
                found = ("class", found[1], f"{found[2]}.{part}")
            else:
                return ("unknown", module_name, ".".join(parts))
        return found

    def lineage(self, module_name, qualname):
        """The class and its bases, depth first, as (module, qualname); and the bases that are not in the index."""
        order, outside, queue = [], [], [(module_name, qualname)]
        while queue:
            here = queue.pop(0)
            if here in order:
                continue
            order.append(here)
            for base in written_bases(self.modules[here[0]].classes[here[1]]):
                found = self._sibling(here, base) or self.resolve_expression(here[0], base)
                if found[0] == "class":
                    queue.append(found[1:])
                else:
                    outside.append(outside_name(found, base))
        return order, outside

    def _sibling(self, here, base):
        """A nested class may name a base that stands beside it inside the same outer class."""
        outer, _, _ = here[1].rpartition(".")
        if outer and isinstance(base, ast.Name) and f"{outer}.{base.id}" in self.modules[here[0]].classes:
            return ("class", here[0], f"{outer}.{base.id}")
        return None

    def method(self, lineage, name):
        """The first definition of method `name` along a lineage, with the class it stands in."""
        for module_name, qualname in lineage:
            for node in self.modules[module_name].classes[qualname].body:
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
                    return (module_name, qualname, node)
        return None


def written_bases(node):
    """The bases of a class, looking through `six.with_metaclass(Meta, Base, ...)` and `namedtuple(...)`."""
    for base in node.bases:
        called = dotted_parts(base.func) if isinstance(base, ast.Call) else None
        if called and called[-1] == "with_metaclass":
            yield from base.args[1:]
        elif called and called[-1] in RECORD_MAKERS:
            yield ast.Name(id="tuple")
        else:
            yield base


def outside_name(found, node):
    if found[0] == "external":
        return f"{found[1]}.{found[2]}" if found[2] else found[1]
    return ".".join(dotted_parts(node) or ["?"])


def dotted_parts(node):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return [node.id, *reversed(parts)]


def parse(path):
    """Python 2 source does not parse on Python 3; such a file is left out and named on stderr by the caller's count."""
    try:
        return ast.parse(path.read_text(encoding="utf-8", errors="replace"))
    except (SyntaxError, ValueError):
        return None


def read_module(name, is_package, tree):
    module = Module(name, is_package)
    for node in module_level(tree.body):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            read_import(module, node)
        elif isinstance(node, ast.ClassDef):
            read_class(module, node, "")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            module.functions[node.name] = node
        elif isinstance(node, ast.Assign):
            read_assignment(module, node)
    return module


def module_level(body):
    """Statements that run on import, including those below `if`, `try` and `with`."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody"):
            if isinstance(node, (ast.If, ast.Try, ast.With)):
                yield from module_level(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from module_level(handler.body)


def read_class(module, node, prefix):
    qualname = f"{prefix}{node.name}"
    module.classes.setdefault(qualname, node)
    for inner in node.body:
        if isinstance(inner, ast.ClassDef):
            read_class(module, inner, f"{qualname}.")


def read_assignment(module, node):
    for target in node.targets:
        if isinstance(target, ast.Name):
            module.instances.add(target.id)
            called = dotted_parts(node.value.func) if isinstance(node.value, ast.Call) else None
            if called and called[-1] in RECORD_MAKERS:
                module.records.add(target.id)
            if isinstance(node.value, ast.Name):
                module.aliases[target.id] = node.value.id


def read_import(module, node):
    if isinstance(node, ast.Import):
        for alias in node.names:
            local = alias.asname or alias.name.split(".")[0]
            module.imports[local] = (alias.name if alias.asname else local, None)
        return
    source = absolute_source(module, node)
    for alias in node.names:
        if alias.name == "*":
            module.stars.append(source)
        else:
            module.imports[alias.asname or alias.name] = (source, alias.name)


def absolute_source(module, node):
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    drop = node.level - (1 if module.is_package else 0)
    parts = parts[: len(parts) - drop]
    return ".".join([*parts, *([node.module] if node.module else [])])
