//! Secrets Manager and the Parameter Store, with an access key that the store keeps.

use std::time::Duration;

use keyctl::{date::Moment, source::Source};

use crate::server::{Front, MOTO, fetched, fresh, keep, open, open_at, reference, soon, user, value, write};

const ALL: &str = "secretsmanager:* ssm:* sts:*";

/// A source of this type with a user's own access key.
fn source(kind: &str, address: &str, (id, secret): &(String, String)) -> Box<dyn Source> {
    open(&table(kind, address), &[("aws/id", id), ("aws/secret", secret)])
}

fn table(kind: &str, address: &str) -> String {
    format!(
        "type = \"{kind}\"\nregion = \"eu-central-1\"\nendpoint = \"{address}\"\n\
         access_key = {{ key = \"aws/id\" }}\nsecret_key = {{ key = \"aws/secret\" }}\n"
    )
}

pub fn secrets() -> Box<dyn Source> {
    source("aws-secrets-manager", &MOTO.text("address"), &user(ALL))
}

/// One whose user may read nothing.
pub fn denied(kind: &str) -> Box<dyn Source> {
    source(kind, &MOTO.text("address"), &user("iam:ListUsers"))
}

pub fn parameters() -> Box<dyn Source> {
    source("aws-ssm", &MOTO.text("address"), &user(ALL))
}

#[test]
fn a_secret_is_read_by_its_name_its_arn_its_version_and_its_stage_whole_or_one_field() {
    let (source, name) = (secrets(), fresh("app/db"));
    let first = keep("secret", &name, br#"{"user":"u","password":"p-1"}"#);
    let second = keep("secret", &name, br#"{"user":"u","password":"p-2","port":5432}"#);
    assert_eq!(fetched(&*source, &format!("{name}#password")), Ok(("p-2".into(), second.clone())));
    assert_eq!(value(&*source, &name).as_deref(), Ok(r#"{"user":"u","password":"p-2","port":5432}"#));
    assert_eq!(value(&*source, &format!("{name}#port")).as_deref(), Ok("5432"));
    assert_eq!(fetched(&*source, &format!("{name}@AWSPREVIOUS#password")), Ok(("p-1".into(), first.clone())));
    assert_eq!(value(&*source, &format!("{name}@{first}#password")).as_deref(), Ok("p-1"));
    let arn = MOTO.ask(&format!("secret {name} eA=="))["arn"].as_str().expect("text").to_owned();
    assert_eq!(value(&*source, &arn).as_deref(), Ok("x"));
    assert_eq!(
        value(&*source, &format!("{name}#password")),
        Err(format!(
            "source `corp`: what lies at `{name}` is no JSON object, so it has no field `password`; leave `#FIELD` out to have all of it"
        ))
    );
}

#[test]
fn a_parameter_is_read_decrypted_by_its_name_and_version() {
    let (source, name) = (parameters(), format!("/{}", fresh("app/password")));
    keep("parameter", &name, b"p-1");
    let second = keep("parameter", &name, b"{\"a\":\"p-2\"}");
    assert_eq!(fetched(&*source, &format!("{name}#a")), Ok(("p-2".into(), second)));
    assert_eq!(fetched(&*source, &format!("{name}@1")), Ok(("p-1".into(), "1".into())));
    let gone = format!("source `corp` at `HOST` has nothing there: it was to read `{name}x`");
    assert!(value(&*source, &format!("{name}x")).is_err_and(|said| said.starts_with(&gone)));
    let version = value(&*source, &format!("{name}@9"));
    assert_eq!(
        version,
        Err(format!("source `corp` at `HOST` has no such version: it was to read `{name}` in version `9`"))
    );
}

#[test]
fn bytes_that_are_text_are_taken_and_others_are_not() {
    let (source, name) = (secrets(), fresh("binary"));
    keep("binary", &name, "sch\u{fc}ssel".as_bytes());
    assert_eq!(value(&*source, &name).as_deref(), Ok("sch\u{fc}ssel"));
    keep("binary", &name, &[0, 255, 1]);
    let refused = format!(
        "source `corp`: what lies at `{name}` is binary and no text, which no variable can hold; keep it there as text, such as in \
         base64, and let the program decode it"
    );
    assert_eq!(value(&*source, &name), Err(refused));
}

#[test]
fn what_is_refused_is_said_for_what_it_is() {
    let (name, parameter) = (fresh("app/db"), format!("/{}", fresh("p")));
    keep("secret", &name, b"value-that-nobody-says");
    keep("parameter", &parameter, b"value-that-nobody-says");
    let address = MOTO.text("address");
    for (kind, place, permission, target) in [
        ("aws-secrets-manager", &name, "secretsmanager:GetSecretValue", "secretsmanager"),
        ("aws-ssm", &parameter, "ssm:GetParameter", "ssm"),
    ] {
        let said = |key: &(String, String)| value(&*source(kind, &address, key), place).expect_err(target);
        let nobody = user("iam:ListUsers");
        assert_eq!(
            said(&nobody),
            format!(
                "source `corp` at `HOST` does not let this credential read `{place}`; it needs the permission `{permission}`; \
                 `keyctl source test corp` says what it may do"
            )
        );
        let wrong = (nobody.0.clone(), "another-secret-half".to_owned());
        assert_eq!(
            said(&wrong),
            "source `corp` at `HOST` does not accept the signature; the secret is not the one that belongs to this access key's id"
        );
        let unknown = ("AKIAIOSFODNN7EXAMPLE".to_owned(), "x".to_owned());
        assert!(said(&unknown).starts_with("source `corp` at `HOST` knows no active access key with this id; "));
        assert_eq!(
            said(&("not an id".to_owned(), "x".to_owned())),
            "source `corp`: what should be the id of an AWS access key is none; it is the half that begins with `AKIA`, or `ASIA` \
             where it is for a time"
        );
    }
    let source = secrets();
    assert_eq!(
        value(&*source, "no/such").expect_err("missing"),
        "source `corp` at `HOST` has nothing there: it was to read `no/such`; look whether the reference is right, and the \
         source's `region`"
    );
    MOTO.ask(&format!("gone {name}"));
    let said = value(&*source, &name).expect_err("deleted");
    assert!(
        said.starts_with(&format!("source `corp` at `HOST` will not read `{name}`: it is marked for deletion")),
        "{said}"
    );
}

#[test]
fn a_new_version_is_written_once_and_only_over_the_one_that_was_seen() {
    let (source, name) = (secrets(), fresh("app/db"));
    let first = keep("secret", &name, br#"{"user":"u","password":"p-1"}"#);
    let field = format!("{name}#password");
    let second = write(&*source, &field, "p-2", Some(&first), "7").expect("written");
    assert_eq!(value(&*source, &name).as_deref(), Ok(r#"{"user":"u","password":"p-2"}"#));
    assert_eq!(value(&*source, &format!("{name}@AWSPREVIOUS#password")).as_deref(), Ok("p-1"));
    assert_eq!(
        write(&*source, &field, "p-2", Some(&first), "7"),
        Ok(second.clone()),
        "the same change again is no other"
    );
    assert_eq!(
        write(&*source, &field, "p-3", Some(&first), "8"),
        Err(format!(
            "source `corp`: `{name}` has changed meanwhile: there is version `{second}` and not version `{first}`; nothing was \
             written; look who changed it, then try again"
        ))
    );
    assert!(
        write(&*source, &format!("{name}@{first}"), "x", None, "9")
            .is_err_and(|said| said.contains("a version is never another"))
    );
    let new = fresh("new");
    assert_eq!(source.newest(&reference(&new).place, soon()).map_err(|failure| failure.message), Ok(None));
    let made = write(&*source, &new, "v", None, "10").expect("made");
    assert_eq!(fetched(&*source, &new), Ok(("v".into(), made)));
}

#[test]
fn a_parameter_is_written_only_over_the_version_that_was_seen() {
    let (source, name) = (parameters(), format!("/{}", fresh("p")));
    assert_eq!(write(&*source, &name, "v-1", None, "1").as_deref(), Ok("1"));
    assert_eq!(write(&*source, &name, "v-2", Some("1"), "2").as_deref(), Ok("2"));
    assert_eq!(fetched(&*source, &name), Ok(("v-2".into(), "2".into())));
    assert!(
        write(&*source, &name, "v-3", Some("1"), "3")
            .is_err_and(|said| said.contains("there is version `2` and not version `1`"))
    );
    assert!(
        write(&*source, &name, "v-3", None, "3")
            .is_err_and(|said| said.contains("there is version `2` and not nothing"))
    );
    assert_eq!(value(&*source, &name).as_deref(), Ok("v-2"));
}

#[test]
fn what_aws_wants_less_often_is_asked_again_and_what_fails_is_given_up() {
    let (front, name) = (Front::of_aws(), fresh("app/db"));
    let first = keep("secret", &name, b"v");
    let source = source("aws-secrets-manager", &front.http(), &user(ALL));
    front.ask("fail 400 2 ThrottlingException");
    assert_eq!(value(&*source, &name).as_deref(), Ok("v"));
    assert_eq!(front.talker.count("POST /"), 3);
    front.ask("fail 503 1");
    assert_eq!(value(&*source, &name).as_deref(), Ok("v"));
    front.ask("fail 429 1 TooManyRequestsException 90");
    let said = value(&*source, &name).expect_err("it would take too long");
    assert_eq!(said, "source `corp` at `HOST` is asked too often just now; try again in a minute");
    front.ask("fail 500 9 InternalServiceError");
    assert_eq!(
        value(&*source, &name).expect_err("given up"),
        "source `corp` at `HOST` will not read `".to_owned() + &name + "`: `InternalServiceError`"
    );
    front.ask("fail 400 9 a-secret-half`");
    front.ask("log");
    let said = write(&*source, &name, "w", Some(&first), "1").expect_err("refused");
    assert!(!said.contains("a-secret-half"), "{said}");
}

#[test]
fn a_write_is_sent_again_only_where_twice_is_once() {
    let (front, key) = (Front::of_aws(), user(ALL));
    // With the number of the change a secret is written once, however often it is sent.
    let (secrets, name) = (source("aws-secrets-manager", &front.http(), &key), fresh("app/db"));
    let first = keep("secret", &name, b"v-1");
    front.ask("spoil PutSecretValue after 500 1 InternalServiceError");
    front.ask("log");
    let second = write(&*secrets, &name, "v-2", Some(&first), "1").expect("written");
    assert_eq!(front.talker.count("call PutSecretValue"), 2);
    assert_eq!(fetched(&*secrets, &name), Ok(("v-2".into(), second)));
    assert_eq!(value(&*secrets, &format!("{name}@AWSPREVIOUS")).as_deref(), Ok("v-1"), "one version came of it");
    // A parameter has no such number. What failed may have been done.
    let (parameters, name) = (source("aws-ssm", &front.http(), &key), format!("/{}", fresh("p")));
    keep("parameter", &name, b"v-1");
    front.ask("spoil PutParameter after 500 1 InternalServerError");
    front.ask("log");
    let said = write(&*parameters, &name, "v-2", Some("1"), "1").expect_err("nobody knows");
    assert!(said.contains("`InternalServerError`"), "{said}");
    assert_eq!(front.talker.count("call PutParameter"), 1);
    assert_eq!(fetched(&*parameters, &name), Ok(("v-2".into(), "2".into())));
    // What AWS has put off was not done.
    front.ask("spoil PutParameter before 400 2 ThrottlingException");
    front.ask("log");
    assert_eq!(write(&*parameters, &name, "v-3", Some("2"), "2").as_deref(), Ok("3"));
    assert_eq!(front.talker.count("call PutParameter"), 3);
    assert_eq!(fetched(&*parameters, &name), Ok(("v-3".into(), "3".into())));
    // Reading is always once.
    front.ask("spoil GetParameter before 503 2 ServiceUnavailable");
    assert_eq!(value(&*parameters, &name).as_deref(), Ok("v-3"));
}

#[test]
fn names_of_all_letters_are_signed_as_they_are_sent() {
    // Moto checks each signature; AWS itself takes fewer letters in a parameter's name.
    let source = parameters();
    for odd in ["a.b_c-D/e", "\u{fc}\u{4e2d}/\u{1f511}", "q\"u'o\\te", "a+b%2Fc%25=d&e", "(x)*!~,;$[y]"] {
        let name = format!("/{}/{odd}", fresh("odd"));
        assert_eq!(write(&*source, &name, odd, None, "1").as_deref(), Ok("1"), "{name}");
        assert_eq!(fetched(&*source, &name), Ok((odd.into(), "1".into())), "{name}");
    }
    let missing = value(&*source, "/nothing/\u{fc}%2F").expect_err("missing");
    assert!(missing.contains("has nothing there: it was to read `/nothing/\u{fc}%2F`"), "{missing}");
}

#[test]
fn a_clock_that_is_off_is_put_right_by_the_services_own() {
    fn early() -> Moment {
        Moment::from_seconds(Moment::now().seconds() + 7200)
    }
    let (front, name) = (Front::of_aws(), fresh("app/db"));
    keep("secret", &name, b"v");
    let (id, secret) = user(ALL);
    let table = table("aws-secrets-manager", &front.http());
    let source = open_at(&table, &[("aws/id", &id), ("aws/secret", &secret)], early);
    front.ask("log");
    assert_eq!(value(&*source, &name).as_deref(), Ok("v"));
    assert_eq!(value(&*source, &name).as_deref(), Ok("v"));
    assert_eq!(front.talker.count("POST /"), 3, "once was enough to learn it");
}

#[test]
fn the_rights_of_a_credential_are_told_as_far_as_aws_tells_them() {
    let name = fresh("app/db");
    keep("secret", &name, b"v");
    let address = MOTO.text("address");
    let there = reference(&name);
    let abilities = |key| {
        source("aws-secrets-manager", &address, &key).abilities(&[&there], soon()).map_err(|failure| failure.message)
    };
    let may = abilities(user("secretsmanager:GetSecretValue")).expect("told");
    assert!(may.who.is_some_and(|who| who.starts_with("arn:aws:iam::123456789012:user/user-")));
    assert_eq!((may.of[0].read, may.of[0].write, may.more.len()), (Some(true), None, 0));
    assert!(may.unknown[0].contains("`iam:SimulatePrincipalPolicy`"), "{:?}", may.unknown);
    let may_not = abilities(user("iam:ListUsers")).expect("told");
    assert_eq!(may_not.of[0].read, Some(false));
}

#[test]
fn rights_that_go_far_beyond_reading_are_warned_of_where_iam_tells_them() {
    let (front, name) = (Front::of_aws(), fresh("app/db"));
    keep("secret", &name, b"v");
    let there = reference(&name);
    let source = source("aws-secrets-manager", &front.http(), &user(ALL));
    let told = || source.abilities(&[&there], soon()).map_err(|failure| failure.message).expect("told");
    front.ask("may iam:SimulatePrincipalPolicy secretsmanager:PutSecretValue secretsmanager:DeleteSecret");
    let may = told();
    assert_eq!((may.of[0].read, may.of[0].write, may.unknown.len()), (Some(true), Some(true), 0));
    assert_eq!(may.more, ["may write every secret of the account", "may delete every secret of the account"]);
    front.ask("may iam:SimulatePrincipalPolicy");
    let may = told();
    assert_eq!((may.of[0].write, may.more.len(), may.unknown.len()), (Some(false), 0, 0));
}

#[test]
fn a_server_that_hangs_is_left_in_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listen");
    let source = source("aws-ssm", &format!("http://{}", listener.local_addr().expect("address")), &user(ALL));
    let until = std::time::Instant::now() + Duration::from_millis(500);
    let ended = source.fetch(&reference("p").place, &[None], until);
    let said = ended.map(drop).map_err(|failure| failure.message).expect_err("late");
    assert!(said.ends_with("did not answer within 0.5 seconds"), "{said}");
}
