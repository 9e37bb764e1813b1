//! `source add` and `source remove`: a table of the user's `config.toml` comes or goes, and all else in it stays as it is
//! written. What it comes to is read before it takes the place of what was there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    cli::NewSource,
    config,
    failure::{Failure, Kind, Result},
    home::{self, Home},
    name::SourceName,
    profile::table::LARGEST,
    terminal::Terminal,
};

use super::{named, referring};

/// Writes a source down.
pub(super) fn add(home: &Home, new: &NewSource, terminal: &Terminal) -> Result<()> {
    let config = config::read(home)?;
    let name = &new.name;
    if config.sources.contains_key(name) {
        return Err(Failure::new(Kind::Negative, format!("there is a source `{name}` already"))
            .hint(format!("look at it: `keyctl source show {name}`")));
    }
    let table = table(new)?;
    let (path, before) = read(home)?;
    let gap = if before.is_empty() || before.ends_with("\n\n") { "" } else { "\n" };
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let text = format!("{before}{end}{gap}{table}");
    let read = config::check(text.as_bytes(), &path).map_err(|failure| of_table(&failure, name, &before))?;
    if new.dry_run {
        terminal.data(table.as_bytes())?;
        terminal.say(&format!("would be written to `{}`", path.display()));
        return Ok(());
    }
    write(home, &path, &text)?;
    terminal.say(&format!("source `{name}` stands in `{}`", path.display()));
    for key in read.sources.get(name).map(config::sources::Source::credentials).unwrap_or_default() {
        terminal.hint(&format!("its credential is the key `{key}`: `keyctl set {key}`"));
    }
    terminal.hint(&format!(
        "try it: `keyctl source test {name}`; refer to it: `keyctl set NAME --source {name} --ref REF`"
    ));
    Ok(())
}

/// What is wrong with the new table, without lines that nobody has written yet.
fn of_table(failure: &Failure, name: &SourceName, before: &str) -> Failure {
    let lines = before.lines().count();
    let of_new = |text: &String| text.rsplit_once(": ").is_some_and(|_| lines < usize::MAX).then(|| after_place(text));
    let message = of_new(&failure.message).unwrap_or_else(|| failure.message.clone());
    let hints = failure.hints.iter().map(|hint| format!("also: {}", after_place(hint))).collect();
    Failure { kind: Kind::Usage, message: format!("source `{name}` was not written: {message}"), hints }
}

/// What stands behind a place: "`file`, line 3, column 4: what is wrong".
fn after_place(text: &str) -> String {
    let Some((_, rest)) = text.split_once("line ") else { return text.to_owned() };
    rest.split_once(": ").map_or(text, |(_, rest)| rest).to_owned()
}

fn table(new: &NewSource) -> Result<String> {
    use std::fmt::Write as _;

    let mut table = format!("[sources.{}]\ntype = {}\n", new.name, quoted(&new.kind));
    for (field, text) in [("address", &new.address), ("region", &new.region), ("endpoint", &new.endpoint)] {
        if let Some(text) = text {
            let _ = writeln!(table, "{field} = {}", quoted(text));
        }
    }
    if !new.command.is_empty() {
        let words: Option<Vec<&str>> = new.command.iter().map(|word| word.to_str()).collect();
        let words = words.ok_or_else(|| Failure::new(Kind::Usage, "the program's arguments are no text"))?;
        let words: Vec<String> = words.into_iter().map(quoted).collect();
        let _ = writeln!(table, "command = [{}]", words.join(", "));
    }
    for (field, key) in &new.credential {
        let _ = writeln!(table, "{field} = {{ key = {} }}", quoted(&key.to_string()));
    }
    for (field, value) in &new.fields {
        let is_bare = ["true", "false"].contains(&value.as_str()) || field == "kv" && value.parse::<u8>().is_ok();
        let value = if is_bare { value.clone() } else { quoted(value) };
        let _ = writeln!(table, "{field} = {value}");
    }
    for (field, time) in [("cache", &new.cache), ("timeout", &new.timeout)] {
        if let Some(time) = time {
            let _ = writeln!(table, "{field} = {}", quoted(time));
        }
    }
    if !new.stores.is_empty() {
        let stores: Vec<String> = new.stores.iter().map(|store| quoted(store.as_str())).collect();
        let _ = writeln!(table, "stores = [{}]", stores.join(", "));
    }
    Ok(table)
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// Takes a source out.
pub(super) fn remove(home: &Home, name: &SourceName, yes: bool, terminal: &Terminal) -> Result<()> {
    let config = config::read(home)?;
    let source = named(&config, name)?;
    let keys = if yes { Vec::new() } else { referring(home, source, terminal, |_, _| Ok(()))? };
    if !keys.is_empty() {
        let names: Vec<String> = keys.iter().map(|(name, _)| format!("`{name}`")).collect();
        let refer = if keys.len() == 1 { "refers" } else { "refer" };
        return Err(Failure::new(Kind::Negative, format!("{} {refer} to source `{name}` still", names.join(", ")))
            .hint("remove them first, or say `--yes`: they stay and cannot be fetched then"));
    }
    let (path, before) = read(home)?;
    let by_hand = || {
        Failure::new(
            Kind::Usage,
            format!("source `{name}` does not stand as a table of its own in `{}`", path.display()),
        )
        .hint("take it out by hand")
    };
    let text = without(&before, name).ok_or_else(by_hand)?;
    let mut expected = config.clone();
    expected.sources.remove(name);
    if config::check(text.as_bytes(), &path).ok().is_none_or(|read| read != expected) {
        return Err(by_hand());
    }
    write(home, &path, &text)?;
    terminal.say(&format!("source `{name}` is taken out of `{}`; what is in it stays", path.display()));
    #[cfg(feature = "sources")]
    crate::commands::sourcing::forget_source(name);
    #[cfg(not(feature = "sources"))]
    super::forget(home, terminal)?;
    Ok(())
}

/// The text without a table and what stands below its head. Comments before the next one are of that one.
fn without(text: &str, name: &SourceName) -> Option<String> {
    let head = format!("[sources.{name}]");
    let below = format!("[sources.{name}.");
    let (mut kept, mut is_in, mut found) = (String::with_capacity(text.len()), false, false);
    // Comments and empty lines of which it is not known yet whose they are.
    let mut open = String::new();
    for line in text.split_inclusive('\n') {
        let word = line.split('#').next().unwrap_or_default().trim();
        if word == head {
            (is_in, found) = (true, true);
        } else if is_in && line.starts_with('[') && !line.starts_with(&below) {
            is_in = false;
            let more = after(&kept, &open).to_owned();
            kept.push_str(&more);
        }
        match is_in {
            false => kept.push_str(line),
            true if word.is_empty() => open.push_str(line),
            true => open.clear(),
        }
    }
    if is_in && !open.trim().is_empty() {
        let more = after(&kept, &open).to_owned();
        kept.push_str(&more);
    }
    found.then_some(kept)
}

/// What comes after a text, without its first empty lines where one is there already.
fn after<'o>(kept: &str, open: &'o str) -> &'o str {
    if kept.is_empty() || kept.ends_with("\n\n") { open.trim_start_matches('\n') } else { open }
}

/// The file, followed where it is a link, and what is in it.
fn read(home: &Home) -> Result<(PathBuf, String)> {
    let path = home.config_file();
    let path = fs::canonicalize(&path).unwrap_or(path);
    let bytes = home::read(&path, LARGEST)?.map(|(bytes, _)| bytes).unwrap_or_default();
    let text = String::from_utf8(bytes);
    text.map(|text| (path.clone(), text))
        .map_err(|_| Failure::new(Kind::Usage, format!("`{}` is no text in UTF-8", path.display())))
}

fn write(home: &Home, path: &Path, text: &str) -> Result<()> {
    home.prepare()?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Failure::disk("make", folder, &error))?;
    }
    home::replace(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_goes_with_what_is_below_it_and_nothing_else() {
        let text = "# mine\n[sources.a]\ntype = \"command\"\n\n[sources.a.more]\nx = 1\n[sources.ab]\ntype = \"b\"\n";
        let name: SourceName = "a".parse().expect("name");
        assert_eq!(without(text, &name).as_deref(), Some("# mine\n[sources.ab]\ntype = \"b\"\n"));
        assert_eq!(without("sources = { a = {} }\n", &name), None);
        let text = "[x]\n\n[sources.a]\ntype = \"command\" # a\n# its own\ny = 1\n\n# of b\n[sources.b]\ny = 2\n";
        assert_eq!(without(text, &name).as_deref(), Some("[x]\n\n# of b\n[sources.b]\ny = 2\n"));
        assert_eq!(quoted("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000A\"");
    }
}
