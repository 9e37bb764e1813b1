//! What a shell is asked to load once: a few functions, and the place in its prompt from which they are called.
//!
//! Each is a file of that shell's own language, to be read as it is. It names the program by its absolute path: another
//! program of the name may come first on `PATH`. `#=` begins the part that takes the hook up, and the one that takes it off.

use super::Shell;
use crate::plain::shell_word;

const BASH: &str = include_str!("hook.bash");
const ZSH: &str = include_str!("hook.zsh");
const FISH: &str = include_str!("hook.fish");
const POWERSHELL: &str = include_str!("hook.ps1");
const NU: &str = include_str!("hook.nu");

const ON: &str = "#= on\n";
const OFF: &str = "#= off\n";
/// What stands for the program's path.
const PROGRAM: &str = "PROGRAM";

/// The text for a shell, for a program at this path: what takes the hook up, or takes it off and gives back what was.
#[must_use]
pub fn text(shell: Shell, program: &str, is_off: bool) -> String {
    let text = match shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
        Shell::Powershell => POWERSHELL,
        Shell::Nu => NU,
    };
    let (functions, rest) = text.split_once(ON).unwrap_or((text, ""));
    let (on, off) = rest.split_once(OFF).unwrap_or((rest, ""));
    let text = [functions, if is_off { off } else { on }].concat();
    text.replace(PROGRAM, &quoted(shell, program))
}

/// A path as one word of the shell's, whatever stands in it.
fn quoted(shell: Shell, path: &str) -> String {
    match shell {
        Shell::Bash | Shell::Zsh => shell_word(path),
        Shell::Fish => format!("'{}'", path.replace('\\', "\\\\").replace('\'', "\\'")),
        // Windows PowerShell takes the curly ones for the same.
        Shell::Powershell => {
            let doubled = |c: char| {
                let is_quote = matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}');
                if is_quote { format!("{c}{c}") } else { c.to_string() }
            };
            format!("'{}'", path.chars().map(doubled).collect::<String>())
        }
        Shell::Nu => {
            // A raw string ends with as many signs as it began with.
            let signs = "#".repeat(
                1 + path.split('\'').map(|part| part.len() - part.trim_start_matches('#').len()).max().unwrap_or(0),
            );
            format!("r{signs}'{path}'{signs}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_names_the_program_by_its_path_and_is_taken_up_or_off() {
        for shell in Shell::ALL {
            let (on, off) = (text(shell, "/opt/key ctl", false), text(shell, "/opt/key ctl", true));
            assert_ne!(on, off, "{shell}");
            for text in [on, off] {
                assert!(text.contains("'/opt/key ctl'") && !text.contains("#="), "{text}");
                assert!(!text.contains(PROGRAM), "{text}");
                assert!(text.lines().all(|line| line.len() <= 130), "{text}");
            }
        }
    }

    #[test]
    fn a_path_is_one_word_whatever_stands_in_it() {
        assert_eq!(quoted(Shell::Bash, "/it's/$(id)"), "'/it'\\''s/$(id)'");
        assert_eq!(quoted(Shell::Fish, "/it's\\"), "'/it\\'s\\\\'");
        assert_eq!(quoted(Shell::Powershell, "C:\\it's\u{2019}"), "'C:\\it''s\u{2019}\u{2019}'");
        assert_eq!(quoted(Shell::Nu, "/it's"), "r#'/it's'#");
        assert_eq!(quoted(Shell::Nu, "/it'##s"), "r###'/it'##s'###");
    }
}
