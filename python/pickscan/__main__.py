"""`python -m pickscan`: the program itself."""

import os
import subprocess
import sys

from pickscan import PickscanError, find_binary


def main() -> int:
    try:
        binary = find_binary()
    except PickscanError as error:
        print(f"pickscan: {error}", file=sys.stderr)
        return 2
    if os.name == "nt":
        # Windows has no exec that a waiting shell understands.
        return subprocess.run([binary, *sys.argv[1:]]).returncode
    os.execv(binary, [binary, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
