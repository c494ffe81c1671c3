#!/usr/bin/env bash
# Builds the wheel, installs it in a fresh virtual environment, and tries it from the command line and from Python.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/tools/tools.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python_tools maturin
maturin build --quiet --locked ${PICKSCAN_WHEEL_OPTIONS---release} --out "$work/dist"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$work"/dist/*.whl
cp tests/python/test_wheel.py "$work/"
cd "$work"
"$work/venv/bin/pickscan" --version
"$work/venv/bin/python" -m unittest -q test_wheel
