#!/usr/bin/env bash
# Holds CycloneDX against the schema in CycloneDX's own library, JUnit against a reader of it, GitLab's Code Quality
# against what its documentation requires.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/tools/tools.sh

pickscan=${PICKSCAN:-$PWD/target/debug/pickscan}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python_tools 'cyclonedx-python-lib[json-validation]==11.12.0' junitparser==5.0.3
printf "cos\nsystem\n(S'<&>]]>\\\\xff\033[31m'\ntR." >"$work/<a&b>\".pkl"
cp "$work/<a&b>\".pkl" "$work/"$'new\nline\xff.pkl'
"$pickscan" --no-progress --isolated --exit-zero -q corpus "$work" gone \
  -o "cyclonedx=$work/out.cdx.json" -o "junit=$work/out.xml" -o "gitlab=$work/out.json" -o "jsonl=$work/out.jsonl"
"$tools/venv/bin/python" - "$work" <<'PY'
import json, sys
import xml.etree.ElementTree as etree
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from junitparser import JUnitXml

work = sys.argv[1]
text = open(f"{work}/out.cdx.json", encoding="utf-8").read()
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
assert error is None, error
bom = json.loads(text)
references = [one["bom-ref"] for one in bom["components"]]
assert len(references) == len(set(references)) > 10 and all(one["hashes"] for one in bom["components"] if one["name"] != "gone")
assert {ref["ref"] for one in bom["vulnerabilities"] for ref in one["affects"]} <= set(references)

etree.parse(f"{work}/out.xml")
suites = JUnitXml.fromfile(f"{work}/out.xml")
suite = next(iter(suites))
cases = list(suite)
failures = sum(any(type(one).__name__ == "Failure" for one in case.result) for case in cases)
assert (suite.tests, suite.failures) == (len(cases), failures) and failures > 10, (suite.tests, suite.failures, failures)

issues = json.load(open(f"{work}/out.json", encoding="utf-8"))
assert len({one["fingerprint"] for one in issues}) == len(issues) > 10
for one in issues:
    assert one["description"] and one["check_name"]
    assert one["severity"] in {"info", "minor", "major", "critical", "blocker"}
    assert not one["location"]["path"].startswith("./") and one["location"]["lines"]["begin"] >= 1

lines = [json.loads(line) for line in open(f"{work}/out.jsonl", encoding="utf-8")]
assert [set(line) for line in lines] == [{"file"}] * (len(lines) - 1) + [{"summary"}]
print("CycloneDX, JUnit, GitLab and JSON lines are valid:", len(cases), "inputs,", len(issues), "issues")
PY
