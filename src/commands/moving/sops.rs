//! Files that SOPS encrypted: values sealed one by one under a data key, which is itself encrypted with age or by others.
//!
//! They are opened by `sops` itself. keyctl has no cryptography of its own, and this would be some: values under AES-256-GCM, each
//! bound to its path, and a digest over all of them, without which a file that somebody cut would be taken for whole. And
//! `sops` knows each of the services that may hold the data key.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use zeroize::Zeroizing;

use crate::{
    exchange::{self, moved::Moving},
    failure::{Failure, Kind, Result},
    subprocess::Program,
};

/// How long `sops` may take: a service that holds the data key may be asked.
const DEADLINE: Duration = Duration::from_mins(1);
/// What each encrypted value begins with.
const SEALED: &[u8] = b"ENC[AES256_GCM,";

/// What a file is, as `sops` calls it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Yaml,
    Dotenv,
    Ini,
}

/// Which form a file has that SOPS encrypted.
pub(super) fn form(place: &Path, text: &[u8]) -> Option<Form> {
    let has = |part: &[u8]| memchr::memmem::find(text, part).is_some();
    let begins = |begin: &[u8]| text.split(|byte| *byte == b'\n').any(|line| line.starts_with(begin));
    if !has(SEALED) {
        return None;
    }
    let by_content = match () {
        () if text.trim_ascii_start().starts_with(b"{") && has(b"\"sops\"") => Some(Form::Json),
        () if begins(b"sops_mac=") => Some(Form::Dotenv),
        () if begins(b"[sops]") => Some(Form::Ini),
        () if begins(b"sops:") => Some(Form::Yaml),
        () => None,
    }?;
    // JSON is YAML too, and the ending is what `sops` itself goes by.
    let ending = place.extension().and_then(OsStr::to_str);
    Some(if matches!(ending, Some("yaml" | "yml")) { Form::Yaml } else { by_content })
}

/// Reads a file through `sops`.
///
/// # Errors
/// `NotFound` without `sops`, `Disk` when it does not open the file; nothing of it is quoted.
pub(super) fn read(place: &Path, text: &[u8], identity: Option<&Path>) -> Result<Moving> {
    let Some(form) = form(place, text) else {
        return Err(Failure::new(Kind::Usage, format!("`{}` is no file that SOPS encrypted", place.display())));
    };
    if place.as_os_str() == "-" {
        return Err(Failure::new(Kind::Usage, "`sops` reads a file: name it instead of `-`"));
    }
    let (input, output) = match form {
        Form::Json => ("json", "json"),
        Form::Yaml => ("yaml", "json"),
        Form::Dotenv => ("dotenv", "dotenv"),
        Form::Ini => ("ini", "json"),
    };
    // Behind `./` no name is taken for an option.
    let path = std::path::absolute(place).unwrap_or_else(|_| PathBuf::from(".").join(place));
    let Some(path) = path.to_str() else {
        return Err(Failure::new(Kind::Usage, "the path of this file is no text; copy it to another place first"));
    };
    let command = ["sops", "--decrypt", "--input-type", input, "--output-type", output, path].map(str::to_owned);
    let mut sops = Program::find(&command, "program").map_err(|failure| Failure {
        hints: vec!["what SOPS encrypted is opened by `sops` itself: install that first".into()],
        ..failure
    })?;
    if let Some(identity) = identity {
        sops = sops.variable("SOPS_AGE_KEY_FILE", &identity.display().to_string());
    }
    let opened = sops.succeed(Zeroizing::new(Vec::new()), Stdio::piped(), DEADLINE).map_err(|failure| {
        let said = format!("`{}` cannot be opened: {}; nothing was imported", place.display(), failure.message);
        Failure::new(Kind::Disk, said).hint("what `sops` says stands above; another age identity: `--identity FILE`")
    })?;
    if form == Form::Dotenv {
        Ok(exchange::dotenv::read(&opened)?.into())
    } else {
        exchange::json::read_nested(&opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sops_encrypted_is_known_by_its_marks() {
        let form = |name: &str, text: &str| form(Path::new(name), text.as_bytes());
        let sealed = "ENC[AES256_GCM,data:x,type:str]";
        assert!(form("a.json", &format!("{{\"a\": \"{sealed}\", \"sops\": {{}}}}")) == Some(Form::Json));
        assert!(form(".env", &format!("A={sealed}\nsops_mac={sealed}\n")) == Some(Form::Dotenv));
        assert!(form("a.ini", &format!("[a]\nb={sealed}\n[sops]\n")) == Some(Form::Ini));
        assert!(form("a", &format!("a: {sealed}\nsops:\n    mac: x\n")) == Some(Form::Yaml));
        assert!(form("a.env", "A=b\nsops_mac=x\n").is_none() && form("a.env", &format!("A={sealed}\n")).is_none());
    }
}
