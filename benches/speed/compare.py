"""How fast pickscan is, as ratios within one run.

    cargo build --release --bin pickscan --bench floor
    python3 benches/speed/compare.py FOLDER [--rounds 5] [--peers VENV] [--adversarial SIZE]

FOLDER is where shapes.py puts its files; what is missing there is left out. VENV is a throw-away
environment with other scanners (`pip install picklescan modelscan modelaudit-picklescan fickling`).
Times are medians of whole processes, the candidates of a row taking turns, in seconds of processor
time, which a busy machine disturbs least; `--wall` measures by the clock on the wall. One core
against two is always measured so, by the fastest of the runs, and beside it how the reader of bytes
scales on the same machine. Peaks are the maximum resident set. Rows for which something is asked say
whether it is reached.
"""

import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADS = """
import gc, os, pickle, sys, time
with open(sys.argv[1], "rb") as file: data = file.read()
clock = getattr(time, sys.argv[2])
start = clock()
value = pickle.loads(data)
print(clock() - start, flush=True)
os._exit(0)
"""
OPCODE_DENSE = ["dicts-2.pkl", "dicts-4.pkl", "ints.pkl", "text.pkl"]


class Run:
    """What one process took."""

    def __init__(self, command, inner=False, folder=None):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.code = process.returncode
        self.wall = time.perf_counter() - start
        self.processor = usage.ru_utime + usage.ru_stime
        if inner:
            self.wall = self.processor = float(out.split()[0])
        self.peak = usage.ru_maxrss * 1024


class Table:
    def __init__(self, options):
        self.options = options
        targets = [ROOT / "target", pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))]
        self.pickscan = str(options.binary or newest(targets, "release/pickscan"))
        self.floor = str(options.floor or newest(targets, "release/deps/floor-*"))

    def scan(self, path, *flags):
        return [self.pickscan, "--format", "json", *flags, str(path)]

    def loads(self, path):
        clock = "perf_counter" if self.options.wall else "process_time"
        return ([sys.executable, "-c", LOADS, str(path), clock], True)

    def path(self, name):
        path = self.options.folder / name
        return path if path.exists() else None

    def runs(self, commands, rounds=None):
        """Runs of several commands that take turns; a command is a list, or a list with True where
        the process prints its own seconds."""
        runs = [[] for _ in commands]
        for _ in range(rounds or self.options.rounds):
            for command, taken in zip(commands, runs):
                taken.append(Run(*command) if isinstance(command, tuple) else Run(command))
        return runs

    def measure(self, commands, rounds=None):
        """Medians of the times, and peaks."""
        runs = self.runs(commands, rounds)
        clock = (lambda run: run.wall) if self.options.wall else (lambda run: run.processor)
        seconds = [statistics.median(map(clock, taken)) for taken in runs]
        return seconds, [max(run.peak for run in taken) for taken in runs]

    def add(self, what, ours, other, ratio, peak, note="", asked=None):
        """A row; `asked` is a function that says whether the ratio is good enough, and its words."""
        if asked:
            holds, words = asked
            note = f"{words}: {'reached' if holds(ratio) else 'missed'}{'; ' if note else ''}{note}"
        print(row((what, ours, other, ratio, peak, note)), flush=True)


def at_least(number):
    return (lambda ratio: ratio >= number), f"at least {number}"


def below(number):
    return (lambda ratio: ratio < number), f"below {number}"


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
        commands = [table.scan(path, "--jobs", "1"), table.loads(path), [table.floor, "decode", str(path)]]
        (ours, loads, decode), (peak, python, _) = table.measure(commands)
        # A process begins with the memory of the one that started it, which is all that small ones show.
        memory = f"peak {peak / size:.2f} of the file (below 0.6), {peak / python:.3f} of loads (below 0.1)"
        memory = memory if size > 50_000_000 else ""
        table.add(f"{name}: pickle.loads against pickscan", ours, loads, loads / ours, peak, memory, at_least(8))
        table.add(f"{name}: pickscan against decoding alone", ours, decode, ours / decode, peak, asked=below(2))


def against(table, name, label, commands, asked):
    """Rows: pickscan on the shape, within its sandbox and without, against one other command, and the same by the fastest
    runs on the wall."""
    path = table.path(name)
    if not path:
        return
    *ours, other = table.runs([table.scan(path), table.scan(path, "--sandbox", "off"), commands(str(path))])
    clock = (lambda run: run.wall) if table.options.wall else (lambda run: run.processor)
    median = lambda taken: statistics.median(map(clock, taken))
    fastest = lambda taken: min(run.wall for run in taken)
    for taken, words, wanted in [(ours[0], "", asked), (ours[1], ", no sandbox", None)]:
        note = f"fastest on the wall {shown(fastest(taken))} against {shown(fastest(other))}, {fastest(taken) / fastest(other):.2f}"
        peak = max(run.peak for run in taken)
        table.add(f"{name}: {label}{words}", median(taken), median(other), median(taken) / median(other), peak, note, wanted)


def sizes(table):
    small, large = table.path("torch-10m.pt"), table.path("torch-10g.pt")
    if small and large:
        (ours, other), (peak, _) = table.measure([table.scan(large), table.scan(small)])
        table.add("torch checkpoint, 10 GB against 10 MB", ours, other, ours / other, peak, asked=below(1.2))


def cores(table):
    path = table.path("pickles")
    if path:
        floor = [["env", f"RAYON_NUM_THREADS={jobs}", table.floor, "read", str(path)] for jobs in (2, 1)]
        runs = table.runs([table.scan(path, "--jobs", "2"), table.scan(path, "--jobs", "1"), *floor])
        two, one, floor_two, floor_one = (min(run.wall for run in taken) for taken in runs)
        note = f"the reader of bytes: {shown(floor_one)} against {shown(floor_two)}, {floor_one / floor_two:.2f}"
        peak = max(run.peak for run in runs[0])
        table.add("pickles: one core against two", two, one, one / two, peak, note, at_least(1.8))


def beyond(table):
    """Small and compressed inputs, each a whole process, beyond a process that does nothing."""
    names = ["tiny.pkl", "bytes.pkl", "forest.pkl", "forest.joblib", "forest-zlib.joblib", "rows.pkl.bz2"]
    for name in filter(table.path, [*names, "torch-10m.pt", "torch-1g.pt", "torch-10g.pt"]):
        path = table.path(name)
        (ours, other), (peak, _) = table.measure([table.scan(path), ["true"]])
        asked = {"tiny.pkl": below(4), "bytes.pkl": below(5)}.get(name)
        table.add(f"{name}: milliseconds beyond `true`", ours, other, (ours - other) * 1000, peak, asked=asked)


def adversarial(table):
    """Inputs that are made to be expensive: the ones that cost most a byte, and that need most memory."""
    if not table.options.adversarial:
        return
    size = table.options.adversarial
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, ROOT / "tests/tools/pathological.py", folder, str(size)], check=True)
        inputs = sorted(pathlib.Path(folder).iterdir())
        found = []
        for path in inputs:
            (ours,), (peak,) = table.measure([table.scan(path, "--jobs", "1")], rounds=1)
            found.append((ours, peak, path.stem))
        print(f"\n{len(found)} inputs of about {size} bytes that are made to be expensive; seconds and peaks, the worst of either:\n")
        print("| input | time | peak |\n|---|---|---|")
        worst = sorted(found, reverse=True)[:5] + sorted(found, key=lambda one: -one[1])[:5]
        for ours, peak, name in dict.fromkeys(worst):
            print(f"| {name} | {shown(ours)} | {peak / 1e6:.1f} MB |")


# A library without a command; left to itself it stops after a few million instructions.
MODELAUDIT = """
import sys, modelaudit_picklescan as scanner
options = scanner.ScanOptions(max_opcodes=10**9, max_known_stream_read_bytes=10**10)
print(scanner.scan_file(sys.argv[1], options=options).status)
"""


# Runs of each of the other scanners that are quick enough for it.
PEER_ROUNDS = 3


def peers(table):
    """Other scanners, none for longer than it is given."""
    path = table.path("dicts-peers.pkl")
    if not table.options.peers or not path:
        return
    path = path.resolve()
    bin = pathlib.Path(table.options.peers).resolve() / "bin"
    scanners = {
        "picklescan": [bin / "picklescan", "-p", path],
        "modelaudit-picklescan": [bin / "python", "-c", MODELAUDIT, path],
        "modelscan": [bin / "modelscan", "-p", path],
        "fickling": [bin / "fickling", "--check-safety", path],
    }
    clock = (lambda run: run.wall) if table.options.wall else (lambda run: run.processor)
    for label, command in scanners.items():
        most = ["timeout", str(table.options.patience)] + [str(word) for word in command]
        ours, theirs = [], []
        # They take turns, as often as patience allows: the machine's speed changes meanwhile.
        for _ in range(PEER_ROUNDS):
            ours.append(Run(table.scan(path, "--jobs", "1")))
            with tempfile.TemporaryDirectory() as folder:
                theirs.append(Run(most, folder=folder))
            if theirs[0].wall > table.options.patience / PEER_ROUNDS:
                break
        ours.append(Run(table.scan(path, "--jobs", "1")))
        seconds, other = (statistics.median(map(clock, taken)) for taken in (ours, theirs))
        note = f"{len(theirs)} runs; its peak {max(run.peak for run in theirs) / 1e6:.0f} MB"
        if theirs[-1].code == 124:
            note = f"it was stopped after {table.options.patience} s; {note}"
        asked = at_least(200) if "picklescan" in label else None
        peak = max(run.peak for run in ours)
        table.add(f"{path.name}: {label} against pickscan", seconds, other, other / seconds, peak, note, asked)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers")
    parser.add_argument("--patience", type=int, default=600, help="seconds for each of the peers")
    parser.add_argument("--binary")
    parser.add_argument("--floor")
    parser.add_argument("--wall", action="store_true")
    parser.add_argument("--adversarial", type=int, metavar="SIZE")
    table = Table(parser.parse_args())
    version = subprocess.run([table.pickscan, "--version"], capture_output=True, text=True).stdout.strip()
    clock = "wall" if table.options.wall else "processor"
    print(f"{version}, CPython {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}, {clock} time\n")
    print("| what | pickscan | the other | ratio | peak of pickscan | |\n|---|---|---|---|---|---|")
    opcode_dense(table)
    beyond(table)
    sizes(table)
    against(table, "pickles", "pickscan against reading the files", lambda path: [table.floor, "read", path], below(1.5))
    against(table, "others", "pickscan against reading 512 bytes of each", lambda path: [table.floor, "heads", path], below(1.3))
    cores(table)
    peers(table)
    adversarial(table)


if __name__ == "__main__":
    main()
