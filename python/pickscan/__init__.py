"""Says what Python pickles would do, without running any of them.

    >>> import pickscan
    >>> report = pickscan.scan("model.pt")
    >>> report.ok
    True

The work is done by the `pickscan` program in a process and a sandbox of its own: scanning a file
cannot harm the Python process that asks for it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import sysconfig
from typing import Any, Iterable, Optional, Union

__all__ = ["File", "Finding", "PickscanError", "Report", "UnsafeFileError", "find_binary", "scan"]

Path = Union[str, "os.PathLike[str]"]


class PickscanError(Exception):
    """pickscan could not be run, or did not understand what it was asked for."""


class UnsafeFileError(Exception):
    """A file is not what it was asked to be; `report` says why."""

    def __init__(self, message: str, report: "Report") -> None:
        super().__init__(message)
        self.report = report


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a rule found, and where."""

    rule: str
    severity: str
    """`critical`, `high`, `medium`, `low` or `info`."""
    message: str
    """What would happen. May quote the file: it is text of whoever made that."""
    member: str
    """The member of an archive, `!`-joined where archives nest; empty for the file itself."""
    offset: int
    opcode: str
    fingerprint: str
    symbol: Optional[str] = None
    suppressed: bool = False
    """Whether a baseline or the configuration says that it does not count."""


@dataclasses.dataclass(frozen=True)
class File:
    """What was found in one file."""

    path: str
    verdict: str
    """`clean`, `unfamiliar`, `suspicious`, `dangerous`, `incomplete` or `skipped` (no pickle)."""
    format: str
    findings: tuple[Finding, ...]
    imports: tuple[str, ...]
    """What loading it imports, each name once."""
    notices: tuple[str, ...]
    """What could not be scanned, and other remarks."""


@dataclasses.dataclass(frozen=True)
class Report:
    """What was found in all files."""

    files: tuple[File, ...]
    exit_code: int
    """As of the program: 0, 1 for findings at the threshold, 2 where something was not scanned."""
    version: str
    raw: dict[str, Any] = dataclasses.field(repr=False, compare=False)
    """The whole report, `pickscan-report/1`."""

    @property
    def ok(self) -> bool:
        """Whether nothing reaches the threshold and everything could be scanned."""
        return self.exit_code == 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all files."""
        return tuple(finding for file in self.files for finding in file.findings)

    def raise_for_findings(self) -> "Report":
        """Raises `UnsafeFileError` unless `ok`; else returns the report itself."""
        if self.ok:
            return self
        verdicts = ("dangerous", "suspicious", "incomplete", "unfamiliar")
        worst = min(
            (file for file in self.files if file.verdict in verdicts),
            key=lambda file: verdicts.index(file.verdict),
        )
        what = [finding.message for finding in worst.findings if not finding.suppressed]
        what += worst.notices
        raise UnsafeFileError(f"{worst.path!r} is {worst.verdict}: {'; '.join(what[:1])}", self)


def find_binary() -> str:
    """The path of the program that was installed with this package.

    Raises `PickscanError` where there is none. `PATH` is not searched: what lies there need not be
    this version, nor pickscan.
    """
    name = "pickscan" + (sysconfig.get_config_var("EXE") or "")
    folders = [sysconfig.get_path("scripts")]
    user = "nt_user" if os.name == "nt" else "posix_user"
    if sys.platform == "darwin" and sysconfig.get_config_var("PYTHONFRAMEWORK"):
        user = "osx_framework_user"
    folders.append(sysconfig.get_path("scripts", scheme=user))
    # `pip install --target` puts it beside the package.
    folders.append(os.path.join(os.path.dirname(os.path.dirname(__file__)), "bin"))
    for folder in folders:
        candidate = os.path.join(folder, name)
        if os.path.isfile(candidate):
            return candidate
    raise PickscanError(f"the program {name} is in none of {', '.join(folders)}; reinstall pickscan")


def scan(
    path: Union[Path, Iterable[Path]],
    *,
    fail_on: str = "suspicious",
    arguments: Iterable[str] = (),
    isolated: bool = True,
    timeout: Optional[float] = None,
) -> Report:
    """Scans a file or folder, or several.

    `fail_on` is the verdict from which on the report is not `ok`. `arguments` are further
    arguments of the program. No configuration is read unless `isolated` is false. Raises
    `PickscanError` where the program cannot be run, `subprocess.TimeoutExpired` where it takes
    longer than `timeout` seconds. A file that cannot be read is in the report, as `incomplete`.
    """
    paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
    if not paths:
        raise ValueError("no path to scan")
    # A file called `-` must not be taken for standard input.
    names = [os.path.join(".", "-") if os.fspath(one) == "-" else os.fspath(one) for one in paths]
    command = [find_binary(), "--format", "json", "--no-progress", "--fail-on", fail_on]
    command += ["--isolated"] if isolated else []
    command += [*arguments, "--", *names]
    try:
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
    except OSError as error:
        raise PickscanError(f"{command[0]} cannot be run: {error}") from error
    try:
        raw = json.loads(ran.stdout)
    except ValueError:
        said = ran.stderr.decode("utf-8", "replace").strip()
        raise PickscanError(said or f"pickscan ended with status {ran.returncode}") from None
    return Report(
        files=tuple(_file(file) for file in raw["files"]),
        exit_code=ran.returncode,
        version=raw["version"],
        raw=raw,
    )


def _file(file: dict[str, Any]) -> File:
    imports = (one for stream in file["streams"] for one in stream["imports"])
    names = (".".join(filter(None, (one["module"], one["name"]))) or "?" for one in imports)
    broken = [f"the pickle at {s['offset']} cannot be read to its end" for s in file["streams"] if s["end"] != "stop"]
    return File(
        path=file["path"],
        verdict=file["verdict"],
        format=file["format"],
        findings=tuple(_finding(finding) for finding in file["findings"]),
        imports=tuple(dict.fromkeys(names)),
        notices=tuple([notice["message"] for notice in file["notices"]] + broken),
    )


def _finding(finding: dict[str, Any]) -> Finding:
    names = {field.name for field in dataclasses.fields(Finding)} - {"suppressed"}
    known = {name: value for name, value in finding.items() if name in names}
    return Finding(**known, suppressed="suppressed" in finding)
