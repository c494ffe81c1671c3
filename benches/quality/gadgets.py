"""How pickscan judges a list of gadgets, each called once with a plain string.

    python3 benches/quality/gadgets.py GADGETS.csv [--list clean|unfamiliar|suspicious] [--out result.csv]

GADGETS.csv has the columns module, qualname and effect. For each row and spelling a pickle is written into a
temporary folder; nothing is loaded.
"""

import argparse
import collections
import csv
import pathlib
import tempfile

from pickscan import default_binary, scan

VERDICTS = ["clean", "unfamiliar", "suspicious", "dangerous"]
# Rows of these effects are harmless or not depending on what they are called with.
BY_ARGUMENTS = {"indirect-call", "dos"}


def short(text):
    data = text.encode("utf-8", "surrogatepass")
    if len(data) < 256:
        return b"\x8c" + bytes([len(data)]) + data
    return b"X" + len(data).to_bytes(4, "little") + data


def spellings(module, name, argument="x"):
    """The three ways to name and call something at once."""
    header = b"\x80\x04"
    argument = short(argument)
    named = f"{module}\n{name}\n".encode()
    yield "GLOBAL", header + b"c" + named + argument + b"\x85R."
    yield "STACK_GLOBAL", header + short(module) + short(name) + b"\x93" + argument + b"\x85R."
    yield "INST", header + b"(" + argument + b"i" + named + b"."


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gadgets")
    parser.add_argument("--list", action="append", default=[], choices=VERDICTS)
    parser.add_argument("--out")
    parser.add_argument("--argument", default="x")
    parser.add_argument("--binary", default=default_binary())
    options = parser.parse_args()
    with open(options.gadgets, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    judged = judge(options, rows)
    table(rows, judged, options.list)
    if options.out:
        write(options.out, rows, judged)


def judge(options, rows):
    """For each row, verdict and entry by spelling."""
    with tempfile.TemporaryDirectory(prefix="pickscan-gadgets-") as folder:
        folder = pathlib.Path(folder)
        for number, row in enumerate(rows):
            name = row["qualname"].replace("*", "anything")
            for spelling, data in spellings(row["module"].replace("*", "anything"), name, options.argument):
                (folder / f"{number}-{spelling}.pkl").write_bytes(data)
        report = scan(options.binary, [folder])
    judged = [{} for _ in rows]
    for path, entry in report.items():
        number, spelling = pathlib.Path(path).stem.split("-")
        judged[int(number)][spelling] = entry
    return judged


def least(by_spelling):
    """The mildest verdict of the spellings."""
    return min((entry["verdict"] for entry in by_spelling.values()), key=lambda v: VERDICTS.index(v) if v in VERDICTS else -1)


def table(rows, judged, wanted):
    counts = collections.defaultdict(collections.Counter)
    for row, by_spelling in zip(rows, judged):
        verdict = least(by_spelling)
        counts[row["effect"]][verdict] += 1
        if row["effect"] not in BY_ARGUMENTS:
            counts["harmful"][verdict] += 1
        verdicts = {entry["verdict"] for entry in by_spelling.values()}
        if len(verdicts) > 1:
            print("spellings differ:", row["module"], row["qualname"], {s: e["verdict"] for s, e in by_spelling.items()})
        if verdict in wanted:
            print(f'{verdict}\t{row["effect"]}\t{row["module"]}\t{row["qualname"]}\t{row.get("source", "")[:80]}')
    print(f'{"effect":16}' + "".join(f"{verdict:>12}" for verdict in VERDICTS))
    for effect, counter in sorted(counts.items(), key=lambda item: item[0] == "harmful"):
        print(f"{effect:16}" + "".join(f"{counter[verdict]:12}" for verdict in VERDICTS))
    harmful = counts["harmful"]
    if harmful:
        print(f'dangerous: {100 * harmful["dangerous"] / harmful.total():.2f} % of {harmful.total()} rows that do harm')


def write(path, rows, judged):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["module", "qualname", "effect", "verdict", "rules"])
        for row, by_spelling in zip(rows, judged):
            entry = by_spelling["STACK_GLOBAL"]
            rules = " ".join(sorted({finding["rule"] for finding in entry["findings"]}))
            writer.writerow([row["module"], row["qualname"], row["effect"], least(by_spelling), rules])


if __name__ == "__main__":
    main()
