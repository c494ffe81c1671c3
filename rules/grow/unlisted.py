#!/usr/bin/env python3
"""Finds the classes of a library that pickscan does not trust yet, and what reviewing their source says.

    unlisted.py table  PICKSCAN [--also DIR]... DIR...   verdict, review, module, class
    unlisted.py extend PICKSCAN [--also DIR]... DIR...   YAML entries for a pack in rules/trust

DIR is an unpacked wheel or the copy of one library; nothing in it is imported. Several DIRs are several versions. For
each class that it defines a pickle is written that makes an instance without arguments and gives it a state, as pickle
itself does, and pickscan is asked. The review is that of `review.py`: `restore` (something happens when an instance is
restored), `construct` (only when its constructor is given arguments, or an attribute is read that data names), `base` (a base of another library that has to be
looked at), or `clean`.

`extend` lists what is clean in every version, and what is `construct` under the condition that it gets no arguments.
What pickscan calls dangerous is left alone. Behind the entries stand, as comments, the classes that a person has to
read, and the functions that `__reduce__` methods name: pickles call those.
"""

import argparse
import ast
import collections
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "benches", "quality"))

from grow_trust import compact, hard
from pickscan import scan
from review import MODULE_EFFECTS, Reviewer
from source_index import Index

# Programs, tests and vendored tools: no honest pickle names their classes.
SKIPPED_WORDS = ("tests", "testing", "_testing", "conftest", "cli", "__main__", "setup", "setup_package", "_vendor", "sphinxext")


def instance(module, qualname):
    """Protocol 4: `class.__new__(class)`, then a state of one attribute."""
    names = b"".join(b"\x8c" + bytes([len(name)]) + name for name in (module.encode(), qualname.encode()))
    return b"\x80\x04" + names + b"\x93)\x81}\x8c\x05valueK\x01sb."


def verdicts(binary, classes):
    """(module, qualname) -> verdict; names of more than 255 bytes are left out."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        numbered = {}
        for number, (module, qualname) in enumerate(classes):
            if max(len(module), len(qualname)) < 256:
                path = os.path.join(folder, f"{number}.pkl")
                numbered[path] = (module, qualname)
                with open(path, "wb") as file:
                    file.write(instance(module, qualname))
        for path, entry in scan(binary, [folder]).items():
            found[numbered[path]] = entry["verdict"]
    return found


def reviewed(reviewer, module, name):
    restore, construct, outside = reviewer.review_class(module, name)
    harmful = [found for found in hard(restore) if found[0] != "attribute:getattr"]
    if harmful:
        return "restore", harmful
    if any(MODULE_EFFECTS.get(base.split(".")[0]) for base in outside):
        return "base", [(base, "") for base in outside]
    if any(base == "type" or base.endswith("Meta") for base in outside):
        return "base", [(base, "") for base in outside]
    return ("construct", hard(construct)) if hard(restore) or hard(construct) else ("clean", [])


def candidates(index):
    for module in sorted(index.modules):
        if not set(module.split(".")) & set(SKIPPED_WORDS):
            for name in sorted(index.modules[module].classes):
                yield module, name


def rebuilders(index):
    """Functions that stand first in what a `__reduce__` returns, resolved."""
    found = set()
    for module in index.modules.values():
        for node in module.classes.values():
            for method in node.body:
                if getattr(method, "name", "") in ("__reduce__", "__reduce_ex__"):
                    for inner in ast.walk(method):
                        value = getattr(inner, "value", None) if isinstance(inner, ast.Return) else None
                        if isinstance(value, ast.Tuple) and value.elts:
                            target = index.resolve_expression(module.name, value.elts[0])
                            if target[0] == "function":
                                found.add(target[1:])
    return found


class Review:
    """The worst that any version says of each class that pickscan does not trust."""

    ORDER = ["clean", "construct", "base", "restore"]

    def __init__(self):
        self.verdict, self.review, self.why, self.rebuilders = {}, {}, {}, {}

    def read(self, binary, root, also):
        own = Index([root])
        index = Index([root, *also]) if also else own
        reviewer = Reviewer(index)
        for names, verdict in verdicts(binary, candidates(own)).items():
            if verdict == "clean":
                continue
            word, why = reviewed(reviewer, *names)
            if self.ORDER.index(word) >= self.ORDER.index(self.review.get(names, "clean")):
                self.verdict[names], self.review[names], self.why[names] = verdict, word, why
        functions = rebuilders(own)
        for (module, name), verdict in verdicts(binary, functions).items():
            if verdict not in ("clean", "dangerous"):
                self.rebuilders[module, name] = hard(reviewer.review_function(module, name))

    def table(self):
        for names in sorted(self.review):
            yield f"{self.verdict[names]:10} {self.review[names]:9} {' '.join(names)}"

    def entries(self):
        for word, condition in (("clean", ""), ("construct", "    only:\n      max-arguments: 0\n")):
            names = collections.defaultdict(set)
            for (module, name), review in self.review.items():
                if review == word and self.verdict[module, name] in ("suspicious", "unfamiliar"):
                    names[module].add(name)
            for modules, listed in compact(names):
                yield f"{wrapped('  - modules: ', modules)}{wrapped('    names: ', listed)}{condition}".rstrip("\n")
        for names in sorted(self.review):
            if self.review[names] in ("restore", "base") and self.verdict[names] != "dangerous":
                yield f"# {self.review[names]} {' '.join(names)}: {', '.join(' '.join(w).strip() for w in self.why[names][:4])}"
        for (module, name), why in sorted(self.rebuilders.items()):
            yield f"# called by __reduce__: {module} {name}: {', '.join(' '.join(w) for w in why[:4]) or 'nothing found'}"


def wrapped(key, names):
    """A YAML list of at most 120 columns."""
    whole = f"{key}[{', '.join(map(quoted, names))}]\n"
    if len(whole) <= 121:
        return whole
    lines, line = [], "     "
    for name in names:
        word = f" {quoted(name)},"
        if len(line) + len(word) > 120:
            lines.append(line)
            line = "     "
        line += word
    return f"{key}[\n" + "\n".join([*lines, line.rstrip(",")]) + "\n    ]\n"


def quoted(name):
    return f'"{name}"' if name.lower() in ("null", "true", "false", "yes", "no", "on", "off", "y", "n") else name


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["table", "extend"])
    parser.add_argument("pickscan")
    parser.add_argument("roots", nargs="+")
    parser.add_argument("--also", action="append", default=[])
    options = parser.parse_args()
    review = Review()
    for root in options.roots:
        review.read(options.pickscan, root, options.also)
    for line in review.table() if options.command == "table" else review.entries():
        print(line)


if __name__ == "__main__":
    main()
