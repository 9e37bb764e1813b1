"""What answers in the place of Azure Key Vault, of Google's Secret Manager, of 1Password Connect and of AWS's own ways to credentials: servers of
this machine that are as strict as the services' documentation says, so that a request that they would refuse is refused.
The makers' own clients are held against them (clients.py), so that they are no other and no stricter either.

  server.py FOLDER    until standard input closes; first line of output: what a test has to know, as JSON. The certificate of
                      what is served over TLS lies in FOLDER. Each line of input is a command, and gets a line of JSON:
                        forward ADDRESS          AWS's services themselves are there, with signatures enforced
                        lend ID SECRET TOKEN     the credentials that AWS's ways to them lead to
                        azure NAME VALUE         a secret of the vault, or its next version
                        azure-state NAME STATE   its newest version is `disabled`, or it is `deleted`
                        azure-ends NAME SECONDS  its newest version ends then, counted from now
                        google NAME BASE64       a secret, or its next version
                        google-state NAME N STATE  a version is `DISABLED` or `DESTROYED`
                        account                  the file of the Google account, with a new key
                        connect JSON             an item of 1Password's: `vault`, `title`, `fields`, `sections`; vault and item get ids
                        may NAME...              what the Google account may do, as permissions; or what AWS's policies allow, where
                                                 `iam:SimulatePrincipalPolicy` is among it
                        deny WORD...             `azure-list`: listing is forbidden, `azure-get`: all is, `connect`: items are; `google-sum`: checksums are wrong
                        end SERVICE              all tokens of `azure` or `google` have run out
                        fail STATUS TIMES [CODE [SECONDS]]  the next answers of all that is not a token's: with this code of AWS's, and
                                                 with this in `Retry-After`
                        spoil ACTION WHEN STATUS TIMES CODE  the next calls of an action of AWS's are answered so, `before` they are
                                                 done or `after`
                        log                      what was asked since the last time: METHOD PATH, without a query, and `call ACTION`
"""
import base64, calendar, http.client, http.server, json, re, secrets, ssl, sys, threading, time, urllib.parse

TENANT, CLIENT, CLIENT_SECRET = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000", "a-client-secret"
RESOURCE = "https://vault.azure.net"
VERSIONS = {"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"}
IDENTITY_HEADER, CONTAINER_TOKEN, SSO_TOKEN = "an-identity-header", "a-container-token", "an-sso-token"
ACCOUNT = "keyctl@project-1.iam.gserviceaccount.com"

lock = threading.Lock()
log, failures, spoils, forward, lent = [], [], {}, [None], {}
bearers = {"azure": {}, "google": {}, "imds": set()}


class Refused(Exception):
    def __init__(self, status, body, headers=()):
        self.status, self.body, self.headers = status, body, dict(headers)


def issue(service, scope, lifetime=3600):
    token = secrets.token_urlsafe(30)
    bearers[service][token] = (scope, time.time() + lifetime)
    return token


def holds(service, header, scope):
    kind, _, token = (header or "").partition(" ")
    known = bearers[service].get(token)
    return kind == "Bearer" and known is not None and known[0] == scope and known[1] > time.time()


def only(query, *names):
    """Each of the names once, and nothing else."""
    if sorted(query) != sorted(names) or any(len(values) != 1 for values in query.values()):
        raise Refused(400, {"error": {"code": "BadParameter", "message": "the query has other parameters"}})
    return [query[name][0] for name in names]


# Azure: https://learn.microsoft.com/en-us/rest/api/keyvault/secrets and /entra/identity-platform/v2-oauth2-client-creds-grant-flow
vault, gone = {}, {}


def azure_refusal(status, code, inner=None):
    error = {"code": code, "message": "said by the service"}
    if inner:
        error["innererror"] = {"code": inner}
    return Refused(status, {"error": error})


def azure_token(call):
    if call.headers.get("Content-Type", "").split(";")[0] != "application/x-www-form-urlencoded":
        raise Refused(400, {"error": "invalid_request"})
    form = {name: values[0] for name, values in urllib.parse.parse_qs(call.body.decode(), strict_parsing=True).items()}
    if call.path.split("/")[1] != TENANT:
        raise Refused(400, {"error": "invalid_request", "error_codes": [90002]})
    if form.get("grant_type") != "client_credentials":
        raise Refused(400, {"error": "unsupported_grant_type", "error_codes": [70003]})
    if form.get("client_id") != CLIENT:
        raise Refused(400, {"error": "unauthorized_client", "error_codes": [700016]})
    if form.get("client_secret") != CLIENT_SECRET:
        raise Refused(401, {"error": "invalid_client", "error_codes": [7000215], "error_description": "not " + form.get("client_secret", "")})
    if form.get("scope") != RESOURCE + "/.default":
        raise Refused(400, {"error": "invalid_scope", "error_codes": [70011]})
    return {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": issue("azure", RESOURCE)}


def managed_identity(call, header, value, version):
    if call.headers.get(header) != value or call.headers.get("X-Forwarded-For"):
        raise Refused(400, {"error": "invalid_request", "error_description": "Required metadata header not specified"})
    names = ["api-version", "resource"] + (["client_id"] if "client_id" in call.query else [])
    asked, resource, *client = only(call.query, *names)
    if asked != version or resource != RESOURCE or client not in ([], [CLIENT]):
        raise Refused(400, {"error": "invalid_resource"})
    ends = str(int(time.time()) + 86399)
    token = issue("azure", RESOURCE)
    return {"access_token": token, "client_id": CLIENT, "expires_in": "86399", "expires_on": ends, "ext_expires_in": "86399",
            "not_before": "0", "resource": resource, "token_type": "Bearer"}


def bundle(call, name, version):
    value, enabled, made, kind, ends = vault[name][version]
    attributes = {"enabled": enabled, "created": made, "updated": made, "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90}
    attributes |= {"exp": ends} if ends else {}
    said = {"id": f"https://{call.headers['Host']}/secrets/{name}/{version}", "attributes": attributes}
    return said | ({"contentType": kind} if kind else {}), value


def azure_secrets(call):
    if not holds("azure", call.headers.get("Authorization"), RESOURCE):
        where = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{RESOURCE}"'
        refused = azure_refusal(401, "Unauthorized")
        refused.headers["WWW-Authenticate"] = where
        raise refused
    if "api-version" not in call.query or call.query["api-version"][0] not in VERSIONS:
        raise azure_refusal(400, "BadParameter")
    parts = call.path.strip("/").split("/")
    if parts == ["secrets"] and call.method == "GET":
        only(call.query, *["api-version"] + (["maxresults"] if "maxresults" in call.query else []))
        if "azure-list" in denied:
            raise azure_refusal(403, "Forbidden", "ForbiddenByRbac")
        return {"value": [bundle(call, name, list(vault[name])[-1])[0] for name in sorted(vault)], "nextLink": None}
    only(call.query, "api-version")
    if "azure-get" in denied:
        raise azure_refusal(403, "Forbidden", "ForbiddenByRbac")
    if len(parts) < 2 or parts[0] != "secrets" or not re.fullmatch("[0-9a-zA-Z-]{1,127}", parts[1]):
        raise azure_refusal(400, "BadParameter")
    name = parts[1]
    if call.method == "PUT" and len(parts) == 2:
        return azure_set(call, name)
    if call.method == "DELETE" and len(parts) == 2 and name in vault:
        gone[name] = vault.pop(name)
        ends = {"recoveryId": f"https://{call.headers['Host']}/deletedsecrets/{name}", "deletedDate": int(time.time()), "scheduledPurgeDate": int(time.time()) + 7776000}
        return {"id": f"https://{call.headers['Host']}/secrets/{name}/" + list(gone[name])[-1], "attributes": {"enabled": True}} | ends
    if call.method != "GET" or len(parts) > 3:
        raise azure_refusal(405, "MethodNotAllowed")
    if name not in vault or (len(parts) == 3 and parts[2] not in vault[name]):
        raise azure_refusal(404, "SecretNotFound")
    version = parts[2] if len(parts) == 3 else list(vault[name])[-1]
    if not vault[name][version][1]:
        raise azure_refusal(403, "Forbidden", "SecretDisabled")
    said, value = bundle(call, name, version)
    return {"value": value} | said


def azure_set(call, name):
    if call.headers.get("Content-Type", "").split(";")[0] != "application/json":
        raise azure_refusal(415, "BadParameter")
    asked = json.loads(call.body)
    if not isinstance(asked.get("value"), str) or len(asked["value"].encode()) > 25600 or set(asked) - {"value", "contentType", "attributes", "tags"}:
        raise azure_refusal(400, "BadParameter")
    if name in gone:
        raise azure_refusal(409, "Conflict", "ObjectIsDeletedButRecoverable")
    azure_keep(name, asked["value"], asked.get("contentType"), asked.get("attributes", {}).get("exp"))
    said, value = bundle(call, name, list(vault[name])[-1])
    return {"value": value} | said


def azure_keep(name, value, kind=None, ends=None):
    vault.setdefault(name, {})[secrets.token_hex(16)] = [value, True, int(time.time()), kind, ends]


# Google: https://cloud.google.com/secret-manager/docs/reference/rest and https://developers.google.com/identity/protocols/oauth2/service-account
projects, allowed, keys = {}, set(), {}
AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def google_refusal(status, word):
    return Refused(status, {"error": {"code": status, "message": "said by the service", "status": word}})


def google_token(call):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    form = {name: values[0] for name, values in urllib.parse.parse_qs(call.body.decode(), strict_parsing=True).items()}
    refused = Refused(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
    if set(form) != {"grant_type", "assertion"} or form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer":
        raise Refused(400, {"error": "unsupported_grant_type"})
    signed, _, signature = form["assertion"].rpartition(".")
    part = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    head, claims = (json.loads(part(text)) for text in signed.split("."))
    if head.get("alg") != "RS256" or head.get("typ") != "JWT" or head.get("kid") != "key-1":
        raise refused
    try:
        keys["public"].verify(part(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except Exception:
        raise refused from None
    now = time.time()
    if claims["iss"] != ACCOUNT or claims["aud"] != AUDIENCE or claims["scope"] != SCOPE:
        raise refused
    if not now - 300 < claims["iat"] <= now + 300 or not claims["iat"] < claims["exp"] <= claims["iat"] + 3600:
        raise Refused(400, {"error": "invalid_grant", "error_description": "Token must be a short-lived token"})
    return {"access_token": issue("google", SCOPE), "expires_in": 3599, "token_type": "Bearer"}


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def google_secrets(call):
    if not holds("google", call.headers.get("Authorization"), SCOPE):
        raise google_refusal(401, "UNAUTHENTICATED")
    if set(call.query) - {"$alt", "alt"}:
        raise google_refusal(400, "INVALID_ARGUMENT")
    found = re.fullmatch(r"/v1/projects/([^/]+)/secrets/([A-Za-z0-9_-]{1,255})(?:/versions/([a-z0-9-]+))?:(\w+)", call.path)
    if not found:
        raise google_refusal(404, "NOT_FOUND")
    project, name, version, verb = found.groups()
    if project != "project-1":
        raise google_refusal(403, "PERMISSION_DENIED")
    needed = {"access": "secretmanager.versions.access", "addVersion": "secretmanager.versions.add"}.get(verb)
    if needed and needed not in allowed:
        raise google_refusal(403, "PERMISSION_DENIED")
    full = f"projects/123456789/secrets/{name}"
    if (verb, call.method) == ("testIamPermissions", "POST") and version is None:
        return {"permissions": [right for right in json.loads(call.body)["permissions"] if right in allowed]}
    if name not in projects:
        raise google_refusal(404, "NOT_FOUND")
    versions = projects[name]
    if (verb, call.method) == ("addVersion", "POST") and version is None:
        payload = json.loads(call.body)["payload"]
        data = base64.b64decode(payload["data"], validate=True)
        if int(payload.get("dataCrc32c", crc32c(data))) != crc32c(data):
            raise google_refusal(400, "INVALID_ARGUMENT")
        versions.append([data, "ENABLED"])
        return {"name": f"{full}/versions/{len(versions)}", "state": "ENABLED", "etag": '"1"'}
    if (verb, call.method) == ("access", "GET") and version is not None:
        number = len(versions) if version == "latest" else int(version) if version.isdigit() else 0
        if not 1 <= number <= len(versions):
            raise google_refusal(404, "NOT_FOUND")
        data, state = versions[number - 1]
        if state != "ENABLED":
            raise google_refusal(400, "FAILED_PRECONDITION")
        sum = str(crc32c(data) ^ ("google-sum" in denied))
        return {"name": f"{full}/versions/{number}", "payload": {"data": base64.b64encode(data).decode(), "dataCrc32c": sum}}
    raise google_refusal(404, "NOT_FOUND")


def google_metadata(call):
    if call.headers.get("Metadata-Flavor") != "Google" or call.headers.get("X-Forwarded-For"):
        raise Refused(403, "Missing Metadata-Flavor:Google header.")
    said = {"access_token": issue("google", SCOPE), "expires_in": 3599, "token_type": "Bearer"}
    return Refused(200, said, {"Metadata-Flavor": "Google"})


# 1Password: https://developer.1password.com/docs/connect/api-reference
CONNECT_TOKEN = "a-connect-token"
vaults = {}


def connect_refusal(status, message):
    return Refused(status, {"status": status, "message": message})


def connect(call):
    if call.headers.get("Authorization") != "Bearer " + CONNECT_TOKEN:
        raise connect_refusal(401, "Invalid token signature")
    if call.method != "GET":
        raise connect_refusal(405, "Method not allowed")
    vault, item = (re.fullmatch(r"/v1/vaults(?:/([^/]+)(?:/items(?:/([^/]+))?)?)?", call.path) or refuse_path()).groups()
    if any(part and not re.fullmatch(r"[\da-z]{26}", part) for part in (vault, item)):
        raise connect_refusal(400, "Invalid UUID")
    if vault and vault not in vaults:
        raise connect_refusal(404, "Vault not found")
    if "connect" in denied and "/items" in call.path:
        raise connect_refusal(403, "Authorization: token does not have access to the vault")
    if item:
        only(call.query)
        if item not in vaults[vault]["items"]:
            raise connect_refusal(404, "Item not found")
        return vaults[vault]["items"][item]
    by = "title" if "/items" in call.path else "name"
    if vault and by == "name":
        return {"id": vault, "name": vaults[vault]["name"]}
    summary = ("id", "title", "vault", "category", "version", "tags")
    listed = [{name: one[name] for name in summary} for one in vaults[vault]["items"].values()] if vault else [{"id": id, "name": it["name"]} for id, it in vaults.items()]
    if not call.query:
        return listed
    asked = re.fullmatch(by + r' eq "([^"]*)"', only(call.query, "filter")[0])
    if not asked:
        raise connect_refusal(400, "Invalid filter")
    return [one for one in listed if one[by] == asked[1]]


def refuse_path():
    raise connect_refusal(404, "Not found")


def connect_keep(vault, title, fields, sections=()):
    new_id = lambda: "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(26))
    id = next((id for id, it in vaults.items() if it["name"] == vault), None) or new_id()
    items = vaults.setdefault(id, {"name": vault, "items": {}})["items"]
    item = new_id()
    fields = [{"id": new_id(), "type": "STRING"} | field for field in fields]
    items[item] = {"id": item, "title": title, "vault": {"id": id}, "category": "LOGIN", "version": 1, "tags": [], "fields": fields,
                   "sections": list(sections), "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "lastEditedBy": "A"}
    return {"vault": id, "item": item}


# AWS: the EC2 User Guide on IMDSv2, the ECS Developer Guide on task roles, the SSO Portal API Reference
def imds(call):
    if call.path == "/latest/api/token":
        lifetime = call.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if call.method != "PUT" or not lifetime.isdigit() or not 1 <= int(lifetime) <= 21600 or call.headers.get("X-Forwarded-For"):
            raise Refused(400, "")
        token = secrets.token_urlsafe(40)
        bearers["imds"].add(token)
        return token
    if call.headers.get("X-aws-ec2-metadata-token") not in bearers["imds"]:
        raise Refused(401, "")
    if call.path == "/latest/meta-data/iam/security-credentials/":
        return "a-role"
    if call.path == "/latest/meta-data/iam/security-credentials/a-role":
        return {"Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z", "Type": "AWS-HMAC"} | lent_credentials("Token")
    raise Refused(404, "")


def lent_credentials(token):
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    return {"AccessKeyId": lent["id"], "SecretAccessKey": lent["secret"], token: lent["token"], "Expiration": ends}


def container(call):
    if call.headers.get("Authorization") != CONTAINER_TOKEN:
        raise Refused(401, {"code": "Unauthorized"})
    return {"RoleArn": "arn:aws:iam::123456789012:role/a-role"} | lent_credentials("Token")


def sso(call):
    if call.headers.get("x-amz-sso_bearer_token") != SSO_TOKEN:
        raise Refused(401, {"message": "Session token not found or invalid", "__type": "com.amazonaws.switchboard.portal#UnauthorizedException"})
    account, role = only(call.query, "account_id", "role_name")
    if (account, role) != ("123456789012", "a-role"):
        raise Refused(403, {"message": "No access", "__type": "com.amazonaws.switchboard.portal#ForbiddenException"})
    said = {"accessKeyId": lent["id"], "secretAccessKey": lent["secret"], "sessionToken": lent["token"]}
    return {"roleCredentials": said | {"expiration": int(time.time() * 1000) + 3600000}}


def forwarded(call):
    """The same request to AWS's services themselves, with the name that was signed; they let a clock be five minutes off."""
    signed = call.headers.get("X-Amz-Date", "")
    if signed and abs(calendar.timegm(time.strptime(signed, "%Y%m%dT%H%M%SZ")) - time.time()) > 300:
        if call.headers["Content-Type"].startswith("application/x-amz-json"):
            raise Refused(400, {"__type": "InvalidSignatureException", "message": "Signature expired"})
        raise Refused(403, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>")
    if b"Action=SimulatePrincipalPolicy" in call.body and "iam:SimulatePrincipalPolicy" in allowed:
        return simulated(call)
    action = call.headers.get("X-Amz-Target", "").rpartition(".")[2]
    with lock:
        log.append("call " + action)
        spoiled = spoils.get(action, []) and spoils[action].pop(0)
    if spoiled and spoiled[0] == "before":
        raise Refused(*spoiled[1:])
    there = http.client.HTTPConnection(forward[0], timeout=20)
    headers = {name: value for name, value in call.headers.items() if name.lower() != "connection"}
    there.request(call.method, call.raw, call.body, headers)
    answer = there.getresponse()
    if spoiled:
        answer.read()
        raise Refused(*spoiled[1:])
    kept = {name: value for name, value in answer.getheaders() if name.lower() in ("content-type", "date", "x-amzn-errortype")}
    return Refused(answer.status, answer.read(), kept)


def simulated(call):
    """IAM's word on policies, which moto does not give: `may` says what they allow (IAM API Reference)."""
    form = urllib.parse.parse_qs(call.body.decode(), strict_parsing=True)
    listed = lambda name: [form[key][0] for key in sorted(form) if re.fullmatch(name + r"[.]member[.]\d+", key)]
    assert form["Version"] == ["2010-05-08"] and form["PolicySourceArn"][0].startswith("arn:aws:iam::123456789012:")
    assert listed("ActionNames") and listed("ResourceArns") and "Authorization" in call.headers
    said = "".join(
        f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
        f"<EvalDecision>{'allowed' if action in allowed else 'implicitDeny'}</EvalDecision><MatchedStatements><member>"
        "<SourcePolicyId>own</SourcePolicyId></member></MatchedStatements><MissingContextValues/></member>"
        for action in listed("ActionNames") for resource in listed("ResourceArns"))
    return Refused(200, f"<SimulatePrincipalPolicyResponse xmlns='https://iam.amazonaws.com/doc/2010-05-08/'><SimulatePrincipalPolicyResult>"
        f"<IsTruncated>false</IsTruncated><EvaluationResults>{said}</EvaluationResults></SimulatePrincipalPolicyResult>"
        "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>", {"Content-Type": "text/xml"})


def route(call, address):
    path = call.path
    # Microsoft's own client asks where to log in first.
    if path.endswith("/v2.0/.well-known/openid-configuration"):
        there = f"{address}/{path.split('/')[1]}"
        return {"token_endpoint": there + "/oauth2/v2.0/token", "authorization_endpoint": there + "/oauth2/v2.0/authorize", "issuer": there + "/v2.0"}
    if path.endswith("/oauth2/v2.0/token") and call.method == "POST":
        return azure_token(call)
    if path == "/metadata/identity/oauth2/token" and call.method == "GET":
        return managed_identity(call, "Metadata", "true", "2018-02-01")
    if path == "/msi/token" and call.method == "GET":
        return managed_identity(call, "X-IDENTITY-HEADER", IDENTITY_HEADER, "2019-08-01")
    if path == "/token" and call.method == "POST":
        return google_token(call)
    if path == "/computeMetadata/v1/instance/service-accounts/default/token" and call.method == "GET":
        return google_metadata(call)
    if path.startswith("/latest/"):
        return imds(call)
    if path == "/v2/credentials/a-task" and call.method == "GET":
        return container(call)
    if path == "/federation/credentials" and call.method == "GET":
        return sso(call)
    with lock:
        if failures:
            raise Refused(*failures.pop(0))
    if path == "/secrets" or path.startswith("/secrets/"):
        return azure_secrets(call)
    if path.startswith("/v1/projects/"):
        return google_secrets(call)
    if path == "/v1/vaults" or path.startswith("/v1/vaults/"):
        return connect(call)
    if path == "/" and forward[0]:
        return forwarded(call)
    raise Refused(404, "")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.raw, self.method = self.path, self.command
        parsed = urllib.parse.urlsplit(self.path)
        self.path, self.query = parsed.path, urllib.parse.parse_qs(parsed.query, keep_blank_values=True)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with lock:
            log.append(f"{self.method} {self.path}")
        try:
            said = route(self, self.server.address)
            said = said if isinstance(said, Refused) else Refused(200, said)
        except Refused as refused:
            said = refused
        except Exception as error:
            said = Refused(400, {"error": {"code": "BadParameter", "message": str(type(error))}})
        body = said.body if isinstance(said.body, bytes) else said.body.encode() if isinstance(said.body, str) else json.dumps(said.body).encode()
        self.send_response_only(said.status)
        for name, value in ({"Content-Type": "application/json; charset=utf-8", "Date": self.date_time_string()} | said.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 64


def certify(folder):
    import datetime, ipaddress
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
    made = made.add_extension(x509.SubjectAlternativeName(names), False).sign(key, hashes.SHA256())
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with open(folder + "/ca.pem", "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    with open(folder + "/server.pem", "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, *plain) + made.public_bytes(serialization.Encoding.PEM))


def account():
    """The file of a service account, as Google gives one out."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    key = rsa.generate_private_key(65537, 2048)
    keys["public"] = key.public_key()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return {"type": "service_account", "project_id": "project-1", "private_key_id": "key-1", "private_key": pem,
            "client_email": ACCOUNT, "client_id": "1", "token_uri": keys["plain"] + "/token"}


def serve(context):
    server = Server(("127.0.0.1", 0), Handler)
    server.address = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.address


denied = set()


def command(verb, *words):
    if verb == "forward":
        forward[0] = urllib.parse.urlsplit(words[0]).netloc
    elif verb == "lend":
        lent.update(zip(("id", "secret", "token"), words))
    elif verb == "azure":
        azure_keep(words[0], " ".join(words[1:]))
        return {"version": list(vault[words[0]])[-1]}
    elif verb == "azure-state" and words[1] == "disabled":
        vault[words[0]][list(vault[words[0]])[-1]][1] = False
    elif verb == "azure-ends":
        vault[words[0]][list(vault[words[0]])[-1]][4] = int(time.time()) + int(words[1])
    elif verb == "azure-state" and words[1] == "deleted":
        gone[words[0]] = vault.pop(words[0])
    elif verb == "google":
        projects.setdefault(words[0], []).append([base64.b64decode(words[1]), "ENABLED"])
        return {"version": len(projects[words[0]])}
    elif verb == "google-state":
        projects[words[0]][int(words[1]) - 1][1] = words[2]
    elif verb == "account":
        return account()
    elif verb == "connect":
        return connect_keep(**json.loads(" ".join(words)))
    elif verb == "may":
        allowed.clear()
        allowed.update(words)
    elif verb == "deny":
        denied.clear()
        denied.update(words)
    elif verb == "fail":
        body = json.dumps({"__type": "com.amazonaws.x#" + words[2]} if len(words) > 2 else {})
        failures.extend([(int(words[0]), body, [("Retry-After", words[3])] if len(words) > 3 else ())] * int(words[1]))
    elif verb == "spoil":
        action, when, status, times, code = words
        spoils[action] = [(when, int(status), json.dumps({"__type": "com.amazonaws.x#" + code}))] * int(times)
    elif verb == "end":
        bearers[words[0]].clear()
    elif verb == "log":
        with lock:
            said = log[:]
            log.clear()
        return said
    return {}


def main(folder):
    certify(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/server.pem")
    plain, tls = serve(None), serve(context)
    keys["plain"] = plain
    said = {"http": plain, "https": tls, "ca": folder + "/ca.pem", "tenant": TENANT, "client": CLIENT, "client_secret": CLIENT_SECRET,
            "identity_header": IDENTITY_HEADER, "container_token": CONTAINER_TOKEN, "sso_token": SSO_TOKEN, "connect_token": CONNECT_TOKEN}
    print(json.dumps(said), flush=True)
    for line in sys.stdin:
        print(json.dumps(command(*line.rstrip("\n").split(" "))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
