//! `keyctl render`: a template with keys in their places.

use std::{
    ffi::OsStr,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::{self, Home},
    platform,
    scan::git::Git,
    secret::Secret,
    terminal::Terminal,
};

use super::{
    choosing::{self, Wish},
    limiting::Taker,
    rendering::Page,
};

/// Prints the template with the keys in their places, or writes it to a file of the user's alone.
///
/// # Errors
/// As `run` has them; `Project` for a name that nobody allowed; `Disk` for a file that cannot be written.
pub fn render(arguments: &cli::Render, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let output = arguments.output.as_deref();
    output.map_or(Ok(()), |output| refuse_output(output, &arguments.file))?;
    let home = Home::find()?;
    let config = config::read(&home)?;
    let page = Page::read(&arguments.file)?;
    if page.is_written_as_a_text() {
        terminal.warn(&format!("`{}` names no key, so all of it stays as it is", arguments.file.display()));
        terminal.hint("the place of a key in a file is `{{ keyctl \"NAME\" }}`");
    }
    // What names no key needs no profile either.
    let is_plain = page.is_plain();
    let wish =
        if is_plain { Wish::default() } else { choosing::wanted(&home, &arguments.choice, &[], &config, terminal)? };
    let resolved = page.resolve(&wish)?;
    let wish = wish.only(&resolved.variables());
    let on_screen = output.is_none() && std::io::stdout().is_terminal();
    if on_screen && !is_plain && !arguments.show && !terminal.confirm("show the secrets on this screen?")? {
        return Err(Failure::new(Kind::Negative, "not shown")
            .hint("into a file that a command reads: `keyctl run --render FILE -- myapp`")
            .into());
    }
    let reason = arguments.choice.reason.as_ref();
    let name = arguments.file.file_name().unwrap_or_default().to_string_lossy();
    let event = Event::new(Action::Render, Moment::now()).note(name).reason(reason);
    let approved = choosing::approved(&home, wish, &event, &config, terminal)?;
    let mut chosen = choosing::keys(approved, &arguments.choice, terminal)?;
    let event = chosen.hold_to_policy(Taker::Reader, &config, reason, &event, terminal)?.sign(event);
    let text = resolved.fill(&chosen)?;
    let numbers = chosen.record(&event, &[], &config, terminal)?;
    chosen.heed_signals()?;
    if let Err(failure) = put(&text, output, terminal) {
        let ended = |number| event.clone().not_given(number, &failure.message);
        chosen.record_failure(ended, &[], &numbers, terminal);
        return Err(failure.into());
    }
    chosen.leave_lent(terminal);
    Ok(ExitCode::SUCCESS)
}

fn put(text: &Secret, output: Option<&Path>, terminal: &Terminal) -> Result<()> {
    let Some(output) = output else { return terminal.data(text.expose()) };
    home::replace_named(output, text.expose())?;
    terminal.say(&format!("wrote `{}`, readable by you alone; its secrets lie there in clear", output.display()));
    match in_git(output) {
        InGit::Absent => {}
        InGit::Kept => {
            terminal.warn(&format!("git keeps `{}`: the next commit may take the secrets along", output.display()));
            terminal.hint("have git drop it and leave the file: `git rm --cached FILE`; then name it in `.gitignore`");
        }
        InGit::NotIgnored => {
            terminal.warn(&format!("git does not ignore `{}`: a commit may take the secrets along", output.display()));
            terminal.hint("name it in `.gitignore`");
        }
    }
    Ok(())
}

/// What is to be replaced has to be a file: a rename puts another in the place of whatever is there. And not the template, which
/// would be gone.
fn refuse_output(path: &Path, template: &Path) -> Result<()> {
    if path == Path::new("-") {
        return Err(Failure::new(Kind::Usage, "`-o` takes a file, and `-` is none")
            .hint("leave out `-o`: what the template comes to is printed then"));
    }
    let Ok(facts) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !facts.is_file() {
        let what = if facts.is_symlink() { "is a symbolic link" } else { "is not a regular file" };
        return Err(Failure::new(Kind::Disk, format!("`{}` {what}, so nothing is written there", path.display()))
            .hint("name a file that is not there yet, or leave out `-o` and use a pipe"));
    }
    if platform::are_one_file(path, template) {
        return Err(Failure::new(
            Kind::Usage,
            format!("`{}` is the template itself, so nothing is written there", path.display()),
        )
        .hint("name another file for what it comes to"));
    }
    Ok(())
}

/// What git makes of a file.
enum InGit {
    /// No commit takes it along, as far as git tells.
    Absent,
    /// It is in the repository already, so that no line of `.gitignore` counts.
    Kept,
    /// It is new, and nothing has git pass it by.
    NotIgnored,
}

/// Whether it lies in a git repository that would take it into a commit. Where git does not tell, it is not said.
fn in_git(path: &Path) -> InGit {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| ".".into(), PathBuf::from);
    let name = path.file_name().unwrap_or(OsStr::new(""));
    match Git::at(&folder) {
        Ok(git) if git.keeps(name).unwrap_or(false) => InGit::Kept,
        Ok(git) if git.may_take(name) => InGit::NotIgnored,
        _ => InGit::Absent,
    }
}
