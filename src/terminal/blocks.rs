//! Whether a screen shows more than ASCII.

use std::io::{self, IsTerminal};

use super::Terminal;

impl Terminal {
    /// Whether what reads standard output is a screen that shows blocks: by the locale, as POSIX has its variables in
    /// turn, and a console of Windows always.
    #[must_use]
    pub fn has_blocks(&self) -> bool {
        io::stdout().is_terminal() && (cfg!(windows) || is_utf_8(|name| std::env::var(name).ok()))
    }
}

fn is_utf_8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    set.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::is_utf_8;

    #[test]
    fn the_first_variable_that_is_set_says_it() {
        let told = |set: &[(&str, &str)]| {
            is_utf_8(|name| set.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(told(&[("LANG", "de_DE.UTF-8")]) && told(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]));
        assert!(!told(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]) && !told(&[]));
    }
}
