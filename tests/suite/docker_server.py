"""A server that Docker's client takes for a daemon: it prints the variables of the first container that is to be made."""
import http.server, json, os, socketserver, sys


class Daemon(http.server.BaseHTTPRequestHandler):
    def answer(self, code, body, kind="application/json"):
        self.send_response(code)
        self.send_header("Api-Version", "1.43")
        self.send_header("OSType", "linux")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        self.answer(200, b"OK" if self.path.endswith("_ping") else b"{}")

    do_HEAD = do_GET

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
        if "/containers/create" in self.path:
            print("\n".join(body.get("Env") or []), flush=True)
        self.answer(500, b'{"message":"no more than that"}')

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass


class Server(socketserver.UnixStreamServer):
    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("client", 0)


Server(sys.argv[1], Daemon).serve_forever()
