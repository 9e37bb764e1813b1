//! Which plugin: its name, and the line that says so in a file of identities.

use std::fmt;

use age_core::primitives::bech32_decode;

use crate::{
    failure::{Failure, Kind, Result},
    secret::Secret,
};

/// How the line of a plugin's identity begins (C2SP, "Plugin system for age").
pub const PREFIX: &str = "AGE-PLUGIN-";
/// The longest name: none that is known has more than 20 letters.
const LONGEST: usize = 64;
/// How the recipients of plugins begin.
const RECIPIENT: &str = "age1";
/// How those begin that age itself wraps to, for a plugin to unwrap.
const TAGGED: &str = "age1tag1";

/// A plugin's name: letters, digits and `-` alone, so that no name leads to another folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginName(String);

impl PluginName {
    /// Reads a name; upper case means the same as lower.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_fit = !text.is_empty()
            && text.len() <= LONGEST
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_fit.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The name of its program.
    #[must_use]
    pub fn program(&self) -> String {
        format!("age-plugin-{self}")
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a plugin's own `--generate` writes: the line that leads the plugin to its key, and perhaps its recipient. Some plugins
/// keep the key itself in the line, so it is held like a secret.
pub struct PluginLine {
    /// Which plugin.
    pub name: PluginName,
    /// The line `AGE-PLUGIN-…`.
    pub line: Secret,
    /// What keys are wrapped to for it.
    pub to: To,
}

/// What a key is wrapped to, for a plugin to unwrap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// A recipient of the plugin's, which wraps to it.
    Recipient(String),
    /// One on the curve P-256, which hardware has in common: age itself wraps to it.
    Tagged(String),
    /// Whatever the plugin makes of its identity; not every plugin can.
    Identity,
}

impl PluginLine {
    /// The same once more.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { name: self.name.clone(), line: self.line.copy(), to: self.to.clone() }
    }

    /// Reads a file of one plugin's identity: one line of it, and comments.
    ///
    /// # Errors
    /// `Usage` where it is anything else; nothing of it is quoted.
    pub fn read(file: &Secret) -> Result<Self> {
        let not = |what: &str| {
            Failure::new(Kind::Usage, format!("the file of the plugin's identity {what}"))
                .hint("give the file that the plugin made: `age-plugin-NAME --generate`, one line `AGE-PLUGIN-…` and comments")
        };
        let text = file.expose_text().ok_or_else(|| not("is no text"))?;
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut found = lines().filter(|line| !line.starts_with('#'));
        let line = found.next().ok_or_else(|| not("has no identity"))?;
        if found.next().is_some() {
            return Err(not("has more than one line beside comments"));
        }
        let name = name_of(line).ok_or_else(|| not("has no identity of a plugin, or a damaged one"))?;
        let mut words = lines().filter(|line| line.starts_with('#')).flat_map(str::split_whitespace);
        let to = words.find_map(|word| To::of(word, &name)).unwrap_or(To::Identity);
        Ok(Self { name, line: Secret::new(line.as_bytes().to_vec()), to })
    }
}

/// Whose identity a line is: `AGE-PLUGIN-NAME-1…`, with a checksum.
fn name_of(line: &str) -> Option<PluginName> {
    bech32_decode(
        line,
        |_| (),
        |_| Ok(()),
        |hrp, _| {
            let name = hrp.as_str().strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix('-'));
            name.and_then(PluginName::parse).ok_or(())
        },
    )
    .ok()
}

impl To {
    /// The comment that names it in a file of identities.
    #[must_use]
    pub fn comment(&self) -> String {
        match self {
            Self::Recipient(recipient) | Self::Tagged(recipient) => format!("# recipient: {recipient}\n"),
            Self::Identity => String::new(),
        }
    }

    /// A word of a comment, if it is a recipient that this plugin unwraps for.
    fn of(word: &str, name: &PluginName) -> Option<Self> {
        if word.starts_with(TAGGED) {
            return word.parse::<age::tag::Recipient>().ok().map(|_| Self::Tagged(word.to_owned()));
        }
        let is_its = |hrp: &str| hrp.strip_prefix(RECIPIENT).is_some_and(|other| other == name.0);
        let decoded = bech32_decode(word, |_| (), |_| Ok(()), |hrp, _| Ok::<_, ()>(is_its(hrp.as_str())));
        (decoded == Ok(true)).then(|| Self::Recipient(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "AGE-PLUGIN-FOOBAR-1QVHULF";

    fn read(text: &str) -> std::result::Result<String, String> {
        let file = Secret::new(text.as_bytes().to_vec());
        PluginLine::read(&file).map(|line| line.name.program()).map_err(|failure| failure.message)
    }

    #[test]
    fn a_comment_names_what_keys_are_wrapped_to_if_it_is_fit_for_that_plugin() {
        let tagged = "age1tag1qtdz6hdsve03ckgfwswju3ydqwcyvrspsa0hu5vfdm2gk5khyaeuqlzs9fz";
        let own = "age1foobar1rqqax4g4xzmqk";
        let to = |comment: &str| {
            let file = Secret::new(format!("# Recipient: {comment}\n{LINE}\n").into_bytes());
            PluginLine::read(&file).expect("an identity").to
        };
        assert_eq!(to(tagged), To::Tagged(tagged.into()));
        for other in ["", "age1foobar1", &tagged.replace("qt", "qw"), &own.replace("rqq", "rqw"), "age1xwing1ur533tar"]
        {
            assert_eq!(to(other), To::Identity, "{other}");
        }
        let valid = age_core::primitives::bech32_decode(own, |_| (), |_| Ok(()), |_, _| Ok::<_, ()>(())).is_ok();
        assert_eq!(to(own), if valid { To::Recipient(own.into()) } else { To::Identity });
    }

    #[test]
    fn a_name_has_letters_digits_and_dashes_alone() {
        assert_eq!(PluginName::parse("YubiKey-5").map(|name| name.program()), Some("age-plugin-yubikey-5".to_owned()));
        for bad in ["", "a/b", "../x", "a\\b", "a.b", "a b", "a+b", "a_b", "ä", "a\0", "C:x", &"a".repeat(65)] {
            assert_eq!(PluginName::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_file_of_one_identity_and_comments_is_read_and_nothing_else() {
        assert_eq!(
            read(&format!("# created: today\r\n# Recipient: age1x\r\n\r\n{LINE}\r\n")),
            Ok("age-plugin-foobar".into())
        );
        for (text, said) in [
            (String::new(), "has no identity"),
            ("# only a comment\n".into(), "has no identity"),
            (format!("{LINE}\n{LINE}\n"), "has more than one line beside comments"),
            (format!("{LINE}\nAGE-SECRET-KEY-1X\n"), "has more than one line beside comments"),
            (LINE.replace("QV", "QW"), "has no identity of a plugin, or a damaged one"),
            (LINE.to_lowercase(), "has no identity of a plugin, or a damaged one"),
            ("AGE-SECRET-KEY-1QQQ".into(), "has no identity of a plugin, or a damaged one"),
            (format!("{LINE} x"), "has no identity of a plugin, or a damaged one"),
        ] {
            assert_eq!(read(&text), Err(format!("the file of the plugin's identity {said}")), "{text}");
        }
    }
}
