//! What a shell is to do, in its own form: remember what variables were, set values, bring back what was.
//!
//! bash, zsh and fish get calls of the functions of their hook and assignments of values in single quotes. `PowerShell` and
//! nu get lines of a word, a name and base64, which their hooks read as data: neither of them needs to run a text, and
//! Windows may keep a log of the texts that are run.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::Shell;
use crate::{exchange::export, failure::Result, name::VariableName, secret::Secret};

/// The last line, by which a shell that cannot see how keyctl ended knows that it has all of it.
pub const END: &str = "#";

/// One thing to do.
pub enum Step<'a> {
    /// Remember what a variable is, and whether it is exported, before it gets a value.
    Keep(&'a VariableName, bool),
    /// Give a variable a value and export it.
    Give(&'a VariableName, &'a Secret),
    /// Make a variable what it was.
    Back(&'a VariableName),
    /// Take a variable away that is keyctl's own.
    Remove(&'a VariableName),
}

/// The answer for a shell; without steps there is none.
///
/// # Errors
/// `Usage` for a value that the shell cannot have; [`Shell::objection`] tells that before.
pub fn write(shell: Shell, steps: &[Step]) -> Result<Zeroizing<Vec<u8>>> {
    let mut parts: Vec<Zeroizing<Vec<u8>>> = Vec::with_capacity(steps.len() + 1);
    for step in steps {
        match shell {
            Shell::Powershell | Shell::Nu => parts.push(as_data(step)),
            _ => parts.extend(as_command(shell, step)?),
        }
    }
    if !steps.is_empty() {
        parts.push(Zeroizing::new(format!("{END}\n").into_bytes()));
    }
    // Made whole at once: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in &parts {
        text.extend_from_slice(part);
    }
    Ok(text)
}

/// A line, perhaps in two parts. What the user has put in the place of a command, an alias or a function, is passed by.
fn as_command(shell: Shell, step: &Step) -> Result<Vec<Zeroizing<Vec<u8>>>> {
    let text = match step {
        Step::Give(name, value) => {
            let given = export::write(shell.format(), &[((*name).clone(), value)])?;
            let head = match shell {
                Shell::Fish => "builtin ".to_owned(),
                _ => format!("__keyctl_may {name} && \\builtin "),
            };
            return Ok(vec![Zeroizing::new(head.into_bytes()), given]);
        }
        Step::Keep(name, is_exported) => format!("__keyctl_keep {name} {}\n", flag(*is_exported)),
        Step::Back(name) => format!("__keyctl_back {name}\n"),
        Step::Remove(name) if shell == Shell::Fish => format!("builtin set -e {name}\n"),
        Step::Remove(name) => format!("\\builtin unset {name}\n"),
    };
    Ok(vec![Zeroizing::new(text.into_bytes())])
}

fn as_data(step: &Step) -> Zeroizing<Vec<u8>> {
    let text = match step {
        Step::Give(name, value) => {
            let (value, head) = (value.expose(), format!("give {name} "));
            let mut line = Zeroizing::new(vec![b'\n'; head.len() + value.len().div_ceil(3) * 4 + 1]);
            line[..head.len()].copy_from_slice(head.as_bytes());
            // It fills all but the line's end.
            let _ = STANDARD.encode_slice(value, &mut line[head.len()..]);
            return line;
        }
        Step::Keep(name, is_exported) => format!("keep {name} {}\n", flag(*is_exported)),
        Step::Back(name) => format!("back {name} -\n"),
        Step::Remove(name) => format!("remove {name} -\n"),
    };
    Zeroizing::new(text.into_bytes())
}

fn flag(is_exported: bool) -> char {
    if is_exported { 'x' } else { '-' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(shell: Shell, value: &[u8]) -> String {
        let (a, b, own): (VariableName, VariableName, VariableName) =
            ("A".parse().expect("good"), "B".parse().expect("good"), "KEYCTL_X".parse().expect("good"));
        let value = Secret::new(value.to_vec());
        let steps = [Step::Keep(&a, true), Step::Give(&a, &value), Step::Back(&b), Step::Remove(&own)];
        String::from_utf8(write(shell, &steps).expect("fits").to_vec()).expect("text")
    }

    #[test]
    fn a_value_stands_in_quotes_or_in_base64_and_nothing_else_is_in_the_answer() {
        assert_eq!(
            written(Shell::Bash, b"$(id)'"),
            "__keyctl_keep A x\n__keyctl_may A && \\builtin export A='$(id)'\\'''\n__keyctl_back B\n\\builtin unset KEYCTL_X\n#\n"
        );
        assert_eq!(
            written(Shell::Fish, b"a\nb"),
            "__keyctl_keep A x\nbuiltin set -gx A 'a'\\x0a'b';\n__keyctl_back B\nbuiltin set -e KEYCTL_X\n#\n"
        );
        for (value, base64) in [(&b"a\nb"[..], "YQpi"), (b"", ""), (b"ab", "YWI="), (b"a", "YQ==")] {
            assert_eq!(
                written(Shell::Nu, value),
                format!("keep A x\ngive A {base64}\nback B -\nremove KEYCTL_X -\n#\n")
            );
        }
    }

    #[test]
    fn where_nothing_is_to_be_done_nothing_is_said() {
        for shell in Shell::ALL {
            assert!(write(shell, &[]).expect("fits").is_empty());
        }
    }

    #[test]
    fn a_value_that_a_shell_cannot_have_is_refused() {
        let name: VariableName = "A".parse().expect("good");
        let (nul, odd) = (Secret::new(b"a\0b".to_vec()), Secret::new(b"\xff".to_vec()));
        for shell in Shell::ALL {
            assert!(shell.objection(&name, &nul).is_some(), "{shell}");
            let is_data = matches!(shell, Shell::Powershell | Shell::Nu);
            assert_eq!(shell.objection(&name, &odd).is_some(), is_data, "{shell}");
            assert_eq!(write(shell, &[Step::Give(&name, &nul)]).is_err(), !is_data, "{shell}");
        }
        for own in ["PWD", "PATH", "HOME"] {
            let own = own.parse().expect("good");
            assert!(Shell::ALL.iter().all(|shell| shell.objection(&own, &Secret::new(b"x".to_vec())).is_some()));
        }
    }
}
