#!/usr/bin/env bash
# Executes the steps of action.yml, as tests/action says. Its two packages are installed below target/tools.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/tools/tools.sh

PICKSCAN=$(realpath "${PICKSCAN:-target/debug/pickscan}")
export PICKSCAN PICKSCAN_ROOT=$PWD
mkdir -p "$tools/action"
cp tests/action/*.mjs tests/action/*.json "$tools/action/"
cd "$tools/action"
npm ci --silent --ignore-scripts --no-audit --no-fund
node --test
