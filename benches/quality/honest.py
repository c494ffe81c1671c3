"""How pickscan judges honest files: verdicts per library, and the symbols that were flagged.

    python3 benches/quality/honest.py FOLDER... [--list suspicious] [--symbols 40]

The library of a file is the first folder below the FOLDER given.
"""

import argparse
import collections
import pathlib

from pickscan import default_binary, scan

VERDICTS = ["clean", "unfamiliar", "suspicious", "dangerous", "incomplete", "skipped", "error"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--list", action="append", default=[])
    parser.add_argument("--symbols", type=int, default=40)
    parser.add_argument("--binary", default=default_binary())
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    counts = collections.defaultdict(collections.Counter)
    flagged = collections.Counter()
    for folder in options.folders:
        for path, entry in scan(options.binary, [folder]).items():
            parts = pathlib.Path(path).relative_to(folder).parts
            library = parts[0] if len(parts) > 1 else "."
            verdict = entry["verdict"]
            counts[library][verdict] += 1
            counts["all"][verdict] += 1
            count_flagged(flagged, entry, verdict)
            if verdict in options.list:
                show(path, entry)
    show_table(counts, options.markdown)
    for (rule, severity, symbol), number in flagged.most_common(options.symbols):
        print(f"{number:6} {severity:9} {rule:24} {symbol}")


def count_flagged(flagged, entry, verdict):
    found = {(f["rule"], f["severity"], f.get("symbol") or "") for f in entry["findings"] if f["severity"] != "info"}
    for key in found:
        flagged[key] += 1
    if verdict == "incomplete":
        for notice in entry["notices"]:
            flagged["notice", notice.get("kind", ""), notice.get("message", "")[:80]] += 1


def show(path, entry):
    print(path, entry["verdict"])
    for finding in entry["findings"]:
        if finding["severity"] != "info":
            print(f'    {finding["severity"]:8} {finding["rule"]:22} {finding["message"][:220]}')
    for notice in entry["notices"]:
        print("    notice", notice)


def show_table(counts, markdown):
    used = [v for v in VERDICTS if counts["all"][v]] + sorted(set(counts["all"]) - set(VERDICTS))
    if markdown:
        print("| library | files |" + "".join(f" {v} |" for v in used))
        print("|---|---|" + "---|" * len(used))
    for library, counter in sorted(counts.items(), key=lambda item: item[0] == "all"):
        if markdown:
            print(f"| {library} | {counter.total()} |" + "".join(f" {counter[v]} |" for v in used))
        else:
            print(f"{library:22}" + "".join(f" {v} {counter[v]}" for v in used if counter[v]))


if __name__ == "__main__":
    main()
