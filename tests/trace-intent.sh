#!/usr/bin/env bash
# A trace of system calls must show the intent of an effect synced to disk before the effect begins. The effect here is
# the file that the provider `manual` writes for a prompt. Needs strace; takes the binary's path.
set -euo pipefail
certus=$(realpath "${1:-target/debug/certus}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$(dirname "$0")/projects/express-shop" "$work/project"
# Whoever tried the README has a chain in it.
rm -rf "$work/project/.certus"
cd "$work/project"
export HOME=$work XDG_CONFIG_HOME=$work/config XDG_CACHE_HOME=$work/cache
status=0
strace -f -y -s 65536 -e trace=openat,openat2,pwrite64,write,fdatasync,fsync -o "$work/trace" \
  "$certus" flow "Add JWT authentication to the shop" --provider manual >/dev/null 2>&1 || status=$?
[ "$status" -eq 3 ] || { echo "the run ended with $status, not with 3"; exit 1; }
awk '
  # The intent is in the log …
  /pwrite64\([0-9]+<[^>]*certus\.db-wal>/ { dirty = 1; if (/name\\":\\"triage/ && !intent) intent = NR }
  # … and the log is synced …
  /(fdatasync|fsync)\([0-9]+<[^>]*certus\.db-wal>/ { dirty = 0; if (intent && !synced) synced = NR }
  # … before the effect begins.
  /openat2?\(.*triage-.*O_CREAT/ && !effect { effect = NR; was_dirty = dirty }
  END {
    printf "intent written at call %d, synced at %d, effect begun at %d\n", intent, synced, effect
    exit !(intent && synced && effect && intent < synced && synced < effect && !was_dirty)
  }
' "$work/trace"
