//! The list of checks that every source goes through, on those of the clouds.

use keyctl::source::Source;

use crate::{
    aws, azure,
    conformance::{World, holds},
    connect, google,
    server::{fresh, keep},
};

const OBJECT: &str = r#"{"user":"u","password":"a-\u00fcmlaut \"quoted\"","number":12345678901234567890123}"#;
const FIELDS: &[(&str, &str)] =
    &[("user", "u"), ("password", "a-\u{fc}mlaut \"quoted\""), ("number", "12345678901234567890123")];

/// A source, what keeps a text at a place of it, and names for its places; `odd` needs care, and is written as a reference.
fn goes_through_all(
    source: &dyn Source,
    keep: &dyn Fn(&str, &str),
    names: [&str; 3],
    (odd, odd_reference): (&str, &str),
    (missing, bytes): (&str, Option<&str>),
    denied: &dyn Fn() -> Box<dyn Source>,
) {
    let [plain, object, written] = names;
    for (name, text) in [
        (plain, "a-plain-secret"),
        (object, OBJECT),
        (written, r#"{"user":"u","password":"before"}"#),
        (odd, "an-odd-one"),
    ] {
        keep(name, text);
    }
    holds(&World {
        source,
        of_fields: source,
        whole: Some((plain, "a-plain-secret")),
        fields: (object, FIELDS),
        odd: Some((odd_reference, "an-odd-one")),
        bytes,
        missing,
        written: Some((&format!("{written}#password"), "before")),
        keeps_versions: true,
        denied,
    });
}

#[test]
fn secrets_manager_is_a_source_like_the_others() {
    let names = ["plain", "object", "written"].map(fresh);
    let odd = fresh("odd/a+b=c@d._-");
    let keep = |name: &str, text: &str| drop(keep("secret", name, text.as_bytes()));
    let bytes = fresh("bytes");
    crate::server::keep("binary", &bytes, &[0, 255, 1]);
    let names = names.each_ref().map(String::as_str);
    let odd = (odd.as_str(), &*odd.replace('@', "@@"));
    goes_through_all(&*aws::secrets(), &keep, names, odd, ("nothing-is-here", Some(&bytes)), &|| {
        aws::denied("aws-secrets-manager")
    });
}

#[test]
fn the_parameter_store_is_a_source_like_the_others() {
    let names = ["/c/plain", "/c/object", "/c/written"].map(fresh);
    let odd = fresh("/odd/A.b_c-d");
    let keep = |name: &str, text: &str| drop(keep("parameter", name, text.as_bytes()));
    let names = names.each_ref().map(String::as_str);
    let missing = ("/nothing-is-here", None);
    goes_through_all(&*aws::parameters(), &keep, names, (&odd, &odd), missing, &|| aws::denied("aws-ssm"));
}

#[test]
fn a_key_vault_is_a_source_like_the_others() {
    let (front, source) = azure::vault();
    let keep = |name: &str, text: &str| drop(front.ask(&format!("azure {name} {text}")));
    let denied = || {
        front.ask("deny azure-get");
        azure::of(&front)
    };
    let names = ["plain", "object", "written"];
    goes_through_all(&*source, &keep, names, ("Odd-1-", "Odd-1-"), ("nothing-is-here", None), &denied);
}

#[test]
fn googles_secret_manager_is_a_source_like_the_others() {
    let (front, source) = google::project();
    let keep = |name: &str, text: &str| google::keep(&front, name, text.as_bytes());
    google::keep(&front, "bytes", &[0, 255, 1]);
    goes_through_all(
        &*source,
        &keep,
        ["plain", "object", "written"],
        ("-Odd_1", "projects/project-1/secrets/-Odd_1"),
        ("nothing-is-here", Some("bytes")),
        &|| {
            front.ask("may");
            google::of(&front)
        },
    );
}

#[test]
fn onepassword_connect_is_a_source_like_the_others() {
    let (front, source) = connect::server();
    let long = "12345678901234567890123";
    let field = |label: &str, value: &str| serde_json::json!({ "label": label, "value": value });
    let fields = [field("user", "u"), field("password", FIELDS[1].1), field("number", long)];
    let keep = |title: &str, fields: &[serde_json::Value]| {
        front.ask(&format!("connect {}", serde_json::json!({ "vault": "Shop", "title": title, "fields": fields })));
    };
    keep("object", &fields);
    keep("plain", &[serde_json::json!({ "id": "credential", "label": "key", "value": "a-plain-secret" })]);
    keep("A b/c+%23;$(id)", &[serde_json::json!({ "label": "x", "purpose": "PASSWORD", "value": "an-odd-one" })]);
    holds(&World {
        source: &*source,
        of_fields: &*source,
        whole: Some(("Shop/plain", "a-plain-secret")),
        fields: ("Shop/object", FIELDS),
        odd: Some(("Shop/A b/c+%23;$(id)", "an-odd-one")),
        bytes: None,
        missing: "Shop/nothing-is-here",
        written: None,
        keeps_versions: false,
        denied: &|| {
            front.ask("deny connect");
            connect::of(&front)
        },
    });
}
