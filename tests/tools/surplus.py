"""Why readers stop before an import that pickscan reports: the errors of CPython, counted.

    PICKSCAN_LAB_KEEP=FOLDER PICKSCAN_LAB_STREAMS=20000 \
        cargo test --release --test laboratory laboratory -- --ignored
    python3 tests/tools/surplus.py FOLDER

The inputs are read by the stubs of tests/oracle/oracle.py, so nothing is imported or run.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

ORACLE = pathlib.Path(__file__).resolve().parents[1] / "oracle" / "oracle.py"
KINDS = [
    (r"not callable|has no attribute '__new__'|NEWOBJ|isn't a type|must be a type", "what is called is mere data"),
    (r"must be an iterable|argument after \*|argument list must be|arguments? must be a tuple|cannot convert|is not iterable", "the arguments are no sequence"),
    (r"has no attribute '(append|extend|add|update|__setitem__|__dict__)'|assignment|indices must be|interpreted|state is not", "what is changed cannot be"),
    (r"unhashable", "a key or member cannot be hashed"),
    (r"codec can't (de|en)code|surrogates", "a text is not in the reader's encoding"),
    (r"invalid literal|could not convert|ValueError", "a number is none"),
    (r"MemoryError|exceeds|too (large|big)|OverflowError|timeout", "a limit of the laboratory or of CPython"),
    (r"STACK_GLOBAL requires str|attribute name must be", "a name is no text"),
    (r"stack underflow|unexpected MARK|pop from empty|MARK|could not find", "the stack is too short"),
    (r"beginning of a new frame", "a frame begins inside another, which the pure-Python reader alone refuses"),
    (r"memo|Memo", "a memo entry is missing"),
    (r"ran out of input|truncated|EOF|exhausted", "the data ends"),
    (r"invalid load key|persistent|extension|out-of-band|protocol", "an instruction that this host refuses"),
]


def error(path):
    """The last error of the C reader, else that of the pure-Python one. That no further stream follows is none."""
    answer = subprocess.run([sys.executable, ORACLE, "--readers", "c-bytes,python", "--files", path], capture_output=True, text=True)
    for run in json.loads(answer.stdout.splitlines()[0])["runs"]:
        ends = [stream["end"] for stream in run.get("streams", [])]
        ends = [end for end in ends if end["kind"] != "stop" and "Ran out of input" not in end.get("message", "")]
        if ends:
            return json.dumps(ends[-1])
    return None


def kind_of(text):
    return next((kind for pattern, kind in KINDS if re.search(pattern, text)), "other: " + text[:70])


def main():
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.pkl"))
    counts = collections.Counter()
    for path in paths:
        text = error(str(path))
        counts[kind_of(text) if text else "only what other readers than these do"] += 1
    print(f"{len(paths)} inputs")
    for kind, count in counts.most_common():
        print(f"{count:6} {kind}")


if __name__ == "__main__":
    main()
