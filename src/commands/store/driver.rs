//! How git is told that keyctl merges a store's file: a line in `.gitattributes`, which everybody gets, and the command in the
//! settings of this clone, which each member writes himself: a repository cannot name programs for others.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use memchr::memmem;

use crate::{
    commands::other_keyctl,
    failure::{Failure, Kind, Result},
    home::{self, Home},
    plain::shell_word,
    scan::git::Git,
    terminal::Terminal,
};

/// The file that says of paths what is special about them.
const ATTRIBUTES: &str = ".gitattributes";
/// The most bytes that file may have.
const LARGEST: usize = 1024 * 1024;
/// What is said of a store's file: it is no text, and who merges it.
const SAID: &str = "-text -diff merge=keyctl";
/// Who merges what two versions come from.
const FOR_BASE: &str = "keyctl-base";

/// Tells git, in the repository around the current folder.
///
/// # Errors
/// As git has them; `Missing` where no store's file lies in it.
pub fn install(terminal: &Terminal) -> Result<ExitCode> {
    let git = here()?;
    let top = real(&git.top()?);
    let files = files_in(&top)?;
    if files.is_empty() {
        return Err(Failure::new(
            Kind::Missing,
            format!("the file of none of your stores lies in `{}`", top.display()),
        )
        .hint("a store whose file lies here: `keyctl store create NAME --path FILE`, or `join` for one of others"));
    }
    let program = other_keyctl::path_as_called()?;
    // git may be called where that is not set.
    let home = match std::env::var_os("KEYCTL_HOME").filter(|home| !home.is_empty()) {
        Some(_) => format!("KEYCTL_HOME={} ", quoted(Home::find()?.data())?),
        None => String::new(),
    };
    let program = quoted(&program)?;
    let driver = format!("{home}{program} store merge --base %O --ours %A --theirs %B --path %P");
    let for_base = format!("{driver} --unseen");
    let lines: Vec<String> = files.iter().map(|file| format!("{} {SAID}", pattern(file))).collect();
    let path = top.join(ATTRIBUTES);
    let before = read(&path)?;
    let missing = lines.iter().filter(|line| !before.lines().any(|there| there == line.as_str()));
    let mut text = before.clone();
    for line in missing {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
    }
    write(&path, &before, &text)?;
    // Where two versions come from several, git merges those first: that is no merge of anybody's.
    for (setting, value) in [
        ("keyctl.name", "keyctl merges a store key by key"),
        ("keyctl.driver", driver.as_str()),
        ("keyctl.recursive", FOR_BASE),
        ("keyctl-base.driver", for_base.as_str()),
    ] {
        git.output(&["config", "--local", &format!("merge.{setting}"), value])?;
    }
    terminal.say_lines(&format!("`{}` has", path.display()), &lines);
    terminal.say_lines("and the settings of this clone", &[format!("merge.keyctl.driver = {driver}")]);
    terminal.hint("commit the first; each member calls this once in a clone of his own");
    Ok(ExitCode::SUCCESS)
}

/// Says how a store whose file lies in a repository gets merged there key by key, where git was not told yet.
pub fn say_how(home: &Home, terminal: &Terminal) {
    let file = home.store_file();
    let Some(of_git) = file.ancestors().skip(1).map(|folder| folder.join(".git")).find(|git| git.exists()) else {
        return;
    };
    // Its own settings, as far as they are seen without git: who was told twice has lost nothing.
    let settings = home::read(&of_git.join("config"), LARGEST).ok().flatten();
    let is_told = settings.is_some_and(|(text, _)| memmem::find(&text, b"[merge \"keyctl\"]").is_some());
    if home.is_elsewhere() && !is_told {
        terminal.hint("so that git merges the store key by key, in each clone once: `keyctl store merge --install`");
    }
}

/// Takes back what [`install`] wrote.
///
/// # Errors
/// As git has them.
pub fn uninstall(terminal: &Terminal) -> Result<ExitCode> {
    let git = here()?;
    let path = real(&git.top()?).join(ATTRIBUTES);
    let before = read(&path)?;
    let stays = |line: &&str| !line.trim_end_matches(['\r', '\n']).ends_with(&format!(" {SAID}"));
    let text: String = before.split_inclusive('\n').filter(stays).collect();
    if text.is_empty() && !before.is_empty() {
        std::fs::remove_file(&path).map_err(|error| Failure::disk("remove", &path, &error))?;
    } else {
        write(&path, &before, &text)?;
    }
    let was_set = git.answer(&["config", "--local", "--get", "merge.keyctl.driver"])?.is_some();
    for section in ["keyctl", FOR_BASE] {
        let section = format!("merge.{section}");
        if git.answer(&["config", "--local", "--get", &format!("{section}.driver")])?.is_some() {
            git.output(&["config", "--local", "--remove-section", &section])?;
        }
    }
    let done = if was_set || text != before {
        "git merges stores here by itself again, as it merges any file"
    } else {
        "nothing was installed here"
    };
    terminal.say(done);
    Ok(ExitCode::SUCCESS)
}

fn here() -> Result<Git> {
    let folder = std::env::current_dir().map_err(|error| Failure::disk("find", Path::new("."), &error))?;
    Git::at(&folder)
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The files of stores that lie in the repository, from its top on.
fn files_in(top: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for name in Home::all()? {
        let file = real(&Home::named(Some(&name))?.store_file());
        let Ok(inside) = file.strip_prefix(top) else { continue };
        let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
        let parts = parts.filter(|parts| !parts.iter().any(|part| part.chars().any(char::is_control)));
        let path = parts.ok_or_else(|| {
            Failure::new(Kind::Usage, format!("`{}` has a name that cannot stand in `{ATTRIBUTES}`", file.display()))
        })?;
        files.push(path.join("/"));
    }
    Ok(files)
}

/// A path as a pattern that is of this one file (gitattributes(5), gitignore(5)).
fn pattern(path: &str) -> String {
    let mut plain = String::from("/");
    for c in path.chars() {
        if "*?[\\".contains(c) {
            plain.push('\\');
        }
        plain.push(c);
    }
    if plain.chars().any(|c| c == ' ' || c == '"') {
        return format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""));
    }
    plain
}

/// A path for the shell that git has the command run by.
fn quoted(program: &Path) -> Result<String> {
    let text = program.to_str().filter(|text| !text.contains(['\n', '\r']));
    let text = text.ok_or_else(|| Failure::new(Kind::Usage, "keyctl lies at a path that is no text on one line"))?;
    // git's shell takes both on Windows too; a percent sign would be git's own.
    Ok(shell_word(&text.replace('\\', "/")).replace('%', "%%"))
}

fn read(path: &Path) -> Result<String> {
    let Some((bytes, _)) = home::read(path, LARGEST)? else { return Ok(String::new()) };
    String::from_utf8(bytes).map_err(|_| Failure::new(Kind::Usage, format!("`{}` is no text", path.display())))
}

/// Puts the text in the file's place, with the rights that it had.
fn write(path: &Path, before: &str, text: &str) -> Result<()> {
    if before == text {
        return Ok(());
    }
    match std::fs::metadata(path) {
        Ok(like) => {
            let is_unchanged = || std::fs::read(path).map(|now| now == before.as_bytes());
            if home::replace_alike(path, text.as_bytes(), &like, is_unchanged)? {
                return Ok(());
            }
            Err(Failure::new(Kind::Busy, format!("`{}` was changed just now; nothing was written", path.display())))
        }
        Err(_) => std::fs::write(path, text).map_err(|error| Failure::disk("write", path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_pattern_for_itself_alone() {
        for (path, said) in [
            ("team.age", "/team.age"),
            ("a/b c.age", "\"/a/b c.age\""),
            ("a*[1]?.age", "/a\\*\\[1]\\?.age"),
            ("a \"b\\.age", "\"/a \\\"b\\\\\\\\.age\""),
        ] {
            assert_eq!(pattern(path), said);
        }
        assert_eq!(quoted(Path::new("/opt/it's 5%/keyctl")).expect("text"), "'/opt/it'\\''s 5%%/keyctl'");
    }
}
