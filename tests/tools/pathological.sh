#!/usr/bin/env bash
# Measures what the inputs of pathological.py cost at sizes over three decades.
#
#     tests/tools/pathological.sh target/release/pickscan [SIZE...]
#
# One line a kind: for each size seconds of processor time, megabytes at the peak, exit status; at the end by
# what factor the time grew over the last step of sizes. Everything runs with 4 GB of address space and 60 seconds.
set -uo pipefail
program=$(realpath "$1")
shift
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || sizes=(10000 100000 1000000 10000000)
here=$(dirname "$(realpath "$0")")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
kinds=${KINDS:-$(cd "$here" && python3 -c 'import pathological; print(*pathological.KINDS)')}

for kind in $kinds; do
    line=$(printf '%-42s' "$kind")
    before=0
    last=0
    for size in "${sizes[@]}"; do
        python3 "$here/pathological.py" "$folder" "$size" "$kind"
        measured=$(
            ulimit -v 4000000
            cd "$folder" || exit
            /usr/bin/env time -f '%U %S %M' -o "$folder/time" timeout -k 5 60 "$program" -f json -j 1 "$kind.bin" >"$folder/out" 2>"$folder/err"
            echo "$? $(tail -n 1 "$folder/time")"
        )
        read -r status user system memory <<<"$measured"
        seconds=$(python3 -c "print(round($user + $system, 2))")
        verdict=$(python3 -c "import json,sys; print(json.load(open('$folder/out'))['files'][0]['verdict'])" 2>/dev/null || head -c 60 "$folder/err")
        line+=$(printf ' | %7ss %5sMB %s %-10s' "$seconds" "$((memory / 1024))" "$status" "$verdict")
        before=$last
        last=$seconds
        rm -f "$folder/$kind.bin"
        # What takes so long at one size is not tried at ten times that.
        if python3 -c "import sys; sys.exit($seconds < ${GIVE_UP:-20})"; then break; fi
    done
    printf '%s | x%s\n' "$line" "$(python3 -c "print(round(max($last, 0.05) / max($before, 0.05), 1))")"
done
