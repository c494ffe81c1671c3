"""How fast pickscan is, as ratios within one run.

    cargo build --release --bin pickscan --bench floor
    python3 benches/speed/compare.py FOLDER [--rounds 5] [--peers VENV]

FOLDER is where shapes.py puts its files; what is missing there is left out. VENV is a throw-away
environment with other scanners (`pip install picklescan modelscan modelaudit-picklescan fickling`).
Every time is the median wall time of a whole process, the candidates of a row taking turns; peaks
are the maximum resident set of one process.
"""

import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADS = "import pickle, sys\nwith open(sys.argv[1], 'rb') as file: data = file.read()\n"
LOADS += "import gc, time\nstart = time.perf_counter()\nvalue = pickle.loads(data)\nprint(time.perf_counter() - start)\n"
LOADS += "sys.stdout.flush()\nimport os\nos._exit(0)\n"
OPCODE_DENSE = ["dicts-2.pkl", "dicts-4.pkl", "ints.pkl", "text.pkl"]


class Run:
    """What one process took."""

    def __init__(self, command, inner=False):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        out = process.stdout.read()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        self.seconds = float(out.split()[0]) if inner else time.perf_counter() - start
        self.peak = usage.ru_maxrss * 1024


class Table:
    def __init__(self, options):
        self.options = options
        self.rows = []
        targets = [ROOT / "target", pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))]
        self.pickscan = str(options.binary or newest(targets, "release/pickscan"))
        self.floor = str(newest(targets, "release/deps/floor-*"))

    def scan(self, path, *flags):
        return [self.pickscan, "--format", "json", *flags, str(path)]

    def path(self, name):
        path = self.options.folder / name
        return path if path.exists() else None

    def measure(self, commands, rounds=None):
        """Medians of several commands that take turns; a command is a list, or a list with True
        where the process prints its own seconds."""
        runs = [[] for _ in commands]
        for _ in range(rounds or self.options.rounds):
            for command, taken in zip(commands, runs):
                taken.append(Run(*command) if isinstance(command, tuple) else Run(command))
        seconds = [statistics.median(run.seconds for run in taken) for taken in runs]
        return seconds, [max(run.peak for run in taken) for taken in runs]

    def add(self, what, ours, other, ratio, peak, note=""):
        self.rows.append((what, ours, other, ratio, peak, note))
        print(row(self.rows[-1]), flush=True)


def newest(folders, pattern):
    found = [path for folder in folders for path in folder.glob(pattern) if os.access(path, os.X_OK) and path.suffix != ".d"]
    if not found:
        sys.exit(f"no {pattern} below {folders[0]}: build it first")
    return max(found, key=lambda path: path.stat().st_mtime)


def row(cells):
    what, ours, other, ratio, peak, note = cells
    return f"| {what} | {shown(ours)} | {shown(other)} | {ratio:.2f} | {peak / 1e6:.1f} MB | {note} |"


def shown(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 10 else f"{seconds:.1f} s"


def opcode_dense(table):
    for name in filter(table.path, OPCODE_DENSE):
        path = table.path(name)
        size = path.stat().st_size
        commands = [table.scan(path, "--jobs", "1"), ([sys.executable, "-c", LOADS, str(path)], True), [table.floor, "decode", str(path)]]
        (ours, loads, decode), (peak, python, _) = table.measure(commands)
        memory = f"peak {peak / size:.2f} of the file, {peak / python:.3f} of loads"
        table.add(f"{name}: pickle.loads against pickscan", ours, loads, loads / ours, peak, memory)
        table.add(f"{name}: pickscan against decoding alone", ours, decode, ours / decode, peak)


def against(table, name, label, commands, flags=()):
    """A row: pickscan on the shape against one other command."""
    path = table.path(name)
    if path:
        (ours, other), (peak, _) = table.measure([table.scan(path, *flags), commands(str(path))])
        table.add(f"{name}: {label}", ours, other, ours / other, peak)


def sizes(table):
    small, large = table.path("torch-10m.pt"), table.path("torch-10g.pt")
    if small and large:
        (ours, other), (peak, _) = table.measure([table.scan(large), table.scan(small)])
        table.add("torch checkpoint, 10 GB against 10 MB", ours, other, ours / other, peak)


def cores(table):
    path = table.path("pickles")
    if path:
        (ours, other), (peak, _) = table.measure([table.scan(path, "--jobs", "2"), table.scan(path, "--jobs", "1")])
        table.add("pickles: one core against two", ours, other, other / ours, peak)


def loads(table):
    for name in ["forest.pkl", "forest.joblib", "forest-zlib.joblib", "rows.pkl.bz2", "bytes.pkl", "tiny.pkl"]:
        against(table, name, "pickscan against `true`", lambda path: ["true"])


def peers(table):
    if not table.options.peers:
        return
    scanners = {
        "picklescan": lambda path: [f"{table.options.peers}/bin/picklescan", "-p", path],
        "modelaudit-picklescan": lambda path: [f"{table.options.peers}/bin/modelaudit-picklescan", path],
        "modelscan": lambda path: [f"{table.options.peers}/bin/modelscan", "-p", path],
        "fickling": lambda path: [f"{table.options.peers}/bin/fickling", "--check-safety", path],
    }
    for label, command in scanners.items():
        if not os.path.exists(command("")[0]):
            continue
        for name in filter(table.path, ["dicts-4.pkl"]):
            path = str(table.path(name))
            (ours, other), (peak, _) = table.measure([table.scan(path, "--jobs", "1"), command(path)], rounds=1)
            table.add(f"{name}: {label} against pickscan", ours, other, other / ours, peak)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers")
    parser.add_argument("--binary")
    table = Table(parser.parse_args())
    version = subprocess.run([table.pickscan, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{version}, CPython {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}\n")
    print("| what | pickscan | the other | ratio | peak of pickscan | |\n|---|---|---|---|---|---|")
    opcode_dense(table)
    loads(table)
    sizes(table)
    against(table, "pickles", "pickscan against reading the files", lambda path: [table.floor, "read", path])
    against(table, "others", "pickscan against reading 512 bytes of each", lambda path: [table.floor, "heads", path])
    cores(table)
    peers(table)


if __name__ == "__main__":
    main()
