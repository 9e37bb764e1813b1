use hyper::header::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;
use crate::{
    config::proxy::{self as config, Proxy},
    proxy::{budget, frozen, journal, rule},
    seal::SealKey,
    secret::Secret,
};

fn rules(key: &str, entries: Vec<config::Rule>) -> Vec<Rule> {
    rule::of_key(key, None, &Proxy { permissive: false, rules: entries }).expect("rules")
}

fn entry(domain: &str) -> config::Rule {
    config::Rule { secret: "*".into(), domains: Some(vec![domain.parse().expect("domain")]), ..config::Rule::default() }
}

fn guarded(name: &str, entries: Vec<config::Rule>) -> Guarded {
    Guarded::new(name.parse().expect("name"), name.parse().expect("variable"), rules(name, entries)).expect("random")
}

fn frozen_in(folder: &std::path::Path) -> Frozen {
    Frozen::of(folder.join(frozen::FILE), SealKey::derive(b"i", b"s", frozen::PURPOSE), frozen::News::default())
}

fn budget_in(folder: &std::path::Path) -> Beside {
    let key = |purpose| SealKey::derive(b"i", b"s", purpose);
    Beside {
        budget: Arc::new(Budget::of(folder.to_owned(), key(budget::PURPOSE))),
        journal: Arc::new(Journal::of(folder, "0123", key(journal::PURPOSE))),
        required: true,
    }
}

struct Bench {
    gate: Gate,
    folder: tempfile::TempDir,
}

/// Key A goes to `a.example`, with limits; key B to `b.example`.
fn bench(strict: bool) -> Bench {
    let folder = tempfile::tempdir().expect("folder");
    let list = || Arc::new(frozen_in(folder.path()));
    let limited = config::Rule {
        methods: Some(vec!["GET".into(), "POST".into()]),
        paths: Some(vec!["/v1/*".into()]),
        header: Some("authorization".into()),
        limits: vec!["3/h".parse().expect("rate")],
        max_body: Some(1000),
        ..entry("a.example")
    };
    let all = vec![guarded("A", vec![limited]), guarded("B", vec![entry("b.example"), entry("*.b.example")])];
    let secret = |text: &str| Some(Secret::new(text.as_bytes().to_vec()));
    let secrets = Secrets::of(vec![
        ("A".parse().expect("name"), secret("real-secret-a")),
        ("B".parse().expect("name"), secret("real-secret-b")),
    ]);
    let frozen = vec![list(), list()];
    Bench { gate: Gate::new(all, secrets, frozen, strict).expect("random"), folder }
}

const GET: Asked = Asked {
    way: Way::Connect,
    host: "a.example",
    port: 443,
    method: "GET",
    path: "/v1/models",
    query: "",
    length: None,
    is_plain: false,
};

impl Bench {
    fn placeholder(&self, key: usize) -> &str {
        &self.gate.guarded[key].placeholder
    }

    fn judge(&self, asked: Asked, headers: &[(&'static str, String)]) -> std::result::Result<Pass, Refusal> {
        let one = |(name, value): &(&'static str, String)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("value"))
        };
        self.gate.judge(&asked, &headers.iter().map(one).collect()).1
    }

    /// The same, and takes what it uses up.
    fn ask(&self, asked: Asked, headers: &[(&'static str, String)]) -> std::result::Result<Pass, Refusal> {
        let pass = self.judge(asked, headers)?;
        match self.gate.take(&pass, asked.host) {
            Ok(()) => Ok(pass),
            Err(Untaken::Refused(why)) => Err(why),
            Err(Untaken::Busy) => panic!("busy"),
        }
    }

    fn bearer(&self, key: usize) -> [(&'static str, String); 1] {
        [("authorization", format!("Bearer {}", self.placeholder(key)))]
    }
}

#[test]
fn a_key_goes_to_its_own_host_alone() {
    let bench = bench(false);
    let of = |host, port, key| bench.judge(Asked { host, port, path: "/v1/x", ..GET }, &bench.bearer(key));
    assert_eq!(of("a.example", 443, 0).map(|pass| pass.keys), Ok(vec![0]));
    assert_eq!(of("b.example", 443, 1).map(|pass| pass.keys), Ok(vec![1]));
    assert_eq!(of("x.b.example", 443, 1).map(|pass| pass.keys), Ok(vec![1]));
    for (host, port, key) in [
        ("evil.example", 443, 0),
        ("b.example", 443, 0),
        ("a.example", 8443, 0),
        ("a.example.evil.example", 443, 0),
        ("a.example", 443, 1),
    ] {
        assert_eq!(of(host, port, key), Err(Refusal::Elsewhere), "{host}:{port} {key}");
    }
    let both = [bench.bearer(0).to_vec(), vec![("x-other", bench.placeholder(1).to_owned())]].concat();
    assert_eq!(bench.judge(GET, &both), Err(Refusal::Elsewhere));
}

#[test]
fn method_path_header_and_size_are_held_to() {
    let bench = bench(true);
    let with = |asked| bench.judge(asked, &bench.bearer(0));
    assert_eq!(with(Asked { method: "DELETE", ..GET }), Err(Refusal::Method));
    assert_eq!(with(Asked { path: "/v2/x", ..GET }), Err(Refusal::Path));
    assert_eq!(with(Asked { path: "/v1/%2e%2e/v2", ..GET }), Err(Refusal::Path));
    assert_eq!(with(Asked { length: Some(1001), ..GET }), Err(Refusal::TooLarge));
    let elsewhere = [("x-api-key", bench.placeholder(0).to_owned())];
    assert_eq!(bench.judge(GET, &elsewhere), Err(Refusal::Header));
    let query = format!("key={}", bench.placeholder(0));
    assert_eq!(bench.judge(Asked { query: &query, ..GET }, &[]), Err(Refusal::InAddress));
    // None of that has used anything up.
    let ask = |asked| bench.ask(asked, &bench.bearer(0));
    for _ in 0..3 {
        let pass = Pass { keys: vec![0], rules: vec![0], by: Some((0, 0)), max_body: Some(1000) };
        assert_eq!(ask(Asked { length: Some(1000), ..GET }), Ok(pass));
    }
    assert_eq!(ask(Asked { is_plain: true, ..GET }), Err(Refusal::Elsewhere));
    assert!(matches!(ask(GET), Err(Refusal::Limit(wait)) if wait.as_secs() > 3500));
    assert_eq!(bench.gate.guarded[0].used(), 3);
}

#[test]
fn what_other_runs_use_up_counts_also_while_this_one_runs_and_though_the_file_is_gone() {
    let folder = tempfile::tempdir().expect("folder");
    let beside = |bench: Bench| {
        let gate = bench.gate.with(vec![budget_in(folder.path()), budget_in(folder.path())]);
        Bench { gate, folder: bench.folder }
    };
    let (one, other) = (beside(bench(true)), beside(bench(true)));
    let ask = |bench: &Bench| bench.ask(GET, &bench.bearer(0));
    assert!(ask(&one).is_ok() && ask(&other).is_ok() && ask(&one).is_ok());
    for _ in 0..2 {
        assert!(matches!(ask(&other), Err(Refusal::Limit(wait)) if wait.as_secs() > 3500));
        assert!(matches!(ask(&one), Err(Refusal::Limit(_))));
        std::fs::remove_file(folder.path().join(budget::FILE)).expect("removed");
    }
    // Each is kept for as long as its rule looks back, and no longer.
    let all = budget_in(folder.path()).budget;
    assert!(ask(&one).is_err());
    let kept: Vec<u64> = all.hold().expect("free").all().iter().map(|used| used.counts).collect();
    assert_eq!(kept, [3_600_000; 3]);
    std::fs::remove_file(folder.path().join(budget::FILE)).expect("removed");
    // Key B has no limit, and so no file is made for it.
    assert!(one.ask(Asked { host: "b.example", ..GET }, &one.bearer(1)).is_ok());
    assert!(!folder.path().join(budget::FILE).exists());
    let late = beside(bench(true));
    let used = |seconds: u64| budget::Use {
        at: budget::now() - seconds * 1000,
        counts: 3_600_000,
        name: "A".to_owned(),
        host: "a.example".to_owned(),
        rule: "a.example".to_owned(),
    };
    let its = Arc::clone(&late.gate.beside[0].budget);
    late.gate.remember(&its, &[used(10), used(3590), budget::Use { rule: "other".to_owned(), ..used(5) }]);
    std::fs::create_dir(folder.path().join(budget::FILE)).expect("in its place");
    assert_eq!(ask(&late), Err(Refusal::Unrecorded), "what cannot be counted is not let through");
}

#[test]
fn of_several_rules_for_a_host_the_first_that_has_it_counts() {
    let rule = |name: &str, path: &str, rate: &str| config::Rule {
        name: Some(name.into()),
        paths: Some(vec![path.into()]),
        limits: vec![rate.parse().expect("rate")],
        ..entry("a.example")
    };
    let all = vec![guarded(
        "A",
        vec![
            rule("one", "/one/*", "1/h"),
            config::Rule { paths: Some(vec!["/one/*".into(), "/two/*".into()]), ..rule("two", "", "2/h") },
        ],
    )];
    let secrets = Secrets::of(vec![("A".parse().expect("name"), Some(Secret::new(b"real-secret-a".to_vec())))]);
    let folder = tempfile::tempdir().expect("folder");
    let frozen = vec![Arc::new(frozen_in(folder.path()))];
    let bench = Bench { gate: Gate::new(all, secrets, frozen, true).expect("random"), folder };
    let ask = |way, path| bench.ask(Asked { way, path, ..GET }, &bench.bearer(0)).map(|pass| pass.rules);
    let limit = |asked: std::result::Result<Vec<usize>, Refusal>| matches!(asked, Err(Refusal::Limit(_)));
    assert_eq!(ask(Way::Connect, "/one/x"), Ok(vec![0]));
    assert!(limit(ask(Way::Connect, "/one/x")));
    assert!(limit(ask(Way::Base(0, 1), "/one/x")), "by the address of a rule that would have it, the first counts");
    assert_eq!(ask(Way::Base(0, 1), "/two/x"), Ok(vec![1]));
    assert_eq!(ask(Way::Base(0, 0), "/two/x"), Ok(vec![1]));
    assert!(limit(ask(Way::Base(0, 0), "/two/x")));
    assert_eq!(ask(Way::Connect, "/three"), Err(Refusal::Path));
    assert_eq!(bench.judge(Asked { path: "/two/x", ..GET }, &[]).map(|pass| pass.by), Ok(Some((0, 1))));
}

#[test]
fn without_a_key_of_this_run_nothing_comes_by_the_own_address_and_little_by_the_other() {
    let (strict, permissive) = (bench(true), bench(false));
    let base = Asked { way: Way::Base(0, 0), ..GET };
    let own = [("authorization", "Bearer of-somebody".to_owned())];
    for bench in [&strict, &permissive] {
        assert_eq!(bench.judge(base, &[]), Err(Refusal::NoKey));
        assert_eq!(bench.judge(base, &own), Err(Refusal::NoKey));
        let pass = Pass { by: Some((0, 0)), max_body: Some(1000), ..Pass::default() };
        assert_eq!(bench.judge(GET, &[]), Ok(pass));
        assert_eq!(bench.judge(Asked { method: "PUT", ..GET }, &[]), Err(Refusal::Method));
    }
    let other = Asked { host: "c.example", ..GET };
    assert_eq!((strict.judge(other, &[]), strict.judge(GET, &own)), (Err(Refusal::Host), Err(Refusal::OwnKey)));
    assert!(permissive.judge(other, &[]).is_ok() && permissive.judge(GET, &own).is_ok());
}

#[test]
fn a_placeholder_for_show_lets_nobody_elses_key_through() {
    let (strict, permissive) = (bench(true), bench(false));
    let show = |bench: &Bench| {
        [("x-unused", bench.placeholder(1).to_owned()), ("authorization", "Bearer of-somebody".to_owned())]
    };
    let there = Asked { host: "b.example", ..GET };
    assert_eq!(strict.judge(there, &show(&strict)), Err(Refusal::OwnKey));
    assert!(permissive.judge(there, &show(&permissive)).is_ok());
    let both = [("x-api-key", strict.placeholder(1).to_owned()), strict.bearer(1)[0].clone()];
    assert!(strict.judge(there, &both).is_ok(), "of this run both");
    let query = Asked { query: "page=2&api_key=of-somebody", ..there };
    assert_eq!(strict.judge(query, &strict.bearer(1)), Err(Refusal::OwnKey));
    assert_eq!(strict.judge(query, &[]), Err(Refusal::OwnKey));
    assert!(strict.judge(Asked { query: "page=2", ..there }, &strict.bearer(1)).is_ok());
}

#[test]
fn a_key_that_is_stopped_is_stopped_for_the_next_request() {
    let bench = bench(true);
    let list = frozen_in(bench.folder.path());
    let ask = || bench.judge(Asked { host: "b.example", ..GET }, &bench.bearer(1));
    assert!(ask().is_ok());
    list.write(&frozen::News { generation: 2, names: ["B".to_owned()].into() }).expect("written");
    assert_eq!(ask(), Err(Refusal::Stopped(Stop::Frozen)));
    list.remove().expect("removed");
    assert_eq!(ask(), Err(Refusal::Stopped(Stop::Frozen)));
    list.write(&frozen::News { generation: 3, names: [].into() }).expect("written");
    assert!(ask().is_ok());
    let stands = |standing| bench.gate.stand(|all| all[1] = standing);
    stands(Standing { stop: Some(Stop::Revoked), ends: None });
    assert_eq!(ask(), Err(Refusal::Stopped(Stop::Revoked)));
    stands(Standing { stop: None, ends: Some(Moment::from_seconds(Moment::now().seconds() - 1)) });
    assert_eq!(ask(), Err(Refusal::Stopped(Stop::Expired)));
    stands(Standing { stop: None, ends: Some(Moment::from_seconds(Moment::now().seconds() + 100)) });
    assert!(ask().is_ok());
    bench.gate.shut();
    assert_eq!(ask(), Err(Refusal::Unrecorded));
}

#[test]
fn a_token_is_right_as_a_whole_and_routes_have_one_name_each() {
    let bench = bench(true);
    let token = bench.gate.token.clone();
    assert!(bench.gate.is_token(&token) && token.len() == 32);
    for wrong in
        ["", &token[1..], &format!("{token}0"), &token.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A")]
    {
        assert!(!bench.gate.is_token(wrong), "{wrong}");
    }
    let routes: Vec<_> = bench.gate.routes().collect();
    assert_eq!(routes, [(0, 0, "a.example".to_owned()), (1, 0, "b.example".to_owned())]);
    assert_eq!(bench.gate.route("b.example"), Some((1, 0)));
    assert_ne!(bench.placeholder(0), bench.placeholder(1));
}

proptest! {
    /// Whatever a request looks like: a key is put in only where a rule of its own is about the host.
    #[test]
    fn no_request_gets_a_key_for_a_host_without_its_rule(
        host in "(a|b|x\\.b|evil|a\\.example\\.evil)\\.(example|test)",
        port in prop::sample::select(vec![443u16, 80, 8443]),
        path in "/(v1|v2|\\.\\.|%2e%2e|a)(/[a-z.%]{0,8}){0,3}",
        method in "(GET|POST|PUT|get|CONNECT)",
        has in any::<[bool; 4]>(),
        strict in any::<bool>(),
        by_base in any::<bool>(),
    ) {
        let bench = bench(strict);
        let mut headers = Vec::new();
        for (at, name) in ["authorization", "x-api-key", "cookie", "x-other"].into_iter().enumerate().filter(|(at, _)| has[*at]) {
            headers.push((name, format!("Bearer {}", bench.placeholder(at % 2))));
        }
        let way = if by_base { Way::Base(0, 0) } else { Way::Connect };
        let asked = Asked { way, host: &host, port, method: &method, path: &path, query: "", length: None, is_plain: false };
        if let Ok(pass) = bench.judge(asked, &headers) {
            for (key, number) in pass.keys.into_iter().zip(pass.rules) {
                let rule = bench.gate.rule((key, number)).filter(|rule| rule.covers(&host, port));
                prop_assert!(rule.is_some_and(|rule| rule.allows_method(&method) && rule.allows_path(&path)));
                prop_assert!(port == 443 && !host.contains("evil"));
            }
        }
    }
}
