//! The issuer's page, where a person replaces a key.

use crate::{
    failure::{Failure, Kind, Result},
    issuer,
    name::KeyName,
    platform,
    store::payload::Key,
};

use super::{Scene, means::Means};

/// Says where the key is replaced, and opens that page if the call asks for it. Only pages on the web are opened.
pub(super) fn show(scene: &Scene, name: &KeyName, key: &Key, means: &Means) -> Result<()> {
    let known = || issuer::recognise(&key.value).and_then(|recognised| recognised.kind.url());
    let Some(url) = key.facts.url.as_deref().or_else(known) else {
        if scene.arguments.open {
            return Err(Failure::new(Kind::Missing, format!("no page is known for `{name}`"))
                .hint(format!("say which it is: `keyctl edit {name} --url https://...`")));
        }
        return Ok(());
    };
    if *means == Means::Typed || scene.arguments.open {
        scene.terminal.say(&format!("the page where it is replaced: {url}"));
    }
    if !scene.arguments.open {
        return Ok(());
    }
    // A store that another hand has written may hold anything.
    if !url.starts_with("https://") || !url.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Failure::new(
            Kind::Usage,
            format!("the page of `{name}` is no address that begins with `https://`"),
        )
        .hint(format!("say which it is: `keyctl edit {name} --url https://...`")));
    }
    if let Err(error) = platform::open_page(url) {
        scene.terminal.warn(&format!("no browser could be opened: {}", crate::failure::reason(&error)));
    }
    Ok(())
}
