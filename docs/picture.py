"""Draws docs/terminal.svg: what pickscan prints for two files, as a terminal shows it.

    cargo build && python3 docs/picture.py
"""

import html
import pathlib
import re
import subprocess
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "corpus/acceptance"
FILES = ["malicious/torch-zip-system.pt", "honest/whole-module.pt", "honest/state-dict.pt", "honest/frame.pkl"]
COMMAND = ["pickscan", *FILES]
COLUMNS, LINE, CELL = 112, 19, 8.4
STYLES = {"1": "b", "2": "d", "1;31": "r", "33": "y", "32": "g"}
CSS = (
    "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d4d4d4;white-space:pre}"
    ".b{font-weight:bold;fill:#fff}.d{fill:#8b8b8b}.r{font-weight:bold;fill:#ff6b6b}.y{fill:#e5c07b}.g{fill:#98c379}"
)


def spans(line):
    """The pieces of a line with their style, as SGR sequences mark them."""
    style = None
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            style = STYLES.get(part[2:-1])
        elif part:
            yield style, part


def wrapped(line):
    """The line, broken between words; what follows is indented as the value of a field is."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    if len(plain) <= COLUMNS:
        return [line]
    hidden = len(line) - len(plain)
    indent = " " * (len(plain) - len(plain.lstrip()) + (6 if line.startswith("    ") else 0))
    first, *rest = textwrap.wrap(line, COLUMNS + hidden, subsequent_indent=indent, break_on_hyphens=False)
    return [first, *rest]


def main():
    command = [ROOT / "target/debug/pickscan", "--isolated", "--color", "always", *FILES]
    ran = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True)
    lines = [f"\x1b[32m$\x1b[0m {' '.join(COMMAND)}"]
    lines += [piece for line in ran.stdout.splitlines() for piece in wrapped(line)]
    lines += ["\x1b[32m$\x1b[0m echo $?", str(ran.returncode)]
    height, width = (len(lines) + 2) * LINE, int(COLUMNS * CELL) + 32
    drawn = []
    for number, line in enumerate(lines, 2):
        pieces = (
            f'<tspan class="{style}">{html.escape(text)}</tspan>' if style else html.escape(text)
            for style, text in spans(line)
        )
        drawn.append(f'<text x="16" y="{number * LINE - 8}" xml:space="preserve">{"".join(pieces)}</text>')
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>pickscan in a terminal</title><style>{CSS}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#1e1e1e"/>',
        *drawn,
        "</svg>",
    ]
    (ROOT / "docs/terminal.svg").write_text("\n".join(svg) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
