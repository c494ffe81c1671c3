#!/usr/bin/env bash
# Builds the wheel, installs it in a fresh virtual environment, and tries it from the command line and from Python.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/tools/tools.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python_tools maturin==1.16.0 mypy==2.4.1
maturin build --quiet --locked ${PICKSCAN_WHEEL_OPTIONS---release} --out "$work/dist"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$work"/dist/*.whl
cp tests/python/test_wheel.py "$work/"
cd "$work"
"$work/venv/bin/pickscan" --version
"$work/venv/bin/python" -m unittest -q test_wheel
# Programs that use it are checked against its types.
echo 'import pickscan; report: pickscan.Report = pickscan.scan("model.pt"); print(report.findings[0].offset + 1)' >typed.py
"$tools/venv/bin/mypy" --strict --no-error-summary --python-executable "$work/venv/bin/python" typed.py
echo 'import pickscan; print(pickscan.scan(1).nothing)' >wrong.py
if "$tools/venv/bin/mypy" --strict --no-error-summary --python-executable "$work/venv/bin/python" wrong.py >wrong.txt; then
  echo "the types let a wrong use pass"
  exit 1
fi
grep -q 'has no attribute "nothing"' wrong.txt
echo "the wheel is installed, runs, and is typed"
