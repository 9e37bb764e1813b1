#!/bin/bash
# What a scan costs and finds: whole processes beside merely walking and reading the same tree and beside other programs,
# with the tree in the system's cache and, as root, with it on the disk alone,
# a commit of 20 files beside git's own time, gigabytes a second in memory with up to 10,000 keys, and how many of 200
# planted keys are found in each of 11 forms.
#
#   tests/bench/scan.sh             the crates' sources in the local registry; about five minutes after the build, more with gitleaks
#   tests/bench/scan.sh FOLDER      another tree
#
#   KEYCTL=path BENCH=path          measure these instead of building them (`--bin keyctl --example scan-bench`)
#   KEYCTL_BENCH_PEERS=folder       where the peers are or go (folder/bin); by default target/peers
#
# It says what it measured and judges nothing: a busy machine would fail it. Each way is measured in rounds that take
# turns; the figures of one run are comparable with each other and with nothing else.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
tree=${1-${CARGO_HOME:-$HOME/.cargo}/registry/src}
peers=${KEYCTL_BENCH_PEERS:-$PWD/target/peers}
export PATH=$peers/bin:$PATH

command -v hyperfine >/dev/null || apt-get install -y -qq hyperfine >/dev/null || { echo "it needs hyperfine" >&2; exit 1; }
command -v rg >/dev/null || cargo install --quiet --root "$peers" ripgrep
command -v ripsecrets >/dev/null || cargo install --quiet --root "$peers" ripsecrets
command -v gitleaks >/dev/null || echo "without gitleaks (Debian 13 has it)"
if [ -z "${KEYCTL-}" ]; then
  # One after the other: together the program would get what the tests have their packages do, and be half a MB larger.
  cargo build --release --quiet --locked --bin keyctl
  cargo build --release --quiet --locked --example scan-bench
  KEYCTL=$(ls -t "${CARGO_TARGET_DIR:-target}"/*/release/keyctl | head -n 1)
  BENCH=$(dirname "$KEYCTL")/examples/scan-bench
fi
KEYCTL=$(readlink -f "$KEYCTL") BENCH=$(readlink -f "$BENCH")

work=$(mktemp -d "${TMPDIR:-/tmp}/keyctl-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export HOME=$work/home KEYCTL_HOME=$work/store
mkdir -m 700 "$HOME"
"$BENCH" keys >"$work/keys.env"
"$KEYCTL" store create --keeper file 2>/dev/null
"$KEYCTL" import "$work/keys.env" >/dev/null 2>&1
sed "s/^[^=]*='//; s/'\$//" "$work/keys.env" >"$work/literals"
"$BENCH" forms >"$work/forms"
mkdir "$work/large"
find "$tree" -type f -print0 | sort -z | xargs -0 cat | split -b 80M - "$work/large/part."

printf '%s, %s cores (%s), Linux %s\n' "$(date +%F)" "$(nproc)" "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(uname -r | cut -d- -f1)"

# What is not to be had without root: the system forgets what it has read.
printf '#!/bin/sh\nsync; echo 3 >/proc/sys/vm/drop_caches\n' >"$work/forget"
chmod 700 "$work/forget"

# Rounds of all commands in turn, the least and the median of each, and how many times the first one's. With a third word each
# run has to read from the disk.
compare() {
  local -n commands=$1
  local name round
  rm -f "$work"/times.*
  for round in 1 2 3 4 5; do
    for name in "${!commands[@]}"; do
      # These take minutes: once is enough.
      local often=(--warmup 1 --runs 4)
      [ -z "${3-}" ] || often=(--warmup 0 --runs 1 --prepare "$work/forget")
      case $name in gitleaks | ripsecrets)
        [ "$round" = 1 ] || continue
        often=(--warmup 0 --runs 1)
        ;;
      esac
      hyperfine -N --ignore-failure "${often[@]}" --export-json "$work/one.json" "${commands[$name]}" >/dev/null 2>&1
      python3 -c 'import json,sys; print(*json.load(open(sys.argv[1]))["results"][0]["times"], sep="\n")' "$work/one.json" >>"$work/times.$name"
    done
  done
  python3 - "$work" "$2" "${!commands[@]}" <<'PYTHON'
import statistics, sys
work, first, names = sys.argv[1], sys.argv[2], sys.argv[3:]
times = {name: [float(line) for line in open(f"{work}/times.{name}")] for name in names}
base = statistics.median(times[first])
print("\n| | least, ms | median, ms | of the first |\n|:--|--:|--:|--:|")
for name in sorted(names, key=lambda name: (name != first, statistics.median(times[name]))):
    middle = statistics.median(times[name])
    print(f"| {name} | {min(times[name]) * 1000:.0f} | {middle * 1000:.0f} | {middle / base:.2f} |")
PYTHON
}

for folder in "$tree" "$work/large"; do
  printf '\n%s files, %s MB\n' "$(find "$folder" -type f | wc -l)" "$(du -sm --apparent-size "$folder" | cut -f1)"
  # shellcheck disable=SC2034 # by name
  declare -A ways=(
    ["walk and read"]="$BENCH walk $folder"
    ["keyctl scan --no-shapes (20 keys)"]="$KEYCTL scan -q --no-ignore --no-shapes $folder"
    ["keyctl scan (20 keys and shapes)"]="$KEYCTL scan -q --no-ignore $folder"
    ["ripgrep, 20 literals"]="rg -uuu -a -F -f $work/literals $folder"
    ["ripgrep, 20 keys in 7 forms"]="rg -uuu -a -F -f $work/forms $folder"
    ["ripsecrets"]="ripsecrets --strict-ignore $folder"
  )
  ! command -v gitleaks >/dev/null || ways["gitleaks"]="gitleaks dir --no-banner --log-level fatal $folder"
  compare ways "walk and read"
  if [ -w /proc/sys/vm/drop_caches ]; then
    echo "read from the disk:"
    unset "ways[gitleaks]" "ways[ripsecrets]"
    compare ways "walk and read" cold
  else
    echo "without root, nothing was read from the disk"
  fi
done

# A commit of 20 files.
(
  mkdir "$work/repository"
  cd "$work/repository"
  git init -q .
  find "$tree" -name '*.rs' -size -40k | sort | sed -n 401,420p | while read -r file; do cp "$file" "$(echo "$file" | sha1sum | cut -c1-12).rs"; done
  git add .
  # shellcheck disable=SC2034 # by name
  declare -A ways=(
    ["git diff --cached --raw"]="git diff --cached --raw"
    ["keyctl scan --staged"]="$KEYCTL scan -q --staged"
  )
  compare ways "git diff --cached --raw"
)

echo
"$BENCH" memory "$tree"
"$BENCH" tree "$tree"
"$BENCH"
