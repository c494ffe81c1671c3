#!/usr/bin/env bash
# Runs the hooks with `pre-commit try-repo` in a scratch repository: they pass on clean files, block a malicious one and
# leave others alone. `pickscan-system` takes the binary that is built; `--build` also tries the hook that builds it.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/tools/tools.sh

python_tools pre-commit==4.7.0
pickscan=$(realpath "${PICKSCAN:-target/debug/pickscan}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# try-repo clones what is committed; the hooks of the working tree may not be.
git init -q "$work/hooks"
if [[ ${1:-} == --build ]]; then
  cp -r Cargo.toml Cargo.lock build.rs rust-toolchain.toml rules src "$work/hooks/"
fi
cp .pre-commit-hooks.yaml "$work/hooks/"
git -C "$work/hooks" add .
git -C "$work/hooks" -c user.name=a -c user.email=a@b commit -qm hooks

git init -q "$work/repo"
cd "$work/repo"
export PATH="$(dirname "$pickscan"):$PATH"
printf '\200\002]q\000.' >good.pkl
printf "cos\nsystem\n(S'id'\ntR." >notes.txt
git add .

try() { # hook, expected outcome, text in its output
  local output status=0
  output=$(pre-commit try-repo "$work/hooks" "$1" --all-files --color never 2>&1) || status=$?
  if [[ $2 == passes && $status != 0 || $2 == fails && $status != 1 ]] || ! grep -qF -- "$3" <<<"$output"; then
    printf '%s should: %s, with: %s\n%s\n' "$1" "$2" "$3" "$output" >&2
    exit 1
  fi
}

hooks=(pickscan-system)
if [[ ${1:-} == --build ]]; then hooks+=(pickscan); fi
for hook in "${hooks[@]}"; do
  try "$hook" passes Passed
  printf "cos\nsystem\n(S'id'\ntR." >model.PT
  git add model.PT
  try "$hook" fails 'model.PT: dangerous'
  git rm -qf model.PT
  git rm -qf good.pkl
  try "$hook" passes Skipped
  printf '\200\002]q\000.' >good.pkl
  git add good.pkl
  echo "$hook passes, blocks and leaves alone as it should"
done
