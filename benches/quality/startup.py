"""What starting costs: the processor time, user and system, of whole processes on a pickle of four bytes.

    python3 benches/quality/startup.py [--runs 120] [--binary PICKSCAN]

The least of all runs counts, because a loaded machine only ever adds to it.
"""

import argparse
import os
import pathlib
import shutil
import tempfile

from pickscan import default_binary


def least(command, runs):
    """Milliseconds of the cheapest run."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    times = []
    for _ in range(runs):
        process = os.posix_spawn(command[0], command, os.environ, file_actions=silent)
        _, _, used = os.wait4(process, 0)
        times.append(used.ru_utime + used.ru_stime)
    return min(times) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=120)
    parser.add_argument("--binary", default=default_binary())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pickscan-startup-") as folder:
        tiny = pathlib.Path(folder, "tiny.pkl")
        tiny.write_bytes(b"\x80\x04N.")
        commands = {
            "true": [shutil.which("true")],
            "pickscan --version": [options.binary, "--version"],
            "one tiny file, --sandbox off": [options.binary, "--sandbox", "off", str(tiny)],
            "one tiny file": [options.binary, str(tiny)],
        }
        for name, command in commands.items():
            print(f"{name:30} {least(command, options.runs):6.2f} ms")


if __name__ == "__main__":
    main()
