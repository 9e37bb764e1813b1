#!/bin/bash
# How fast `keyctl run --mask` passes on what a command prints: 20 keys, on clean text and with a key every 4 KB, against
# `cat | cat`, which does nothing else with it, and sed; and after what time a prompt without a line's end is there.
#
#   tests/bench/mask.sh            about two minutes after the build
#   tests/bench/mask.sh FOLDER     text from there; by default the crates' sources in the local registry
#
#   KEYCTL=path                    measure this binary, built for speed, instead of building it
#   SIZE=1024                      MB of text
#
# It judges nothing: a busy machine would fail it. All ways are measured in rounds that take turns, and the best round of each
# counts; the figures of one run are comparable with each other and with nothing else.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
tree=${1-${CARGO_HOME:-$HOME/.cargo}/registry/src}
if [ -z "${KEYCTL-}" ]; then
  cargo build --release --quiet --locked --bin keyctl
  KEYCTL=$(find "${CARGO_TARGET_DIR:-target}" -maxdepth 3 -path '*release/keyctl' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
fi
KEYCTL=$(readlink -f "$KEYCTL")

work=$(mktemp -d "${TMPDIR:-/tmp}/keyctl-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export HOME=$work/home KEYCTL_HOME=$work/store
mkdir -m 700 "$HOME"
"$KEYCTL" store create --keeper file 2>/dev/null

python3 - "$work" "$tree" "$((${SIZE:-1024} << 20))" <<'PYTHON'
import os, random, string, sys
work, tree, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
random.seed(20)
keys = ["sk-live-" + "".join(random.choices(string.ascii_letters + string.digits, k=24 + at)) for at in range(20)]
with open(f"{work}/keys.env", "w") as file:
    file.writelines(f"KEY_{at}={key}\n" for at, key in enumerate(keys))
with open(f"{work}/sed", "w") as file:
    file.writelines(f"s/{key}/[keyctl:KEY_{at}]/g\n" for at, key in enumerate(keys))
text = bytearray()
for folder, _, names in os.walk(tree):
    for name in sorted(names):
        if name.endswith((".rs", ".md", ".toml")) and len(text) < 64 << 20:
            with open(os.path.join(folder, name), "rb") as file:
                text += file.read()
if not text:
    sys.exit(f"no text in {tree}")
for name, every in [("clean", None), ("keys", 4096)]:
    part = bytes(text)
    if every:
        part = b"".join(part[at:at + every] + random.choice(keys).encode() for at in range(0, len(part), every))
    with open(f"{work}/{name}", "wb") as file:
        written = 0
        while written < size:
            written += file.write(part)
PYTHON
"$KEYCTL" import "$work/keys.env" >/dev/null 2>&1
keys=()
for at in $(seq 0 19); do keys+=(-k "KEY_$at"); done

# What it must not do: change clean text, or leave a key.
"$KEYCTL" run --mask "${keys[@]}" -- cat "$work/clean" | cmp - "$work/clean"
"$KEYCTL" run --mask "${keys[@]}" -- cat "$work/keys" | sed -f "$work/sed" | cmp - <("$KEYCTL" run --mask "${keys[@]}" -- cat "$work/keys")

printf '%s, %s cores (%s), Linux %s\n' "$(date +%F)" "$(nproc)" "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(uname -r | cut -d- -f1)"
python3 - "$work" "$KEYCTL" "${keys[@]}" <<'PYTHON'
import os, subprocess, sys, time
work, keyctl, keys = sys.argv[1], sys.argv[2], sys.argv[3:]
def once(command):
    began = time.perf_counter()
    subprocess.run(["bash", "-c", command], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began
masked = f"{keyctl} run --mask {' '.join(keys)} -- cat"
for text in ["clean", "keys"]:
    size = os.path.getsize(f"{work}/{text}") / 1e9
    ways = {"cat | cat": f"cat {work}/{text} | cat >/dev/null", "run --mask": f"{masked} {work}/{text} >/dev/null"}
    best = {}
    for _ in range(15):
        for name, command in ways.items():
            best[name] = min(best.get(name, 1e9), once(command))
    best["sed"] = once(f"head -c 50000000 {work}/{text} | sed -f {work}/sed >/dev/null") * size * 1e9 / 5e7
    print(f"\n{text}: {size:.2f} GB")
    for name, took in best.items():
        print(f"  {name:12} {size / took:5.2f} GB/s, {best['cat | cat'] / took:.2f} of cat | cat")
waits = []
for _ in range(20):
    began = time.perf_counter()
    program = subprocess.Popen([keyctl, "run", "--mask", *keys, "--", "sh", "-c", "printf 'name: '; read x"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdout.read(6) == b"name: "
    waits.append(time.perf_counter() - began)
    program.communicate(b"\n")
print(f"\na prompt is there {min(waits) * 1000:.1f} ms after the start of keyctl (best of 20)")
PYTHON
