#!/usr/bin/env bash
# Shows with strace what a scan does once it is confined: no program is started, no socket opened, nothing written
# but the report, nothing opened but what is scanned.
#
#     tests/tools/strace.sh target/release/pickscan [FOLDER]
#
# Needs strace and a kernel with Landlock and seccomp. Prints how many calls of each kind were seen.
set -euo pipefail
program=$(realpath "$1")
scanned=$(realpath "${2:-corpus}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

status=0
strace -f -y -s 256 -o "$work/trace" \
    "$program" --sandbox require -j 3 -o "json=$work/report.json" "$scanned" >"$work/out" 2>"$work/err" || status=$?
case $status in 0 | 1 | 2) ;; *) cat "$work/err"; exit 1 ;; esac
test -s "$work/report.json"

python3 - "$work" "$scanned" <<'PYTHON'
import collections
import re
import sys

work, scanned = sys.argv[1:]
lines = open(f"{work}/trace", errors="replace").read().splitlines()
# Landlock is in force from the first of these calls on, the filter of system calls from the last.
marks = [n for n, line in enumerate(lines) if re.search(r"\b(landlock_restrict_self|seccomp)\(.*= 0", line)]
assert len(marks) >= 2, "the sandbox is not in the trace"
confined = []
pending = {}
for line in lines[marks[-1] + 1 :]:
    # A call that another thread's interrupts stands in two halves.
    thread = line.split(maxsplit=1)[0]
    if line.endswith("<unfinished ...>"):
        pending[thread] = line.removesuffix("<unfinished ...>")
    elif "resumed>" in line and thread in pending:
        confined.append(pending.pop(thread) + line.split("resumed>", 1)[1])
    else:
        confined.append(line)
confined.extend(pending.values())

calls = collections.Counter()
problems = []
refused = set()
for line in confined:
    found = re.match(r"\d+\s+(?:\d+\.\d+\s+)?(\w+)\((.*)", line)
    if not found:
        continue
    name, rest = found.groups()
    calls[name] += 1
    if name in ("execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev"):
        problems.append(line)
    if name in ("socket", "connect", "bind", "accept", "accept4", "sendto", "sendmsg", "recvfrom", "socketpair"):
        problems.append(line)
    if name in ("clone", "clone3") and "CLONE_THREAD" not in rest:
        problems.append(line)
    if name in ("unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "truncate", "link", "linkat", "symlink",
                "symlinkat", "chmod", "fchmodat", "chown", "fchownat", "mknod", "mknodat", "creat", "mount", "keyctl", "bpf", "unshare"):
        problems.append(line)
    if name in ("open", "openat", "openat2"):
        path = re.search(r'"([^"]*)"', rest)
        path = path[1] if path else ""
        inside = path == scanned or path.startswith(scanned + "/")
        # A path relative to a folder of the scan is named by the folder's file descriptor.
        relative = not path.startswith("/") and re.match(r"\d+<" + re.escape(scanned), rest)
        writing = re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)", rest)
        if re.search(r"= -1 E(ACCES|PERM)", rest):
            # The C library looks at a setting of the kernel when it gives memory back; it may not.
            refused.add(path)
        elif writing or not (inside or relative):
            problems.append(line)
    if name in ("write", "writev", "pwrite64", "pwritev"):
        target = re.match(r"(\d+)<([^>]*)>", rest)
        allowed = target and (target[1] in "12" or target[2].startswith(work) or "anon_inode" in target[2])
        if not allowed:
            problems.append(line)
    if name in ("mmap", "mprotect") and re.search(r"PROT_EXEC", rest) and "= -1" not in rest:
        problems.append(line)

print(f"{len(confined)} lines behind the sandbox;", ", ".join(f"{name} {count}" for name, count in calls.most_common()))
if problems:
    print("\n".join(problems[:20]))
    sys.exit(f"{len(problems)} calls that must not be there")
assert calls["openat"] > 10, "nothing was scanned"
for path in sorted(refused):
    print("refused by the sandbox:", path)
print("no program, no socket, no write but the report, no open outside the scan")
PYTHON
