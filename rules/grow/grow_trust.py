#!/usr/bin/env python3
"""Lists the classes of a library that honest pickles may name, with what reviewing their source found.

    grow_trust.py review [--also DIR]... DIR [--module REGEX]     table: verdict, module, class, findings
    grow_trust.py compact [--also DIR]... DIR... [--module REGEX] YAML entries of the classes without findings

DIR is an unpacked wheel or a site-packages directory of one library (nothing in it is imported); `--also` adds
libraries that its classes inherit from. Several DIRs are several versions: their names are united, and a class is
listed as clean only when every version of it is. What the table flags is read by a person; README.md says how.
"""

import argparse
import re
import sys
from collections import defaultdict

from review import Reviewer
from source_index import Index

# Findings that do not tell one class from another: the callable itself would have been judged when it was named.
SOFT = ("calls-argument", "inspect", "thread", "codecs", "types", "sys:", "attribute:setattr", "io:", "method:self.register")


def hard(findings):
    return sorted(f for f in findings if not f[0].startswith(SOFT))


def review(root, also, pattern):
    """Yields (module, qualname, restore, construct, outside) for the classes that `root` itself defines."""
    own = Index([root])
    index = Index([root, *also]) if also else own
    reviewer = Reviewer(index)
    for module_name in sorted(own.modules):
        if pattern.search(module_name):
            for qualname in sorted(own.modules[module_name].classes):
                yield (module_name, qualname, *reviewer.review_class(module_name, qualname))


def print_table(root, also, pattern):
    for module, name, restore, construct, outside in review(root, also, pattern):
        verdict = "RESTORE" if hard(restore) else "CONSTRUCT" if hard(construct) else "clean"
        detail = "; ".join(f"{e} {p}" for e, p in (hard(restore) + hard(construct))[:6])
        print(f"{verdict:9} {module} {name} [{', '.join(outside)}] {detail}")


def clean_names(roots, also, pattern):
    """module -> names found clean in every version that has them; and those that are not."""
    verdicts = defaultdict(set)
    for root in roots:
        for module, name, restore, construct, _ in review(root, also, pattern):
            verdicts[module, name].add("restore" if hard(restore) else "construct" if hard(construct) else "clean")
    table = {"clean": defaultdict(set), "construct": defaultdict(set), "restore": defaultdict(set)}
    for (module, name), found in verdicts.items():
        worst = "restore" if "restore" in found else "construct" if "construct" in found else "clean"
        table[worst][module].add(name)
    return table


def compact(names):
    """Modules that define the same names share an entry, as renamed modules of several versions mostly do."""
    groups = defaultdict(list)
    for module in sorted(names):
        groups[tuple(sorted(names[module]))].append(module)
    return sorted((modules, list(group)) for group, modules in groups.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["review", "compact"])
    parser.add_argument("roots", nargs="+")
    parser.add_argument("--also", action="append", default=[])
    parser.add_argument("--module", default=".")
    options = parser.parse_args()
    pattern = re.compile(options.module)
    if options.command == "review":
        for root in options.roots:
            print_table(root, options.also, pattern)
        return
    for modules, names in compact(clean_names(options.roots, options.also, pattern)["clean"]):
        print(f"  - modules: [{', '.join(modules)}]\n    names: [{', '.join(names)}]")


if __name__ == "__main__":
    sys.exit(main())
