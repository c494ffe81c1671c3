#!/usr/bin/env python3
"""Prints rules/python2.yml: the names that pickle maps from Python 2 to Python 3.

    python3 rules/python2.py > rules/python2.yml

The tables are those of the running interpreter's `_compat_pickle`, which `pickle.Unpickler.find_class`
reads below protocol 3: first NAME_MAPPING, and only where the pair is not in it IMPORT_MAPPING.
"""

import sys

import _compat_pickle


def main():
    print("# Written by rules/python2.py from CPython's `_compat_pickle`; do not edit.")
    print("# Names are written `module name`: the split between the two matters here.")
    print(f'python2-versions: "CPython {sys.version_info.major}.{sys.version_info.minor}"')
    print("names:")
    for (module, name), (new_module, new_name) in sorted(_compat_pickle.NAME_MAPPING.items()):
        print(f'  "{module} {name}": "{new_module} {new_name}"')
    print("modules:")
    for module, new_module in sorted(_compat_pickle.IMPORT_MAPPING.items()):
        print(f'  "{module}": "{new_module}"')


if __name__ == "__main__":
    main()
