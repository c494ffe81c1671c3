"""Runs pickscan over paths and hands back the files of its JSON report."""

import json
import os
import subprocess


def scan(binary, paths):
    """The entries of `files` in the report, by path."""
    command = [binary, "--format", "json", "--no-progress", "--fail-on", "never", *map(str, paths)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 2) or not done.stdout:
        raise SystemExit(f"pickscan ended with {done.returncode}")
    return {entry["path"]: entry for entry in json.loads(done.stdout)["files"]}


def default_binary():
    """The release build of this repository, unless PICKSCAN names another."""
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("PICKSCAN", os.path.join(here, "..", "..", "target", "release", "pickscan"))
