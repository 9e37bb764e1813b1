//! 1Password Connect, by its REST interface (version 1): a server in the team's own network that gives out items of vaults. A place is
//! `VAULT/ITEM`, each by its id or its name; a field is one by its label or id, or `SECTION/FIELD` where several have that label.
//!
//! It is read alone. A write would be `PATCH`, which takes no version that it is held to, and Connect gives no former version back.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use serde_json::value::RawValue;

use super::{
    Abilities, Fetched, Means, Source, abilities::Ability, bearer::Token, failure, fetched::fit, service::Service,
};
use crate::{
    config::sources::{self as config, connect::Connect as Setting},
    failure::Result,
    json::Members,
    name::SourceName,
    plain::first_names,
    reference::{Place, Reference},
    secret::Secret,
    web::http::{Answer, Request},
};

pub(super) struct Connect {
    service: Service,
    token: Token,
    /// The ids of vaults that are referred to by their names. Held while one is asked for, so that each is asked for once.
    vaults: Mutex<BTreeMap<String, String>>,
}

impl Connect {
    pub(super) fn new(source: &config::Source, setting: &Setting, means: &Means) -> Result<Self> {
        let service = Service::new(&source.name, &setting.address, setting.ca.as_deref(), source.timeout)?;
        let token = Token::new(&source.name, means.credential(&setting.token)?)?;
        Ok(Self { service, token, vaults: Mutex::default() })
    }

    fn ask(&self, path: &[&str], query: &[(&str, &str)], act: &str, until: Instant) -> Result<Answer> {
        let address = self.service.below(&[&["v1"], path].concat(), query)?;
        let headers = [("authorization", self.token.header())];
        let request = Request { method: "GET", address: &address, headers: &headers, body: &[] };
        self.service.judge(self.service.ask(&request, until)?, act)
    }

    /// What lies at a place, as Connect has it.
    fn item(&self, place: &Place, until: Instant) -> Result<Answer> {
        if place.version.is_some() {
            let said = format!("gives no former version of `{}`", place.path);
            return Err(self.service.failure(&said).hint("leave `@VERSION` out"));
        }
        let Some((vault, item)) = place.path.trim_start_matches('/').split_once('/') else {
            return Err(failure(self.name(), &format!("`{}` is no `VAULT/ITEM`", place.path))
                .hint("name both, each by its id or its name: `Shop/Database#password`"));
        };
        let vault = self.vault(vault, until)?;
        let path = ["vaults", vault.as_str(), "items"];
        let item = self.id(&path, ("item", "title"), item, until)?;
        self.ask(&[&path[..], &[item.as_str()]].concat(), &[], &format!("read `{}`", place.path), until)
    }

    fn vault(&self, name: &str, until: Instant) -> Result<String> {
        let mut known = self.vaults.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.get(name) {
            return Ok(id.clone());
        }
        let id = self.id(&["vaults"], ("vault", "name"), name, until)?;
        known.insert(name.to_owned(), id.clone());
        Ok(id)
    }

    /// The id of the one thing that has this name in `by`.
    fn id(&self, path: &[&str], (what, by): (&str, &str), name: &str, until: Instant) -> Result<String> {
        if is_id(name) {
            return Ok(name.to_owned());
        }
        let by_id = format!("name the {what} by its id, 26 letters and digits");
        if name.contains(['"', '\\']) {
            return Err(failure(self.name(), &format!("Connect cannot look for the {what} `{name}`")).hint(by_id));
        }
        let filter = format!("{by} eq \"{name}\"");
        let answer = self.ask(path, &[("filter", &filter)], &format!("look for the {what} `{name}`"), until)?;
        let all = listed(&answer.body).ok_or_else(|| self.service.unreadable())?;
        let ids: Vec<String> = all
            .iter()
            .filter(|one| one.plain(by).is_some_and(|it| it == name))
            .filter_map(|one| one.plain("id").filter(|id| is_id(id)))
            .collect();
        match &*ids {
            [id] => Ok(id.clone()),
            [] => Err(self
                .service
                .failure(&format!("has no {what} called `{name}` that this token may see"))
                .hint("look at the name, letter for letter, and at the vaults that the token is for")),
            _ => Err(self.service.failure(&format!("has several {what}s called `{name}`")).hint(by_id)),
        }
    }

    fn value(&self, place: &Place, item: &Item, field: Option<&str>) -> Result<Secret> {
        let found: Vec<&Members> = match field {
            Some(field) => item.fields.iter().filter(|it| item.is_called(it, field)).collect(),
            None => item.usual().into_iter().collect(),
        };
        match (&*found, field) {
            ([one], _) => {
                let text = one.text("value").unwrap_or_else(|| Secret::new(Vec::new()));
                fit(self.name(), place, text)
            }
            ([], Some(field)) => Err(failure(self.name(), &format!("there is no field `{field}` at `{place}`"))),
            (_, Some(field)) => Err(failure(self.name(), &format!("there are several fields `{field}` at `{place}`"))
                .hint("say of which section, `#SECTION/FIELD`, or name it by its id")),
            (_, None) => {
                Err(failure(self.name(), &format!("`{place}` has several fields, and the reference names none"))
                    .hint(format!("name one: `{place}#FIELD`")))
            }
        }
    }
}

/// The parts of an item that are looked at.
struct Item<'a> {
    fields: Vec<Members<'a>>,
    sections: Vec<Members<'a>>,
}

impl<'a> Item<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let members = Members::read(body)?;
        let list = |name: &str| match members.get(name)?.get() {
            "null" => Some(Vec::new()),
            list => listed(list.as_bytes()),
        };
        Some(Self { fields: list("fields")?, sections: list("sections").unwrap_or_default() })
    }

    fn is_called(&self, field: &Members, wanted: &str) -> bool {
        let of_section = |(section, rest): (&str, &str)| {
            let id = field.object("section").and_then(|section| section.plain("id")).unwrap_or_default();
            let is_it = |one: &&Members| one.plain("id").is_some_and(|it| it == id);
            has(field, rest) && (id == section || self.sections.iter().find(is_it).is_some_and(|it| has(it, section)))
        };
        has(field, wanted) || wanted.split_once('/').is_some_and(of_section)
    }

    /// The field that is meant where none is named: the password of a login, the credential of an API, or the only hidden one.
    fn usual(&self) -> Option<&Members<'a>> {
        let one = |is_it: &dyn Fn(&Members) -> bool| {
            let mut found = self.fields.iter().filter(|field| is_it(field));
            found.next().filter(|_| found.next().is_none())
        };
        let is = |name: &'static str, text: &'static str| {
            move |field: &Members| field.plain(name).is_some_and(|it| it == text)
        };
        one(&is("purpose", "PASSWORD"))
            .or_else(|| one(&is("id", "credential")))
            .or_else(|| one(&is("type", "CONCEALED")))
    }
}

/// Whether it has this id or this label.
fn has(members: &Members, text: &str) -> bool {
    ["id", "label"].into_iter().any(|name| members.plain(name).is_some_and(|it| it == text))
}

/// A list of objects.
fn listed(text: &[u8]) -> Option<Vec<Members<'_>>> {
    let all: Vec<&RawValue> = serde_json::from_slice(text).ok()?;
    all.into_iter().map(|one| Members::read(one.get().as_bytes())).collect()
}

/// Ids of 1Password are 26 letters and digits.
fn is_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

impl Source for Connect {
    fn fetch(&self, place: &Place, fields: &[Option<&str>], until: Instant) -> Result<Fetched> {
        let answer = self.item(place, until)?;
        let item = Item::read(&answer.body).ok_or_else(|| self.service.unreadable())?;
        let values = fields.iter().map(|field| self.value(place, &item, *field)).collect();
        Ok(Fetched { values, version: None, lease: None, expires: None })
    }

    fn abilities(&self, references: &[&Reference], until: Instant) -> Result<Abilities> {
        let answer = self.ask(&["vaults"], &[], "list its vaults", until)?;
        let vaults = listed(&answer.body).ok_or_else(|| self.service.unreadable())?;
        let mut abilities = Abilities::default();
        for reference in references {
            let read = Some(self.item(&reference.place, until).is_ok());
            abilities.of.push(Ability { reference: (*reference).clone(), read, write: None });
        }
        let is_needed = |vault: &Members| {
            references.iter().any(|reference| {
                let name = reference.place.path.trim_start_matches('/').split('/').next().unwrap_or_default();
                ["id", "name"].into_iter().any(|of| vault.plain(of).is_some_and(|it| it == name))
            })
        };
        let others = vaults.iter().filter(|vault| !is_needed(vault)).filter_map(|vault| vault.plain("name"));
        let others: Vec<String> = others.filter(|name| !name.chars().any(char::is_control)).collect();
        if !others.is_empty() {
            abilities.more.push(format!("may read vaults that nothing refers to: {}", first_names(&others, 3)));
        }
        let write =
            "whether it may write: Connect tells that to nobody who does not do it; a token for reading is enough";
        abilities.unknown.push(write.into());
        Ok(abilities)
    }

    fn name(&self) -> &SourceName {
        &self.service.name
    }
}
