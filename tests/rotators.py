"""A server of the tests of rotators, on a free port of this machine, until standard input closes.

First line of output: what the test has to know, as JSON.

  moto              AWS as moto plays it, with signatures and policies enforced, and a user for each test
  tls CERTIFICATE   a web server with a certificate that it signed itself, and writes to that file
"""
import json, os, sys


def moto():
    users = {
        "whole": (["iam:*", "sts:*"], 1),
        "wrong": (["iam:*"], 1),
        "reader": (["iam:ListAccessKeys"], 1),
        "full": (["iam:*"], 2),
    }
    # A user, a policy and the keys are made before moto begins to ask who is there.
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(sum(2 + keys for _, keys in users.values()))
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "false"
    import boto3, logging
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}/"
    iam = boto3.client("iam", "us-east-1", endpoint_url=address, aws_access_key_id="x", aws_secret_access_key="x")
    made = {}
    for user, (actions, keys) in users.items():
        iam.create_user(UserName=user)
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(policy))
        for _ in range(keys):
            key = iam.create_access_key(UserName=user)["AccessKey"]
            made[user] = {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    return {"address": address, "users": made}


def tls(path):
    import datetime, http.server, ipaddress, ssl, threading
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    with open(path, "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open(path + ".key", "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, path + ".key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {"address": f"https://127.0.0.1:{server.server_port}/"}


print(json.dumps({"moto": moto, "tls": tls}[sys.argv[1]](*sys.argv[2:])), flush=True)
sys.stdin.read()
os._exit(0)
