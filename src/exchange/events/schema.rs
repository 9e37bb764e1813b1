//! The fields of an entry, and what each of the forms calls them: one table, which the forms are written by and the help
//! is made of. It stays: fields may be added behind these, none changes its name or its meaning.

use std::fmt::Write as _;

/// A field of an entry.
#[derive(Debug)]
pub(super) struct Field {
    /// What `csv` and `syslog` call it, and `otel` with `keyctl.` before it.
    pub name: &'static str,
    /// What it is sealed as, and what `jsonl` calls it.
    pub sealed: &'static str,
    /// Under which key `cef` has it.
    pub cef: &'static str,
    /// What kind of value it has.
    pub kind: &'static str,
    /// What it says, and in which entries it is where those are few.
    pub meaning: &'static str,
}

const fn field(
    name: &'static str,
    sealed: &'static str,
    cef: &'static str,
    kind: &'static str,
    meaning: &'static str,
) -> Field {
    Field { name, sealed, cef, kind, meaning }
}

/// The first ones, which the forms write in ways of their own.
pub(super) const FIRST: [Field; 5] = [
    field("n", "n", "externalId", "number", "the entry's number, from 1"),
    field("time", "t", "rt", "moment", "when, in UTC: `2026-11-24T09:00:00Z`"),
    field("action", "ev", "act", "text", "what was done, such as `run`, `get`, `set` or `failed`"),
    field("keys", "names", "cs1", "list", "the names of the keys"),
    field("more", "more", "cn2", "number", "how many names had no room in the entry"),
];

/// Those that are where they apply.
pub(super) const FIELDS: [Field; 14] = [
    field("profile", "profile", "cs2", "text", "the profile that chose the keys"),
    field("program", "prog", "sproc", "text", "the program that got them, by its file name"),
    field("started_by", "by", "cs3", "list", "the programs above keyctl, the nearest first"),
    field("agent", "agent", "cs4", "text", "the coding agent that perhaps asked: a guess"),
    field("folder", "cwd", "filePath", "text", "the project's folder, or the working directory"),
    field("project", "project", "cs5", "text", "the folder it was allowed in, if that is another"),
    field("terminal", "tty", "cn3", "flag", "whether a person was at a terminal"),
    field("pid", "pid", "spid", "number", "the process"),
    field("reason", "reason", "reason", "text", "why, in the user's own words"),
    field("outcome", "outcome", "outcome", "text", "how it ended; why something `failed`"),
    field("note", "note", "msg", "text", "what an entry adds, such as an alert's words"),
    field("lost", "lost", "cn1", "number", "entries that are missing: in `gap` and `repair`"),
    field("rule", "rule", "flexString1", "text", "the rule that an `alert` comes from"),
    field("alerts", "of", "flexString2", "list", "the numbers of the alerts that an `ack` put away"),
];

/// What other versions wrote, and fields of few entries: in `jsonl` it stands as it was sealed.
pub(super) const OTHER: Field =
    field("other", "", "cs6", "object", "all else, as JSON, such as which files were pruned");

/// What came behind these later.
pub(super) const LATER: [Field; 5] = [
    field("went_back", "went_back", "flexNumber1", "number", "seconds it is dated before the one before, if over 300"),
    field("arguments", "args", "keyctlArguments", "list", "the program's arguments, where the user asks for them"),
    field("took_ms", "took_ms", "flexNumber2", "number", "how long a rotator or a check took"),
    field("exit", "exit", "keyctlExit", "number", "the exit code that it ended with"),
    field("sources", "sources", "keyctlSources", "list", "the sources that secrets came from"),
];

/// Those that are not in every entry and not written in ways of their own.
pub(super) fn plain_fields() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().chain(&LATER)
}

/// All of them, in the order of `csv`.
pub(super) fn all() -> impl Iterator<Item = &'static Field> {
    FIRST.iter().chain(&FIELDS).chain([&OTHER]).chain(&LATER)
}

/// Whether this is one of the keys of `cef` that others may use as they like, and which say what they are used for.
pub(super) fn is_custom(cef: &str) -> bool {
    ["cs", "cn", "flex"].iter().any(|begin| cef.starts_with(begin))
}

/// The schema in words, for who reads an export.
#[must_use]
pub fn described() -> String {
    let mut text =
        "Fields, as csv, syslog and otel call them. An entry has those that apply to it,\nand always n and action:\n"
            .to_owned();
    for Field { name, kind, meaning, .. } in all() {
        let _ = writeln!(text, "  {name:<10}  {kind:<6}  {meaning}");
    }
    text.push_str("In jsonl these have the names under which they were sealed:\n");
    let renamed = all().filter(|field| field.name != field.sealed && !field.sealed.is_empty());
    text.push_str(&columns(renamed.map(|field| (field.sealed, field.name))));
    text.push_str("and what is in `other` stands beside them.\n");
    text.push_str("In syslog time, action and pid are TIMESTAMP, MSGID and PROCID, the others\nparameters of keyctl@32473. In otel time is timeUnixNano, the others attributes\nsuch as keyctl.n; lists are arrays. In csv and syslog a list has a comma and a\nspace between. In cef there are these keys; cs, cn and flex ones with a label:\n");
    text.push_str(&columns(all().map(|field| (field.cef, field.name))));
    text
}

/// Pairs of words, three in a line.
fn columns<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let cells: Vec<String> = pairs.map(|(one, other)| format!("  {:<24}", format!("{one:<11} {other}"))).collect();
    let lines: Vec<String> = cells.chunks(3).map(|three| three.concat().trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}
