#!/usr/bin/env python3
"""What a large team's sources are asked, and what that costs: README's table.

    tests/bench/team.py [KEYCTL]

Requests a run are measured: keyctl runs with five references against OpenBao's own server, and against servers of this file that
count and answer as AWS Secrets Manager and Azure Key Vault do. The rest is arithmetic with the assumptions below.
"""

import http.server, json, os, subprocess, sys, tempfile, threading, urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sources import ROOT, start

DEVELOPERS, RUNS, REFERENCES = 3_000, 200, 5
HOURS, DAYS = 8, 22  # of work in a day, in a month
PEAK = 3  # the busiest second against the mean of a day
CACHE_HOURS = 1
# What a request costs in US dollars: list prices, as of the end of 2026.
PRICES = {"Vault, OpenBao": None, "AWS Secrets Manager": 0.05 / 10_000, "Azure Key Vault": 0.03 / 10_000}


class Counting(http.server.BaseHTTPRequestHandler):
    """AWS Secrets Manager and Azure Key Vault, as far as a fetch goes."""

    protocol_version, asked = "HTTP/1.1", 0

    def answer(self, said):
        type(self).asked += 1
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        if "/oauth2/" in self.path:
            return self.answer({"token_type": "Bearer", "expires_in": 3600, "access_token": "a-token"})
        self.answer({"SecretString": "a-value", "VersionId": "00000000-0000-0000-0000-000000000001", "Name": "k", "ARN": "arn:aws:secretsmanager:eu-central-1:1:secret:k"})

    def do_GET(self):
        self.answer({"value": "a-value", "id": f"http://{self.headers['Host']}{self.path.split('?')[0].rstrip('/')}/00000000000000000000000000000001", "attributes": {"enabled": True}})

    def log_message(self, *_):
        pass


def measure(keyctl, table, secrets, path, count):
    """Requests of a run, and of the next one with a cache."""
    measured = []
    for cache in ("", 'cache = "1h"\n'):
        with tempfile.TemporaryDirectory(prefix="keyctl-bench-") as home:
            environment = {"HOME": home, "KEYCTL_HOME": f"{home}/kept", "PATH": os.environ["PATH"]}

            def call(*words, text=None):
                ran = subprocess.run([keyctl, *words], env=environment, input=text, capture_output=True, text=True, cwd=home)
                if ran.returncode != 0:
                    sys.exit(f"{words}: {ran.stderr}")

            os.mkdir(f"{home}/kept", 0o700)
            for name, secret in secrets.items():
                call("set", name, text=secret)
            with open(f"{home}/kept/config.toml", "w") as file:
                file.write(f"[sources.corp]\n{table}\n{cache}")
            os.chmod(f"{home}/kept/config.toml", 0o600)
            for number in range(REFERENCES):
                call("set", f"k{number}", "--source", "corp", "--ref", path.format(number))
            keys = [word for number in range(REFERENCES) for word in ("-k", f"K{number}=k{number}")]
            for _ in range(2):
                before = count()
                call("run", *keys, "--", "true")
            measured.append(count() - before)
    return measured


def main():
    found = [f"{ROOT}/target/{kind}/keyctl" for kind in ("x86_64-unknown-linux-gnu/release", "release", "x86_64-unknown-linux-gnu/debug", "debug")]
    keyctl = sys.argv[1] if len(sys.argv) > 1 else next(path for path in found if os.path.exists(path))
    bao, said = start()
    late, there = start("delay", 1, said["address"])
    for number in range(REFERENCES):
        bao.stdin.write(json.dumps({"method": "POST", "path": f"secret/data/app/k{number}", "body": {"data": {"value": "a-value"}}}) + "\n")
        bao.stdin.flush()
        assert json.loads(bao.stdout.readline())["status"] < 300
    seen = 0

    def of_bao():
        nonlocal seen
        seen += len(json.load(urllib.request.urlopen(there["address"] + "/count")))
        return seen

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address, nobody = f"http://127.0.0.1:{server.server_port}", "00000000-0000-0000-0000-000000000000"
    of_cloud = lambda: Counting.asked
    measured = {
        "Vault, OpenBao": measure(
            keyctl, f'type = "vault"\naddress = "{there["address"]}"\nmount = "secret"\nkv = 2\ntoken = {{ key = "token" }}',
            {"token": said["tokens"]["reader"]}, "secret/app/k{}#value", of_bao),
        "AWS Secrets Manager": measure(
            keyctl, f'type = "aws-secrets-manager"\nregion = "eu-central-1"\nendpoint = "{address}"\naccess_key = {{ key = "id" }}\nsecret_key = {{ key = "half" }}',
            {"id": "AKIAIOSFODNN7EXAMPLE", "half": "a-secret-half-of-a-key"}, "app/k{}", of_cloud),
        "Azure Key Vault": measure(
            keyctl, f'type = "azure-key-vault"\naddress = "{address}"\nlogin = "{address}"\nresource = "https://vault.azure.net"\ntenant = "{nobody}"\nclient = "{nobody}"\nclient_secret = {{ key = "half" }}',
            {"half": "a-secret-half-of-a-key"}, "app-k{}", of_cloud),
    }
    print(f"{DEVELOPERS:,} developers, {RUNS} runs a day each with {REFERENCES} references, {HOURS} h a day, {DAYS} days a month; peak {PEAK} times the mean\n")
    print("| | requests a run | at the peak | with `cache = \"1h\"` | a month | with it |")
    print("|---|---|---|---|---|---|")
    for name, (whole, kept) in measured.items():
        fresh = min(RUNS, HOURS // CACHE_HOURS)
        a_day = DEVELOPERS * RUNS * whole
        cached = DEVELOPERS * (fresh * whole + (RUNS - fresh) * kept)
        second = lambda day: f"{day / (HOURS * 3600) * PEAK:,.0f}/s"
        cost = lambda day: "-" if PRICES[name] is None else f"${day * DAYS * PRICES[name]:,.0f}"
        print(f"| {name} | {whole}, kept: {kept} | {second(a_day)} | {second(cached)} | {cost(a_day)} | {cost(cached)} |")
    bao.stdin.close(), late.stdin.close()


if __name__ == "__main__":
    main()
