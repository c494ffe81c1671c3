#!/usr/bin/env bash
# Scans, and writes log, annotations, summary and outputs. Fails only where pickscan did not run at all: the step
# behind the upload fails for findings. Inputs come through the environment and never through the text of the script.
set -euo pipefail
export LC_ALL=C

report=$(mktemp -d "$RUNNER_TEMP/pickscan-report.XXXXXX")

output() {
  echo "$1=$2" >>"$GITHUB_OUTPUT"
}

nothing_to_scan() {
  echo "No file has changed; there is nothing to scan."
  for name in dangerous suspicious incomplete lfs-pointers exit-code verdict; do output "$name" 0; done
  exit 0
}

# Sets `paths`. A path that looks like an option or like standard input is made to look like a file.
paths=()
add() {
  case "$1" in
    '') ;;
    -*) paths+=("./$1") ;;
    *) paths+=("$1") ;;
  esac
}

changed() {
  local file list="$report/changed"
  # `git diff ...HEAD` with nothing in front compares HEAD with itself and finds nothing to scan.
  [[ $PICKSCAN_BASE =~ ^[0-9a-f]{40,64}$ ]] || return 1
  # Files that are gone are not asked for. Without the base, git fails, and everything is scanned.
  git -c core.quotePath=off diff --name-only -z --diff-filter=d "$PICKSCAN_BASE...HEAD" -- >"$list" 2>/dev/null || return 1
  local root
  root=$(git rev-parse --show-cdup)
  while IFS= read -r -d '' file; do
    if [[ -f $root$file ]]; then add "$root$file"; fi
  done <"$list"
  if ((${#paths[@]} == 0)); then nothing_to_scan; fi
}

given() {
  local path
  while IFS= read -r path; do add "${path%$'\r'}"; done <<<"$PICKSCAN_PATHS"
}

if [[ $PICKSCAN_CHANGED_ONLY == true ]]; then
  changed || {
    echo "::warning title=pickscan::What has changed cannot be told (is \`fetch-depth: 0\` missing?); all is scanned."
    given
  }
else
  given
fi

# Git's own folder holds what is checked out once more, as objects of LFS do.
options=(--no-progress --color never --exclude .git)
if [[ -n $PICKSCAN_FAIL_ON ]]; then options+=(--fail-on "$PICKSCAN_FAIL_ON"); fi
if [[ -n $PICKSCAN_CONFIG ]]; then options+=(--config "$PICKSCAN_CONFIG"); fi
if [[ $PICKSCAN_ISOLATED == true ]]; then options+=(--isolated); fi
if [[ -n $PICKSCAN_BASELINE ]]; then options+=(--baseline "$PICKSCAN_BASELINE"); fi
while IFS= read -r argument; do
  if [[ -n ${argument%$'\r'} ]]; then options+=("${argument%$'\r'}"); fi
done <<<"$PICKSCAN_ARGS"
for file in text github sarif json markdown; do options+=(--output "$file=$report/$file"); done

code=0
# An empty array is an unset variable to the bash of macOS.
"$PICKSCAN" "${options[@]}" -- ${paths[@]+"${paths[@]}"} || code=$?
if [[ ! -s $report/json || ! -s $report/sarif ]]; then
  echo "::error title=pickscan::pickscan did not run to its end (exit status $code)"
  exit 2
fi

# Names of files are text of whoever made them: the runner takes no commands until it sees the token again.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
if [[ $PICKSCAN_LOG_VIEW == sarif-fmt ]]; then
  PATH="$RUNNER_TEMP/sarif-fmt/bin:$PATH"
  command -v sarif-fmt >/dev/null || cargo install --locked --quiet --root "$RUNNER_TEMP/sarif-fmt" sarif-fmt@0.8.0
  sarif-fmt --color never --input "$report/sarif" || cat "$report/text"
else
  cat "$report/text"
fi
echo "::$token::"
if [[ $PICKSCAN_ANNOTATIONS == true ]]; then cat "$report/github"; fi
cat "$report/markdown" >>"$GITHUB_STEP_SUMMARY"

# The counts stand at the start of the report, before the first byte of any name.
head=$(head -c 4000 "$report/json")
count() {
  sed -E "s/^.*\"summary\":\{[^}]*\"$1\":([0-9]+).*$/\1/" <<<"${head%%\"suppressed\"*}"
}
for verdict in dangerous suspicious incomplete; do output "$verdict" "$(count "$verdict")"; done
pointers=$(grep -o '"kind":"lfs-pointer"' "$report/json" | wc -l | tr -d ' ') || pointers=0
output lfs-pointers "$pointers"
output exit-code "$code"
output sarif-file "$report/sarif"
output json-file "$report/json"

verdict=$code
if [[ $verdict == 2 && $PICKSCAN_ALLOW_INCOMPLETE == true ]]; then verdict=0; fi
if [[ $pointers != 0 ]]; then
  echo "::warning title=pickscan::$pointers Git LFS pointers stand in for files that were not scanned; check out with \`lfs: true\`"
fi
output verdict "$verdict"
