//! A Connect server of 1Password.

use keyctl::source::Source;
use serde_json::{Value, json};

use crate::server::{Front, open, reference, soon, value};

/// An item with a login's fields, and one of a section.
pub fn database(vault: &str, title: &str) -> Value {
    json!({
        "vault": vault,
        "title": title,
        "sections": [{ "id": "s1", "label": "net" }, { "id": "s2", "label": "old" }],
        "fields": [
            { "label": "username", "purpose": "USERNAME", "value": "u" },
            { "label": "password", "purpose": "PASSWORD", "type": "CONCEALED", "value": "p-1" },
            { "label": "port", "section": { "id": "s1" }, "value": "5432" },
            { "label": "port", "section": { "id": "s2" }, "value": "5433" },
            { "label": "empty", "value": "" },
        ],
    })
}

pub fn server() -> (Front, Box<dyn Source>) {
    let front = Front::start();
    let source = of(&front);
    (front, source)
}

pub fn of(front: &Front) -> Box<dyn Source> {
    let table =
        format!("type = \"1password-connect\"\naddress = \"{}\"\ntoken = {{ key = \"c/token\" }}\n", front.http());
    open(&table, &[("c/token", &front.talker.text("connect_token"))])
}

#[test]
fn an_item_is_read_by_its_names_or_ids_and_a_field_by_its_label_section_or_id() {
    let (front, source) = server();
    let kept = front.ask(&format!("connect {}", database("Shop", "Data base")));
    let id = |of: &str| kept[of].as_str().expect("text").to_owned();
    for place in
        ["Shop/Data base".to_owned(), format!("{}/{}", id("vault"), id("item")), format!("Shop/{}", id("item"))]
    {
        assert_eq!(value(&*source, &place).as_deref(), Ok("p-1"), "{place}");
        assert_eq!(value(&*source, &format!("{place}#username")).as_deref(), Ok("u"));
        assert_eq!(value(&*source, &format!("{place}#net/port")).as_deref(), Ok("5432"));
        assert_eq!(value(&*source, &format!("{place}#s2/port")).as_deref(), Ok("5433"));
    }
    // A vault's name is asked for once.
    front.ask("log");
    for _ in 0..2 {
        assert!(value(&*source, "Shop/Data base").is_ok());
    }
    assert_eq!(front.talker.count("GET /v1/vaults"), 0);
    for (place, said) in [
        ("Shop/Data base#port", "there are several fields `port` at `Shop/Data base`; say of which section"),
        ("Shop/Data base#nix", "there is no field `nix` at `Shop/Data base`"),
        ("Shop/Data base#empty", "what lies at `Shop/Data base` is empty"),
        ("Shop/Data base@2", "gives no former version of `Shop/Data base`"),
        ("Shop", "`Shop` is no `VAULT/ITEM`"),
        ("Nix/x", "has no vault called `Nix` that this token may see"),
        ("Shop/nix", "has no item called `nix` that this token may see"),
        ("Shop/a\"b", "Connect cannot look for the item"),
    ] {
        let failed = value(&*source, place).expect_err(place);
        assert!(failed.starts_with("source `corp`") && failed.contains(said), "{failed}");
    }
    front.ask(&format!("connect {}", database("Shop", "Data base")));
    let twice = value(&*source, "Shop/Data base").expect_err("two");
    assert!(twice.contains("has several items called `Data base`; name the item by its id"), "{twice}");
    let wrong =
        format!("type = \"1password-connect\"\naddress = \"{}\"\ntoken = {{ key = \"c/token\" }}\n", front.http());
    let wrong = value(&*open(&wrong, &[("c/token", "another-token")]), "Shop/x").expect_err("401");
    assert!(wrong.contains("does not accept the credential (401)"), "{wrong}");
}

#[test]
fn what_a_token_may_read_beside_what_is_referred_to_is_told() {
    let (front, source) = server();
    front.ask(&format!("connect {}", database("Shop", "db")));
    let there = reference("Shop/db#password");
    let told = || source.abilities(&[&there], soon()).map_err(|failure| failure.message).expect("told");
    assert_eq!((told().of[0].read, told().of[0].write, told().more), (Some(true), None, vec![]));
    front.ask(&format!("connect {}", database("Payroll", "all")));
    assert_eq!(told().more, ["may read vaults that nothing refers to: `Payroll`"]);
}
