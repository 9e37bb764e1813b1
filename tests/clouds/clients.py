"""The makers' own clients, against server.py: each checks that the server does for it what the service does, and ends with
"as it should be".

  clients.py azure|google SERVER     SERVER is what server.py said first
  clients.py connect SERVER VAULT ITEM   the ids of 1Password's item `Data base` in the vault `Shop`
  clients.py aws SERVER SECRET       SECRET is one of moto's behind it, whose text is `a-value`
  clients.py sign                    signs the requests on standard input with botocore, and prints each one's headers
"""
import datetime, json, os, sys


def fails(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def azure(server):
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
    from azure.identity import AzureCliCredential, ClientSecretCredential, ManagedIdentityCredential
    from azure.keyvault.secrets import SecretClient

    def vault(credential):
        return SecretClient(server["https"], credential, verify_challenge_resource=False, connection_verify=server["ca"], retry_total=0)

    def application(secret):
        return ClientSecretCredential(
            server["tenant"], server["client"], secret, authority=server["https"], disable_instance_discovery=True,
            connection_verify=server["ca"], retry_total=0)

    client = vault(application(server["client_secret"]))
    first = client.set_secret("db", "p-1", content_type="text/plain")
    ends = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=3)
    assert client.get_secret(client.set_secret("ends", "p", expires_on=ends).name).properties.expires_on == ends
    assert client.get_secret("db").properties.expires_on is None
    client.begin_delete_secret("ends").result()
    second = client.set_secret("db", "p-2")
    assert client.get_secret("db").value == "p-2" and client.get_secret("db").properties.version == second.properties.version
    old = client.get_secret("db", first.properties.version)
    assert old.value == "p-1" and old.properties.content_type == "text/plain"
    assert [secret.name for secret in client.list_properties_of_secrets()] == ["db"]
    assert fails(ResourceNotFoundError, lambda: client.get_secret("none")).error.code == "SecretNotFound"
    fails(ClientAuthenticationError, lambda: vault(application("wrong")).get_secret("db"))
    fails(HttpResponseError, lambda: client.set_secret("db", "x" * 30000))
    os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = server["http"]
    assert vault(ManagedIdentityCredential()).get_secret("db").value == "p-2"
    os.environ["IDENTITY_ENDPOINT"], os.environ["IDENTITY_HEADER"] = server["http"] + "/msi/token", server["identity_header"]
    assert vault(ManagedIdentityCredential()).get_secret("db").value == "p-2"
    assert vault(AzureCliCredential()).get_secret("db").value == "p-2"


def google(server):
    from google.api_core.exceptions import NotFound
    from google.auth.exceptions import RefreshError
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport
    from google.oauth2 import service_account

    def client(account):
        scopes = ["https://www.googleapis.com/auth/cloud-platform"]
        credentials = service_account.Credentials.from_service_account_info(account, scopes=scopes)
        transport = SecretManagerServiceRestTransport(host=server["http"].split("//")[1], url_scheme="http", credentials=credentials)
        return SecretManagerServiceClient(transport=transport)

    manager, name = client(server["account"]), "projects/project-1/secrets/db"
    read = lambda version: manager.access_secret_version(name=f"{name}/versions/{version}").payload.data
    assert read("latest") == b"p-1"
    added = manager.add_secret_version(parent=name, payload={"data": b"p-2"})
    assert added.name.endswith("/secrets/db/versions/2") and (read("latest"), read(1)) == (b"p-2", b"p-1")
    fails(NotFound, lambda: read(7))
    fails(NotFound, lambda: manager.add_secret_version(parent=name + "x", payload={"data": b"p"}))
    rights = ["secretmanager.versions.access", "secretmanager.secrets.delete"]
    assert list(manager.test_iam_permissions(request={"resource": name, "permissions": rights}).permissions) == rights[:1]
    other = client(server["account"] | {"private_key_id": "other"})
    fails(RefreshError, lambda: other.access_secret_version(name=name + "/versions/latest"))


def connect(server, vault, item):
    from onepasswordconnectsdk.client import new_client
    from onepasswordconnectsdk.errors import FailedToRetrieveItemException, FailedToRetrieveVaultException

    client = new_client(server["http"], server["connect_token"])
    assert [it.name for it in client.get_vaults()] == ["Shop"] and client.get_vault_by_title("Shop").id == vault
    assert client.get_vault(vault).name == "Shop" and [it.title for it in client.get_items(vault)] == ["Data base"]
    for found in [client.get_item(item, vault), client.get_item("Data base", "Shop")]:
        fields = {field.label: field for field in found.fields}
        assert (found.id, fields["password"].value, fields["password"].purpose) == (item, "p-1", "PASSWORD")
        assert fields["port"].section.id in [section.id for section in found.sections if section.label in ("net", "old")]
    assert fails(FailedToRetrieveItemException, lambda: client.get_item_by_id("a" * 26, vault)).status_code == 404
    fails(FailedToRetrieveItemException, lambda: client.get_item_by_title("None", vault))
    fails(FailedToRetrieveVaultException, lambda: new_client(server["http"], "wrong").get_vault(vault))


def aws(server, secret):
    import botocore.session

    def read(**variables):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(variables)
        client = botocore.session.get_session().create_client("secretsmanager", "eu-central-1", endpoint_url=server["http"])
        assert client.get_secret_value(SecretId=secret)["SecretString"] == "a-value", variables

    read(AWS_EC2_METADATA_SERVICE_ENDPOINT=server["http"])
    read(AWS_CONTAINER_CREDENTIALS_FULL_URI=server["http"] + "/v2/credentials/a-task", AWS_CONTAINER_AUTHORIZATION_TOKEN=server["container_token"])
    home = os.environ["HOME"]
    os.makedirs(home + "/.aws/sso/cache")
    start = "https://corp.awsapps.com/start"
    with open(home + "/.aws/config", "w") as file:
        file.write(f"[profile login]\nsso_start_url = {start}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = a-role\n")
    import hashlib
    with open(f"{home}/.aws/sso/cache/{hashlib.sha1(start.encode()).hexdigest()}.json", "w") as file:
        json.dump({"startUrl": start, "region": "eu-west-1", "accessToken": server["sso_token"], "expiresAt": "2999-01-01T00:00:00Z"}, file)
    read(AWS_PROFILE="login", AWS_ENDPOINT_URL_SSO=server["http"])
    iam = botocore.session.get_session().create_client("iam", "us-east-1", endpoint_url=server["http"])
    asked = {"PolicySourceArn": "arn:aws:iam::123456789012:role/r", "ActionNames": ["iam:CreateUser", "sts:AssumeRole"], "ResourceArns": ["*"]}
    decided = iam.simulate_principal_policy(**asked)["EvaluationResults"]
    assert [one["EvalDecision"] for one in decided] == ["implicitDeny", "allowed"], decided


def sign():
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signed = []
    for case in json.load(sys.stdin):
        request = AWSRequest(case["method"], case["url"], headers=case["headers"], data=case["body"].encode())
        SigV4Auth(Credentials(case["id"], case["secret"], case["token"]), "service", "eu-central-1").add_auth(request)
        signed.append(dict(request.headers.items()))
    print(json.dumps(signed))


if sys.argv[1] == "sign":
    sign()
else:
    {"azure": azure, "google": google, "connect": connect, "aws": aws}[sys.argv[1]](json.loads(sys.argv[2]), *sys.argv[3:])
    print("as it should be")
