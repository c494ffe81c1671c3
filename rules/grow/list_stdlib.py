#!/usr/bin/env python3
"""Prints exceptions, enumerations and struct sequences of the running interpreter's standard library.

Run it with several interpreters and unite the results: `for p in 3.8 3.11 3.13; do python$p list_stdlib.py; done`.
Modules are imported one by one; those that open a browser, start a program or run a test when imported are left out.
A class that two modules re-export is listed under the module it says it is from, which is what pickle writes.
"""

import enum
import importlib
import pkgutil
import sys

LEFT_OUT = {"antigravity", "this", "idlelib", "test", "turtledemo", "lib2to3", "pydoc_data", "ensurepip", "venv",
            "__main__", "_aix_support", "_osx_support", "ctypes", "msilib", "turtle", "tkinter", "_tkinter",
            "_pyrepl", "_testcapi", "_testinternalcapi", "_testbuffer", "_testmultiphase", "_ctypes_test", "xxlimited"}


def module_names():
    top = set(getattr(sys, "stdlib_module_names", ())) or set(sys.builtin_module_names)
    if not hasattr(sys, "stdlib_module_names"):
        top |= {m.name for m in pkgutil.iter_modules() if "site-packages" not in str(m.module_finder)}
    yield from sorted(top - LEFT_OUT)
    for package in ("asyncio", "concurrent.futures", "email", "http", "json", "logging", "multiprocessing",
                    "unittest", "urllib", "xml.etree", "xml.sax", "xml.dom", "xml.parsers", "importlib", "collections"):
        try:
            path = importlib.import_module(package).__path__
        except Exception:
            continue
        for found in pkgutil.iter_modules(path, package + "."):
            if not found.name.endswith("__main__"):
                yield found.name


def kind(value):
    if not isinstance(value, type) or "<locals>" in value.__qualname__:
        return None
    if issubclass(value, BaseException):
        return "exception"
    if issubclass(value, enum.Enum):
        return "enum"
    if issubclass(value, tuple) and value is not tuple and (hasattr(value, "n_fields") or hasattr(value, "_fields")):
        return "struct"
    return None


def main():
    found = set()
    for name in module_names():
        try:
            module = importlib.import_module(name)
        except BaseException:
            continue
        for value in list(vars(module).values()):
            label = kind(value)
            if label and value.__module__.split(".")[0] not in LEFT_OUT:
                found.add((label, value.__module__, value.__qualname__))
    for row in sorted(found):
        print(*row)


main()
