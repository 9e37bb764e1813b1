#!/bin/bash
# What the proxy adds to a request, against a bare reverse proxy (nginx, one process, kept connections, no log) to the same host
# over TLS on this machine: 1,000 requests a second, each counted from the moment when it was due; then as many as there can be;
# then 5,000 streams at a time, and the memory for them. Debian's nginx speaks HTTP/1.1 to a host, and so does keyctl where the
# host has nothing else; what it adds where the host has HTTP/2 is measured beside it.
#
#   tests/bench/proxy.sh              about three minutes after the build
#
#   KEYCTL=path BENCH=path            measure these, built for speed, instead of building them
#   ROUNDS=3 SECONDS_EACH=8 STREAMS=5000 RATE=1000
#
# It judges nothing: a busy machine would fail it. All ways are measured in rounds that take turns, and the best round of each
# counts; the figures of one run are comparable with each other and with nothing else. It needs nginx, and as many open files
# as there are streams, three times (ulimit -Hn).
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
built() { find "${CARGO_TARGET_DIR:-target}" -maxdepth 4 -path "*release/$1" -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-; }
if [ -z "${KEYCTL-}" ] || [ -z "${BENCH-}" ]; then
  cargo build --release --quiet --locked --bin keyctl --example proxy-bench
  KEYCTL=$(built keyctl) BENCH=$(built examples/proxy-bench)
fi
KEYCTL=$(readlink -f "$KEYCTL") BENCH=$(readlink -f "$BENCH")
nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || { echo "this needs nginx" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/keyctl-bench.XXXXXX")
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
export HOME=$work/home KEYCTL_HOME=$work/store
mkdir -m 700 "$HOME"
secret=real-secret-0123456789-abcdefghij
"$KEYCTL" store create --keeper file 2>/dev/null
printf %s "$secret" | "$KEYCTL" -q set KEY

# keyctl is started with what a shell has, and raises that itself; nginx and both ends do not.
ulimit -Sn "$(ulimit -Hn)"
mkdir "$work/newer"
"$BENCH" host "$work" http/1.1 > "$work/port" & started+=($!)
"$BENCH" host "$work/newer" h2 > "$work/newer/port" & started+=($!)
for _ in $(seq 100); do [ -s "$work/port" ] && [ -s "$work/newer/port" ] && break; sleep 0.05; done
port=$(cat "$work/port") newer=$(cat "$work/newer/port")

free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
plain=$(free) secure=$(free)
cat > "$work/nginx.conf" <<NGINX
daemon off; master_process off; pid $work/nginx.pid; error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off; tcp_nodelay on; keepalive_requests 10000000; client_body_temp_path $work/b; proxy_temp_path $work/p;
  fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
  upstream host { server 127.0.0.1:$port; keepalive 64; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:$plain; listen 127.0.0.1:$secure ssl;
    ssl_certificate $work/host.pem; ssl_certificate_key $work/host.key;
    location / {
      proxy_pass https://host; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host api.test;
      proxy_set_header X-Api-Key $secret; proxy_buffering off;
      proxy_ssl_trusted_certificate $work/ca.pem; proxy_ssl_verify on; proxy_ssl_name api.test; proxy_ssl_server_name on;
    }
  }
}
NGINX
"$nginx" -p "$work" -c "$work/nginx.conf" & started+=($!)
server=$!

cat > "$KEYCTL_HOME/config.toml" <<TOML
[[proxy.rules]]
secret = "KEY"
domain = "api.test"
address = "127.0.0.1:$port"
ca = "$work/ca.pem"
base_url = { API = "" }
[[proxy.rules]]
secret = "KEY"
domain = "localhost"
address = "127.0.0.1:$newer"
ca = "$work/newer/ca.pem"
base_url = { NEWER = "" }
TOML
(ulimit -Sn 1024; exec "$KEYCTL" -q proxy run -k KEY -- sh -c 'cp "$SSL_CERT_FILE" '"$work"'/all.pem; printf "%s\n" "$API" "$NEWER" "$KEY" "$HTTPS_PROXY" > '"$work"'/way.part; mv '"$work"'/way.part '"$work"'/way; exec sleep 3600') & started+=($!)
keyctl=$!
for _ in $(seq 100); do [ -e "$work/way" ] && break; sleep 0.05; done
{ read -r api; read -r api_newer; read -r placeholder; read -r proxy; } < "$work/way"

printf '%s, %s cores (%s), Linux %s, %s\n' "$(date +%F)" "$(nproc)" "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(uname -r | cut -d- -f1)" "$("$nginx" -v 2>&1 | cut -d' ' -f3)"
python3 - "$BENCH" "$work" "${RATE:-1000}" "${SECONDS_EACH:-8}" "${ROUNDS:-3}" <<PYTHON
import subprocess, sys
bench, work, rate, seconds, rounds = *sys.argv[1:4], sys.argv[4], int(sys.argv[5])
ways = {
    "straight": ("https://localhost:$port/json", "$secret", f"{work}/ca.pem", ""),
    "nginx": ("http://127.0.0.1:$plain/json", "x", f"{work}/ca.pem", ""),
    "keyctl, base URL": ("$api/json", "$placeholder", f"{work}/ca.pem", ""),
    "base URL, HTTP/2": ("$api_newer/json", "$placeholder", f"{work}/ca.pem", ""),
    "nginx, TLS": ("https://localhost:$secure/json", "x", f"{work}/ca.pem", ""),
    "keyctl, CONNECT": ("https://api.test/json", "$placeholder", f"{work}/all.pem", "$proxy"),
    "CONNECT, HTTP/2": ("https://localhost/json", "$placeholder", f"{work}/all.pem", "$proxy"),
}
def run(*words):
    return [int(word) for word in subprocess.run([bench, *words], check=True, capture_output=True, text=True).stdout.split()]
times, most = {}, {}
for _ in range(rounds):
    for name, way in ways.items():
        times.setdefault(name, []).append(run("load", *way, rate, seconds))
for name, way in ways.items():
    most[name] = max(run("most", *way, "32", "4")[0] for _ in range(2))
print(f"\n{rate} requests/s, microseconds from when each was due; most: 32 at a time")
print(f"{'':18} {'p50':>6} {'p99':>6} {'p99.9':>6} {'added p50':>10} {'added p99':>10} {'failed':>7} {'most/s':>7}")
straight = [min(each[at] for each in times["straight"]) for at in range(3)]
for name, all_times in times.items():
    best = [min(each[at] for each in all_times) for at in range(3)]
    print(f"{name:18} {best[0]:6} {best[1]:6} {best[2]:6} {best[0] - straight[0]:10} {best[1] - straight[1]:10} {sum(each[3] for each in all_times):7} {most[name]:7}")
PYTHON
printf '\n%s streams at a time: open, open after 10 s, events/s, memory before, with all open, and after 10 s (KiB)\n' "${STREAMS:-5000}"
printf 'nginx   %s\n' "$("$BENCH" streams "http://127.0.0.1:$plain/stream" x "$work/ca.pem" "${STREAMS:-5000}" 10 "$server")"
printf 'keyctl  %s\n' "$("$BENCH" streams "$api/stream" "$placeholder" "$work/ca.pem" "${STREAMS:-5000}" 10 "$keyctl")"
printf 'HTTP/2  %s\n' "$("$BENCH" streams "$api_newer/stream" "$placeholder" "$work/ca.pem" "${STREAMS:-5000}" 10 "$keyctl")"
