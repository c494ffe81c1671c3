"""Draws docs/speed.svg: what a scan costs over the size of its input, and what loading costs.

    cargo build --release
    python3 benches/speed/plot.py [--binary PROGRAM] [--rounds 5]

Lists of small dicts (protocol 4) over four decades of sizes; processor time of a whole process that
scans, and of `pickle.loads` in a process that has read the file; medians of runs that take turns.
The numbers are in the picture as well.
"""

import argparse
import math
import pathlib
import tempfile
import types

import compare
import shapes

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 400, 64, 28, 44
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#666}.grid{stroke:#8884;fill:none}"
    ".scan{stroke:#2f7ed8;fill:#2f7ed8}.load{stroke:#d8732f;fill:#d8732f}.line{fill:none;stroke-width:2}"
)


def measured(options):
    """Rows of bytes, seconds of scanning, seconds of loading."""
    settings = types.SimpleNamespace(binary=options.binary, floor="true", rounds=options.rounds, wall=False)
    table = compare.Table(settings)
    with tempfile.TemporaryDirectory() as folder:
        for rows in ROWS:
            path = pathlib.Path(folder) / "dicts.pkl"
            shapes.small_dicts(path, rows / 1_000_000, 4)
            (scan, load), _ = table.measure([table.scan(path, "--jobs", "1"), table.loads(path)])
            yield path.stat().st_size, scan, load


def drawn(points):
    """The picture, both axes logarithmic."""
    low, high = math.floor(math.log10(min(min(scan, load) for _, scan, load in points))), 1
    first, last = math.floor(math.log10(points[0][0])), math.ceil(math.log10(points[-1][0]))

    def x(size):
        return LEFT + (math.log10(size) - first) / (last - first) * (WIDTH - LEFT - 16)

    def y(seconds):
        return TOP + (high - math.log10(seconds)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><style>{STYLE}</style>']
    out.append("<title>Processor time of pickscan and of pickle.loads over the size of the file</title>")
    for power in range(first, last + 1):
        out.append(f'<path class="grid" d="M{x(10**power):.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        out.append(f'<text x="{x(10**power):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{named(10**power, "B")}</text>')
    for power in range(low, high + 1):
        out.append(f'<path class="grid" d="M{LEFT} {y(10**power):.1f}H{WIDTH - 16}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(10**power) + 4:.1f}" text-anchor="end">{named(10**power, "s")}</text>')
    for column, style, label in [(1, "scan", "pickscan, the whole process"), (2, "load", "pickle.loads, without starting Python")]:
        line = " ".join(f"{x(point[0]):.1f},{y(point[column]):.1f}" for point in points)
        out.append(f'<polyline class="line {style}" points="{line}"/>')
        for point in points:
            out.append(f'<circle class="{style}" cx="{x(point[0]):.1f}" cy="{y(point[column]):.1f}" r="3"><title>{point[0]} bytes, {point[column]:.6f} s</title></circle>')
        out.append(f'<circle class="{style}" cx="{LEFT + 16}" cy="{TOP + 18 * column - 4}" r="4"/><text x="{LEFT + 26}" y="{TOP + 18 * column}">{label}</text>')
    return "\n".join([*out, "</svg>", ""])


def named(number, unit):
    """A power of ten with the prefix of its unit."""
    thousands = math.floor(math.log10(number) / 3 + 1e-9)
    prefix = {-3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G"}[thousands]
    return f"{number / 1000**thousands:.0f} {prefix}{unit}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary")
    parser.add_argument("--rounds", type=int, default=5)
    points = list(measured(parser.parse_args()))
    print("| bytes | scan | loads | scan, nanoseconds a byte |\n|---|---|---|---|")
    for size, scan, load in points:
        print(f"| {size} | {compare.shown(scan)} | {compare.shown(load)} | {scan / size * 1e9:.1f} |")
    (ROOT / "docs/speed.svg").write_text(drawn(points), encoding="utf-8")


if __name__ == "__main__":
    main()
