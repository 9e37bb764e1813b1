use hyper::header::HeaderValue;
use proptest::prelude::*;

use super::*;
use crate::{
    config::proxy::{self as config, Proxy},
    proxy::{frozen, rule},
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

struct Bench {
    gate: Gate,
    folder: tempfile::TempDir,
}

/// Key A goes to `a.example`, with limits; key B to `b.example`.
fn bench(strict: bool) -> Bench {
    let folder = tempfile::tempdir().expect("folder");
    let list = || Arc::new(Frozen::of(folder.path().join(frozen::FILE), SealKey::derive(b"i", b"s", frozen::PURPOSE)));
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
    for _ in 0..3 {
        assert_eq!(with(Asked { length: Some(1000), ..GET }), Ok(Pass { keys: vec![0], max_body: Some(1000) }));
    }
    assert!(matches!(with(GET), Err(Refusal::Limit(wait)) if wait.as_secs() > 3500));
    assert_eq!(bench.gate.guarded[0].used(), 3);
}

#[test]
fn what_other_runs_used_up_counts() {
    let bench = bench(true);
    let ago = |host: &str, seconds| (host.to_owned(), 443, Duration::from_secs(seconds));
    bench.gate.guarded[0].remember(&[ago("a.example", 10), ago("a.example", 3590), ago("c.example", 5)]);
    assert!(bench.judge(GET, &bench.bearer(0)).is_ok());
    assert!(matches!(bench.judge(GET, &bench.bearer(0)), Err(Refusal::Limit(wait)) if wait.as_secs() <= 10));
}

#[test]
fn without_a_key_of_this_run_nothing_comes_by_the_own_address_and_little_by_the_other() {
    let (strict, permissive) = (bench(true), bench(false));
    let base = Asked { way: Way::Base(0, 0), ..GET };
    let own = [("authorization", "Bearer of-somebody".to_owned())];
    for bench in [&strict, &permissive] {
        assert_eq!(bench.judge(base, &[]), Err(Refusal::NoKey));
        assert_eq!(bench.judge(base, &own), Err(Refusal::NoKey));
        assert_eq!(bench.judge(GET, &[]), Ok(Pass { keys: vec![], max_body: Some(1000) }));
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
    let list = Frozen::of(bench.folder.path().join(frozen::FILE), SealKey::derive(b"i", b"s", frozen::PURPOSE));
    let ask = || bench.judge(Asked { host: "b.example", ..GET }, &bench.bearer(1));
    assert!(ask().is_ok());
    list.write(&["B".to_owned()].into()).expect("written");
    assert_eq!(ask(), Err(Refusal::Stopped(Stop::Frozen)));
    list.write(&[].into()).expect("written");
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
        let asked = Asked { way, host: &host, port, method: &method, path: &path, query: "", length: None };
        if let Ok(pass) = bench.judge(asked, &headers) {
            for key in pass.keys {
                let rule = bench.gate.rule_of(key, &host, port);
                prop_assert!(rule.is_some_and(|rule| rule.allows_method(&method) && rule.allows_path(&path)));
                prop_assert!(port == 443 && !host.contains("evil"));
            }
        }
    }
}
