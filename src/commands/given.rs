//! A store that opens with an identity which the call was given: there need be nothing on this machine but its file.
//!
//! What a keeper would have beside the identity, the anchor, lies beside the store. Where there is none yet the store is taken
//! as it lies, which is said once, and what it was is noted: an older copy is known from then on, if that can be written.

use crate::{
    failure::{Failure, Kind, Result},
    home::Home,
    identity::{
        Identity,
        anchor::Anchor,
        given::{self, Giver},
        keeper::{Held, Item, Keeper, Keeping, Record},
    },
    store::file::{self, SealedFile},
    terminal::Terminal,
};

use super::opening::{self, Kept};

/// Identity and anchor of a store, without anybody who keeps them.
///
/// # Errors
/// `Usage` and `Disk` for what is given, `Missing` where there is no store; `Store` as opening has it.
pub fn kept(home: &Home) -> Result<Kept> {
    let keeper = Box::new(Giver::for_store(home));
    let Held { identity: Some(line), anchor } = keeper.read()? else { return Err(nothing_to_open(home)) };
    if file::is_absent(home) {
        return Err(nothing_to_open(home));
    }
    let (identity, record) = (Identity::parse(line)?, Record::read(home)?);
    let is_of_it = |anchor: &Anchor| record.as_ref().is_none_or(|record| record.store == anchor.store);
    let anchor = match anchor {
        Some(line) => Anchor::parse(&line).filter(is_of_it).ok_or_else(opening::bad_anchor)?,
        None => as_it_lies(home, &identity)?,
    };
    if !is_of_it(&anchor) {
        return Err(Failure::new(Kind::Store, "the store that lies here is another than `keeper.toml` says")
            .hint("put your own copy of `store.age` back"));
    }
    let record = record.unwrap_or(Record { store: anchor.store, keeper: Keeping::Given });
    Ok(Kept { record, keeper, identity, anchor, other: None, print: None })
}

/// An anchor for a store that nothing is known of.
fn as_it_lies(home: &Home, identity: &Identity) -> Result<Anchor> {
    let Some(sealed) = SealedFile::read(home)? else { return Err(nothing_to_open(home)) };
    let facts = sealed.open_unpinned(identity)?.pick(&[])?;
    Ok(Anchor { generation: facts.generation, ..Anchor::first(facts.id, facts.seal) })
}

/// Notes what the store was when this machine saw it for the first time, and says that until now nothing was known of it.
pub fn pin_if_new(home: &Home, kept: &Kept, terminal: &Terminal) {
    let is_known = || kept.keeper.peek().is_ok_and(|held| held.anchor.is_some());
    if !given::is_given() || is_known() {
        return;
    }
    let which = home.store().map(|name| format!(" `{name}`")).unwrap_or_default();
    let generation = kept.anchor.generation;
    terminal.warn(&format!(
        "the store{which} is taken as it lies here, generation {generation}: nothing on this machine would tell an older copy"
    ));
    if let Err(failure) = kept.keeper.write(Item::Anchor, &kept.anchor.line()) {
        terminal.warn(&format!("nor will it later: {}", failure.message));
    }
}

/// The failure where there is no store for the identity that is given.
#[must_use]
pub fn nothing_to_open(home: &Home) -> Failure {
    let (giver, path) = (given::giver().unwrap_or("the call"), file::path(home));
    let what = format!("{giver} gives an identity, but there is no store here to open with it");
    let failure = Failure::new(Kind::Missing, what);
    if home.store().is_some() {
        return failure.hint(format!("put its age file back: `{}`", path.display()));
    }
    failure
        .hint(format!("put its age file there: `{}`", path.display()))
        .hint("or join one that lies elsewhere: `keyctl store join NAME --path FILE`; none is ever made for it")
}
