//! A plugin as a store's keeper: its name and the path of its program in the record, and its line in a file of its own beside the
//! identity that it opens, so that age itself opens that one with it.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::name::{PluginLine, PluginName};
use crate::{
    failure::{Failure, Kind, Result},
    home::{self, Home},
    identity::{file::private, record::FileName},
    secret::Secret,
};

/// Where a plugin has an identity, and which plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginPlace {
    /// The file of the wrapped identity.
    pub file: FileName,
    /// The plugin.
    pub name: PluginName,
    /// Its program, by its absolute path.
    pub program: PathBuf,
}

impl PluginPlace {
    /// What the record says of it.
    #[must_use]
    pub fn lines(&self) -> String {
        // A string of JSON is one of TOML too.
        let program = serde_json::Value::from(self.program.to_string_lossy().as_ref());
        format!("plugin = \"{}\"\nprogram = {program}\n", self.name)
    }

    /// The file of the plugin's line.
    #[must_use]
    pub fn line_file(&self, home: &Home) -> PathBuf {
        home.file(&self.file.of_plugin())
    }

    /// Keeps the line that a new place is to get, until the identity is wrapped there.
    pub fn hold(&self, line: PluginLine) {
        let mut given = given();
        given.retain(|(file, _)| *file != self.file);
        given.push((self.file, line));
    }

    /// The line that was given for this place, if one was.
    #[must_use]
    pub fn held(&self) -> Option<PluginLine> {
        given().iter().find(|(file, _)| *file == self.file).map(|(_, line)| line.copy())
    }

    /// Writes a line down.
    pub(super) fn write(&self, path: &Path, line: &PluginLine) -> Result<()> {
        let head =
            format!("# leads `{}` to the key that opens `{}` beside this file\n", self.name.program(), self.file);
        let recipient = line.to.comment();
        let text = Secret::new([head.as_bytes(), recipient.as_bytes(), line.line.expose(), b"\n"].concat());
        home::replace(path, text.expose())
    }
}

static GIVEN: Mutex<Vec<(FileName, PluginLine)>> = Mutex::new(Vec::new());

fn given() -> MutexGuard<'static, Vec<(FileName, PluginLine)>> {
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The plugin's line as it was written down.
pub(super) fn read(path: &Path, name: &PluginName) -> Result<PluginLine> {
    let lost = |what: &str| {
        Failure::new(Kind::Store, format!("`{}` {what}", path.display()))
            .hint("put your own copy of it back, or bring the identity back: `keyctl recovery restore FILE`")
    };
    let file = private(path)?.ok_or_else(|| lost("is gone: it leads the plugin to its key"))?;
    let line = PluginLine::read(&file).map_err(|_| lost("is damaged"))?;
    if line.name == *name { Ok(line) } else { Err(lost("is of another plugin than the store's")) }
}
