#!/usr/bin/env bash
# Writes SARIF of the corpus, of hostile names and against a baseline, and holds each against Microsoft's validator
# (rules for SARIF and for GitHub) and sarif-fmt, where that is installed. cargo test holds them against the schema.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/tools/tools.sh

pickscan=${PICKSCAN:-$PWD/target/debug/pickscan}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm_tools @microsoft/sarif-multitool@5.7.0
multitool=$(find "$npm/node_modules/@microsoft" -name Sarif.Multitool -type f | head -n 1)

write() { # name, then arguments
  local name=$1
  shift
  "$pickscan" --no-progress --isolated --exit-zero -q "$@" -o "sarif=$work/$name.sarif"
}

write corpus corpus
mkdir "$work/hostile"
for name in 'a b#c?d%e.pkl' '[x](y).pkl' $'new\nline.pkl' $'\u202ecod.pkl' 'x{0}.pkl'; do
  printf "cos\nsystem\n(S'[a](http://b) {0} \033[31m'\ntR." >"$work/hostile/$name"
done
printf '\200\004\225' >"$work/hostile/cut.pkl"
(cd "$work/hostile" && write hostile . gone)
(cd "$work/hostile" && write known . --write-baseline "$work/known.json")
printf "cos\nsystem\n(S'id'\ntR." >"$work/hostile/new.pkl"
(cd "$work/hostile" && write against-baseline . --baseline "$work/known.json")

for file in "$work"/*.sarif; do
  # It exits with 0 whatever it finds; what counts are the results in the log that it writes.
  "$multitool" validate "$file" --rule-kind 'Sarif;Ghas' --level 'Error;Warning' \
    --output "$work/log.json" --log ForceOverwrite >/dev/null
  python3 - "$file" "$work/log.json" <<'PY'
import collections, json, sys
results = json.load(open(sys.argv[2], encoding="utf-8-sig"))["runs"][0].get("results", [])
found = collections.Counter((one["ruleId"], one.get("level", "warning")) for one in results)
print(sys.argv[1].rsplit("/", 1)[1], "results of the validator:", dict(found) or "none")
for one in results[:5]:
    print("  ", one["ruleId"], one["message"].get("arguments", one["message"].get("text")))
sys.exit(bool(results))
PY
done

if command -v sarif-fmt >/dev/null; then
  shown=$(sarif-fmt --color never --input "$work/hostile.sarif")
  for part in 'a b#c?d%e.pkl @ 0, GLOBAL' 'x{0}.pkl @ 0, GLOBAL'; do grep -qF -- "$part" <<<"$shown"; done
  sarif-fmt --color never --input "$work/corpus.sarif" >"$work/shown"
  python3 - "$work/corpus.sarif" "$work/shown" <<'PY'
import json, re, sys
results = json.load(open(sys.argv[1], encoding="utf-8"))["runs"][0]["results"]
shown = open(sys.argv[2], encoding="utf-8").read()
for one in results:
    file = one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    places = re.findall(f" in ({re.escape(file)}(?:!.*?)? @ \\d+(?:, [A-Z0-9_]+)?)\\. ", one["message"]["text"])
    assert len(places) == 1 and places[0] in shown, one["message"]["text"]
nested = sum(".pkl!" in one["message"]["text"] for one in results)
assert len(results) > 500 and nested > 10, (len(results), nested)
print("sarif-fmt shows file, member and offset of each of", len(results), "findings,", nested, "of them in members")
PY
else
  echo "sarif-fmt is not installed: not shown"
fi
