//! Templates of a call: which keys they may name, and what they come to.
//!
//! A template lies in a repository, and nobody has approved what it names. So it may only name what the command could have
//! anyway: the variables of the profile, by their names or by the names of their keys, which the user has allowed, and what the
//! user names in this very call (`-k`). Any other name is refused before a store is opened.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{
    cli,
    failure::{Failure, Kind, Result},
    home,
    launch::files::Handed,
    name::{KeyPath, VariableName, distance},
    platform,
    profile::{
        Form, Source,
        table::{self, Mistake},
        variables,
    },
    secret::Secret,
    template::{self, Template},
};

use super::choosing::{Chosen, Wish};

/// The variable for the path of a filled template, where none is named.
const RENDERED: &str = "KEYCTL_RENDERED";
/// Names as unlike each other as this are not taken for mistyped.
const ALIKE: usize = 2;
/// So many mistakes of more than are looked for are told.
const TOLD: usize = 16;

/// A template that was read.
pub struct Page {
    path: PathBuf,
    bytes: Vec<u8>,
    template: Template,
}

/// Which variable has what stands for a name in a template.
type Named = BTreeMap<KeyPath, VariableName>;

/// A template whose names are all known.
pub struct Resolved {
    page: Page,
    named: Named,
}

impl Page {
    /// Reads a template.
    ///
    /// # Errors
    /// `Disk` for one that cannot be read; `Usage` with the place of every mistake in it.
    pub fn read(path: &Path) -> Result<Self> {
        if platform::is_named_pipe(path) {
            return Err(Failure::new(
                Kind::Disk,
                format!("`{}` is a named pipe, which may wait without end", path.display()),
            )
            .hint("have the shell read it: `<(cat FILE)` in the place of its name"));
        }
        let Some((bytes, _)) = home::read_named(path, template::LARGEST)? else {
            return Err(Failure::new(Kind::Disk, format!("there is no file `{}`", path.display())));
        };
        let template = Template::file(&bytes).map_err(|mistakes| {
            refused(Kind::Usage, path, &bytes, mistakes.into_iter().map(|mistake| (mistake.at, mistake.what)))
        })?;
        Ok(Self { path: path.to_owned(), bytes, template })
    }

    /// Whether it names no key at all.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.template.names().is_empty()
    }

    /// Whether it names no key, and has one written as in a project file.
    #[must_use]
    pub fn is_written_as_a_text(&self) -> bool {
        self.is_plain() && Template::is_as_in_texts(&self.bytes)
    }

    /// Finds what each name stands for.
    ///
    /// # Errors
    /// `Project` for names that are neither variables nor keys of the profile, each with its place.
    pub fn resolve(self, wish: &Wish) -> Result<Resolved> {
        let (mut named, mut unknown) = (Named::new(), Vec::new());
        for (name, at) in self.template.first_places() {
            match meant(name, wish) {
                Ok(variable) => drop(named.insert(name.clone(), variable)),
                Err(what) => unknown.push((at, name, what)),
            }
            if unknown.len() == template::MOST_MISTAKES {
                break;
            }
        }
        if unknown.is_empty() {
            return Ok(Resolved { page: self, named });
        }
        let by_hand = unknown.iter().map(|(_, name, _)| *name).find(|name| !name.looks_like_a_secret());
        let hint = by_hand.map_or_else(
            || "if it is a secret, keep it with `keyctl set NAME`, and write that name in the template".to_owned(),
            |name| format!("name it in this call: `-k {}`", extra_for(name)),
        );
        let mistakes = unknown.into_iter().map(|(at, _, what)| (at, what));
        Err(refused(Kind::Project, &self.path, &self.bytes, mistakes)
            .hint(hint)
            .hint("or have the project ask for it, in `.keyctl.toml`, and `keyctl allow`"))
    }
}

impl Resolved {
    /// The variables that it is made of.
    #[must_use]
    pub fn variables(&self) -> BTreeSet<VariableName> {
        self.named.values().cloned().collect()
    }

    /// What it comes to.
    ///
    /// # Errors
    /// `Missing` for a key that is not there, `Usage` for one that a filter cannot carry.
    pub fn fill(&self, chosen: &Chosen) -> Result<Secret> {
        let Page { path, template, .. } = &self.page;
        let filled = template.fill(|name| chosen.content(self.named.get(name)?));
        filled.map_err(|failure| {
            let message = format!("`{}`: {}", path.display(), failure.message);
            let failure = Failure { message, ..failure };
            if failure.kind == Kind::Missing {
                return failure.hint("a template goes on without none of its keys; keep it with `keyctl set NAME`");
            }
            failure
        })
    }
}

/// The variable that a name in a template means.
fn meant(name: &KeyPath, wish: &Wish) -> std::result::Result<VariableName, String> {
    let is_it = |source: &Source| matches!(source, Source::Key { name: key, .. } if key == name);
    let variable = wish.sources().find(|(variable, _)| name.store().is_none() && variable.as_str() == name.as_str());
    let key = wish.sources().find(|(_, source)| is_it(source));
    match (variable, key) {
        (Some((variable, source)), Some(_)) if !is_it(source) => {
            Err(format!("`{name}` is a key of this profile, and `{variable}` another's variable: rename one of them"))
        }
        (_, Some((variable, _))) | (Some((variable, _)), None) => Ok(variable.clone()),
        (None, None) => Err(unknown(name, wish)),
    }
}

/// What is said of a name that means nothing here. It may be a secret that was pasted, and is not said again then.
fn unknown(name: &KeyPath, wish: &Wish) -> String {
    if name.looks_like_a_secret() {
        return "this is neither a variable nor a key of this profile".to_owned();
    }
    // The yes was to the whole text, not to what is in it.
    if let Some((variable, _)) = wish.sources().find(|(_, source)| source.keys().contains(&name)) {
        return format!("`{name}` is in the text of `{variable}` only, and not a key of this profile by itself");
    }
    let keys = wish.sources().filter_map(|(_, source)| match source {
        Source::Key { name, .. } => Some(name.to_string()),
        _ => None,
    });
    let known = wish.sources().map(|(variable, _)| variable.to_string()).chain(keys);
    let written = name.to_string();
    let nearest = known.map(|known| (distance(&known, &written), known)).min();
    let hint = nearest.filter(|(far, _)| *far <= ALIKE).map(|(_, known)| format!("; did you mean `{known}`?"));
    format!("`{name}` is neither a variable nor a key of this profile{}", hint.unwrap_or_default())
}

/// Refuses a form that nothing is given in: a project's keys have theirs in its file.
///
/// # Errors
/// `Usage`.
pub fn refuse_stray_form(files: &cli::Files) -> Result<()> {
    if files.form.is_none() || !files.files.is_empty() || !files.render.is_empty() {
        return Ok(());
    }
    let what = "`--as` is for what `--file` and `--render` give, and neither is here";
    Err(Failure::new(Kind::Usage, what)
        .hint("how a project's key is given stands beside it: `{ key = \"…\", as = \"…\" }`"))
}

/// The templates of `run`, each with the variable for its path.
pub struct Pages {
    pages: Vec<(VariableName, Resolved)>,
    form: Form,
}

impl Pages {
    /// Reads all templates of a call, and finds what they name.
    ///
    /// # Errors
    /// As [`Page::read`] and [`Page::resolve`]; `Usage` for a variable that is taken.
    pub fn read(files: &cli::Files, wish: &Wish) -> Result<Self> {
        let mut pages: Vec<(VariableName, Resolved)> = Vec::new();
        for cli::ToRender { variable, file } in &files.render {
            let usual = || RENDERED.parse().expect("a variable's name");
            if let Some(never) = variable.as_ref().filter(|variable| variables::never(variable)) {
                return Err(Failure::new(Kind::Usage, format!("`{never}` decides what runs, so keyctl never sets it")));
            }
            let variable = variable.clone().unwrap_or_else(usual);
            let is_taken = wish.sources().any(|(known, _)| *known == variable)
                || pages.iter().any(|(known, _)| *known == variable);
            if is_taken {
                return Err(Failure::new(
                    Kind::Usage,
                    format!("`{variable}` is to be two things, and can only be one"),
                )
                .hint(format!("give the template a variable of its own: `--render VARIABLE={}`", file.display())));
            }
            pages.push((variable, Page::read(file)?.resolve(wish)?));
        }
        Ok(Self { pages, form: files.form() })
    }

    /// Gives the command what they come to.
    ///
    /// # Errors
    /// As [`Resolved::fill`].
    pub fn hand(&self, chosen: &mut Chosen) -> Result<()> {
        for (variable, resolved) in &self.pages {
            let secret = resolved.fill(chosen)?;
            chosen.hand(Handed { variable: variable.clone(), secret, form: self.form }, &resolved.variables());
        }
        Ok(())
    }

    /// What their filters make of the secrets, each with the variable of its template.
    #[must_use]
    pub fn filtered(&self, chosen: &Chosen) -> Vec<(VariableName, Secret)> {
        let of_page = |(variable, Resolved { page, named }): &(VariableName, Resolved)| {
            let made = page.template.filtered(|name| chosen.content(named.get(name)?));
            made.into_iter().map(|secret| (variable.clone(), secret)).collect::<Vec<_>>()
        };
        self.pages.iter().flat_map(of_page).collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.pages.is_empty()
    }

    /// Variable and file of each, for showing.
    pub fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.pages.iter().map(|(variable, resolved)| {
            let source = format!("template {}", resolved.page.path.display());
            vec![variable.to_string(), source, String::new()]
        })
    }
}

/// What `-k` could say of this key.
fn extra_for(name: &KeyPath) -> String {
    if name.as_str().parse::<VariableName>().is_ok() {
        return name.to_string();
    }
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("{}={name}", name.as_str().chars().map(letter).collect::<String>())
}

/// The failure for a template with these mistakes, each where it begins, in their order. Where it was not looked through to its
/// end, they are not counted.
fn refused(kind: Kind, path: &Path, bytes: &[u8], mistakes: impl Iterator<Item = (usize, String)>) -> Failure {
    let mut mistakes = placed(bytes, mistakes);
    let has_more = mistakes.len() >= template::MOST_MISTAKES;
    if has_more {
        mistakes.truncate(TOLD);
    }
    let failure = table::failure(kind, path, &mistakes);
    if has_more { failure.hint("and more") } else { failure }
}

/// Mistakes with their lines and columns.
fn placed(bytes: &[u8], mistakes: impl Iterator<Item = (usize, String)>) -> Vec<Mistake> {
    let (mut line, mut begin, mut seen) = (1, 0, 0);
    let place = |(at, what): (usize, String)| {
        let at = at.clamp(seen, bytes.len());
        for newline in memchr::memchr_iter(b'\n', &bytes[seen..at]) {
            (line, begin) = (line + 1, seen + newline + 1);
        }
        seen = at;
        let column = String::from_utf8_lossy(&bytes[begin..at]).chars().count() + 1;
        Mistake { line, column, what }
    };
    mistakes.map(place).collect()
}
