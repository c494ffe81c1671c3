#!/usr/bin/env bash
# Builds the fuzz targets, runs each for so many seconds, one after another, and prints what each has executed.
#
#     fuzz/run.sh SECONDS [TARGET...]
#
# Needs a C++ compiler, for libFuzzer, and nothing else: what `cargo fuzz` passes to the compiler is passed here, and
# stable Rust takes it. Nothing in this crate is `unsafe`, so no sanitizer is used: panics, overflows, failed invariants,
# memory and hangs are what can go wrong. What was found lies in fuzz/artifacts.
set -uo pipefail
cd "$(dirname "$0")"
seconds=$1
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(decode machine assembly wrappers zip tar npy containers rules config scan jobs)
host=$(rustc -vV | sed -n 's/^host: //p')
flags="-Cpasses=sancov-module --cfg fuzzing"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    flags+=" -Cllvm-args=-sanitizer-coverage-$option"
done
# With `--target`, what runs during the build is not instrumented.
RUSTFLAGS=$flags cargo build --quiet --release --locked --target "$host" || exit
binaries=${CARGO_TARGET_DIR:-target}/$host/release
failed=0
for target in "${targets[@]}"; do
    case $target in
    rules) seeds=(../rules) ;;
    config) seeds=(../tests/data/config) ;;
    *) seeds=(../corpus regressions) ;;
    esac
    mkdir -p "corpus/$target" "artifacts/$target"
    "$binaries/$target" -max_total_time="$seconds" -max_len=16384 -timeout=30 -rss_limit_mb=2048 -dict=pickle.dict \
        -artifact_prefix="artifacts/$target/" -print_final_stats=1 "corpus/$target" "${seeds[@]}" >"$target.log" 2>&1 ||
        { failed=1; echo "$target FAILED: see $(pwd)/$target.log"; }
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$target.log")
    covered=$(grep -o 'cov: [0-9]*' "$target.log" | tail -n 1)
    echo "$target: ${executed:-?} executions in $seconds s, $covered"
done
exit $failed
