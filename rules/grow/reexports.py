"""Writes rules/models/reexports-*.yml: names that are another way to reach a module or a harmful function.

    python3 rules/grow/reexports.py collect OUT.json [package ...]     # once in each interpreter or environment
    python3 rules/grow/reexports.py merge PICKSCAN IN.json...          # writes the rule files

`collect` imports every module of the standard library, or of the packages given, and notes of each attribute that
is a module which module it is, and of each function or class that another module made where it was made. Run it in a
throw-away environment: importing runs code of those packages.

`merge` keeps what the rules do not see by themselves: a module under a name that does not tell which one it is
(`enum.bltns` is builtins; `random._os` needs no line), and a function that is harmful where it was made and not yet
known to be under its other name. The output depends only on the inputs.
"""

import contextlib
import importlib
import io
import json
import os
import pathlib
import pkgutil
import subprocess
import sys
import tempfile
import types

# Importing these opens windows, starts programs, or never returns.
SKIPPED = {"antigravity", "this", "idlelib", "turtledemo", "test", "lib2to3", "tkinter", "turtle", "__main__", "ensurepip"}
SKIPPED_PARTS = {"tests", "test", "testing", "conftest", "__main__", "_testing", "benchmarks", "examples", "idle"}


def modules_of(packages):
    if not packages:
        names = set(getattr(sys, "stdlib_module_names", ())) or stdlib_names()
        packages = sorted(names - SKIPPED)
    for package in packages:
        yield package
        try:
            spec = importlib.util.find_spec(package)
        except Exception:
            continue
        if spec is None or not spec.submodule_search_locations:
            continue
        yield from walk(package, list(spec.submodule_search_locations))


def walk(package, locations):
    for info in pkgutil.iter_modules(locations):
        if info.name in SKIPPED_PARTS or info.name.startswith("test_") or package.split(".")[0] in SKIPPED:
            continue
        name = package + "." + info.name
        yield name
        if info.ispkg:
            yield from walk(name, [os.path.join(location, info.name) for location in locations])


def stdlib_names():
    folder = os.path.dirname(os.__file__)
    names = set(sys.builtin_module_names)
    names.update(info.name for info in pkgutil.iter_modules([folder, os.path.join(folder, "lib-dynload")]))
    return {name for name in names if not name.startswith("_sysconfigdata")}


def collect(out, packages):
    import importlib.util

    modules, others = {}, {}
    for name in modules_of(packages):
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                module = importlib.import_module(name)
        except BaseException:
            continue
        for attribute, value in sorted(getattr(module, "__dict__", {}).items()):
            here = name + "." + attribute
            if isinstance(value, types.ModuleType):
                target = value.__name__
                if target != here:
                    modules[here] = target
            elif isinstance(value, (types.FunctionType, types.BuiltinFunctionType, type)):
                made = getattr(value, "__module__", None)
                qualname = getattr(value, "__qualname__", None)
                if isinstance(made, str) and isinstance(qualname, str) and "<" not in qualname:
                    there = made + "." + qualname
                    if there != here:
                        others[here] = there
    with open(out, "w") as file:
        json.dump({"modules": modules, "others": others}, file, sort_keys=True)


def tells(here, target):
    """Whether the name ends as the module does, underscores aside: the rules see those by themselves."""
    return here.split(".")[-1].lstrip("_") == target.lstrip("_") or here.endswith("." + target)


def merge(binary, inputs):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benches" / "quality"))
    modules, others = {}, {}
    for path in inputs:
        data = json.loads(pathlib.Path(path).read_text())
        modules.update(data["modules"])
        others.update(data["others"])
    lines = {here: target for here, target in modules.items() if not tells(here, target) and not same(here, target)}
    lines.update(harmful(binary, others))
    # A name below one that is already aliased needs no line of its own.
    write({here: target for here, target in lines.items() if plain(here) and plain(target)})


def plain(name):
    return all(part.isidentifier() for part in name.split("."))


def same(here, target):
    """Whether `here` is only a package's own submodule under another spelling, such as os.path for posixpath."""
    return target in ("posixpath", "ntpath", "genericpath") or here.replace("._", ".") == target.replace("._", ".")


def harmful(binary, others):
    """The names whose other name is judged worse than they are themselves."""
    names = sorted(set(others) | set(others.values()))
    verdicts = judge(binary, names)
    kept = {}
    for here, there in others.items():
        if verdicts.get(there) == "dangerous" and verdicts.get(here) not in (None, "dangerous"):
            kept[here] = there
    return kept


def judge(binary, names):
    verdicts = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(names):
            module, _, attribute = name.rpartition(".")
            data = b"\x80\x04c" + (module + "\n" + attribute + "\n").encode() + b"."
            pathlib.Path(folder, str(number)).write_bytes(data)
        done = subprocess.run(
            [binary, "--format", "json", "--no-progress", "--fail-on", "never", folder], stdout=subprocess.PIPE, check=False
        )
    for entry in json.loads(done.stdout)["files"]:
        verdicts[names[int(os.path.basename(entry["path"]))]] = entry["verdict"]
    return verdicts


def write(lines):
    folder = pathlib.Path(__file__).resolve().parents[1] / "models"
    by_target = {}
    for here, target in sorted(lines.items()):
        by_target.setdefault(target, []).append(here)
    with open(folder / "reexports.yml", "w", encoding="utf-8", newline="\n") as file:
        file.write("# Written by rules/grow/reexports.py; do not edit. Other names under which modules and harmful functions\n")
        file.write("# can be reached, in the standard library of CPython and in common libraries: a name is followed to what it\n")
        file.write("# denotes and judged there.\n")
        file.write("package: python\nversions: \"2.7, 3.6-3.13\"\nreexports:\n")
        for target, names in sorted(by_target.items()):
            file.write(f"  {target}: [{', '.join(names)}]\n")
        file.write("entries: []\n")
    print(sum(map(len, by_target.values())), "names of", len(by_target), "objects")


if __name__ == "__main__":
    if sys.argv[1] == "collect":
        collect(sys.argv[2], sys.argv[3:])
    else:
        merge(sys.argv[2], sys.argv[3:])
