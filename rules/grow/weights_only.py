#!/usr/bin/env python3
"""Prints rules/weights-only.yml: the globals that `torch.load(weights_only=True)` allows by itself.

    python3 rules/grow/weights_only.py > rules/weights-only.yml      # in an environment with PyTorch
"""

import torch
from torch import _weights_only_unpickler as unpickler

WIDTH = 118


def main():
    print("# Written by rules/grow/weights_only.py from PyTorch's own list; do not edit.")
    print(f'weights-only-versions: "PyTorch {torch.__version__.partition("+")[0]}"')
    print("# What it may import and call.")
    print_names("symbols", sorted(unpickler._get_allowed_globals()))
    print("# What it sets items of, beside dicts.")
    print_names("mappings", ["collections.Counter", "collections.OrderedDict"])


def print_names(key, names):
    print(f"{key}: [")
    line = " "
    for name in names:
        if len(line) + len(name) + 2 > WIDTH:
            print(line)
            line = " "
        line += f" {name},"
    print(line.rstrip(","))
    print("]")


if __name__ == "__main__":
    main()
