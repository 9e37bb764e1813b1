"""An OpenID Connect provider for the tests, as far as the device flow goes (RFC 8628): discovery, keys, a code, and a token once
somebody has said who they are. `openbao.py` starts it and lets that happen: `approve` or `deny`, by the code that a person would type.
"""

import base64, http.server, json, os, secrets, subprocess, threading, time, urllib.parse

CLIENT, SECRET = "openbao", "secret-of-the-client"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider:
    def __init__(self, folder, interval=1):
        self.key = os.path.join(folder, "oidc.pem")
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True, capture_output=True)
        modulus = subprocess.run(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout
        self.modulus = bytes.fromhex(modulus.strip().removeprefix("Modulus="))
        self.interval, self.asked, self.codes, self.lock = interval, 0, {}, threading.Lock()
        provider = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.give(*provider.get(self.path))

            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                self.give(*provider.post(self.path, {name: values[0] for name, values in form.items()}))

            def give(self, status, said):
                text = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def get(self, path):
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.address,
                "authorization_endpoint": self.address + "/authorize",
                "token_endpoint": self.address + "/token",
                "jwks_uri": self.address + "/keys",
                "device_authorization_endpoint": self.address + "/device",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        if path == "/keys":
            return 200, {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one", "n": encoded(self.modulus), "e": "AQAB"}]}
        return 404, {}

    def post(self, path, form):
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        if path == "/device":
            device, code = secrets.token_hex(16), secrets.token_hex(4).upper()
            with self.lock:
                self.codes[code] = {"device": device, "is": "authorization_pending", "slow": False}
            return 200, {"device_code": device, "user_code": code, "verification_uri": self.address + "/activate", "expires_in": 600, "interval": self.interval}
        if path == "/token" and form.get("grant_type") == "urn:ietf:params:oauth:grant-type:device_code":
            with self.lock:
                self.asked += 1
                one = next((one for one in self.codes.values() if one["device"] == form.get("device_code")), None)
                if one is None:
                    return 400, {"error": "expired_token"}
                if one["is"] != "approved":
                    return 400, {"error": one["is"]}
            return 200, {"access_token": secrets.token_hex(16), "token_type": "Bearer", "expires_in": 600, "id_token": self.token()}
        return 404, {}

    def token(self):
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "sub": "me", "iat": now, "exp": now + 600}
        text = encoded(b'{"alg":"RS256","typ":"JWT","kid":"one"}') + "." + encoded(json.dumps(claims).encode())
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(), check=True, capture_output=True)
        return text + "." + encoded(signed.stdout)

    def decide(self, code, what):
        with self.lock:
            self.codes[code]["is"] = {"approve": "approved", "deny": "access_denied", "slow": "slow_down"}[what]
