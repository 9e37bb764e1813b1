//! The texts of the two units for systemd's user manager, and how words are written in them (systemd.service(5),
//! systemd.timer(5), systemd.syntax(7)).

use std::path::PathBuf;

use super::{Call, HOUR, MARK};
use crate::failure::Result;

/// The unit that calls keyctl.
pub const SERVICE: &str = "keyctl-remind.service";
/// The unit that says when.
pub const TIMER: &str = "keyctl-remind.timer";
/// systemd refuses an executable whose path has one of these (`string_is_safe` in its source).
const NEVER: &[char] = &['"', '\'', '\\'];
/// How its line in the service begins.
const HOME: &str = "KEYCTL_HOME=";

/// The service. A desktop may not be there yet when the user has just logged in, or the keychain still be locked, so what
/// failed is tried again; systemd older than 244 does that for this type of service only. Nothing here sets
/// `NoNewPrivileges` or what implies it: the user's own program may hand mail to one that has to be another user.
///
/// # Errors
/// `Usage` for a path that systemd cannot call.
pub fn service(call: &Call) -> Result<String> {
    let words = call.words(NEVER, &[])?;
    // Variables are replaced in arguments, also in the one that is the program's name, but not in its path; so the two
    // are told apart, with an `@`, where it matters.
    let mut command = quoted(words.program);
    if words.program.contains('$') {
        command = format!("@{command} {}", argument(words.program));
    }
    for word in words.arguments {
        command.push(' ');
        command.push_str(&argument(word));
    }
    let home = words.home.map(|home| format!("Environment={}\n", quoted(&format!("{HOME}{home}")))).unwrap_or_default();
    Ok(format!(
        "# {MARK}\n# Changes of your own belong into `systemctl --user edit {SERVICE}`.\n\
         [Unit]\nDescription=Reminder of API keys that are due\nStartLimitIntervalSec=6h\nStartLimitBurst=4\n\n\
         [Service]\nType=simple\nExecStart={command}\n{home}\
         Restart=on-failure\nRestartSec=10min\nRuntimeMaxSec=10min\nLimitCORE=0\nUMask=0077\n"
    ))
}

/// The timer: each day, at another minute for each machine, and at the next chance if the machine was off.
#[must_use]
pub fn timer() -> String {
    format!(
        "# {MARK}\n# Changes of your own belong into `systemctl --user edit {TIMER}`.\n\
         [Unit]\nDescription=Daily reminder of API keys that are due\n\n\
         [Timer]\nOnCalendar=*-*-* {HOUR:02}:00:00\nRandomizedDelaySec=30min\nPersistent=true\n\n\
         [Install]\nWantedBy=timers.target\n"
    )
}

/// What a service that [`service`] wrote calls: the program, and the folder it gives as `KEYCTL_HOME`.
#[must_use]
pub fn read(service: &str) -> Option<(PathBuf, Option<PathBuf>)> {
    let value = |name: &str| service.lines().find_map(|line| line.strip_prefix(name));
    let command = value("ExecStart=")?;
    let program = unquoted(command.strip_prefix('@').unwrap_or(command))?;
    let home = match value("Environment=") {
        Some(assignment) => Some(unquoted(assignment)?.strip_prefix(HOME)?.into()),
        None => None,
    };
    Some((program.into(), home))
}

/// A word in double quotes; `%` begins a specifier, so it stands for itself when doubled.
fn quoted(text: &str) -> String {
    let mut word = String::with_capacity(text.len() + 2);
    word.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => word.extend(['\\', c]),
            '%' => word.push_str("%%"),
            other => word.push(other),
        }
    }
    word.push('"');
    word
}

/// A quoted word in which no variable is replaced.
fn argument(text: &str) -> String {
    quoted(text).replace('$', "$$")
}

/// The first word of a line, back from what [`quoted`] made of it.
fn unquoted(line: &str) -> Option<String> {
    let mut letters = line.strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => text.push(letters.next()?),
            '%' => text.push(letters.next().filter(|next| *next == '%')?),
            other => text.push(other),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn call(program: &str, home: Option<&str>) -> Call {
        Call { program: program.into(), arguments: vec!["remind".into(), "now".into()], home: home.map(PathBuf::from) }
    }

    #[test]
    fn the_service_calls_the_program_by_its_absolute_path() {
        let text = service(&call("/opt/50% off/$x/keyctl", Some("/home/\"me\" \\ %h"))).unwrap();
        assert_eq!(
            text,
            "# Written by `keyctl remind install`; `keyctl remind uninstall` removes it.\n\
             # Changes of your own belong into `systemctl --user edit keyctl-remind.service`.\n\
             [Unit]\n\
             Description=Reminder of API keys that are due\n\
             StartLimitIntervalSec=6h\n\
             StartLimitBurst=4\n\
             \n\
             [Service]\n\
             Type=simple\n\
             ExecStart=@\"/opt/50%% off/$x/keyctl\" \"/opt/50%% off/$$x/keyctl\" \"remind\" \"now\"\n\
             Environment=\"KEYCTL_HOME=/home/\\\"me\\\" \\\\ %%h\"\n\
             Restart=on-failure\n\
             RestartSec=10min\n\
             RuntimeMaxSec=10min\n\
             LimitCORE=0\n\
             UMask=0077\n"
        );
        let plain = service(&call("/usr/bin/keyctl", None)).unwrap();
        assert!(plain.contains("\nExecStart=\"/usr/bin/keyctl\" \"remind\" \"now\"\nRestart="), "{plain}");
    }

    #[test]
    fn what_systemd_cannot_call_is_refused_before_anything_is_written() {
        let said = |program: &str, home| service(&call(program, home)).unwrap_err().message;
        assert_eq!(
            said("/opt/it's/keyctl", None),
            "a timer cannot have the program `/opt/it's/keyctl`: its path has the character '\\''"
        );
        assert_eq!(said("keyctl", None), "a timer cannot have the program `keyctl`: its path is not absolute");
        assert_eq!(
            said("/opt/keyctl", Some("/a\nExecStart=/b")),
            "a timer cannot have `KEYCTL_HOME` `/a\nExecStart=/b`: its path has the character '\\n'"
        );
        assert!(service(&call("/opt/keyctl", Some("/it's \"mine\""))).is_ok());
    }

    proptest! {
        #[test]
        fn what_was_written_reads_back(program in "/[^\\p{C}'\"\\\\]{1,40}", home in "/[^\\p{C}]{0,40}") {
            let text = service(&call(&program, Some(&home))).unwrap();
            prop_assert_eq!(read(&text), Some((program.clone().into(), Some(home.into()))));
            prop_assert_eq!(read(&service(&call(&program, None)).unwrap()), Some((program.into(), None)));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = read(&format!("ExecStart={text}\nEnvironment={text}"));
        }
    }
}
