//! What `keyctl import` reads: which of the forms a file or a folder has, and the keys in it.

mod envchain;
mod folder;
mod identities;
pub(super) mod settings;
mod sops;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use crate::{
    cli::{self, ImportFormat as Format},
    date::Moment,
    exchange::{
        self,
        moved::{Beside, Moving},
    },
    failure::{Failure, Kind, Result},
    home,
    scan::archive,
    secret::Secret,
    terminal::Terminal,
};

use identities::{From, Identities};

/// The most bytes a file to import may have: 16 MiB.
const LARGEST: usize = 16 * 1024 * 1024;

/// The most bytes of an archive of 1Password's, which has documents too: 256 MiB.
const LARGEST_ARCHIVE: usize = 256 * 1024 * 1024;
/// The part of it that has the keys.
const EXPORT: &str = "export.data";

/// The most bytes that this file may have.
pub(super) fn most(place: &Path) -> usize {
    if place.extension() == Some(OsStr::new("1pux")) { LARGEST_ARCHIVE } else { LARGEST }
}

/// What was read, and from where.
pub(super) struct Found {
    /// The file or the folder.
    pub place: PathBuf,
    /// The file's bytes, to know it again.
    pub source: Secret,
    /// Whether the keys lie there for everyone to read who may read the file.
    pub is_plain: bool,
    /// The keys.
    pub moving: Moving,
}

/// The file or the folder that the arguments mean.
///
/// # Errors
/// `Usage` where they name none, and what it is has no usual place.
pub(super) fn place(arguments: &cli::Import) -> Result<PathBuf> {
    match (&arguments.file, arguments.format) {
        (Some(place), _) => Ok(place.clone()),
        (None, Some(Format::Envchain)) => Ok(PathBuf::new()),
        (None, Some(format)) => usual_place(format).ok_or_else(no_file),
        (None, None) => Err(no_file()),
    }
}

fn no_file() -> Failure {
    Failure::new(Kind::Usage, "missing: `<FILE>`").hint("see `keyctl import --help`")
}

/// Reads what lies there.
///
/// # Errors
/// `Usage` for what cannot be read as what it is, `Disk` where it cannot be read at all.
pub(super) fn read(place: PathBuf, arguments: &cli::Import, now: Moment, terminal: &Terminal) -> Result<Found> {
    let sealed = |place, source, moving| Found { place, source, is_plain: false, moving };
    if arguments.format == Some(Format::Envchain) {
        let moving = envchain::read(place.to_str().filter(|name| !name.is_empty()))?;
        return Ok(sealed(PathBuf::new(), Secret::new(Vec::new()), moving));
    }
    if place.is_dir() {
        let mut identities = identities_of(arguments, "PASSAGE_IDENTITIES_FILE", ".passage/identities", terminal);
        is_store(&place, arguments.format)?;
        let moving = folder::read(&place, &mut identities)?;
        return Ok(sealed(place, Secret::new(Vec::new()), moving));
    }
    let source = bytes(&place)?;
    let within = within(&place, &source, arguments.format)?;
    let format = match (arguments.format, &within) {
        (Some(format), _) => format,
        (None, Some(_)) => Format::OnePassword,
        (None, None) => recognised(&place, &source),
    };
    let text = within.as_ref().unwrap_or(&source).expose();
    let moving = match format {
        Format::Dotenv => exchange::dotenv::read(text).map_err(|failure| of_other_form(failure, &place))?.into(),
        Format::Json => exchange::json::read(text)?.into(),
        Format::Aws => exchange::aws::read(text)?,
        Format::Bitwarden => exchange::bitwarden::read(text, now)?,
        Format::OnePassword => exchange::onepassword::read(text, now)?,
        Format::Sops => sops::read(&place, text, arguments.identity.as_deref())?,
        Format::Fnox => fnox(text, arguments, terminal)?,
        Format::Pass | Format::Gopass | Format::Passage | Format::Envchain => {
            let said = format!("`{}` is no folder, as a password store is", place.display());
            return Err(Failure::new(Kind::Usage, said));
        }
    };
    let is_plain = !matches!(format, Format::Sops | Format::Fnox);
    Ok(Found { place, source, is_plain, moving })
}

/// A file that its name says to be something else is told what is read.
fn of_other_form(failure: Failure, place: &Path) -> Failure {
    let form = match place.extension().and_then(OsStr::to_str) {
        Some("yaml" | "yml") => "YAML file",
        Some("toml") => "TOML file",
        Some("ini" | "cfg" | "properties") => "INI file",
        _ => return failure,
    };
    failure.hint(format!("it was read as `NAME=value` lines: a {form} is not read, one of JSON is"))
}

fn bytes(place: &Path) -> Result<Secret> {
    if place.as_os_str() == "-" {
        return super::set::standard_input(LARGEST, "16 MiB, the most a file to import may have");
    }
    match home::read_named(place, most(place))? {
        Some((bytes, _)) => Ok(Secret::new(bytes)),
        None => Err(Failure::new(Kind::Disk, format!("there is no file `{}`", place.display()))),
    }
}

/// What is to be read of an archive: 1Password makes one, whose one part has all keys. It is unpacked in memory alone.
fn within(place: &Path, source: &Secret, format: Option<Format>) -> Result<Option<Secret>> {
    let bytes = source.expose();
    if !archive::is_zip(bytes) {
        return Ok(None);
    }
    let is_meant = matches!(format, None | Some(Format::OnePassword));
    let refused = |why: &str| Failure::new(Kind::Usage, format!("`{}` is an archive{why}", place.display()));
    let content = archive::entry_of_zip(bytes, EXPORT, LARGEST).map_err(|why| refused(&format!(": {why}")))?;
    match content.filter(|_| is_meant) {
        Some(content) => Ok(Some(content)),
        None => Err(refused(", and none of 1Password's").hint("hand over the file in it that has the keys")),
    }
}

/// A path from a variable that is set.
fn from_variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn at_home(path: &str) -> Option<PathBuf> {
    dirs::home_dir().map(|home| home.join(path))
}

/// Where a program keeps its keys unless it was told otherwise.
fn usual_place(format: Format) -> Option<PathBuf> {
    match format {
        Format::Aws => from_variable("AWS_SHARED_CREDENTIALS_FILE").or_else(|| at_home(".aws/credentials")),
        Format::Pass => from_variable("PASSWORD_STORE_DIR").or_else(|| at_home(".password-store")),
        Format::Gopass => dirs::data_local_dir().map(|data| data.join("gopass/stores/root")),
        Format::Passage => from_variable("PASSAGE_DIR").or_else(|| at_home(".passage/store")),
        Format::Fnox => Some("fnox.toml".into()),
        _ => None,
    }
}

/// Whether a folder is read as a password store: it is one plainly, or is said to be.
fn is_store(folder: &Path, format: Option<Format>) -> Result<()> {
    let shown = folder.display();
    match format {
        Some(Format::Pass | Format::Gopass | Format::Passage) => Ok(()),
        None if folder::is_one(folder) => Ok(()),
        None => Err(Failure::new(Kind::Usage, format!("`{shown}` is a folder, and not plainly a password store"))
            .hint("if it is one, say whose: `--from pass`, `--from gopass` or `--from passage`")),
        Some(_) => Err(Failure::new(Kind::Usage, format!("`{shown}` is a folder; name a file"))),
    }
}

/// What a file is, by its name and its content. What is not plainly something else is a `.env` file, or JSON where it is
/// called so.
fn recognised(place: &Path, source: &Secret) -> Format {
    let text = source.expose();
    match () {
        () if sops::form(place, text).is_some() => Format::Sops,
        () if exchange::bitwarden::is_one(text) => Format::Bitwarden,
        () if exchange::onepassword::is_one(text) => Format::OnePassword,
        () if place.extension() == Some(OsStr::new("json")) => Format::Json,
        () if place.file_name() == Some(OsStr::new("fnox.toml")) => Format::Fnox,
        () if exchange::aws::is_one(text) => Format::Aws,
        () => Format::Dotenv,
    }
}

/// Which identities open what is read: those that were named, else those that the other program would use.
fn identities_of<'t>(arguments: &cli::Import, variable: &str, usual: &str, terminal: &'t Terminal) -> Identities<'t> {
    let file = arguments.identity.clone().or_else(|| from_variable(variable)).or_else(|| at_home(usual));
    Identities::of(file.map_or(From::Nowhere, From::File), terminal)
}

/// The secrets of a `fnox.toml` that age encrypted.
fn fnox(text: &[u8], arguments: &cli::Import, terminal: &Terminal) -> Result<Moving> {
    let fnox = exchange::fnox::read(text)?;
    // What fnox itself goes by, in its order.
    let variable = std::env::var("FNOX_AGE_KEY").ok().filter(|key| !key.is_empty());
    let from = match (arguments.identity.clone(), variable) {
        (Some(file), _) => From::File(file),
        (None, Some(key)) => From::Variable(Secret::new(key.into_bytes())),
        (None, None) => {
            let usual = || dirs::config_dir().map(|config| config.join("fnox/age.txt"));
            let file = fnox.key_file.or_else(|| from_variable("FNOX_AGE_KEY_FILE")).or_else(usual);
            file.map_or(From::Nowhere, From::File)
        }
    };
    let mut identities = Identities::of(from, terminal);
    let mut moving = Moving::default();
    moving.left_out("secret that somebody else keeps", fnox.elsewhere);
    for sealed in fnox.sealed {
        let words: Vec<&str> = sealed.words.iter().map(String::as_str).collect();
        let value = identities::open(&mut identities, &sealed.file, &words.join("/"))?;
        let notes = sealed.description.map(|text| Secret::new(text.into_bytes())).into_iter().collect();
        moving.take(&words, value, Beside { notes, ..Beside::default() }, 0);
    }
    Ok(moving)
}
