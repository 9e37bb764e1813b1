//! A new keeper for an identity: who it shall be, and what that one needs, had before anything is changed.

use std::path::{Path, PathBuf};

use crate::{
    cli::Means,
    failure::{Failure, Kind, Result},
    home::{self, Home},
    identity::{
        anchor::Id,
        keeper::{KeeperKind, Keeping, Record},
        keychain::{OsKeychain, Presence},
        passphrase,
        plugin::{self, kept::PluginPlace, name::PluginLine},
        record::FileName,
        ssh,
        wrapped_item::Slot,
    },
    platform,
    secret::Secret,
    terminal::Terminal,
};

/// Fewer characters than these are warned about: whoever has the file can try passphrases day and night.
const SHORT: usize = 10;
/// The most bytes of a plugin's identity: those of post-quantum keys have about 2,000.
const LONGEST_IDENTITY: usize = 16 * 1024;

/// Which keeper the user wants.
#[derive(Default)]
pub struct Wish<'w> {
    /// Of which kind, if that was said.
    pub kind: Option<KeeperKind>,
    /// Where its passphrase is to be read.
    pub passphrase_file: Option<&'w Path>,
    /// The private SSH key that is to open it.
    pub ssh_key: Option<&'w Path>,
    /// Where the identity of its plugin is to be read.
    pub plugin_identity: Option<&'w Path>,
}

impl<'w> Wish<'w> {
    /// A kind with what was said of it.
    ///
    /// # Errors
    /// `Usage` where something was said that this kind has no use for.
    pub fn new(kind: Option<KeeperKind>, means: &'w Means) -> Result<Self> {
        let (passphrase_file, ssh_key) = (means.passphrase_file.as_deref(), means.ssh_key.as_deref());
        let is_ssh = kind == Some(KeeperKind::Ssh);
        if passphrase_file.is_some() && !is_ssh && !kind.is_some_and(KeeperKind::has_passphrase) {
            return Err(Failure::new(Kind::Usage, "`--passphrase-file` is for a keeper that has a passphrase")
                .hint("those are `passphrase`, `keychain+passphrase`, and `ssh` with a key that has one"));
        }
        if ssh_key.is_some() && !is_ssh {
            return Err(Failure::new(Kind::Usage, "`--ssh-key` is for the keeper `ssh`"));
        }
        let plugin_identity = means.plugin_identity.as_deref();
        if plugin_identity.is_some() && kind != Some(KeeperKind::Plugin) {
            return Err(Failure::new(Kind::Usage, "`--plugin-identity` is for the keeper `plugin`"));
        }
        Ok(Self { kind, passphrase_file, ssh_key, plugin_identity })
    }

    /// Who shall keep the identity: the one that is wished for, else the keychain if one answers, else a file, said once with
    /// what it means.
    ///
    /// # Errors
    /// `Keychain` when the wished-for or only keychain is locked or absent.
    pub fn choose(&self, terminal: &Terminal) -> Result<KeeperKind> {
        if let Some(kind) = self.kind.filter(|kind| !kind.uses_keychain()) {
            return Ok(kind);
        }
        let kind = self.kind.unwrap_or(KeeperKind::Keychain);
        match (OsKeychain::presence(), self.kind) {
            (Presence::Usable, _) => Ok(kind),
            (Presence::Locked, _) => {
                Err(Failure::new(Kind::Keychain, "the keychain is locked, so it cannot take the new store's identity")
                    .hint(
                        "unlock it and try again, or keep the identity in a file: `keyctl store create --keeper file`",
                    ))
            }
            (Presence::Absent(why), Some(_)) => {
                Err(Failure::new(Kind::Keychain, format!("cannot reach a keychain: {why}")))
            }
            (Presence::Absent(why), None) => {
                terminal.warn(&format!("no keychain here ({why}): the store's identity is kept in `identity.txt`, readable by you alone; whoever copies keyctl's whole folder can open the store"));
                terminal.hint("where there is a keychain: `keyctl store keeper --to keychain`");
                Ok(KeeperKind::File)
            }
        }
    }

    /// A new place at this keeper, with what it needs: a passphrase is asked for now.
    ///
    /// # Errors
    /// `Usage` where it is not given; `Disk` where it cannot be read.
    pub fn place(&self, home: &Home, store: Id, kind: KeeperKind, terminal: &Terminal) -> Result<Keeping> {
        let keeping = match kind {
            KeeperKind::Keychain => Keeping::Keychain,
            KeeperKind::File => Keeping::File,
            KeeperKind::Passphrase => Keeping::Passphrase(FileName::random()?),
            KeeperKind::KeychainPassphrase => Keeping::KeychainPassphrase(free_slot(home)?),
            KeeperKind::Ssh => Keeping::Ssh { file: FileName::random()?, key: self.usable_key(home, terminal)? },
            KeeperKind::Plugin => self.plugin(terminal)?,
            KeeperKind::Given => Keeping::Given,
        };
        self.passphrase_for(home, &Record { store, keeper: keeping.clone() }, terminal)?;
        Ok(keeping)
    }

    /// A plugin, its program as it lies on `PATH` now.
    fn plugin(&self, terminal: &Terminal) -> Result<Keeping> {
        let Some(file) = self.plugin_identity else {
            return Err(Failure::new(Kind::Usage, "a plugin needs its identity")
                .hint("make one with `age-plugin-NAME --generate`, and give its file: `--plugin-identity FILE`"));
        };
        let line = read_plugin_identity(file)?;
        let program = plugin::place::find(&line.name)?;
        if program.to_str().is_none_or(|path| path.contains(char::is_control)) {
            return Err(Failure::new(Kind::Usage, "the path of a plugin has to be text on one line"));
        }
        let shown = program.display();
        terminal
            .say(&format!("the plugin is `{shown}`; no other of this name is started, whatever comes first on `PATH`"));
        let place = PluginPlace { file: FileName::random()?, name: line.name.clone(), program };
        place.hold(line);
        Ok(Keeping::Plugin(place))
    }

    /// Has the passphrase of a place that is to be made, if one opens it, and is not given yet.
    ///
    /// # Errors
    /// As [`Wish::place`].
    pub fn passphrase_for(&self, home: &Home, record: &Record, terminal: &Terminal) -> Result<()> {
        let Some(place) = record.keeper.wrapped_in().filter(|_| record.kind() != KeeperKind::Plugin) else {
            return Ok(());
        };
        if record.kind() == KeeperKind::Ssh {
            // The key's own, which is there already: it is asked for before anybody has to wait for it.
            self.try_on(record)?;
            return record.prove();
        }
        if passphrase::held(record.store, &place).is_some() {
            return Ok(());
        }
        let passphrase = match self.passphrase_file {
            Some(file) => read_passphrase(file)?,
            None => ask_for_new(home, terminal)?,
        };
        warn_of_short(&passphrase, terminal);
        passphrase::hold(record.store, &place, &passphrase);
        Ok(())
    }

    /// Takes the passphrase that was given in a file for that of a place which is there already.
    ///
    /// # Errors
    /// `Disk`, `Usage`.
    pub fn try_on(&self, record: &Record) -> Result<()> {
        if let (Some(file), Some(place)) = (self.passphrase_file, record.keeper.wrapped_in()) {
            passphrase::hold(record.store, &place, &read_passphrase(file)?);
        }
        if let (Some(file), Keeping::Plugin(place)) = (self.plugin_identity, &record.keeper) {
            let line = read_plugin_identity(file)?;
            if line.name != place.name {
                let begun = place.name.program();
                return Err(Failure::new(Kind::Usage, format!("the making of the store was begun with `{begun}`"))
                    .hint("give the identity of that one, or choose another keeper"));
            }
            place.hold(line);
        }
        Ok(())
    }
}

impl Wish<'_> {
    /// The private key that is wished for, or the one there was, if age can use it.
    fn usable_key(&self, home: &Home, terminal: &Terminal) -> Result<PathBuf> {
        let recorded = || match Record::read(home) {
            Ok(Some(Record { keeper: Keeping::Ssh { key, .. }, .. })) => Some(key),
            _ => None,
        };
        let key = match self.ssh_key {
            Some(key) => std::path::absolute(key).map_err(|error| Failure::disk("find", key, &error))?,
            None => recorded().ok_or_else(|| {
                Failure::new(Kind::Usage, "it has to be said which SSH key shall open the store")
                    .hint("name its private half: `--ssh-key ~/.ssh/id_ed25519`")
            })?,
        };
        let look = ssh::look(&key)?;
        if look.exposed {
            terminal.warn(&format!("other users may read or change the SSH key `{}`", key.display()));
            terminal.hint(&platform::how_to_make_private(&key, false));
        }
        if !look.encrypted {
            terminal.warn("the SSH key has no passphrase: whoever copies it and keyctl's folder can open the store");
        }
        Ok(key)
    }
}

/// The item of the keychain that the store does not use at present.
fn free_slot(home: &Home) -> Result<Slot> {
    Ok(match Record::read(home)? {
        Some(Record { keeper: Keeping::KeychainPassphrase(slot), .. }) => slot.other(),
        _ => Slot::A,
    })
}

fn read_plugin_identity(file: &Path) -> Result<PluginLine> {
    match home::read_named(file, LONGEST_IDENTITY)? {
        Some((bytes, _)) => PluginLine::read(&Secret::new(bytes)),
        None => Err(Failure::new(Kind::Disk, format!("there is no file `{}`", file.display()))),
    }
}

/// A new passphrase, typed twice.
fn ask_for_new(home: &Home, terminal: &Terminal) -> Result<Secret> {
    if !terminal.can_ask() {
        return Err(Failure::new(Kind::Usage, "a new passphrase is needed, and there is no terminal to ask on")
            .hint("give it in a file: `--passphrase-file FILE`"));
    }
    let whose = home.store().map(|name| format!(" `{name}`")).unwrap_or_default();
    let first = terminal.ask_secret(&format!("a new passphrase for the store{whose}: "))?;
    if first.expose_text().is_none_or(str::is_empty) {
        return Err(Failure::new(Kind::Usage, "the passphrase is empty or no text; nothing was changed"));
    }
    if terminal.ask_secret("the same once more: ")?.same_as(&first) {
        return Ok(first);
    }
    Err(Failure::new(Kind::Usage, "the two passphrases differ; nothing was changed"))
}

/// A passphrase in a file, with or without a line's end.
///
/// # Errors
/// `Disk`; `Usage` for what is empty or no text.
pub fn read_passphrase(file: &Path) -> Result<Secret> {
    let Some((bytes, _)) = home::read_named(file, 4096)? else {
        return Err(Failure::new(Kind::Disk, format!("there is no file `{}`", file.display())));
    };
    let mut passphrase = Secret::new(bytes);
    passphrase.trim_line_ending();
    if passphrase.expose_text().is_none_or(str::is_empty) {
        let said = format!("the passphrase in `{}` is empty or no text", file.display());
        return Err(Failure::new(Kind::Usage, said));
    }
    Ok(passphrase)
}

fn warn_of_short(passphrase: &Secret, terminal: &Terminal) {
    let length = passphrase.expose_text().map_or(0, |text| text.chars().count());
    if length < SHORT {
        terminal.warn(&format!(
            "taken, but it has fewer than {SHORT} characters: whoever gets hold of the file can try all such passphrases day and night"
        ));
        terminal.hint("four words that have nothing to do with each other are better");
    }
}
