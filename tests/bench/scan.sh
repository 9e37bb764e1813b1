#!/bin/bash
# What a scan costs and finds: gigabytes a second in memory with up to 10,000 keys, a tree of files beside merely reading it,
# and how many of 200 planted keys are found in each of 11 forms.
#
#   tests/bench/scan.sh             the crates' sources in the local registry, a minute after the build
#   tests/bench/scan.sh FOLDER      another tree
#
# It says what it measured and judges nothing: a busy machine would fail it.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
printf '%s, %s cores (%s), Linux %s\n\n' "$(date +%F)" "$(nproc)" "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(uname -r | cut -d- -f1)"
cargo run --release --quiet --locked --example scan-bench -- "$@"
