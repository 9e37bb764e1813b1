//! Reading what 1Password exports in clear: the `export.data` of its `.1pux` archive ("About the 1Password Unencrypted Export
//! format", 1Password support), and CSV.
//!
//! An item's password is a key under its title, and so is the credential of an API key; other concealed fields are keys
//! below it. Cards, identities and documents are no keys. What is in the archive was put away.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::{
    json::{Text, misshapen},
    moved::{Item, Moving},
    rows::{Table, columns_of},
};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    json::text_of,
    secret::Secret,
};

#[derive(Deserialize)]
struct Export<'a> {
    #[serde(borrow)]
    accounts: Vec<Account<'a>>,
}

#[derive(Deserialize)]
struct Account<'a> {
    #[serde(borrow)]
    vaults: Option<Vec<Vault<'a>>>,
}

#[derive(Deserialize)]
struct Vault<'a> {
    attrs: Option<Named>,
    #[serde(borrow)]
    items: Option<Vec<Exported<'a>>>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exported<'a> {
    state: Option<String>,
    category_uuid: Option<String>,
    #[serde(borrow)]
    details: Option<Details<'a>>,
    overview: Option<Overview>,
    file: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    login_fields: Option<Vec<LoginField>>,
    notes_plain: Option<Text>,
    #[serde(borrow)]
    sections: Option<Vec<Section<'a>>>,
    password: Option<Text>,
    password_history: Option<Vec<Former>>,
}

#[derive(Deserialize)]
struct LoginField {
    value: Option<Text>,
    designation: Option<String>,
}

#[derive(Deserialize)]
struct Section<'a> {
    #[serde(borrow)]
    fields: Option<Vec<Field<'a>>>,
}

#[derive(Deserialize)]
struct Field<'a> {
    title: Option<String>,
    id: Option<String>,
    /// What it holds, under the name of its kind.
    #[serde(borrow)]
    value: Option<BTreeMap<String, &'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SshKey {
    private_key: Option<Text>,
}

#[derive(Deserialize)]
struct Former {
    value: Option<Text>,
    time: Option<i64>,
}

#[derive(Deserialize)]
struct Overview {
    title: Option<String>,
    url: Option<String>,
    tags: Option<Vec<String>>,
}

/// The categories that are no keys.
const OTHER_THINGS: &[(&str, &str)] = &[
    ("002", "card"),
    ("004", "identity card"),
    ("006", "document"),
    ("101", "bank account"),
    ("103", "driver's licence"),
    ("104", "outdoor licence"),
    ("105", "membership"),
    ("106", "passport"),
    ("107", "reward card"),
    ("108", "social security number"),
    ("111", "mailbox"),
    ("113", "medical record"),
    ("115", "wallet"),
];
const SECURE_NOTE: &str = "003";
/// How the field of an API key's item is called that holds the key.
const CREDENTIAL: &str = "credential";
const EXPIRES: &str = "expires";

/// Whether a text is such an export.
#[must_use]
pub fn is_one(text: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Marks {
        accounts: Option<Vec<IgnoredAny>>,
    }
    let columns = columns_of(text);
    let has = |names: &[&str]| names.iter().any(|name| columns.iter().any(|column| column == name));
    let is_json = || serde_json::from_slice::<Marks>(text).is_ok_and(|it| it.accounts.is_some());
    (has(&["title"]) && has(&["password"]) && has(&["otpauth", "username", "url"]))
        || (text.trim_ascii_start().starts_with(b"{") && is_json())
}

/// Reads a whole export.
///
/// # Errors
/// `Usage` when it is not what 1Password exports; nothing of it is quoted.
pub fn read(text: &[u8], now: Moment) -> Result<Moving> {
    let text = super::as_text(text)?;
    if text.trim_start().starts_with('{') { json(text, now) } else { csv(text) }
}

fn json(text: &str, now: Moment) -> Result<Moving> {
    let export: Export = serde_json::from_str(text).map_err(|error| misshapen(&error, "1Password"))?;
    let mut moving = Moving { by_items: true, ..Moving::default() };
    let vaults = export.accounts.into_iter().filter_map(|account| account.vaults).flatten();
    let mut number = 0;
    for vault in vaults {
        let name = vault.attrs.and_then(|attrs| attrs.name);
        for item in vault.items.into_iter().flatten() {
            number += 1;
            take(item, number, name.as_deref(), now, &mut moving);
        }
    }
    Ok(moving)
}

fn take(exported: Exported, number: usize, vault: Option<&str>, now: Moment, moving: &mut Moving) {
    let category = exported.category_uuid.unwrap_or_default();
    let thing = OTHER_THINGS.iter().find(|(other, _)| *other == category).map(|(_, thing)| *thing);
    let is_put_away = exported.state.is_some_and(|state| state != "active");
    if let Some(thing) = if is_put_away { Some("item of the archive") } else { thing } {
        return moving.left_out(thing, 1);
    }
    moving.left_out("attachment", usize::from(exported.file.is_some()));
    let overview = exported.overview.unwrap_or(Overview { title: None, url: None, tags: None });
    let mut item = Item::new(overview.title.unwrap_or_default(), number);
    item.beside.url = overview.url;
    item.beside.tags = overview.tags.into_iter().flatten().chain(vault.map(str::to_owned)).collect();
    let Some(details) = exported.details else { return item.put(None, false, moving) };
    for field in details.login_fields.into_iter().flatten() {
        let value = field.value.map(|value| value.0);
        match field.designation.as_deref() {
            Some("password") => item.main = value,
            Some("username") => item.says("user", value),
            _ => {}
        }
    }
    item.main = item.main.filter(|main| !main.is_empty()).or(details.password.map(|password| password.0));
    for field in details.sections.into_iter().flatten().filter_map(|section| section.fields).flatten() {
        take_field(field, &mut item, moving);
    }
    let until = |time: Option<i64>| time.map_or(now, Moment::from_seconds);
    let former = |former: Former| Some((former.value?.0, until(former.time)));
    item.beside.former = details.password_history.into_iter().flatten().filter_map(former).collect();
    item.put(details.notes_plain.map(|notes| notes.0), category == SECURE_NOTE, moving);
}

fn take_field(field: Field, item: &mut Item, moving: &mut Moving) {
    let id = field.id.unwrap_or_default();
    let title = field.title.filter(|title| !title.is_empty()).unwrap_or_else(|| id.clone());
    for (kind, value) in field.value.into_iter().flatten() {
        let whole = value.get();
        match kind.as_str() {
            _ if whole == "null" => {}
            "totp" => moving.left_out("one-time code", 1),
            "file" => moving.left_out("attachment", 1),
            "sshKey" => {
                let key = serde_json::from_str::<SshKey>(whole).ok().and_then(|key| key.private_key);
                item.main = item.main.take().or(key.map(|key| key.0));
            }
            "date" if id == EXPIRES => {
                item.beside.expires = whole.parse().ok().map(Moment::from_seconds);
            }
            "concealed" | "string" | "url" | "phone" | "menu" | "gender" => {
                let Some(value) = text_of(value) else { continue };
                let is_concealed = kind == "concealed";
                if is_concealed && id == CREDENTIAL && item.main.is_none() {
                    item.main = Some(value);
                } else {
                    item.field(&title, value, is_concealed);
                }
            }
            "date" | "monthYear" | "email" | "address" | "reference" => {}
            _ => moving.left_out("field of another kind", 1),
        }
    }
}

fn csv(text: &str) -> Result<Moving> {
    let table = Table::read(text.as_bytes())?;
    let (Some(title), Some(password)) = (table.column(&["title"]), table.column(&["password"])) else {
        return Err(Failure::new(Kind::Usage, "this is not what 1Password exports: it has no `Title` and `Password`"));
    };
    let others: [&[&str]; 6] = [
        &["url", "website", "urls"],
        &["username"],
        &["otpauth", "one-time password"],
        &["archived"],
        &["tags"],
        &["notes"],
    ];
    let others = others.map(|names| table.column(names));
    let mut moving = Moving::default();
    for (line, row) in &table.rows {
        let text = |at: usize| row[at].expose_text().unwrap_or_default();
        let [url, user, code, archived, tags, notes] = others.map(|at| at.map_or("", text));
        let secret = |text: &str| Some(Secret::new(text.as_bytes().to_vec())).filter(|secret| !secret.is_empty());
        if archived.eq_ignore_ascii_case("true") {
            moving.left_out("item of the archive", 1);
            continue;
        }
        let mut item = Item::new(text(title).to_owned(), *line);
        item.main = secret(text(password));
        item.beside.url = Some(url.to_owned());
        item.beside.tags = tags.split([';', ',']).map(str::to_owned).filter(|tag| !tag.trim().is_empty()).collect();
        item.says("user", secret(user));
        moving.left_out("one-time code", usize::from(!code.is_empty()));
        // An item without a password is a note, as far as can be told here.
        let is_note = item.main.is_none();
        item.put(secret(notes), is_note, &mut moving);
    }
    Ok(moving)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{exchange::moved::Moved, name::Tag};

    fn moving(text: &str) -> Moving {
        let now = Moment::from_seconds(1_800_000_000);
        read(text.as_bytes(), now).unwrap_or_else(|failure| panic!("{failure:?}"))
    }

    fn keys(moving: &Moving) -> Vec<(&str, &str, Option<&str>)> {
        fn value(key: &Moved) -> (&str, &str, Option<&str>) {
            (key.entry.name.as_str(), key.entry.value.expose_text().expect("text"), key.note.as_deref())
        }
        moving.keys.iter().map(value).collect()
    }

    const EXPORT: &str = r#"{"accounts": [{"attrs": {"name": "x"}, "vaults": [{"attrs": {"uuid": "v", "name": "Work"}, "items": [
        {"uuid": "a", "favIndex": 0, "createdAt": 1614298956, "state": "active", "categoryUuid": "001",
         "details": {"loginFields": [{"value": "kim", "id": "", "name": "username", "fieldType": "T", "designation": "username"},
                                     {"value": "pass", "id": "", "name": "password", "fieldType": "P", "designation": "password"}],
                     "notesPlain": "ask Kim", "passwordHistory": [{"value": "old", "time": 1458322355}],
                     "sections": [{"title": "more", "name": "s", "fields": [
                        {"title": "PIN", "id": "1", "value": {"concealed": "4711"}, "indexAtSource": 0},
                        {"title": "code", "id": "2", "value": {"totp": "otpauth://SEED"}},
                        {"title": "org", "id": "3", "value": {"string": "acme"}},
                        {"title": "when", "id": "4", "value": {"date": 5}},
                        {"title": "odd", "id": "5", "value": {"novel": {"x": 1}}},
                        {"title": "none", "id": "6", "value": {"concealed": null}}]}]},
         "overview": {"title": "Dropbox", "url": "https://www.dropbox.com/", "tags": ["big/team"]}},
        {"state": "active", "categoryUuid": "112", "details": {"sections": [{"fields": [
            {"title": "username", "id": "username", "value": {"string": "svc"}},
            {"title": "credential", "id": "credential", "value": {"concealed": "api-key"}},
            {"title": "expires", "id": "expires", "value": {"date": 1893456000}}]}]}, "overview": {"title": "OpenAI API"}},
        {"state": "active", "categoryUuid": "005", "details": {"password": "generated"}, "overview": {"title": "Dropbox"}},
        {"state": "active", "categoryUuid": "114", "details": {"sections": [{"fields": [
            {"title": "private key", "id": "private_key", "value": {"sshKey": {"privateKey": "-----BEGIN\n", "metadata": {}}}}]}]},
         "overview": {"title": "ssh"}},
        {"state": "active", "categoryUuid": "003", "details": {"notesPlain": "a note"}, "overview": {"title": "note"}},
        {"state": "active", "categoryUuid": "002", "overview": {"title": "visa"}},
        {"state": "active", "categoryUuid": "006", "file": {"attrs": {}, "path": "x"}, "overview": {"title": "doc"}},
        {"state": "archived", "categoryUuid": "005", "details": {"password": "x"}, "overview": {"title": "gone"}}]}]}]}"#;

    #[test]
    fn passwords_credentials_concealed_fields_notes_and_ssh_keys_become_keys() {
        assert!(is_one(EXPORT.as_bytes()));
        let moving = moving(EXPORT);
        assert_eq!(
            keys(&moving),
            [
                ("Dropbox", "pass", Some("user: kim; org: acme; ask Kim")),
                ("Dropbox/PIN", "4711", None),
                ("OpenAI-API", "api-key", Some("username: svc")),
                ("Dropbox-2", "generated", None),
                ("ssh", "-----BEGIN\n", None),
                ("note", "a note", None),
            ]
        );
        let first = &moving.keys[0];
        assert_eq!(first.url.as_deref(), Some("https://www.dropbox.com/"));
        assert_eq!(first.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["Work", "big-team"]);
        assert!(first.former[0].0.expose() == b"old" && first.former[0].1 == Moment::from_seconds(1_458_322_355));
        assert_eq!(moving.keys[2].expires, Some(Moment::from_seconds(1_893_456_000)));
        let left: Vec<_> = moving.left.iter().map(|(what, times)| (*what, *times)).collect();
        let expected = [
            ("card", 1),
            ("document", 1),
            ("field of another kind", 1),
            ("item of the archive", 1),
            ("one-time code", 1),
        ];
        assert_eq!(left, expected);
    }

    #[test]
    fn its_csv_says_the_same_as_far_as_it_can() {
        let text = "Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes\n\
                    OpenAI,https://openai.com,kim,pass,otpauth://x,false,false,a;b c,\"one\ntwo\"\n\
                    note,,,,,false,false,,only this\ngone,,,x,,false,true,,\n";
        assert!(is_one(text.as_bytes()));
        let moving = moving(text);
        assert_eq!(keys(&moving), [("OpenAI", "pass", Some("user: kim; one; two")), ("note", "only this", None)]);
        assert_eq!(moving.keys[0].tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["a", "b-c"]);
        let left: Vec<_> = moving.left.iter().map(|(what, times)| (*what, *times)).collect();
        assert_eq!(left, [("item of the archive", 1), ("one-time code", 1)]);
    }

    #[test]
    fn what_is_something_else_is_told_without_being_quoted() {
        assert!(!is_one(b"{\"A\": \"b\"}") && !is_one(b"title,x\n") && !is_one(b"") && !is_one(b"{\"accounts\": 1}"));
        let now = Moment::from_seconds(1_800_000_000);
        for (text, said) in [
            (r#"{"accounts": "SECRET"}"#, "line 1, column 21: this is not what 1Password exports"),
            (r#"{"accounts": [{"vaults": [{"items": [{"state": "SECRET"#, "line 1: the JSON text ends too early"),
            ("a,b\nSECRET,1\n", "this is not what 1Password exports: it has no `Title` and `Password`"),
        ] {
            let failure = read(text.as_bytes(), now).err().unwrap_or_else(|| panic!("{text:?} is read"));
            assert_eq!(failure.message, said);
            assert!(!format!("{failure:?}").contains("SECRET"));
        }
    }
}
