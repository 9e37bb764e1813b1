#!/usr/bin/env python3
"""What sources cost: how long `run` takes with references to OpenBao, and how many requests it sends.

    tests/bench/sources.py [KEYCTL]

Between keyctl and OpenBao's own server stands one that passes everything on, each answer so many milliseconds late: as a server in
another place is. A run with 20 references has to take at most 1.5 times as long as its own slowest request. The last line is JSON, of
which README's table is made.
"""

import json, os, subprocess, statistics, sys, tempfile, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.environ.get("KEYCTL_TEST_TOOLS", os.path.join(ROOT, "target/tools"))
LATE, REFERENCES, RUNS, LIMIT = 100, 20, 9, 1.5


def start(*words):
    server = subprocess.Popen([f"{TOOLS}/python/bin/python", f"{ROOT}/tests/openbao.py", *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return server, json.loads(server.stdout.readline())


def main():
    found = [f"{ROOT}/target/{kind}/keyctl" for kind in ("x86_64-unknown-linux-gnu/release", "release", "x86_64-unknown-linux-gnu/debug", "debug")]
    keyctl = sys.argv[1] if len(sys.argv) > 1 else next(path for path in found if os.path.exists(path))
    bao, said = start()
    late, there = start("delay", LATE, said["address"])

    def ask(path, body):
        bao.stdin.write(json.dumps({"method": "POST", "path": path, "body": body}) + "\n")
        bao.stdin.flush()
        assert json.loads(bao.stdout.readline())["status"] < 300

    for number in range(REFERENCES):
        ask(f"secret/data/app/k{number:02}", {"data": {"value": f"value-{number}"}})
    logins = {
        "token": 'token = { key = "corp/token" }',
        "token, mount said": 'token = { key = "corp/token" }\nmount = "secret"\nkv = 2',
        "AppRole": f'approle = {{ role_id = "{said["approles"]["reader"]["role_id"]}", secret_id = {{ key = "corp/secret-id" }} }}',
        "token, cache": 'token = { key = "corp/token" }\ncache = "1h"',
    }
    report = {}
    with tempfile.TemporaryDirectory(prefix="keyctl-bench-") as home:
        environment = {"HOME": home, "KEYCTL_HOME": f"{home}/kept", "PATH": os.environ["PATH"], "KEYCTL_NO_PROMPT": "1"}

        def call(*words, text=None):
            ran = subprocess.run([keyctl, *words], env=environment, input=text, capture_output=True, text=True, cwd=home)
            if ran.returncode != 0:
                sys.exit(f"{words}: {ran.stderr}")

        def count():
            time.sleep(0.05)
            return json.load(urllib.request.urlopen(there["address"] + "/count"))

        os.mkdir(f"{home}/kept")
        call("set", "corp/token", text=said["tokens"]["reader"])
        call("set", "corp/secret-id", text=said["approles"]["reader"]["secret_id"])
        for kind, login in logins.items():
            with open(f"{home}/kept/config.toml", "w") as file:
                file.write(f'[sources.corp]\ntype = "vault"\naddress = "{there["address"]}"\n{login}\n')
            for number in range(REFERENCES):
                call("set", f"k{number:02}", "--source", "corp", "--ref", f"secret/app/k{number:02}#value", "--replace")
            keys = [word for number in range(REFERENCES) for word in ("-k", f"K{number:02}=k{number:02}")]
            call("run", *keys, "--", "true")
            count()
            taken, ratios, requests = [], [], []
            for _ in range(RUNS):
                began = time.monotonic()
                call("run", *keys, "--", "true")
                taken.append(time.monotonic() - began)
                asked = count()
                requests.append(len(asked))
                if asked:
                    ratios.append(taken[-1] / max(seconds for *_, seconds in asked))
            ratio = statistics.median(ratios) if ratios else None
            report[kind] = {"ms": round(statistics.median(taken) * 1000, 1), "ratio": ratio and round(ratio, 2), "requests": statistics.median(requests)}
            ratio_text = f"{ratio:.2f} of its slowest request" if ratio else "no request"
            print(f"{kind:18} {REFERENCES} references: {report[kind]['ms']:7.1f} ms, {ratio_text}, {report[kind]['requests']:g} requests a run")
    # What a single connection would be: HTTP/1.1 asks for the next once the one before is answered.
    places = [word for number in range(REFERENCES) for word in ("-o", "/dev/null", f"{there['address']}/v1/secret/data/app/k{number:02}")]
    began = time.monotonic()
    subprocess.run(["curl", "-sf", "--noproxy", "*", "-H", f"X-Vault-Token: {said['tokens']['reader']}", *places], check=True)
    report["one connection"] = {"ms": round((time.monotonic() - began) * 1000, 1)}
    print(f"curl over a single connection: {report['one connection']['ms']:7.1f} ms")
    print(json.dumps(report))
    bao.stdin.close(), late.stdin.close()
    # A login is a request of its own, before all others: then two in a row are the least.
    over = [kind for kind in ("token", "token, mount said") if report[kind]["ratio"] > LIMIT]
    if over:
        sys.exit(f"over {LIMIT} times the slowest request: {', '.join(over)}")


if __name__ == "__main__":
    main()
