//! A recovery copy as a file: written, read with its passphrase, and held against the store that it is for.

use std::{io::IsTerminal, path::Path};

use crate::{
    failure::{Failure, Kind, Result},
    home::{self, Home},
    identity::{
        keeper::Record,
        recovery::{self, RecoveryCopy},
    },
    secret::Secret,
    store::payload::Payload,
    terminal::Terminal,
};

/// The passphrase for a new copy: from a file, typed twice, or made and shown once.
pub(super) fn new_passphrase(file: Option<&Path>, terminal: &Terminal) -> Result<Secret> {
    if file.is_some() || !std::io::stdin().is_terminal() {
        return given_passphrase(file);
    }
    let first = terminal.ask_secret("a passphrase for the recovery copy (empty: one is made for you): ")?;
    let length = first.expose_text().map_or(0, |text| text.chars().count());
    if (1..recovery::SHORTEST).contains(&length) {
        return Err(Failure::new(
            Kind::Usage,
            format!("the passphrase has fewer than {} characters; nothing was written", recovery::SHORTEST),
        )
        .hint("whoever finds the copy can try passphrases day and night, and it stands between them and every key")
        .hint("take four words that have nothing to do with each other, or leave it empty and have one made"));
    }
    if first.is_empty() {
        let made = recovery::new_passphrase()?;
        let shown = made.expose_text().unwrap_or_default();
        terminal.ask(&format!("the passphrase is  {shown}  - write it down now, then press Enter "))?;
        return Ok(made);
    }
    if terminal.ask_secret("the same once more: ")?.same_as(&first) {
        return Ok(first);
    }
    Err(Failure::new(Kind::Usage, "the two passphrases differ; nothing was written"))
}

fn given_passphrase(file: Option<&Path>) -> Result<Secret> {
    let mut secret = match file {
        Some(file) => match home::read_named(file, 4096)? {
            Some((bytes, _)) => Secret::new(bytes),
            None => return Err(Failure::new(Kind::Disk, format!("there is no file `{}`", file.display()))),
        },
        None => crate::commands::set::from_standard_input()?,
    };
    secret.trim_line_ending();
    if secret.expose_text().is_none_or(str::is_empty) {
        return Err(Failure::new(Kind::Usage, "the passphrase is empty or no text")
            .hint("give it on standard input, or with `--passphrase-file FILE`"));
    }
    Ok(secret)
}

/// Writes a copy, whole or not at all, where no file is yet.
pub(super) fn write_new(file: &Path, bytes: &[u8]) -> Result<()> {
    home::create_whole(file, bytes).map_err(|error| Failure::disk("write", file, &error))
}

/// Reads a copy, with its passphrase from a file, standard input or the terminal.
pub(super) fn read_copy(file: &Path, passphrase_file: Option<&Path>, terminal: &Terminal) -> Result<RecoveryCopy> {
    let Some((bytes, _)) = home::read_named(file, recovery::LARGEST)? else {
        return Err(Failure::new(Kind::Disk, format!("there is no file `{}`", file.display())));
    };
    let bytes = Secret::new(bytes);
    let text =
        bytes.expose_text().ok_or_else(|| Failure::new(Kind::Usage, "this is no recovery copy: it is no text"))?;
    let passphrase = if !recovery::needs_passphrase(text) {
        Secret::new(Vec::new())
    } else if passphrase_file.is_some() || !std::io::stdin().is_terminal() {
        given_passphrase(passphrase_file)?
    } else {
        terminal.ask_secret("the recovery copy's passphrase: ")?
    };
    recovery::unwrap(text, &passphrase)
}

/// Opens the store with nothing but the copy, and checks that the two belong together.
pub(super) fn open_with(home: &Home, copy: &RecoveryCopy) -> Result<Payload> {
    let sealed = super::sealed(home)?;
    if !sealed.is_made_for(&copy.identity) {
        let own = Record::read(home).ok().flatten().map(|record| record.store);
        let is_of_this_store = own.zip(copy.made_for).map(|(own, (store, _))| own == store);
        if is_of_this_store == Some(true) {
            return Err(Failure::new(
                Kind::Negative,
                format!(
                    "this recovery copy is of another identity than the one that opens the store in `{}`",
                    home.data().display()
                ),
            )
            .hint("if the identity was changed since it was made, make a new one: `keyctl recovery create`"));
        }
        if is_of_this_store == Some(false) {
            return Err(Failure::new(
                Kind::Negative,
                format!("this recovery copy is for another store than the one in `{}`", home.data().display()),
            )
            .hint("make one for this store: `keyctl recovery create`"));
        }
        return Err(Failure::new(
            Kind::Negative,
            format!("this recovery copy does not open the store in `{}`", home.data().display()),
        )
        .hint("it is another store's, or was made before the identity was changed (`keyctl store rekey`)")
        .hint("a newer copy of yours may open it"));
    }
    let payload = sealed.open_unpinned(&copy.identity)?.read()?;
    prove(&payload, copy)?;
    Ok(payload)
}

/// Makes sure that a copy is of this very store.
pub(super) fn prove(payload: &Payload, copy: &RecoveryCopy) -> Result<()> {
    if copy.made_for.is_some_and(|made_for| made_for != (payload.id, payload.seal)) {
        return Err(Failure::new(
            Kind::Store,
            "the store opens, but it is not the one this copy was made for: its seal differs",
        )
        .hint("put your own copy of `store.age` back"));
    }
    Ok(())
}
