//! What holds for all runs by the proxy together, and against a command that would rather have it otherwise: budgets, freezes, what
//! is written down, and the network.

use crate::{
    proxying::{BASE_URL, BY_BASE_URL, KEPT_BACK, SECRET, UPSTREAM, hash, parsed, requests, rule, said, sandbox},
    sandbox::{KEYCTL, Sandbox},
};

/// Asks for a path with the key, and says the status.
const STATUS: &str = "status() { curl -sS --noproxy '*' -o /dev/null -w '%{http_code} ' \"$API$1\" -H \"x-api-key: $KEY\" 2>/dev/null; }";

/// What a run of this script says, whatever else happens.
fn told(sandbox: &Sandbox, script: &str) -> String {
    let ran = sandbox.call(&["-q", "proxy", "run", "-k", "KEY", "--", "sh", "-c", script]).run();
    sandbox.no_secret_in(&ran.output.stdout);
    ran.stdout()
}

#[test]
fn a_budget_holds_for_runs_side_by_side_for_unanswered_requests_and_without_its_file() {
    let sandbox = sandbox(&format!("{BASE_URL}limit = \"4/h\"\n"));
    let script = format!("{STATUS}; for n in 1 2 3; do status /x; done");
    let runs: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..3).map(|_| scope.spawn(|| told(&sandbox, &script))).collect();
        all.into_iter().map(|run| run.join().expect("said")).collect()
    });
    let all = runs.concat();
    assert_eq!((all.matches("200").count(), all.matches("429").count()), (4, 5), "{runs:?}");
    std::fs::remove_file(sandbox.data("proxy.used")).expect("there");
    assert_eq!(told(&sandbox, &format!("{STATUS}; status /x")), "429 ", "the history knows");
    let unanswered = self::sandbox(&format!("{BASE_URL}limit = \"2/h\"\n"));
    let script =
        format!("{STATUS}; status /reset; rm {0} {0}.lock; status /x", unanswered.data("proxy.used").display());
    assert_eq!(told(&unanswered, &script), "502 200 ");
    assert_eq!(told(&unanswered, &format!("{STATUS}; status /x")), "429 ");
    // Without a limit nothing is kept.
    let free = self::sandbox(BASE_URL);
    assert_eq!(told(&free, &format!("{STATUS}; status /x")), "200 ");
    assert!(!free.data("proxy.used").exists());
}

#[test]
fn a_request_is_written_down_before_it_goes_out_though_keyctl_is_killed() {
    let sandbox = sandbox(BASE_URL);
    // The second is under way for most of a second.
    let script = format!("{STATUS}; status /x; status /slow >/dev/null & sleep 0.6; kill -9 $PPID; wait");
    for _ in 0..2 {
        told(&sandbox, &script);
    }
    let shown = sandbox.call(&["history", "--json"]).run();
    let lines = shown.stdout();
    let events: Vec<_> = lines.lines().map(parsed).filter(|event| event["ev"] == "proxy").collect();
    assert_eq!(events.len(), 4, "{lines}");
    for event in &events {
        assert_eq!(
            (&event["host"], &event["names"][0], &event["prog"]),
            (&"api.test".into(), &"KEY".into(), &"sh".into())
        );
    }
    let not_known = events.iter().filter(|event| event["outcome"] == "its end is not known: keyctl was killed").count();
    assert!(not_known >= 2 && shown.stderr().contains("keyctl: a proxy was killed; "), "{lines}{}", shown.stderr());
    assert_eq!(requests(&sandbox).len(), 4, "once");
    sandbox.call(&["proxy", "status"]).run().says("", "keyctl: no proxy runs here\n", 0);
    assert!(!sandbox.data("proxies").exists());
    // What ends well leaves nothing.
    assert_eq!(told(&sandbox, &format!("{STATUS}; status /x")), "200 ");
    assert!(!sandbox.data("proxies").exists() && requests(&sandbox).len() == 5);
}

#[test]
fn a_freeze_is_not_lifted_by_taking_its_file_away_or_putting_an_older_one_back() {
    let sandbox = sandbox(BASE_URL);
    let list = sandbox.data("proxy.frozen");
    let list = list.display();
    let script = format!(
        "{STATUS}; status /x; {KEYCTL} -q proxy freeze KEY; status /x; rm {list}; status /x; sleep 0.7; status /x; \
         {KEYCTL} -q proxy unfreeze KEY; status /x; cp {list} older; {KEYCTL} -q proxy freeze KEY; cp older {list}; sleep 0.7; status /x"
    );
    assert_eq!(told(&sandbox, &script), "200 403 403 403 200 403 ");
    let status = || told(&sandbox, &format!("{STATUS}; status /x"));
    assert_eq!(status(), "403 ");
    std::fs::remove_file(sandbox.data("proxy.frozen")).expect("there");
    assert_eq!(status(), "403 ");
    let shown = sandbox.call(&["show", "KEY"]).run().stdout();
    assert!(shown.contains("frozen") && shown.contains("for the proxy"), "{shown}");
    sandbox.call(&["proxy", "freeze", "KEY"]).run().says("", "keyctl: `KEY` is frozen already\n", 0);
    sandbox.call(&["-q", "proxy", "unfreeze", "KEY"]).run().says("", "", 0);
    assert_eq!(status(), "200 ");
}

#[test]
fn thousands_of_refused_requests_are_few_entries() {
    let sandbox = sandbox(&format!("{BASE_URL}paths = [\"/v1/*\"]\n"));
    let script = r#"python3 - <<'PYTHON'
import http.client, os
host, path = os.environ["API"].removeprefix("http://").split("/", 1)
end = http.client.HTTPConnection(host)
for number in range(600):
    end.request("GET", f"/{path}/" + ("no" if number % 2 else f"no/{chr(97 + number % 26)}x{chr(97 + number // 26)}"), headers={"x-api-key": os.environ["KEY"]})
    answer = end.getresponse()
    assert answer.status == 403 and answer.read()
PYTHON"#;
    assert_eq!(said(&sandbox, script, BY_BASE_URL), "");
    let lines = sandbox.call(&["history", "--json"]).run().stdout();
    let events: Vec<_> = lines.lines().map(parsed).filter(|event| event["ev"] == "proxy").collect();
    let all: u64 = events.iter().map(|event| event["times"].as_u64().unwrap_or(1)).sum();
    assert!(all == 600 && events.len() < 110, "{all} in {}", events.len());
    let many = events.iter().find(|event| event["times"] == 299).expect("those of a like");
    assert_eq!(many["note"], "GET api.test/no, 299 times");
}

#[test]
fn a_length_without_a_body_stays_and_a_library_may_say_where_it_is() {
    let sandbox = sandbox(BASE_URL);
    let script = r#"
        curl -sS --noproxy '*' -I "$API/download/x" -H "x-api-key: $KEY" | tr -d '\r' | grep -i content-length
        for origin in "${API%/*/*}" http://localhost:1 null http://evil.test; do
            curl -sS --noproxy '*' -o /dev/null -w '%{http_code} ' "$API/x" -H "x-api-key: $KEY" -H "Origin: $origin"
        done"#;
    let out = said(&sandbox, script, BY_BASE_URL);
    let (length, statuses) = out.split_once('\n').expect("two lines");
    assert!(length.starts_with("content-length: ") && !length.ends_with(" 0"), "{length}");
    assert_eq!(statuses, "200 403 403 403 ");
}

#[test]
fn a_run_that_lets_others_be_reached_sees_a_placeholder_at_any_port() {
    let sandbox = sandbox("");
    rule(&sandbox, "egress = \"permissive\"", "");
    let script = format!(
        r#"curl -sSk -o /dev/null -w '%{{http_code}}\n' https://localhost:{0}/x -H "x-api-key: $KEY" --noproxy ''
        python3 - <<'PYTHON'
import base64, os, socket, threading
from urllib.parse import urlsplit
def tunnel(port):
    proxy = urlsplit(os.environ["HTTPS_PROXY"])
    end = socket.create_connection((proxy.hostname, proxy.port))
    token = base64.b64encode(f"{{proxy.username}}:{{proxy.password}}".encode()).decode()
    end.sendall(f"CONNECT 127.0.0.1:{{port}} HTTP/1.1\r\nHost: 127.0.0.1:{{port}}\r\nProxy-Authorization: Basic {{token}}\r\n\r\n".encode())
    reader = end.makefile("rb")
    while reader.readline().strip():
        pass
    return end, reader
server = socket.create_server(("127.0.0.1", 0))
heard = []
def serve():
    for first in (b"hello\n", b"", b""):
        end, _ = server.accept()
        end.sendall(first)
        text = b""
        while piece := end.recv(4096):
            text += piece
        heard.append(text)
        end.sendall(b"bye\n")
        end.close()
thread = threading.Thread(target=serve)
thread.start()
port = server.getsockname()[1]
for texts in ([b"EHLO\n"], [b"GET / HTTP/1.0\n\n"], [b"key ", os.environ["KEY"][:9].encode(), os.environ["KEY"][9:].encode(), b" more"]):
    end, reader = tunnel(port)
    if texts[0].startswith(b"EHLO"):
        print(reader.readline().decode().strip())
    try:
        for text in texts:
            end.sendall(text)
            __import__("time").sleep(0.1)
        end.shutdown(socket.SHUT_WR)
        print(reader.read().decode().strip() or "ended")
    except OSError:
        print("ended")
    end.close()
thread.join()
print(heard[0], heard[1], os.environ["KEY"].encode() in heard[2])
PYTHON"#,
        UPSTREAM.port
    );
    let refused =
        |host: &str| format!("keyctl: refused a request of `KEY` for `{host}`: a host that the key is not for\n");
    let ran = sandbox.call(&["proxy", "run", "-k", "KEY", "--", "sh", "-c", &script]).run();
    assert_eq!(
        ran.stdout(),
        "403\nhello\nbye\nbye\nended\nb'EHLO\\n' b'GET / HTTP/1.0\\n\\n' False\n",
        "{}",
        ran.stderr()
    );
    let stderr = ran.stderr();
    assert!(
        stderr.starts_with(&format!("{KEPT_BACK}{}", refused(&format!("localhost:{}", UPSTREAM.port)))),
        "{stderr}"
    );
    assert!(stderr.lines().count() == 3 && stderr.contains("refused a request of `KEY` for `127.0.0.1:"), "{stderr}");
}

#[test]
fn whoever_says_nothing_does_not_keep_the_command_from_its_proxy() {
    let sandbox = sandbox(BASE_URL);
    let script = r#"python3 - <<'PYTHON'
import http.client, os, socket, time
host, path = os.environ["API"].removeprefix("http://").split("/", 1)
name, port = host.split(":")
idle = [socket.create_connection((name, int(port))) for _ in range(150)]
time.sleep(1.2)
idle.append(socket.create_connection((name, int(port))))
for number in range(2):
    end = http.client.HTTPConnection(host)
    end.request("GET", f"/{path}/x", headers={"x-api-key": os.environ["KEY"]})
    print(end.getresponse().status)
time.sleep(0.2)
gone = 0
for one in idle:
    one.setblocking(False)
    try:
        gone += one.recv(1) == b""
    except BlockingIOError:
        pass
    except OSError:
        gone += 1
print(gone >= 50, gone < 100)
PYTHON"#;
    assert_eq!(said(&sandbox, script, BY_BASE_URL), "200\n200\nTrue True\n");
}

#[test]
fn what_a_project_says_leads_no_command_past_the_proxy_though_the_callers_variables_are_kept() {
    let sandbox = sandbox("base_url = { MY_LLM = \"/v1\" }\n");
    sandbox.file(".keyctl.toml", "[env]\nKEY = \"KEY\"\nMY_LLM = { value = \"https://evil.test\" }\n");
    sandbox.allow();
    let call = ["-q", "proxy", "run", "--keep", "--", "sh", "-c", "echo $MY_LLM"];
    let ran = sandbox.call(&call).env("MY_LLM", "https://caller.test").run();
    assert!(ran.stdout().starts_with("http://127.0.0.1:"), "{}{}", ran.stdout(), ran.stderr());
}

/// What a confined command sees of its network.
#[cfg(target_os = "linux")]
const LOOKS: &str = r#"
    curl -sS --noproxy '*' "$API/seen" -H "x-api-key: $KEY" | grep -o '"x-api-key": "[0-9a-f]*"'
    id -u; echo mine > mine; stat -c %u mine
    python3 - <<'PYTHON'
import os, socket
print(*(name for _, name in socket.if_nameindex() if name == "lo"))
port = int(os.environ["API"].split(":")[2].split("/")[0])
for there in ("192.0.2.2", "127.0.0.2"):
    try:
        socket.create_connection((there, port), 1)
        print("reached")
    except OSError as error:
        print(error.strerror)
PYTHON"#;

#[test]
#[cfg(target_os = "linux")]
fn a_confined_command_has_a_network_of_its_own_whoever_it_is() {
    let sandbox = sandbox(BASE_URL);
    let call = || sandbox.call(&["proxy", "run", "--sandbox", "-k", "KEY", "--", "sh", "-c", LOOKS]);
    let expected = |user: u32| {
        let seen = format!("\"x-api-key\": \"{}\"\n{user}\n{user}\n", hash(SECRET));
        format!("{seen}lo\nNetwork is unreachable\nConnection refused\n")
    };
    let own = own_number();
    let has_one = sandbox.call(&["confine", "--check"]).run().code() == 0;
    if has_one {
        call().run().says(&expected(own), BY_BASE_URL, 0);
    }
    if own != 0 || !has_one {
        return;
    }
    // Where the system lets nobody have one, it is said, and one port is all that there is.
    let ran = call().under(&["setpriv", "--bounding-set", "-sys_admin"]).run();
    let said = ran.stderr();
    let begin = expected(own).replace("lo\nNetwork is unreachable\nConnection refused\n", "");
    assert!(
        ran.stdout().starts_with(&begin) && ran.stdout().ends_with("Connection refused\n"),
        "{}{said}",
        ran.stdout()
    );
    let warned =
        "keyctl: this system lets the command have no network of its own: it reaches the proxy's port at any address\n";
    assert_eq!(said, format!("{warned}{BY_BASE_URL}"));
    // The first again, of somebody who may do less.
    let folder = sandbox.home().parent().expect("a folder").to_owned();
    let chowned = std::process::Command::new("chown").args(["-R", "4242:4242"]).arg(&folder).status();
    assert!(chowned.expect("chown").success());
    let other = ["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"];
    call().under(&other).run().says(&expected(4242), BY_BASE_URL, 0);
}

#[cfg(target_os = "linux")]
fn own_number() -> u32 {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").expect("proc"))
}

/// Another user, who knows the port and not the token.
#[test]
#[cfg(target_os = "linux")]
fn another_user_of_the_machine_gets_nothing_of_a_proxy_that_runs() {
    if own_number() != 0 {
        return;
    }
    let sandbox = sandbox(BASE_URL);
    let script = r#"
        own="${API%/*/*}"; token="${API#*//*/}"; token="${token%/*}"; echo ${#token}
        other() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
        other curl -sS --noproxy '*' -o /dev/null -o /dev/null -w '%{http_code} ' "$own/x" "$own/"
        other curl -sS -o /dev/null -w '%{http_connect}\n' -x "$own" https://api.test/x 2>/dev/null
        other cat "$SSL_CERT_FILE" /proc/$PPID/environ /proc/$$/environ 2>&1 >/dev/null | grep -c 'Permission denied'
        other ls "$(dirname "$SSL_CERT_FILE")" 2>&1 | grep -c 'Permission denied'
        tr '\0' ' ' < /proc/$PPID/cmdline | grep -c "$token"
        # No socket of keyctl's has a path that somebody could be faster at.
        for one in /proc/$PPID/fd/*; do readlink $one; done | sed -n 's/socket:.\([0-9]*\)./\1/p' | while read -r one; do
            awk -v one=$one '$7 == one && NF > 7' /proc/net/unix; done | wc -l"#;
    let ran = sandbox.call(&["-q", "proxy", "run", "-k", "KEY", "--", "sh", "-c", script]).run();
    assert_eq!(ran.stdout(), "32\n401 401 407\n3\n1\n0\n0\n", "{}", ran.stderr());
}

#[test]
fn whoever_asks_a_proxy_that_was_killed_is_refused_at_once() {
    let sandbox = sandbox(BASE_URL);
    let script = "kill -9 $PPID; sleep 0.2; curl -sS --noproxy '*' -m 5 -o /dev/null \"$API/x\" 2>/dev/null; echo $?
        curl -sS -m 5 -o /dev/null https://api.test/x 2>/dev/null; echo $?";
    assert_eq!(told(&sandbox, script), "7\n7\n");
}

/// In a network of the test's own.
#[test]
#[cfg(target_os = "linux")]
fn a_proxy_needs_no_ipv6_and_no_folder_of_a_session_and_says_where_there_is_no_port() {
    let sandbox = sandbox(BASE_URL);
    let script = "curl -sS --noproxy '*' -o /dev/null -w '%{http_code}\n' \"$API/x\"";
    let words = ["-q", "proxy", "run", "-k", "KEY", "--", "sh", "-c", script];
    let there = sandbox.outside().join("nowhere");
    for (name, value) in [("XDG_RUNTIME_DIR", there.as_os_str()), ("XDG_RUNTIME_DIR", "".as_ref())] {
        sandbox.call(&words).env(name, value).run().says("401\n", "", 0);
    }
    let own = "ip link set lo up && sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv4.ip_local_port_range='40000 40000' && ";
    let enter = |then: &str| ["unshare", "-rn", "sh", "-c", &format!("{own}{then}"), "sh"].map(str::to_owned);
    let may_enter = sandbox.call(&["--version"]).under(&enter("exec \"$@\"")).run();
    if may_enter.code() != 0 {
        return;
    }
    let taken = "python3 -c 'import os, socket, sys; s = socket.create_server((\"127.0.0.1\", 40000)); os.set_inheritable(s.fileno(), True); os.execvp(sys.argv[1], sys.argv[1:])' \"$@\"";
    sandbox.call(&words).under(&enter(taken)).run().says(
        "",
        "keyctl: cannot listen on 127.0.0.1: address already in use [E07]\n",
        125,
    );
    let free = own.replace("40000 40000", "40000 40100");
    let enter = ["unshare", "-rn", "sh", "-c", &format!("{free}exec \"$@\""), "sh"].map(str::to_owned);
    sandbox.call(&words).under(&enter).run().says("401\n", "", 0);
}
