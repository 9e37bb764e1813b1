//! Exports that a shell reads: plain sh, bash, zsh, fish and `PowerShell`.
//!
//! A value always stands in single quotes, where none of them expands anything.
//!
//! - bash and zsh: `'…'`, and `$'…'` where a control character or a byte that is not UTF-8 has to be escaped, so that the
//!   output stays one line a variable and survives a terminal. sh: `'…'` always, for dash does not know the other.
//! - fish: `'…'` with `\\` and `\'`; control characters and odd bytes stand between quotes as `\x0a` and `\Xff`. Each line
//!   ends in `;`, because `eval (keyctl env …)` makes one line of them all.
//! - `PowerShell`: `'…'` with `''` where the value is printable ASCII. Everything else goes as base64 through .NET's own
//!   decoder, since a native program's output is split into lines and decoded with the console's code page before
//!   `PowerShell` sees it. So the curly quotes, which it takes for `'` as well, never reach the source text. An empty value
//!   would remove the variable there and is refused.
//!
//! Some names cannot be set: they are the shell's own, and the shell ignores the value, computes with it, or even runs it
//! (bash executes `$(…)` in a value given to `RANDOM`, `SRANDOM`, `OPTIND`, `HISTCMD` and `MAILCHECK`). They are refused.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::page::Page;

/// Names that are bash's own beside all that begin with `BASH`: read-only, computed, integers or arrays.
const OF_BASH: &str = "\
    _ COMP_CWORD COMP_KEY COMP_POINT COMP_TYPE COMPREPLY DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS \
    HISTCMD LINENO MAILCHECK OPTIND PIPESTATUS PPID RANDOM SECONDS SHELLOPTS SHLVL SRANDOM UID";
/// Names that are zsh's own: read-only, integers, arrays and tables, also those of its standard modules.
const OF_ZSH: &str = "\
    _ aliases ARGC argv builtins cdpath COLUMNS commands dirstack dis_aliases dis_builtins dis_functions \
    dis_functions_source dis_galiases dis_patchars dis_reswords dis_saliases EGID EPOCHREALTIME EPOCHSECONDS \
    epochtime ERRNO errnos EUID fignore fpath funcfiletrace FUNCNEST funcsourcetrace funcstack functions \
    functions_source functrace galiases GID HISTCHARS histchars HISTCMD history historywords HISTSIZE jobdirs \
    jobstates jobtexts keymaps KEYTIMEOUT langinfo LINENO LINES LISTMAX LOGCHECK MAILCHECK mailpath manpath \
    module_path modules nameddirs OPTIND options parameters patchars path pipestatus PPID psvar RANDOM reswords \
    saliases SAVEHIST SECONDS SHLVL signals status sysparams termcap terminfo TRY_BLOCK_ERROR TRY_BLOCK_INTERRUPT \
    TTYIDLE UID userdirs usergroups USERNAME WATCH watch widgets ZSH_EVAL_CONTEXT zsh_eval_context \
    zsh_scheduled_events ZSH_SUBSHELL";
/// Names that are fish's own; it shows the value of a `fish_history` that it does not like.
const OF_FISH: &str = "\
    _ argv fish_history fish_kill_signal fish_killring fish_pid FISH_VERSION history hostname pipestatus PWD SHLVL \
    status status_generation umask version";
/// Names that a plain sh computes with or overwrites.
const OF_SH: &str = "_ LINENO OPTIND PPID RANDOM SECONDS SHLVL";

const OWN: &str = "a variable of this name is the shell's own";

fn among(names: &str, name: &str) -> bool {
    names.split(' ').any(|one| one == name)
}

/// Why sh cannot take this. A sh may be bash, so bash's names count as well.
pub(super) fn sh_objects(name: &str) -> Option<&'static str> {
    if among(OF_SH, name) { Some(OWN) } else { bash_objects(name) }
}

/// Why bash cannot take this.
pub(super) fn bash_objects(name: &str) -> Option<&'static str> {
    // BASH_ENV is an ordinary variable, and what it does is the project file's concern.
    let own = among(OF_BASH, name) || (name.starts_with("BASH") && name != "BASH_ENV");
    own.then_some(OWN)
}

/// Why zsh cannot take this.
pub(super) fn zsh_objects(name: &str) -> Option<&'static str> {
    among(OF_ZSH, name).then_some(OWN)
}

/// Why fish cannot take this.
pub(super) fn fish_objects(name: &str) -> Option<&'static str> {
    among(OF_FISH, name).then_some(OWN)
}

/// Why `PowerShell` cannot take this.
pub(super) fn powershell_objects(value: &[u8]) -> Option<&'static str> {
    if value.is_empty() {
        Some("it is empty, and PowerShell removes a variable that is set to nothing")
    } else if std::str::from_utf8(value).is_err() {
        Some("it is not UTF-8")
    } else {
        None
    }
}

/// `export NAME='…'`, every other byte as it is.
pub(super) fn write_sh(page: &mut Page, name: &str, value: &[u8]) {
    page.text("export ");
    page.text(name);
    page.text("=");
    single_quoted(page, value);
    page.text("\n");
}

/// `export NAME='…'`, or `$'…'` where `'…'` would put a control character into the output.
pub(super) fn write_bash(page: &mut Page, name: &str, value: &[u8]) {
    match std::str::from_utf8(value) {
        Ok(text) if !text.chars().any(char::is_control) => write_sh(page, name, value),
        _ => {
            page.text("export ");
            page.text(name);
            page.text("=$'");
            for &byte in value {
                c_escaped(page, byte);
            }
            page.text("'\n");
        }
    }
}

fn single_quoted(page: &mut Page, value: &[u8]) {
    page.text("'");
    for (count, part) in value.split(|&byte| byte == b'\'').enumerate() {
        if count > 0 {
            page.text("'\\''");
        }
        page.push(part);
    }
    page.text("'");
}

/// A byte inside `$'…'`. Octal, for three digits end there whatever follows. `!` too: history expansion does not know
/// these quotes in every version.
fn c_escaped(page: &mut Page, byte: u8) {
    match byte {
        b'\'' => page.text("\\'"),
        b'\\' => page.text("\\\\"),
        b'\n' => page.text("\\n"),
        b'\t' => page.text("\\t"),
        b'\r' => page.text("\\r"),
        b' '..=b'~' if byte != b'!' => page.push(&[byte]),
        _ => page.push(&[b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]),
    }
}

/// `set -gx NAME '…';`
pub(super) fn write_fish(page: &mut Page, name: &str, value: &[u8]) {
    page.text("set -gx ");
    page.text(name);
    page.text(" '");
    for chunk in value.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' => page.text("\\'"),
                '\\' => page.text("\\\\"),
                c if c.is_ascii_control() => between_quotes(page, 'x', c as u8),
                c if c.is_control() => c.encode_utf8(&mut [0; 4]).bytes().for_each(|b| between_quotes(page, 'X', b)),
                c => page.char(c),
            }
        }
        chunk.invalid().iter().for_each(|&byte| between_quotes(page, 'X', byte));
    }
    page.text("';\n");
}

/// Closes the quotes for one escaped byte, and opens them again. In fish `\x` makes a character, `\X` a byte.
fn between_quotes(page: &mut Page, kind: char, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    page.text("'\\");
    page.char(kind);
    page.push(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)], b'\'']);
}

/// `$env:NAME = '…'`
pub(super) fn write_powershell(page: &mut Page, name: &str, value: &[u8]) {
    page.text("$env:");
    page.text(name);
    page.text(" = ");
    if value.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        page.text("'");
        for (count, part) in value.split(|&byte| byte == b'\'').enumerate() {
            if count > 0 {
                page.text("''");
            }
            page.push(part);
        }
        page.text("'\n");
    } else {
        page.text("[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('");
        // Three bytes at a time: base64 of the parts is base64 of the whole, and no second buffer holds the value.
        for part in value.chunks(3) {
            let mut four = [0; 4];
            let length = STANDARD.encode_slice(part, &mut four).unwrap_or_default();
            page.push(&four[..length]);
        }
        page.text("'))\n");
    }
}
