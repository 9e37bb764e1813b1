//! Reading what Bitwarden exports ("Export Vault Data", Bitwarden help): JSON or CSV, both in clear. An export that it
//! encrypted is for Bitwarden alone to read, and told so.
//!
//! A login's password is a key under the item's name, and so are hidden fields, one-line texts of secure notes and SSH keys.
//! Cards and identities are no keys. What lies in the trash was thrown away.

use serde::{Deserialize, de::IgnoredAny};

use super::{
    json::{Text, misshapen},
    moved::{Beside, Item, Moving},
    rows::{Table, columns_of},
};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    secret::Secret,
};

#[derive(Deserialize)]
struct Export {
    #[serde(default)]
    encrypted: bool,
    folders: Option<Vec<Group>>,
    collections: Option<Vec<Group>>,
    items: Option<Vec<Exported>>,
}

/// A folder or a collection.
#[derive(Deserialize)]
struct Group {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    #[serde(rename = "type")]
    kind: u8,
    name: Option<String>,
    folder_id: Option<String>,
    collection_ids: Option<Vec<String>>,
    notes: Option<Text>,
    fields: Option<Vec<Field>>,
    login: Option<Login>,
    ssh_key: Option<SshKey>,
    password_history: Option<Vec<Former>>,
    deleted_date: Option<String>,
    attachments: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct Field {
    name: Option<String>,
    value: Option<Text>,
    #[serde(rename = "type")]
    kind: u8,
}

#[derive(Deserialize)]
struct Login {
    uris: Option<Vec<Uri>>,
    username: Option<Text>,
    password: Option<Text>,
    totp: Option<Text>,
    #[serde(rename = "fido2Credentials")]
    passkeys: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct Uri {
    uri: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SshKey {
    private_key: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Former {
    password: Option<Text>,
    last_used_date: Option<String>,
}

const HIDDEN: u8 = 1;
const LOGIN: u8 = 1;
const NOTE: u8 = 2;
const CARD: u8 = 3;
const IDENTITY: u8 = 4;
const SSH_KEY: u8 = 5;

/// Whether a text is such an export.
#[must_use]
pub fn is_one(text: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Marks {
        encrypted: Option<bool>,
        items: Option<IgnoredAny>,
        data: Option<IgnoredAny>,
    }
    let is_json = || {
        serde_json::from_slice::<Marks>(text)
            .is_ok_and(|it| it.encrypted.is_some() && (it.items.is_some() || it.data.is_some()))
    };
    columns_of(text).iter().any(|column| column == "login_password")
        || (text.trim_ascii_start().starts_with(b"{") && is_json())
}

/// Reads a whole export.
///
/// # Errors
/// `Usage` when it is encrypted or not what Bitwarden exports; nothing of it is quoted.
pub fn read(text: &[u8], now: Moment) -> Result<Moving> {
    let text = super::as_text(text)?;
    if text.trim_start().starts_with('{') { json(text, now) } else { csv(text) }
}

fn json(text: &str, now: Moment) -> Result<Moving> {
    let export: Export = serde_json::from_str(text).map_err(|error| misshapen(&error, "Bitwarden"))?;
    if export.encrypted {
        return Err(Failure::new(Kind::Usage, "this export is encrypted, and Bitwarden alone can read it")
            .hint("export once more as `.json` without encryption, import that, then remove it"));
    }
    let groups = export.folders.into_iter().chain(export.collections).flatten().collect::<Vec<_>>();
    let mut moving = Moving { by_items: true, ..Moving::default() };
    for (at, item) in export.items.into_iter().flatten().enumerate() {
        take(item, at + 1, &groups, now, &mut moving);
    }
    Ok(moving)
}

fn take(exported: Exported, number: usize, groups: &[Group], now: Moment, moving: &mut Moving) {
    let thing = match exported.kind {
        _ if exported.deleted_date.is_some() => Some("item of the trash"),
        LOGIN | NOTE | SSH_KEY => None,
        CARD => Some("card"),
        IDENTITY => Some("identity card"),
        _ => Some("item of another kind"),
    };
    if let Some(thing) = thing {
        moving.left_out(thing, 1);
        return;
    }
    let mut item = Item::new(exported.name.unwrap_or_default(), number);
    let ids = exported.folder_id.iter().chain(exported.collection_ids.iter().flatten());
    let named = |id: &String| groups.iter().find(|group| group.id.as_ref() == Some(id))?.name.clone();
    item.beside.tags = ids.filter_map(named).collect();
    if let Some(login) = exported.login {
        item.main = login.password.map(|password| password.0);
        item.beside.url = login.uris.into_iter().flatten().find_map(|uri| uri.uri);
        item.says("user", login.username.map(|name| name.0));
        moving.left_out("one-time code", usize::from(login.totp.is_some_and(|totp| !totp.0.is_empty())));
        moving.left_out("passkey", login.passkeys.map_or(0, |keys| keys.len()));
    }
    item.main = item.main.or(exported.ssh_key.and_then(|key| key.private_key).map(|key| key.0));
    for field in exported.fields.into_iter().flatten() {
        let (name, Some(value)) = (field.name.unwrap_or_default(), field.value) else { continue };
        item.field(&name, value.0, field.kind == HIDDEN);
    }
    let former = |former: Former| Some((former.password?.0, former.last_used_date?.parse().unwrap_or(now)));
    item.beside.former = exported.password_history.into_iter().flatten().filter_map(former).collect();
    moving.left_out("attachment", exported.attachments.map_or(0, |files| files.len()));
    item.put(exported.notes.map(|notes| notes.0), exported.kind == NOTE, moving);
}

fn csv(text: &str) -> Result<Moving> {
    let table = Table::read(text.as_bytes())?;
    let column = |name: &str| table.column(&[name]);
    let (Some(name), Some(password)) = (column("name"), column("login_password")) else {
        return Err(Failure::new(
            Kind::Usage,
            "this is not what Bitwarden exports: it has no `name` and `login_password`",
        ));
    };
    let others =
        ["folder", "collections", "type", "notes", "fields", "login_uri", "login_username", "login_totp"].map(column);
    let mut moving = Moving::default();
    for (line, row) in &table.rows {
        let text = |at: usize| row[at].expose_text().unwrap_or_default();
        let [folder, collections, kind, notes, fields, uri, user, totp] = others.map(|at| at.map_or("", text));
        let secret = |text: &str| Some(Secret::new(text.as_bytes().to_vec())).filter(|secret| !secret.is_empty());
        let mut item = Item::new(text(name).to_owned(), *line);
        item.main = secret(text(password));
        item.beside = Beside { url: uri.split(',').next().map(str::to_owned), ..Beside::default() };
        item.beside.tags = [folder, collections]
            .into_iter()
            .flat_map(|all| all.split(','))
            .map(str::to_owned)
            .filter(|tag| !tag.is_empty())
            .collect();
        item.says("user", secret(user));
        moving.left_out("one-time code", usize::from(!totp.is_empty()));
        // Whether a field was hidden is not told here, so that what looks like a secret is one.
        for field in fields.lines() {
            let (name, value) = field.split_once(": ").unwrap_or(("field", field));
            if let Some(value) = secret(value) {
                item.field(name, value, false);
            }
        }
        item.put(secret(notes), kind == "note", &mut moving);
    }
    Ok(moving)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::moved::Moved;

    const NOW: i64 = 1_800_000_000;

    fn moving(text: &str) -> Moving {
        read(text.as_bytes(), Moment::from_seconds(NOW)).unwrap_or_else(|failure| panic!("{failure:?}"))
    }

    fn keys(moving: &Moving) -> Vec<(&str, &str, Option<&str>)> {
        fn value(key: &Moved) -> (&str, &str, Option<&str>) {
            (key.entry.name.as_str(), key.entry.value.expose_text().expect("text"), key.note.as_deref())
        }
        moving.keys.iter().map(value).collect()
    }

    #[test]
    fn logins_hidden_fields_notes_and_ssh_keys_become_keys() {
        let text = r#"{"encrypted": false, "folders": [{"id": "f", "name": "Work stuff"}], "items": [
            {"type": 1, "name": "OpenAI", "folderId": "f", "notes": "ask\nKim", "favorite": false,
             "fields": [{"name": "org", "value": "acme", "type": 0}, {"name": "admin key", "value": "hidden", "type": 1},
                        {"name": "on", "value": "true", "type": 2}, {"name": "link", "value": null, "type": 3}],
             "login": {"uris": [{"match": null, "uri": "https://platform.openai.com/api-keys"}], "username": "kim",
                       "password": "pass\u00e9", "totp": "SEED", "fido2Credentials": []},
             "passwordHistory": [{"lastUsedDate": "2024-01-02T03:04:05.678Z", "password": "old"}]},
            {"type": 2, "name": "note", "notes": "-----BEGIN\nKEY", "secureNote": {"type": 0}},
            {"type": 2, "name": "plain", "notes": "no key", "fields": [{"name": "x", "value": "only", "type": 1}]},
            {"type": 5, "name": "ssh", "sshKey": {"privateKey": "PRIVATE", "publicKey": "ssh-ed25519 x", "keyFingerprint": "y"}},
            {"type": 3, "name": "visa", "card": {"number": "4111"}}, {"type": 4, "name": "me"},
            {"type": 1, "name": "empty", "login": {"password": null}},
            {"type": 1, "name": "gone", "login": {"password": "x"}, "deletedDate": "2024-01-02T03:04:05.678Z"}]}"#;
        let moving = moving(text);
        assert_eq!(
            keys(&moving),
            [
                ("OpenAI", "pass\u{e9}", Some("user: kim; org: acme; on: true; ask; Kim")),
                ("OpenAI/admin-key", "hidden", None),
                ("note", "-----BEGIN\nKEY", None),
                ("plain", "only", Some("no key")),
                ("ssh", "PRIVATE", None),
            ]
        );
        let first = &moving.keys[0];
        assert_eq!(first.url.as_deref(), Some("https://platform.openai.com/api-keys"));
        assert_eq!(first.tags.iter().map(crate::name::Tag::as_str).collect::<Vec<_>>(), ["Work-stuff"]);
        assert!(
            first.former[0].0.expose() == b"old" && first.former[0].1.to_string().starts_with("2024-01-02T03:04:05")
        );
        let left: Vec<_> = moving.left.iter().map(|(what, times)| (*what, *times)).collect();
        let expected = [
            ("card", 1),
            ("identity card", 1),
            ("item of the trash", 1),
            ("item without a secret", 1),
            ("one-time code", 1),
        ];
        assert_eq!(left, expected);
    }

    #[test]
    fn its_csv_says_the_same_as_far_as_it_can() {
        let text = "folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\n\
                    Work,,login,OpenAI,ask Kim,\"org: acme\nkey: sk-abcdefghijkl\",0,\"https://openai.com,https://x.org\",kim,pass,SEED\n\
                    ,1,note,note,\"a\nb\",,0,,,,\n,,login,empty,,,0,,,,\n";
        assert!(is_one(text.as_bytes()));
        let moving = moving(text);
        let own = [
            ("OpenAI", "pass", Some("user: kim; org: acme; ask Kim")),
            ("OpenAI/key", "sk-abcdefghijkl", None),
            ("note", "a\nb", None),
        ];
        assert_eq!(keys(&moving), own);
        assert_eq!(moving.keys[0].url.as_deref(), Some("https://openai.com"));
        assert_eq!(moving.left["one-time code"], 1);
    }

    #[test]
    fn what_is_encrypted_or_something_else_is_told_without_being_quoted() {
        let encrypted = r#"{"encrypted": true, "passwordProtected": true, "salt": "x", "data": "2.SECRET"}"#;
        assert!(is_one(encrypted.as_bytes()) && !is_one(b"{\"A\": \"b\"}") && !is_one(b"") && !is_one(b"a,b\n"));
        for (text, said) in [
            (encrypted, "this export is encrypted, and Bitwarden alone can read it"),
            (r#"{"items": "SECRET"}"#, "line 1, column 18: this is not what Bitwarden exports"),
            (
                r#"{"items": [{"type": 1, "login": {"password": ["SECRET"]}}]}"#,
                "line 1, column 56: this is not what Bitwarden exports",
            ),
            (r#"{"items": [{"type": 1, "name": "SECRET"#, "line 1: the JSON text ends too early"),
            ("a,b\nSECRET,1\n", "this is not what Bitwarden exports: it has no `name` and `login_password`"),
        ] {
            let failure =
                read(text.as_bytes(), Moment::from_seconds(NOW)).err().unwrap_or_else(|| panic!("{text:?} is read"));
            assert_eq!(failure.message, said);
            assert!(!format!("{failure:?}").contains("SECRET"));
        }
    }
}
