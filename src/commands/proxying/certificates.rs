//! The certificates that a command is to trust: what the system trusts, and the authority of its run; and the folder that they
//! lie in for it. They are nobody's secret: where there is no folder in memory, as on macOS and Windows, an ordinary one does.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    failure::{Failure, Kind, Result},
    hex,
    launch::private_folder::PrivateFolder,
    platform, random,
};

/// How the name of an ordinary folder begins.
const BEGINNING: &str = "keyctl-certificates-";

/// A folder for certificates, its owner's alone to change; it goes with this.
pub enum Folder {
    /// In memory.
    InMemory(PrivateFolder),
    /// On a disk; what a keyctl that is killed at once leaves there, the system clears away.
    Ordinary(PathBuf),
}

impl Folder {
    /// Makes one.
    ///
    /// # Errors
    /// `Disk`.
    pub fn make() -> Result<Self> {
        match PrivateFolder::make() {
            Ok(folder) => Ok(Self::InMemory(folder)),
            Err(_) => Self::ordinary(&std::env::temp_dir()),
        }
    }

    fn ordinary(within: &Path) -> Result<Self> {
        let path = within.join(format!("{BEGINNING}{}", hex::encode(&random::bytes::<12>()?)));
        platform::make_private_folder(&path).map_err(|error| Failure::disk("make the folder", &path, &error))?;
        Ok(Self::Ordinary(path))
    }

    /// Puts a file in it, and gives its path.
    ///
    /// # Errors
    /// `Disk`.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<String> {
        let folder = match self {
            Self::InMemory(folder) => return folder.put(name, bytes),
            Self::Ordinary(folder) => folder,
        };
        let path = folder.join(name);
        let written = platform::create_private(&path).and_then(|mut file| file.write_all(bytes));
        written.map_err(|error| Failure::disk("write", &path, &error))?;
        path.into_os_string()
            .into_string()
            .map_err(|_| Failure::new(Kind::Disk, "the path of the folder for temporary files is not UTF-8"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Self::Ordinary(path) = self {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

/// How long a line of PEM is (RFC 7468).
const LINE: usize = 64;

/// All of them as PEM.
#[must_use]
pub fn with_systems(own: &str) -> String {
    let mut text = own.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    // What cannot be read is not trusted.
    for certificate in rustls_native_certs::load_native_certs().certs {
        let letters = STANDARD.encode(&certificate);
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in letters.as_bytes().chunks(LINE) {
            let _ = writeln!(text, "{}", String::from_utf8_lossy(line));
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_folder_holds_certificates_and_goes() {
        let within = tempfile::tempdir().unwrap();
        let folder = Folder::ordinary(within.path()).unwrap();
        let path = folder.put("a.pem", b"text").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"text");
        drop(folder);
        assert!(!Path::new(&path).exists() && platform::names_in(within.path()).is_empty());
    }
}
