"""An API on this machine, over TLS with an authority of its own, for what goes through the proxy.

It says what it saw of a key by a hash alone, but for `/reflect`, which gives it back. Usage: upstream.py FOLDER; prints its port.
"""

import base64, hashlib, json, os, socket, ssl, struct, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

folder = Path(sys.argv[1])


def certificates():
    run = lambda *words: subprocess.run(words, check=True, capture_output=True, cwd=folder)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("openssl", "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3", "-subj", "/CN=test authority",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    run("openssl", "req", *key, "-keyout", "host.key", "-out", "host.csr", "-subj", "/CN=api.test")
    (folder / "names").write_text("subjectAltName=DNS:api.test,DNS:*.api.test,DNS:evil.test,DNS:localhost\nextendedKeyUsage=serverAuth\n")
    run("openssl", "x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "3", "-out", "host.pem", "-extfile", "names")


def seen(headers):
    """What there is of a key, hashed."""
    found = {}
    for name, value in headers.items():
        kind, _, rest = value.partition(" ")
        if kind.lower() == "basic":
            value = "Basic " + base64.b64decode(rest).decode()
        if name.lower() in ("authorization", "x-api-key", "x-goog-api-key", "private-token"):
            found[name.lower()] = hashlib.sha256(value.encode()).hexdigest()
    return found


KEPT = {}


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            size, all_of_it = 0, b""
            while length := int(self.rfile.readline().split(b";")[0], 16):
                size += length
                piece = self.rfile.read(length)
                all_of_it = (all_of_it + piece)[:1 << 20]
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return size, all_of_it
        left = size = int(self.headers.get("content-length", 0))
        all_of_it = b""
        while left:
            piece = self.rfile.read(min(left, 1 << 20))
            left -= len(piece)
            all_of_it = (all_of_it + piece)[:1 << 20]
        return size, all_of_it

    def say(self, status, value, headers=()):
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, content in headers:
            self.send_header(name, content)
        if not any(name.lower() == "content-type" for name, _ in headers):
            self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def stream(self, pieces, kind="text/event-stream", pause=0.0, trailers=()):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("transfer-encoding", "chunked")
        for name, _ in trailers:
            self.send_header("trailer", name.decode())
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            time.sleep(pause)
        self.wfile.write(b"0\r\n" + b"".join(b"%s: %s\r\n" % pair for pair in trailers) + b"\r\n")

    def answer(self):
        path = self.path.partition("?")[0]
        if path == "/ws":
            return self.websocket()
        size, body = self.body()
        secret = self.headers.get("authorization", "").partition(" ")[2]
        if path == "/reflect":
            self.say(200, {"headers": dict(self.headers.items())}, [("x-reflected", secret), (f"x-{secret}", "1")])
        elif path.startswith("/keep/"):
            KEPT[path.removeprefix("/keep/")] = secret
            self.say(200, {})
        elif path.startswith("/kept/"):
            self.say(200, {"kept": KEPT[path.removeprefix("/kept/")]})
        elif path == "/pieces":
            text = f"before {secret} between {secret}|{base64.b64encode(secret.encode()).decode()} after".encode()
            self.stream([text[at:at + 3] for at in range(0, len(text), 3)], "text/plain")
        elif path == "/away":
            self.say(302, b"", [("location", "https://evil.test/seen")])
        elif path == "/home":
            self.say(302, b"", [("location", "/seen?x=1")])
        elif path == "/downgrade":
            self.say(302, b"", [("location", "http://api.test/seen")])
        elif path == "/trailers":
            self.stream([b"text"], "text/plain", trailers=[(b"x-after", b"yes"), (b"x-echo", secret.encode())])
        elif path == "/grpc":
            self.stream([b"bytes"], "application/grpc", trailers=[(b"grpc-message", secret.encode())])
        elif path == "/slow":
            self.stream([b"data: %d\n\n" % number for number in range(3)], pause=0.3)
        elif path == "/upload":
            self.say(200, {"size": size, "seen": seen(self.headers)})
        elif path == "/download":
            self.send_response(200)
            self.send_header("content-type", "application/octet-stream")
            count = int(self.path.partition("?")[2] or 50)
            self.send_header("content-length", str(count * 1_000_000))
            self.end_headers()
            piece = b"x" * 1_000_000
            for _ in range(count):
                self.wfile.write(piece)
        elif path == "/reset":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif path.endswith("/chat/completions"):
            self.openai(json.loads(body))
        elif path.endswith("/messages"):
            self.anthropic(json.loads(body))
        elif path.startswith("/repo.git/info/refs"):
            if "authorization" not in self.headers:
                return self.say(401, b"", [("www-authenticate", 'Basic realm="git"')])
            self.say(200, b"%s\trefs/heads/main\n" % (b"1" * 40), [("content-type", "text/plain"), ("x-seen", seen(self.headers)["authorization"])])
        elif path.startswith("/simple/"):
            if "authorization" not in self.headers:
                return self.say(401, b"", [("www-authenticate", 'Basic realm="pip"')])
            self.say(200, b"<!DOCTYPE html><html><body></body></html>", [("content-type", "text/html")])
        elif path == "/-/whoami":
            self.say(200, {"username": seen(self.headers)["authorization"][:12]})
        else:
            self.say(200, {"path": self.path, "method": self.command, "size": size, "host": self.headers.get("host"), "seen": seen(self.headers)})

    def openai(self, asked):
        piece = lambda text, end=None: {
            "id": "c", "object": "chat.completion.chunk", "created": 1, "model": asked["model"],
            "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": end}],
        }
        pieces = [f"data: {json.dumps(piece(text))}\n\n".encode() for text in (seen(self.headers)["authorization"][:8], " one", " two")]
        self.stream([*pieces, b"data: [DONE]\n\n"], pause=0.2)

    def anthropic(self, asked):
        events = [
            ("message_start", {"message": {"id": "m", "type": "message", "role": "assistant", "content": [], "model": asked["model"], "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}}),
            ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
            *[("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}}) for text in ("hello", " there")],
            ("content_block_stop", {"index": 0}),
            ("message_delta", {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 2}}),
            ("message_stop", {}),
        ]
        self.stream([f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode() for name, data in events], pause=0.1)

    def websocket(self):
        accept = base64.b64encode(hashlib.sha1((self.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        self.send_response(101)
        self.send_header("upgrade", "websocket")
        self.send_header("connection", "Upgrade")
        self.send_header("sec-websocket-accept", accept.decode())
        self.end_headers()
        head = self.rfile.read(2)
        mask, length = self.rfile.read(4), head[1] & 127
        text = bytes(byte ^ mask[at % 4] for at, byte in enumerate(self.rfile.read(length)))
        text += b" " + (seen(self.headers).get("authorization") or "no key")[:8].encode()
        self.wfile.write(struct.pack("!BB", 0x81, len(text)) + text)
        self.wfile.flush()
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_):
        pass


# It goes when whoever started it does.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
certificates()
server = Server(("127.0.0.1", 0), Api)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(folder / "host.pem", folder / "host.key")
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_address[1], flush=True)
server.serve_forever()
