//! `keeper.toml`: which store this is, and who keeps its identity. Nothing in it is secret.

use std::{
    fmt::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    anchor::Id,
    asking,
    file::IdentityFile,
    given::Giver,
    keeper::{Keeper, KeeperKind},
    keychain::OsKeychain,
    passphrase::{self, Passphrase},
    plugin::{Plugin, kept::PluginPlace, name::PluginName},
    ssh::{self, SshKey},
    wrapped_file::WrappedFile,
    wrapped_item::{Slot, WrappedItem},
    wrapping::Wrapper,
};
use crate::{
    failure::{Failure, Kind, Result},
    hex,
    home::{self, Home},
    platform, random,
};

/// The name of a wrapped identity's file: `identity-<8 hexadecimal digits>.age`. It is another one at each change, so that
/// old and new lie beside each other until the record names the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileName([u8; 4]);

impl FileName {
    /// One that nothing has yet, but for a chance in four billion.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn random() -> Result<Self> {
        random::bytes().map(Self)
    }

    /// Reads it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        hex::decode(name.strip_prefix("identity-")?.strip_suffix(".age")?).map(Self)
    }

    /// The name of the file beside it that leads a plugin to its key: `plugin-<the same digits>.txt`.
    #[must_use]
    pub fn of_plugin(self) -> String {
        format!("plugin-{}.txt", hex::encode(&self.0))
    }

    /// All of plugins that lie in the folder of a store.
    #[must_use]
    pub fn all_of_plugins_in(home: &Home) -> Vec<String> {
        let is_one = |name: &str| {
            let digits = name.strip_prefix("plugin-").and_then(|rest| rest.strip_suffix(".txt"));
            digits.and_then(hex::decode).is_some_and(|digits| Self(digits).of_plugin() == name)
        };
        let names = platform::names_in(home.data()).into_iter().filter_map(|name| name.into_string().ok());
        names.filter(|name| is_one(name)).collect()
    }

    /// All that lie in the folder of a store.
    #[must_use]
    pub fn all_in(home: &Home) -> Vec<Self> {
        platform::names_in(home.data()).iter().filter_map(|name| Self::parse(name.to_str()?)).collect()
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "identity-{}.age", hex::encode(&self.0))
    }
}

/// Who keeps an identity, and what has to be known to find it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    /// The operating system's keychain.
    Keychain,
    /// `identity.txt`.
    File,
    /// This file, which a passphrase opens.
    Passphrase(FileName),
    /// This item of the keychain, which a passphrase opens.
    KeychainPassphrase(Slot),
    /// This file, which an SSH key opens.
    Ssh {
        /// The file.
        file: FileName,
        /// The whole path of the private key.
        key: PathBuf,
    },
    /// This file, which a plugin opens.
    Plugin(PluginPlace),
    /// Nobody here: each call is given it.
    Given,
}

impl Keeping {
    /// Which kind of keeper it is.
    #[must_use]
    pub fn kind(&self) -> KeeperKind {
        match self {
            Self::Keychain => KeeperKind::Keychain,
            Self::File => KeeperKind::File,
            Self::Passphrase(_) => KeeperKind::Passphrase,
            Self::KeychainPassphrase(_) => KeeperKind::KeychainPassphrase,
            Self::Ssh { .. } => KeeperKind::Ssh,
            Self::Plugin(_) => KeeperKind::Plugin,
            Self::Given => KeeperKind::Given,
        }
    }

    /// The file that it is wrapped in, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<FileName> {
        match self {
            Self::Keychain | Self::File | Self::KeychainPassphrase(_) | Self::Given => None,
            Self::Passphrase(file) | Self::Ssh { file, .. } => Some(*file),
            Self::Plugin(place) => Some(place.file),
        }
    }

    /// The name of the place that it is wrapped in, if it is: a passphrase is given for that, see [`super::passphrase::hold`].
    #[must_use]
    pub fn wrapped_in(&self) -> Option<String> {
        match self {
            Self::Keychain | Self::File | Self::Given => None,
            Self::Passphrase(file) | Self::Ssh { file, .. } => Some(file.to_string()),
            Self::KeychainPassphrase(slot) => Some(slot.item().to_owned()),
            Self::Plugin(place) => Some(place.file.to_string()),
        }
    }
}

/// What `keeper.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The store's id, under which the keeper has it.
    pub store: Id,
    /// Who keeps it.
    pub keeper: Keeping,
}

/// The first form, which has the two kinds that were there first, and later ones, which older versions do not read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordText {
    format: u32,
    store: String,
    keeper: KeeperKind,
    identity: Option<String>,
    ssh_key: Option<String>,
    plugin: Option<String>,
    program: Option<PathBuf>,
}

/// What every form begins with.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

const FILE: &str = "keeper.toml";
const LARGEST: usize = 4096;
const NEWEST: u32 = 3;

impl Record {
    /// Reads the record; `None` where no store was ever made.
    ///
    /// # Errors
    /// `Store` when it is damaged or of a newer keyctl, `Disk` when it cannot be read.
    pub fn read(home: &Home) -> Result<Option<Self>> {
        let path = home.file(FILE);
        let Some((bytes, _)) = home::read(&path, LARGEST)? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let record = toml::from_str(text).ok().and_then(|text| Self::of(&text));
        if record.is_some() {
            return Ok(record);
        }
        if toml::from_str(text).is_ok_and(|Format { format }| format > NEWEST) {
            return Err(Failure::new(Kind::Store, format!("`{}` was written by a newer keyctl", path.display()))
                .hint("update keyctl"));
        }
        Err(Failure::new(Kind::Store, format!("`{}` is damaged", path.display()))
            .hint("bring the store back with its recovery copy: `keyctl recovery restore FILE`"))
    }

    fn of(text: &RecordText) -> Option<Self> {
        let key = text.ssh_key.as_ref().map(PathBuf::from);
        let plugin = text.plugin.as_deref().zip(text.program.clone());
        if text.plugin.is_some() != text.program.is_some() {
            return None;
        }
        let keeper = match (text.format, text.keeper, text.identity.as_deref(), key, plugin) {
            (1, KeeperKind::Keychain, None, None, None) => Keeping::Keychain,
            (1, KeeperKind::File, None, None, None) => Keeping::File,
            (2, KeeperKind::Passphrase, Some(file), None, None) => Keeping::Passphrase(FileName::parse(file)?),
            (2, KeeperKind::KeychainPassphrase, Some(item), None, None) => {
                Keeping::KeychainPassphrase(Slot::parse(item)?)
            }
            (2, KeeperKind::Plugin, Some(file), None, Some((name, program))) if program.is_absolute() => {
                Keeping::Plugin(PluginPlace { file: FileName::parse(file)?, name: PluginName::parse(name)?, program })
            }
            (2, KeeperKind::Ssh, Some(file), Some(key), None) if key.is_absolute() => {
                Keeping::Ssh { file: FileName::parse(file)?, key }
            }
            (3, KeeperKind::Given, None, None, None) => Keeping::Given,
            _ => return None,
        };
        Some(Self { store: Id::parse(&text.store)?, keeper })
    }

    /// Writes the record.
    ///
    /// # Errors
    /// `Disk`.
    pub fn write(&self, home: &Home) -> Result<()> {
        let wrapped_in = self.keeper.wrapped_in();
        let format = match self.keeper {
            Keeping::Given => 3,
            _ if wrapped_in.is_some() => 2,
            _ => 1,
        };
        let mut text = format!(
            "# which store this is, and who keeps its age identity; written by keyctl\nformat = {format}\nstore = \"{}\"\nkeeper = \"{}\"\n",
            self.store,
            self.kind().word()
        );
        if let Some(place) = wrapped_in {
            let _ = writeln!(text, "identity = \"{place}\"");
        }
        if let Keeping::Ssh { key, .. } = &self.keeper {
            let _ = writeln!(text, "ssh_key = {}", quoted(key)?);
        }
        if let Keeping::Plugin(place) = &self.keeper {
            text += &place.lines();
        }
        home::replace(&home.file(FILE), text.as_bytes())
    }

    /// Removes the record: from then on nothing says that there is a store.
    ///
    /// # Errors
    /// `Disk`.
    pub fn remove(&self, home: &Home) -> Result<()> {
        let path = home.file(FILE);
        std::fs::remove_file(&path).map_err(|error| Failure::disk("remove", &path, &error))
    }

    /// Which kind of keeper it names.
    #[must_use]
    pub fn kind(&self) -> KeeperKind {
        self.keeper.kind()
    }

    /// What opening it has cost, in words, if a passphrase opened it in this process.
    #[must_use]
    pub fn cost(&self) -> Option<String> {
        passphrase::cost(self.store, &self.keeper.wrapped_in()?)
    }

    /// The keeping place that this record names.
    #[must_use]
    pub fn open(&self, home: &Home) -> Box<dyn Keeper> {
        match &self.keeper {
            Keeping::Keychain => Box::new(OsKeychain::of_store(self.store)),
            Keeping::File => Box::new(IdentityFile::in_home(home)),
            Keeping::Given => Box::new(Giver::for_store(home)),
            Keeping::Passphrase(file) => {
                let passphrase = Passphrase::of(self.store, &file.to_string(), question(home));
                self.in_file(home, *file, Box::new(passphrase))
            }
            Keeping::Plugin(place) => self.in_file(home, place.file, Box::new(Plugin::of(home, place))),
            Keeping::KeychainPassphrase(slot) => {
                let passphrase = Passphrase::of(self.store, slot.item(), question(home));
                Box::new(WrappedItem::new(self.store, *slot, Box::new(passphrase)))
            }
            Keeping::Ssh { file, key } => {
                self.in_file(home, *file, Box::new(SshKey::at(key, self.store, &file.to_string())))
            }
        }
    }

    /// Asks for what opens an SSH key, so that it is known from now on.
    ///
    /// # Errors
    /// `Keychain` where it is not given, or the key is not there.
    pub fn prove(&self) -> Result<()> {
        let Keeping::Ssh { file, key } = &self.keeper else { return Ok(()) };
        SshKey::at(key, self.store, &file.to_string()).identity(asking::person()).map(drop)
    }

    /// Whether opening it asks nobody: for what only looks.
    #[must_use]
    pub fn asks_nobody(&self) -> bool {
        match &self.keeper {
            Keeping::Ssh { key, .. } => ssh::look(key).is_ok_and(|look| !look.encrypted),
            _ => !self.kind().may_ask(),
        }
    }

    fn in_file(&self, home: &Home, file: FileName, wrapper: Box<dyn Wrapper>) -> Box<dyn Keeper> {
        Box::new(WrappedFile::new(home, self.store, file, wrapper))
    }
}

/// A path as a basic string of TOML (toml.io/en/v1.0.0, "String"), which JSON's is too where nothing is a control character.
fn quoted(path: &Path) -> Result<String> {
    let text = path.to_str().filter(|text| !text.contains(char::is_control));
    let quoted = text.and_then(|text| serde_json::to_string(text).ok());
    quoted.ok_or_else(|| Failure::new(Kind::Usage, "the path of an SSH key has to be text on one line"))
}

/// What a person is asked.
fn question(home: &Home) -> String {
    home.store().map_or("the store's passphrase: ".to_owned(), |name| format!("the passphrase of the store `{name}`: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_and_a_damaged_one_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let home = Home::at(folder.path());
        assert_eq!(Record::read(&home).expect("none yet"), None);
        let file = FileName([0, 1, 0xfe, 0xff]);
        // As absolute paths are here.
        let program = std::env::temp_dir().join("a \"b\\c'").join("age-plugin-yubikey");
        let name = PluginName::parse("yubikey").expect("a name");
        let plugin = PluginPlace { file, name, program };
        let key = std::env::temp_dir().join("of \"mine\"\\id_ed25519");
        for keeper in [
            Keeping::Keychain,
            Keeping::File,
            Keeping::Passphrase(file),
            Keeping::KeychainPassphrase(Slot::A),
            Keeping::KeychainPassphrase(Slot::B),
            Keeping::Ssh { file, key },
            Keeping::Plugin(plugin),
            Keeping::Given,
        ] {
            let record = Record { store: Id([7; 16]), keeper };
            record.write(&home).expect("write");
            assert_eq!(Record::read(&home).expect("read"), Some(record));
        }
        let id = "07070707070707070707070707070707";
        for (text, message) in [
            (String::new(), "damaged"),
            ("format = 1\nstore = \"x\"\nkeeper = \"file\"".into(), "damaged"),
            (format!("format = 1\nstore = \"{id}\"\nkeeper = \"cloud\""), "damaged"),
            (
                format!("format = 1\nstore = \"{id}\"\nkeeper = \"passphrase\"\nidentity = \"identity-0001feff.age\""),
                "damaged",
            ),
            (format!("format = 2\nstore = \"{id}\"\nkeeper = \"file\""), "damaged"),
            (format!("format = 2\nstore = \"{id}\"\nkeeper = \"passphrase\""), "damaged"),
            (
                format!("format = 2\nstore = \"{id}\"\nkeeper = \"passphrase\"\nidentity = \"../identity.txt\""),
                "damaged",
            ),
            (
                format!(
                    "format = 2\nstore = \"{id}\"\nkeeper = \"plugin\"\nidentity = \"identity-0001feff.age\"\nplugin = \"a/b\"\nprogram = \"/a\""
                ),
                "damaged",
            ),
            (
                format!(
                    "format = 2\nstore = \"{id}\"\nkeeper = \"plugin\"\nidentity = \"identity-0001feff.age\"\nplugin = \"a\"\nprogram = \"a\""
                ),
                "damaged",
            ),
            (
                format!(
                    "format = 2\nstore = \"{id}\"\nkeeper = \"passphrase\"\nidentity = \"identity-0001feff.age\"\nplugin = \"a\""
                ),
                "damaged",
            ),
            (
                format!("format = 2\nstore = \"{id}\"\nkeeper = \"keychain+passphrase\"\nidentity = \"wrapped-c\""),
                "damaged",
            ),
            (
                format!(
                    "format = 2\nstore = \"{id}\"\nkeeper = \"ssh\"\nidentity = \"identity-0001feff.age\"\nssh_key = \"id\""
                ),
                "damaged",
            ),
            ("format = 4\nstore = \"\"\nkeeper = \"cloud\"\nmore = 1".into(), "newer"),
        ] {
            std::fs::write(home.file(FILE), &text).expect("write");
            assert!(Record::read(&home).expect_err(&text).message.contains(message), "{text}");
        }
    }

    #[test]
    fn the_records_of_the_first_kinds_are_what_older_versions_read_byte_for_byte() {
        let folder = tempfile::tempdir().expect("folder");
        let home = Home::at(folder.path());
        Record { store: Id([7; 16]), keeper: Keeping::File }.write(&home).expect("write");
        let text = std::fs::read_to_string(home.file(FILE)).expect("read");
        let head = "# which store this is, and who keeps its age identity; written by keyctl\n";
        assert_eq!(text, format!("{head}format = 1\nstore = \"{}\"\nkeeper = \"file\"\n", Id([7; 16])));
    }

    #[test]
    fn only_such_names_are_those_of_wrapped_identities() {
        let file = FileName([0x1a, 0x2b, 0x3c, 0x4d]);
        assert_eq!(file.to_string(), "identity-1a2b3c4d.age");
        assert_eq!(FileName::parse("identity-1a2b3c4d.age"), Some(file));
        for other in
            ["identity.txt", "identity-1A2B3C4D.age", "identity-1a2b3c4d.age.bak", "identity-old.age", "store.age"]
        {
            assert_eq!(FileName::parse(other), None, "{other}");
        }
        let folder = tempfile::tempdir().expect("folder");
        for name in ["identity-1a2b3c4d.age", "identity-mine.age", "identity.txt"] {
            std::fs::write(folder.path().join(name), "x").expect("write");
        }
        assert_eq!(FileName::all_in(&Home::at(folder.path())), [file]);
    }
}
