"""A server of the tests of rotators, on a free port of this machine, until standard input closes.

First line of output: what the test has to know, as JSON.

  moto              AWS as moto plays it, with signatures and policies enforced, and a user for each test; each line of
                    input asks for more, and gets a line of JSON:
                      user NAME [ACTION...]   one more user, with a key and these rights (by default all of IAM's)
                      key NAME                one more key for a user
                      status NAME ID STATUS   the key is Active or Inactive from now on
                      used ID                 somebody has used the key
                      delete NAME ID          the key is gone
                      replace NAME ID         another key in the place of this one
                      list NAME               the user's keys, each with its status
                      role NAME [ACTION...]   a role with these rights, which every user may assume that says `outside` for
                                              its external id
                      session ROLE            credentials of the role, for a time
                      secret NAME BASE64      a secret of Secrets Manager, or its next version
                      binary NAME BASE64      the same, of bytes
                      gone NAME               the secret is marked for deletion
                      parameter NAME BASE64   a parameter, encrypted, or its next version
  tls CERTIFICATE   a web server with a certificate that it signed itself, and writes to that file
"""
import base64, json, os, sys


def moto():
    users = {
        "admin": (["*"], 1),
        "whole": (["iam:*", "sts:*"], 1),
        "wrong": (["iam:*"], 1),
        "reader": (["iam:ListAccessKeys"], 1),
        "full": (["iam:*"], 2),
    }
    # A user, a policy and the keys are made before moto begins to ask who is there.
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(sum(2 + keys for _, keys in users.values()))
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "false"
    import boto3, logging
    from moto.iam import access_control, models
    from moto.server import ThreadedMotoServer

    # moto lets a key in that is switched off; AWS does not.
    known = access_control.IAMUserAccessKey.__init__

    def known_and_active(self, *arguments, **named):
        known(self, *arguments, **named)
        keys = self.backend.get_user(self._owner_user_name).access_keys
        if not any(key.access_key_id == self._access_key_id and key.status == "Active" for key in keys):
            raise access_control.CreateAccessKeyFailure(reason="InvalidId")

    access_control.IAMUserAccessKey.__init__ = known_and_active

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}/"
    def client(key, service="iam"):
        return boto3.client(service, "eu-central-1", endpoint_url=address, aws_access_key_id=key["id"], aws_secret_access_key=key["secret"])

    def new_key(user):
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}

    def new_user(user, actions, keys=1):
        iam.create_user(UserName=user)
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(policy))
        return [new_key(user) for _ in range(keys)][-1]

    iam = client({"id": "x", "secret": "x"})
    made = {user: new_user(user, *rights) for user, rights in users.items()}
    iam = client(made["admin"])

    def new_role(name, actions):
        policy = lambda **more: json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | more]})
        condition = {"StringEquals": {"sts:ExternalId": "outside"}}
        trust = policy(Action="sts:AssumeRole", Principal={"AWS": "*"}, Condition=condition)
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(Action=actions, Resource="*"))
        return {"arn": arn}

    def keep(kind, name, data):
        if kind == "parameter":
            made_parameter = client(made["admin"], "ssm").put_parameter(Name=name, Value=data.decode(), Type="SecureString", Overwrite=True)
            return {"version": str(made_parameter["Version"])}
        manager = client(made["admin"], "secretsmanager")
        value = {"SecretString": data.decode()} if kind == "secret" else {"SecretBinary": data}
        try:
            kept = manager.put_secret_value(SecretId=name, **value)
        except manager.exceptions.ResourceNotFoundException:
            kept = manager.create_secret(Name=name, **value)
        return {"version": kept["VersionId"], "arn": kept["ARN"]}

    def answer(line):
        verb, user, *rest = line.split()
        if verb == "user":
            return new_user(user, rest or ["iam:*"])
        if verb == "role":
            return new_role(user, rest)
        if verb == "session":
            role = iam.get_role(RoleName=user)["Role"]["Arn"]
            lent = client(made["admin"], "sts").assume_role(RoleArn=role, RoleSessionName="test", ExternalId="outside")["Credentials"]
            return {"id": lent["AccessKeyId"], "secret": lent["SecretAccessKey"], "token": lent["SessionToken"]}
        if verb in ("secret", "binary", "parameter"):
            return keep(verb, user, base64.b64decode(rest[0]))
        if verb == "gone":
            client(made["admin"], "secretsmanager").delete_secret(SecretId=user)
            return {}
        if verb == "key":
            return new_key(user)
        if verb == "replace":
            iam.delete_access_key(UserName=user, AccessKeyId=rest[0])
            return new_key(user)
        if verb == "delete":
            iam.delete_access_key(UserName=user, AccessKeyId=rest[0])
        if verb == "used":
            models.mark_account_as_visited("123456789012", user, "s3", "us-east-1")
            return {}
        if verb == "status":
            iam.update_access_key(UserName=user, AccessKeyId=rest[0], Status=rest[1])
        return {key["AccessKeyId"]: key["Status"] for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]}

    return {"address": address, "users": made}, answer


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
    return {"address": f"https://127.0.0.1:{server.server_port}/"}, None


first, answer = {"moto": moto, "tls": tls}[sys.argv[1]](*sys.argv[2:])
print(json.dumps(first), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(line)), flush=True)
os._exit(0)
