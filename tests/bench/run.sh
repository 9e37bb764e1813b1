#!/bin/bash
# What `keyctl run` costs, as whole processes, beside other ways to give a command its keys: times, ratios to coreutils
# `env`, peak memory, instructions and the binary's size, held against the limits the project set itself.
#
#   tests/bench/run.sh            about 15 minutes on 2 cores, once the peers are there
#   tests/bench/run.sh --quick    fewer rounds: for a look while working, not for the README
#
#   KEYCTL=path                   measure this binary instead of building one
#   KEYCTL_BENCH_PEERS=folder     where the peers are or go (folder/bin); by default target/peers
#   --no-install                  name missing tools and peers instead of installing them
#
# It says ok or MISSED and ends with 0 if everything could be measured: it is no test, because a busy machine
# would fail it. Figures of one run are comparable with each other and with nothing else. Each way is measured in
# several rounds that take turns, so that a machine that slows down meanwhile slows all of them.
set -euo pipefail
self=$(readlink -f "$0")
cd "$(dirname "$self")/../.."
root=$PWD

rounds=7 runs=40 install=yes
for argument in "$@"; do
  case $argument in
    --quick) rounds=2 runs=20 ;;
    --no-install) install= ;;
    --measure) ;;
    *) sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p}' "$self" >&2; exit 2 ;;
  esac
done

sizes=(1 10 100 1000 10000)
peers=${KEYCTL_BENCH_PEERS:-$root/target/peers}
export PATH=$peers/bin:$PATH

say() { printf '%s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null; }

## What it needs.

prepare() {
  local tools=(hyperfine jq valgrind age secret-tool dbus-run-session dbus-send gnome-keyring-daemon)
  local packages=(hyperfine jq valgrind age libsecret-tools dbus dbus-bin gnome-keyring time)
  local missing=() tool
  for tool in "${tools[@]}"; do has "$tool" || missing+=("$tool"); done
  # The shell's own `time` knows no memory.
  [ -x /usr/bin/time ] || missing+=(/usr/bin/time)
  if [ "${#missing[@]}" -gt 0 ] && [ -n "$install" ] && has apt-get && [ "$(id -u)" = 0 ]; then
    say "installing from Debian: ${missing[*]}"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  elif [ "${#missing[@]}" -gt 0 ]; then
    say "the benchmark needs: ${missing[*]} (Debian: ${packages[*]})"
    exit 1
  fi
  # fnox reads a YubiKey, and is built with libudev for that.
  if ! has fnox && [ -n "$install" ] && has apt-get && [ "$(id -u)" = 0 ]; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libudev-dev pkg-config >/dev/null
  fi
  for tool in rage secretspec fnox; do
    if ! has "$tool" && [ -n "$install" ]; then
      say "building $tool from crates.io into $peers (fnox takes half an hour)"
      cargo install --quiet --locked --root "$peers" "$tool" || cargo install --quiet --root "$peers" "$tool" || say "$tool could not be built"
    fi
  done
  if [ -z "${KEYCTL-}" ]; then
    say "building keyctl"
    # As it is released; where there is no such target, as it is built here.
    local target=()
    if [ "$(uname -sm)" = "Linux x86_64" ] && has rustup && rustup target add x86_64-unknown-linux-musl 2>/dev/null; then
      target=(--target x86_64-unknown-linux-musl)
    fi
    cargo build --release --quiet --locked "${target[@]}"
    # The newest: where it lies depends on whether a target was named.
    KEYCTL=$(find target -maxdepth 3 -path '*release/keyctl' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
  fi
  KEYCTL=$(readlink -f "$KEYCTL")
  export KEYCTL
}

# A keychain of its own: a private bus and a gnome-keyring with an unlocked, empty collection, all of it gone afterwards.
with_keychain() {
  local folder status=0
  folder=$(mktemp -d "${TMPDIR:-/tmp}/keyctl-bench.XXXXXX")
  mkdir -m 700 "$folder/home" "$folder/run"
  env -i PATH="$PATH" HOME="$folder/home" XDG_RUNTIME_DIR="$folder/run" KEYCTL="$KEYCTL" KEYCTL_BENCH_PEERS="$peers" \
    CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" BENCH_FOLDER="$folder" \
    dbus-run-session -- "$self" --measure "$@" || status=$?
  rm -rf "$folder"
  return "$status"
}

start_keychain() {
  # It prints the variables of its control socket, which nothing here needs.
  printf keychain | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
  local tries=0
  # Not asked by its name before it has it: that would have the bus start a second one.
  until [ "$(owner)" = true ] && [ "$(reply ReadAlias string:default)" = /org/freedesktop/secrets/collection/login ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || { say "no keychain came up within 10 s"; exit 1; }
    sleep 0.05
  done
}

owner() {
  dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
    string:org.freedesktop.secrets | sed 's/.*boolean //'
}

reply() {
  dbus-send --session --print-reply=literal --dest=org.freedesktop.secrets /org/freedesktop/secrets \
    "org.freedesktop.Secret.Service.$1" "${@:2}" 2>/dev/null | tr -d ' ' || true
}

keychain_process() {
  dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetConnectionUnixProcessID \
    string:org.freedesktop.secrets 2>/dev/null | awk '/uint32/ { print $2 }'
}

stop_keychain() {
  local pid
  pid=$(keychain_process)
  [ -z "$pid" ] || kill "$pid"
}

## What is measured. Each way is one word, its folder, its variables and its command.

ways=() # names in the order of the table
declare -A folder_of variables_of command_of

# way NAME FOLDER VARIABLES COMMAND: the last two as one string each, split at spaces
way() {
  ways+=("$1")
  folder_of[$1]=$2 variables_of[$1]=$3 command_of[$1]=$4
}

key() { printf 'KEY_%05d' "$1"; }
# 48 characters, as long as an issuer's keys are.
value() { printf 'sk-proj-%010d%030d' $(($1 * 2654435761 % 9999999967)) "$1"; }

# Which keys are injected from a store of $1: as many as $2, spread from the first to the last.
chosen() {
  local size=$1 count=$2 at
  if [ "$count" = 1 ]; then key $(((size + 1) / 2)); return; fi
  for ((at = 0; at < count; at++)); do key $((1 + at * (size - 1) / (count - 1))); echo; done
}

# The `.env` file that all stores of a size are made from.
write_env() {
  local at
  for ((at = 1; at <= $1; at++)); do key "$at"; printf '='; value "$at"; echo; done
}

# Ten at most: a store of one key can give only one.
counts() { if [ "$1" -ge 10 ]; then echo "1 10"; else echo 1; fi; }

# Every way must do what it is measured for: the command has to get the right value.
check() {
  local name=$1 shown wanted
  wanted="$2=$3"
  # shellcheck disable=SC2086 # variables and command are lists
  shown=$(cd "${folder_of[$name]}" && eval "env -i PATH=\"\$PATH\" ${variables_of[$name]} ${command_of[$name]//\/bin\/true/\/usr\/bin\/env}" 2>&1) || true
  if ! grep -qxF "$wanted" <<<"$shown"; then
    say "$name does not work: ${shown:0:400}"
    exit 1
  fi
}

keyctl_ways() {
  local keeper size count store project variables flags name
  for keeper in file keychain; do
    for size in "${sizes[@]}"; do
      store=$folder/keyctl-$keeper-$size project=$folder/project-$keeper-$size
      mkdir -p "$project"
      variables="$usual KEYCTL_HOME=$store"
      # Without a bus the first import makes a store whose identity is in a file.
      [ "$keeper" = file ] || variables="$variables $bus"
      # shellcheck disable=SC2086
      (cd "$project" && env -i PATH="$PATH" $variables "$KEYCTL" import "$folder/$size.env" >"$folder/said" 2>&1) \
        || { say "keyctl import: $(cat "$folder/said")"; exit 1; }
      for count in $(counts "$size"); do
        flags=
        for name in $(chosen "$size" "$count"); do flags="$flags -k $name"; done
        way "keyctl-$keeper-$size-$count" "$folder" "$variables" "$KEYCTL run$flags -- /bin/true"
        check "keyctl-$keeper-$size-$count" "$name" "$(value $((10#${name#KEY_})))"
      done
      # What users type: the project names the keys, and was allowed them.
      { echo '[env]'; for name in $(chosen "$size" "$count"); do echo "$name = \"$name\""; done; } >"$project/.keyctl.toml"
      # shellcheck disable=SC2086
      (cd "$project" && hash=$(env -i PATH="$PATH" $variables "$KEYCTL" allow --show-hash) \
        && env -i PATH="$PATH" $variables "$KEYCTL" allow --hash "$hash" >"$folder/said" 2>&1) || { say "keyctl allow: $(cat "$folder/said")"; exit 1; }
      way "keyctl-$keeper-$size-$count-project" "$project" "$variables" "$KEYCTL run -- /bin/true"
      check "keyctl-$keeper-$size-$count-project" "$name" "$(value $((10#${name#KEY_})))"
    done
  done
}

# age or rage in a shell line, as people write it.
shell_ways() {
  local tool size
  for tool in rage age; do
    has "$tool" || { absent+=("$tool"); continue; }
    for size in "${sizes[@]}"; do
      line="export K=\$($tool -d -i $folder/identity.txt $folder/$size.age | grep ^$(chosen "$size" 1)= | cut -d= -f2-); exec /bin/true"
      way "$tool-shell-$size-1" "$folder" "$usual" "sh -c '$line'"
      check "$tool-shell-$size-1" K "$(value $(((size + 1) / 2)))"
    done
  done
}

secretspec_project() {
  local where=$1 provider=$2 name
  mkdir -p "$where"
  {
    printf '[project]\nname = "bench"\nrevision = "1.0"\n\n[providers]\nhere = %s\n\n[profiles.default]\n' "$provider"
    for name in "${@:3}"; do printf '%s = { description = "a key", required = true }\n' "$name"; done
  } >"$where/secretspec.toml"
}

secretspec_ways() {
  has secretspec || { absent+=(secretspec); return 0; }
  local size count name where names
  # As its documentation has it: one age file with an identity file beside it; that file with the identity in the
  # keychain; and the keychain, its default, for each value.
  for size in "${sizes[@]}"; do
    for count in $(counts "$size"); do
      mapfile -t names < <(chosen "$size" "$count" | grep .)
      name=${names[-1]} where=$folder/secretspec-age-$size-$count
      secretspec_project "$where" "\"age://$folder/$size.age?identity=$folder/identity.txt\"" "${names[@]}"
      way "secretspec-age-$size-$count" "$where" "$usual" "secretspec run -p here -- /bin/true"
      check "secretspec-age-$size-$count" "$name" "$(value $((10#${name#KEY_})))"
    done
  done
  grep SECRET "$folder/identity.txt" | tr -d '\n' \
    | secret-tool store --label=bench service secretspec/bench/_provider/identity username "$(id -un)"
  for count in 1 10; do
    mapfile -t names < <(chosen 10 "$count" | grep .)
    name=${names[-1]}
    where=$folder/secretspec-age-keychain-$count
    secretspec_project "$where" "{ uri = \"age://$folder/10.age\", credentials = { identity = \"keyring\" } }" "${names[@]}"
    way "secretspec-age-with-keychain-10-$count" "$where" "$usual $bus" "secretspec run -p here -- /bin/true"
    check "secretspec-age-with-keychain-10-$count" "$name" "$(value $((10#${name#KEY_})))"
    where=$folder/secretspec-keychain-$count
    secretspec_project "$where" '"keyring://"' "${names[@]}"
    for name in "${names[@]}"; do
      (cd "$where" && value $((10#${name#KEY_})) | secretspec set -p keyring "$name" >/dev/null 2>&1)
    done
    way "secretspec-keychain-10-$count" "$where" "$usual $bus" "secretspec run -p keyring -- /bin/true"
    check "secretspec-keychain-10-$count" "$name" "$(value $((10#${name#KEY_})))"
  done
}

# fnox keeps one age file per value in its `fnox.toml`; `exec` gives the command all of them.
fnox_ways() {
  has fnox || { absent+=(fnox); return 0; }
  local keeper count name where provider names
  for keeper in age age-with-keychain keychain; do
    for count in 1 10; do
      where=$folder/fnox-$keeper-$count
      mkdir -p "$where"
      provider=age
      {
        case $keeper in
          age) printf '[providers.age]\ntype = "age"\nrecipients = ["%s"]\nkey_file = "%s"\n' "$recipient" "$folder/identity.txt" ;;
          age-with-keychain)
            printf '[providers.keychain]\ntype = "keychain"\nservice = "fnox"\n'
            printf '[providers.age]\ntype = "age"\nrecipients = ["%s"]\nidentity = { provider = "keychain", value = "age-key" }\n' "$recipient"
            ;;
          keychain) printf '[providers.keychain]\ntype = "keychain"\nservice = "fnox"\n' ;;
        esac
      } >"$where/fnox.toml"
      [ "$keeper" != keychain ] || provider=keychain
      mapfile -t names < <(chosen 10 "$count" | grep .)
      for name in "${names[@]}"; do
        (cd "$where" && value $((10#${name#KEY_})) | fnox set "$name" --provider "$provider" >"$folder/said" 2>&1) \
          || { say "fnox set: $(cat "$folder/said")"; absent+=("fnox ($keeper)"); return 0; }
      done
      if [ "$keeper" = age-with-keychain ]; then
        grep SECRET "$folder/identity.txt" | tr -d '\n' | secret-tool store --label=bench service fnox username age-key
      fi
      way "fnox-$keeper-$count-$count" "$where" "$usual $bus" "fnox exec -- /bin/true"
      check "fnox-$keeper-$count-$count" "$name" "$(value $((10#${name#KEY_})))"
    done
  done
}

# What envchain does: it asks the keychain once for each value, through libsecret.
envchain_ways() {
  local count name names line
  for count in 1 10; do
    mapfile -t names < <(chosen 10 "$count" | grep .)
    line=
    for name in "${names[@]}"; do
      value $((10#${name#KEY_})) | secret-tool store --label=bench envchain bench key "$name"
      line="${line}export $name=\$(secret-tool lookup envchain bench key $name); "
    done
    way "secret-tool-shell-10-$count" "$folder" "$usual $bus" "sh -c '${line}exec /bin/true'"
    check "secret-tool-shell-10-$count" "$name" "$(value $((10#${name#KEY_})))"
  done
}

## Measuring.

run_way() { # NAME PREFIX...: the command behind a prefix, in its folder and with its variables alone
  local name=$1
  shift
  # shellcheck disable=SC2086
  (cd "${folder_of[$name]}" && eval "env -i PATH=\"\$PATH\" ${variables_of[$name]} \"\$@\" ${command_of[$name]}")
}

time_all() {
  local round name
  for ((round = 1; round <= rounds; round++)); do
    say "round $round of $rounds"
    for name in "${ways[@]}"; do
      # shellcheck disable=SC2086
      (cd "${folder_of[$name]}" && env -i PATH="$PATH" ${variables_of[$name]} \
        hyperfine -N --style none --ignore-failure --warmup 5 --min-runs 10 --max-runs "$runs" --export-json "$folder/$name.$round.json" \
        "${command_of[$name]}" >/dev/null 2>"$folder/said") || { say "$name: $(cat "$folder/said")"; exit 1; }
    done
  done
}

# The median in milliseconds of all rounds' runs that did their work; nothing where fewer than half did. A run that fails
# is over sooner, so it must never count as a fast one.
median() {
  jq -rs '[.[].results[] | [.times, .exit_codes] | transpose[]] | length as $all | map(select(.[1] == 0)[0]) | sort
    | if length * 2 < $all then "" else .[length / 2 | floor] * 1000 end' "$folder/$1".*.json
}

# Runs that failed, of all.
failures() { jq -s '[.[].results[].exit_codes[]] | map(select(. != 0)) | length' "$folder/$1".*.json; }

# The most memory the process ever had, in KiB, of three tries the least: the command itself is smaller.
memory() {
  local try
  for try in 1 2 3; do
    run_way "$1" /usr/bin/time -f %M -o "$folder/memory.$try" >/dev/null 2>&1 || true
    tail -n 1 "$folder/memory.$try"
  done | sort -n | head -n 1
}

# Instructions up to the exec. At an exec that succeeds, callgrind ends without saying what it counted. It refuses to
# follow into a program with the setuid bit, so that keyctl does all its work, is told no, and ends.
instructions() {
  local saved=${command_of[$1]}
  command_of[$1]=${saved//\/bin\/true/$folder/refused}
  run_way "$1" valgrind --tool=callgrind --trace-children=yes --callgrind-out-file=/dev/null 2>&1 >/dev/null \
    | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
  command_of[$1]=$saved
}

## Saying it.

ratio() { if [ -z "$1" ] || [ -z "$2" ]; then return 0; fi; jq -n "$1 / $2 * 100 | round / 100"; }

# A figure meets a limit only if it was measured, and of keyctl's own runs not one may have failed.
verdict() { # WAY FIGURE COMPARISON LIMIT
  if [ -z "$2" ] || { [ -n "$1" ] && [ "$(failures "$1")" != 0 ]; }; then
    echo "NOT MEASURED"
  elif [ "$(jq -n "$2 $3 $4")" = true ]; then
    echo ok
  else
    echo MISSED
  fi
}

limit() { # WAY WHAT FIGURE UNIT LIMIT: at most
  printf '| %s | %s %s | at most %s | %s |\n' "$1$2" "$3" "$4" "$5" "$(verdict "$1" "$3" '<=' "$5")"
}

table() {
  local name base failed this
  base=$(median env)
  printf '| way | median ms | times env | peak KiB |\n|---|--:|--:|--:|\n'
  for name in "${ways[@]}"; do
    this=$(median "$name")
    printf '| %s | %s | %s | %s |\n' "$name" "$([ -z "$this" ] && echo - || printf %.2f "$this")" "$(ratio "$this" "$base")" "$(memory "$name")"
  done
  for name in "${ways[@]}"; do
    failed=$(failures "$name")
    [ "$failed" = 0 ] || printf '\n%s: %s runs FAILED\n' "$name" "$failed"
  done
}

limits() {
  local base name fastest='' best='' this
  base=$(median env)
  times() { ratio "$(median "$1")" "$base"; }
  printf '\n| limit | measured | limit | |\n|---|--:|--:|---|\n'
  for name in keyctl-file-10-1 keyctl-file-10-10 keyctl-file-10-10-project; do limit "$name" "" "$(times "$name")" "x env" 1.3; done
  for name in keyctl-keychain-10-1 keyctl-keychain-10-10 keyctl-keychain-10-10-project; do limit "$name" "" "$(times "$name")" "x env" 2.6; done
  for name in keyctl-file-1000-10 keyctl-file-1000-10-project; do limit "$name" "" "$(times "$name")" "x env" 2; done
  for name in keyctl-file-10000-10 keyctl-file-10000-10-project; do limit "$name" "" "$(times "$name")" "x env" 5; done
  # The fastest peer that asks a keychain, with as many keys given.
  for name in "${ways[@]}"; do
    case $name in
      secretspec-*keychain*-10 | fnox-*keychain*-10 | secret-tool*-10)
        this=$(median "$name")
        [ -n "$this" ] || continue
        if [ -z "$best" ] || [ "$(jq -n "$this < $best")" = true ]; then best=$this fastest=$name; fi ;;
    esac
  done
  for name in keyctl-keychain-10-10 keyctl-keychain-10-10-project; do
    this=$(ratio "$best" "$(median "$name")")
    printf '| %s against %s | %s x faster | at least 3.5 | %s |\n' "$name" "$fastest" "$this" "$(verdict "$name" "$this" '>=' 3.5)"
  done
  for name in keyctl-file-100-10-project keyctl-keychain-100-10-project; do
    limit "$name" ", peak memory" "$(memory "$name")" KiB 5120
    limit "$name" ", up to the exec" "$(ratio "$(instructions "$name")" 1000000)" "M instructions" 4
  done
  limit "" "size of the binary" "$(ratio "$(stat -c %s "$KEYCTL")" 1000000)" MB 6
}

measure() {
  folder=$BENCH_FOLDER
  bus="DBUS_SESSION_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR"
  # Every user has a language set, and coreutils load its files: without one `env` and `true` would start sooner than
  # they do in anybody's shell.
  usual="HOME=$HOME LANG=C.UTF-8"
  absent=()
  start_keychain
  keychain=$(keychain_process)
  trap stop_keychain EXIT
  cp /bin/true "$folder/refused" && chmod u+s "$folder/refused"
  age-keygen -o "$folder/identity.txt" 2>/dev/null
  recipient=$(age-keygen -y "$folder/identity.txt")
  local size
  say "making the stores"
  for size in "${sizes[@]}"; do
    write_env "$size" >"$folder/$size.env"
    age -r "$recipient" -o "$folder/$size.age" "$folder/$size.env"
  done
  way true "$folder" "$usual" /bin/true
  way env "$folder" "$usual" "env KEY_00001=$(value 1) /bin/true"
  keyctl_ways
  shell_ways
  secretspec_ways
  fnox_ways
  envchain_ways
  time_all
  if [ "$(keychain_process)" != "$keychain" ]; then
    say "the keychain ended while it was measured: this run tells nothing"
    exit 1
  fi
  printf '%s, %s cores (%s), Linux %s, %s, keyctl %s; LANG=C.UTF-8; medians of %s rounds of up to %s runs\n\n' "$(date +%F)" "$(nproc)" \
    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(uname -r | cut -d- -f1)" \
    "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)" "$("$KEYCTL" --version | awk '{ print $2 }')" "$rounds" "$runs"
  printf 'A way is named: tool, where its keys or its identity are, keys in the store, keys given to the command.\n\n'
  table
  limits
  [ "${#absent[@]}" = 0 ] || printf '\nNot measured, because not there: %s\n' "${absent[*]}"
}

if [[ " $* " = *" --measure "* ]]; then
  measure
else
  prepare
  with_keychain "$@"
fi
