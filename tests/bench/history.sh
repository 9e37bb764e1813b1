#!/bin/bash
# What a history costs as it grows to 1,000, 100,000 and 1,000,000 entries, through the library: adding an entry, proving
# all, reading all, and the memory for it.
#
#   tests/bench/history.sh               a few minutes after the build
#   tests/bench/history.sh 1000 50000    other sizes
#
# It says what it measured and judges nothing: a busy machine would fail it. The folder lies in TMPDIR; on a disk that is
# slow to sync the slowest entries are those that wait for it, one in 64.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
printf '%s, %s cores (%s), Linux %s\n\n' "$(date +%F)" "$(nproc)" "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(uname -r | cut -d- -f1)"
cargo run --release --quiet --locked --example history-bench -- "$@"
