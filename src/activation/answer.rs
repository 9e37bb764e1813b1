//! What a shell is to do, in its own form: remember what variables were, set values, bring back what was.
//!
//! fish gets calls of the functions of its hook and assignments of values in single quotes. All others get lines of a word, a
//! name and one thing more, which their hooks read as data. No text is run there: traps of bash and zsh are told the command
//! that is about to be run, and Windows may keep a log. A value stands in base64, or, for bash and zsh, which have no
//! decoder of it, in letters that no shell takes for more and in the octal numbers that their own `printf` understands.

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
            Shell::Fish => parts.extend(as_command(shell, step)?),
            Shell::Bash | Shell::Zsh => parts.push(as_data(step, octal)),
            Shell::Powershell | Shell::Nu => parts.push(as_data(step, base64)),
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
            return Ok(vec![Zeroizing::new(b"builtin ".to_vec()), given]);
        }
        Step::Keep(name, is_exported) => format!("__keyctl_keep {name} {}\n", flag(*is_exported)),
        Step::Back(name) => format!("__keyctl_back {name}\n"),
        Step::Remove(name) => format!("builtin set -e {name}\n"),
    };
    Ok(vec![Zeroizing::new(text.into_bytes())])
}

/// A line. What is written of a value is at most five bytes for each of its own, and five more.
fn as_data(step: &Step, write: fn(&[u8], &mut Vec<u8>)) -> Zeroizing<Vec<u8>> {
    let text = match step {
        Step::Give(name, value) => {
            let (value, head) = (value.expose(), format!("give {name} "));
            let mut line = Zeroizing::new(Vec::with_capacity(head.len() + 5 * value.len() + 6));
            line.extend_from_slice(head.as_bytes());
            write(value, &mut line);
            line.push(b'\n');
            return line;
        }
        Step::Keep(name, is_exported) => format!("keep {name} {}\n", flag(*is_exported)),
        Step::Back(name) => format!("back {name} -\n"),
        Step::Remove(name) => format!("remove {name} -\n"),
    };
    Zeroizing::new(text.into_bytes())
}

fn base64(value: &[u8], line: &mut Vec<u8>) {
    let at = line.len();
    line.resize(at + value.len().div_ceil(3) * 4, 0);
    // There is room for just that.
    let _ = STANDARD.encode_slice(value, &mut line[at..]);
}

/// Behind a sign, since what is empty would be no word. All that a shell could take for more than itself, as a sign for any
/// letter or the end of a word, is a number.
fn octal(value: &[u8], line: &mut Vec<u8>) {
    line.push(b'=');
    for byte in value {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b',' | b':' | b'/' | b'@' | b'+' | b'=' => {
                line.push(*byte);
            }
            _ => {
                let digit = |shift: u8| b'0' + (byte >> shift & 7);
                line.extend([b'\\', b'0', digit(6), digit(3), digit(0)]);
            }
        }
    }
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
            written(Shell::Bash, b"a$(id)'\xff"),
            "keep A x\ngive A =a\\0044\\0050id\\0051\\0047\\0377\nback B -\nremove KEYCTL_X -\n#\n"
        );
        assert_eq!(written(Shell::Zsh, b""), "keep A x\ngive A =\nback B -\nremove KEYCTL_X -\n#\n");
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
            let is_text = matches!(shell, Shell::Powershell | Shell::Nu);
            assert_eq!(shell.objection(&name, &odd).is_some(), is_text, "{shell}");
            assert_eq!(write(shell, &[Step::Give(&name, &nul)]).is_err(), shell == Shell::Fish, "{shell}");
        }
        for own in ["PWD", "PATH", "HOME"] {
            let own = own.parse().expect("good");
            assert!(Shell::ALL.iter().all(|shell| shell.objection(&own, &Secret::new(b"x".to_vec())).is_some()));
        }
    }
}
