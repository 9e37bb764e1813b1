//! What a command gets as a file, and on no disk: as a file in memory without a name, or in a private folder in memory.
//!
//! A file without a name (`file`, `fd`) is sealed, is open in the command and in whatever that starts, and is gone with the
//! last of them: nobody has to stay for it, and nothing is left if anybody is killed. Its path, `/proc/self/fd/N`, means
//! something only to a process that has it open. Programs that close what they did not open themselves (ssh, sudo) or hand the
//! path to one they did not start need a name: see [`super::private_folder`].

use std::fs::File;

use crate::{
    failure::{Failure, Kind, Result, reason},
    name::VariableName,
    platform,
    profile::Form,
    secret::Secret,
};

use super::private_folder::PrivateFolder;

/// One thing that a command gets as a file.
pub struct Handed {
    /// The variable that says where it is.
    pub variable: VariableName,
    /// What is in it.
    pub secret: Secret,
    /// How it is given.
    pub form: Form,
}

/// The files of one command. They are there as long as this is, and those without a name in the command.
#[derive(Default)]
pub struct Files {
    open: Vec<File>,
    folder: Option<PrivateFolder>,
}

/// Whether one of these has a name, so that somebody has to stay who takes it away.
#[must_use]
pub fn need_attending(handed: &[Handed]) -> bool {
    handed.iter().any(|handed| handed.form == Form::NamedFile)
}

impl Files {
    /// Makes the files, and the variables that say where they are. What stands in a variable that is left as it is (`is_left`)
    /// is not made.
    ///
    /// # Errors
    /// `Disk` where the system has no such files, or none that is on no disk.
    pub fn put(
        handed: &[Handed],
        is_left: impl Fn(&VariableName) -> bool,
    ) -> Result<(Self, Vec<(VariableName, Secret)>)> {
        let (mut files, mut paths) = (Self::default(), Vec::with_capacity(handed.len()));
        for Handed { variable, secret, form } in handed {
            let value = if is_left(variable) { String::new() } else { files.add(variable, secret, *form)? };
            paths.push((variable.clone(), Secret::new(value.into_bytes())));
        }
        Ok((files, paths))
    }

    fn add(&mut self, variable: &VariableName, secret: &Secret, form: Form) -> Result<String> {
        if form == Form::NamedFile {
            let folder = match &mut self.folder {
                Some(folder) => folder,
                none => none.insert(PrivateFolder::make()?),
            };
            return folder.put(variable.as_str(), secret.expose());
        }
        let file = platform::memory_file(secret.expose()).map_err(|error| {
            if error.kind() != std::io::ErrorKind::Unsupported {
                let why = reason(&error);
                return Failure::new(Kind::Disk, format!("cannot make the file in memory for `{variable}`: {why}"));
            }
            Failure::new(
                Kind::Disk,
                format!("this system has no files in memory, so `{variable}` cannot be given as one"),
            )
            .hint("give it as a variable; keyctl writes no secret to a disk by itself")
        })?;
        let number = platform::number_of(&file);
        self.open.push(file);
        Ok(if form == Form::Descriptor { number.to_string() } else { format!("/proc/self/fd/{number}") })
    }

    /// Adds one that is only for a keyctl within the command, and gives its number. Where the system has no such files there is none.
    pub fn add_for_inner(&mut self, secret: &Secret) -> Option<String> {
        let file = platform::memory_file(secret.expose()).ok()?;
        let number = platform::number_of(&file).to_string();
        self.open.push(file);
        Some(number)
    }

    /// Leaves the files open for the program that is started next. Not before: whatever else is started has no business with them.
    ///
    /// # Errors
    /// `Disk` as the system has it.
    pub fn leave_open(&self) -> Result<()> {
        let left = self.open.iter().try_for_each(platform::leave_open);
        left.map_err(|error| Failure::new(Kind::Disk, format!("cannot leave a file open: {}", reason(&error))))
    }

    /// Takes them away behind their command.
    ///
    /// # Errors
    /// `Disk` where something stays that has a name.
    pub fn take_away(self) -> Result<()> {
        self.folder.map_or(Ok(()), PrivateFolder::take_away)
    }
}
