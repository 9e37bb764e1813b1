//! What is told of keys that are taken into the store and out of files; never a secret.

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode};

use serde_json::{Value, json};

use super::{
    super::{Search, report},
    Payloads,
    plan::{Left, Plan, Taken},
};
use crate::{
    commands::several::LeftOut,
    failure::Result,
    name::KeyPath,
    plain::first_few,
    scan::{finding::Finding, taking_out::Sort, tree::Seen, untold},
    terminal::{Terminal, count},
};

/// How many of what is told one by one are.
const NAMED: usize = 5;

/// What came of it.
#[derive(Default)]
pub struct Told {
    /// The files that were written anew.
    pub done: Vec<Plan>,
    /// What lies where it lay, and why.
    pub left: Vec<Left>,
    /// The keys that were put into the store and lie in their file still.
    pub kept: Vec<(KeyPath, PathBuf)>,
    /// The keys that were marked as leaked.
    pub marked: Vec<KeyPath>,
    /// The stores as they were read back last.
    pub payloads: Payloads,
}

/// Prints a row for each secret that was found, and what is done with it.
pub fn table(search: &Search, plans: &[Plan], left: &[Left], terminal: &Terminal) -> Result<()> {
    let mut rows = vec![["KEY", "FORM", "WHERE", "THEN"].map(str::to_owned).to_vec()];
    for plan in plans {
        for taken in &plan.taken {
            let then = if taken.is_new { "keep it, take it out" } else { "take it out" };
            let row = |finding: &Finding| {
                let [_, form] = report::columns(finding);
                vec![taken.name.to_string(), form, finding.whereabouts(), then.to_owned()]
            };
            rows.extend(taken.findings.iter().map(row));
        }
    }
    let staying = plans.iter().flat_map(|plan| &plan.left).chain(left);
    rows.extend(staying.map(|(finding, _)| {
        let finding = &untold::finding(&search.engine, finding);
        let [key, form] = report::columns(finding);
        vec![key, form, finding.whereabouts(), "leave it".to_owned()]
    }));
    if rows.len() == 1 {
        return Ok(());
    }
    terminal.table(&rows, &[2, 1])
}

/// Says what could not be looked at, as every scan does.
pub fn say_what_was_not_seen(search: &Search, seen: &Seen, notes: &[String], terminal: &Terminal) {
    report::say_what_was_not_seen(search, seen, &[], notes, terminal);
    report::say_what_is_too_short(search, terminal);
    if seen.more > 0 {
        terminal.warn(&format!("{} more places are not listed", seen.more));
    }
}

impl Told {
    /// Tells it in the way that was asked for.
    ///
    /// # Errors
    /// `Disk` when it cannot be written.
    pub fn give(&self, as_json: bool, search: &Search, seen: &Seen, terminal: &Terminal) -> Result<()> {
        let backups = super::backups(&self.done);
        if as_json {
            terminal.json(&self.json(&backups, search, seen))?;
        }
        if self.done.is_empty() && self.left.is_empty() && self.kept.is_empty() {
            terminal.say("nothing found to take over");
            return Ok(());
        }
        for plan in &self.done {
            plan.taken.iter().for_each(|taken| say_taken(plan, taken, terminal));
        }
        for (name, path) in &self.kept {
            terminal.say(&format!("`{name}` is kept now, and lies in `{}` still", path.display()));
        }
        let place = |finding: &Finding| untold::finding(&search.engine, finding).place.to_string();
        let left: BTreeSet<(String, &str)> =
            self.left.iter().map(|(finding, why)| (place(finding), why.as_str())).collect();
        for (place, why) in left.iter().take(NAMED) {
            terminal.say(&format!("left as it is: `{place}`: {why}"));
        }
        if left.len() > NAMED {
            terminal.say(&format!("and {} more", left.len() - NAMED));
        }
        for path in &backups {
            terminal.warn(&format!("`{}` holds the same still", path.display()));
        }
        self.say_what_to_do(terminal);
        Ok(())
    }

    fn say_what_to_do(&self, terminal: &Terminal) {
        report::say_marked(&self.marked, terminal);
        let lines: Vec<String> = self.done.iter().flat_map(|plan| self.lines_of_project(plan)).collect();
        for line in lines.iter().take(NAMED) {
            terminal.hint(&format!("for `keyctl run`, below `[env]` in `.keyctl.toml`: `{line}`"));
        }
        if lines.len() > NAMED {
            terminal.hint(&format!("and so on for {}", count(lines.len() - NAMED, "more variable")));
        }
        if self.done.iter().any(|plan| plan.sort == Sort::History) {
            terminal.hint("a shell that still runs may write its own history back at its end: look again after that");
        }
        let out: BTreeSet<KeyPath> = self.done.iter().flat_map(Plan::names).collect();
        let only = |names: &[&KeyPath]| if let [name] = names { name.to_string() } else { "NAME".to_owned() };
        let (marked, out) = (only(&self.marked.iter().collect::<Vec<_>>()), out.iter().collect::<Vec<_>>());
        match (self.marked.len(), out.len()) {
            (0, 0) => {}
            (0, 1) => {
                let name = only(&out);
                terminal.hint(&format!("if anybody else had that file: replace it: `keyctl rotate {name}`"));
            }
            (0, _) => terminal.hint("if anybody else had these files: replace each: `keyctl rotate NAME`"),
            (1, _) => terminal.hint(&format!("replace it: `keyctl rotate {marked}`")),
            _ => terminal.hint("replace each that is marked: `keyctl rotate NAME`"),
        }
        if !self.left.is_empty() {
            terminal.hint("take what is left out by hand; keep what is yours with `keyctl set NAME`");
        }
    }

    /// The lines that give a project's commands the variables that were taken out of its file.
    fn lines_of_project(&self, plan: &Plan) -> Vec<String> {
        let is_kept = |path: &KeyPath| {
            self.payloads.get(&path.store().cloned()).is_some_and(|payload| payload.keys.contains_key(path.name()))
        };
        let line = |taken: &Taken| {
            let variable = taken.variable.as_ref().filter(|_| is_kept(&taken.name))?;
            Some(format!("{variable} = \"{}\"", taken.name))
        };
        plan.taken.iter().filter_map(line).collect()
    }

    /// 0 where nothing is left, 1 where something is, 7 where something could not be looked at.
    pub fn exit_code(&self, search: &Search, seen: &Seen) -> ExitCode {
        match (self.left.is_empty(), search.saw_all(seen, None)) {
            (true, true) => ExitCode::SUCCESS,
            (true, false) => ExitCode::from(report::UNREADABLE),
            (false, _) => ExitCode::from(report::FOUND),
        }
    }

    fn json(&self, backups: &[PathBuf], search: &Search, seen: &Seen) -> Value {
        let key = |taken: &Taken| {
            json!({
                "key": taken.name, "added": taken.is_new, "variable": taken.variable,
                "lines": taken.findings.iter().map(|finding| finding.line).collect::<Vec<_>>(),
            })
        };
        let file = |plan: &Plan| {
            json!({
                "path": plan.path.to_string_lossy(),
                "kind": match plan.sort { Sort::Variables => "variables", Sort::History => "history" },
                "tracked": plan.is_tracked,
                "keys": plan.taken.iter().map(key).collect::<Vec<_>>(),
                "project_lines": self.lines_of_project(plan),
            })
        };
        let left = |(finding, why): &Left| {
            let mut value = report::as_json(&untold::finding(&search.engine, finding));
            value["reason"] = why.as_str().into();
            value
        };
        let unreadable =
            seen.unreadable.iter().map(|(path, why)| json!({ "path": path.to_string_lossy(), "reason": why }));
        json!({
            "adopted": self.done.iter().map(file).collect::<Vec<_>>(),
            "kept": self.kept.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "left": self.left.iter().map(left).collect::<Vec<_>>(),
            "marked": self.marked,
            "backups": backups.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
            "unreadable": unreadable.collect::<Vec<_>>(),
            "left_out": search.left_out.iter().map(LeftOut::as_json).collect::<Vec<_>>(),
        })
    }
}

fn say_taken(plan: &Plan, taken: &Taken, terminal: &Terminal) {
    let lines = first_few(taken.findings.iter().map(|finding| finding.line), NAMED);
    let lines = format!("{} {lines}", if taken.findings.len() == 1 { "line" } else { "lines" });
    let (name, path) = (&taken.name, plan.path.display());
    let kept = if taken.is_new { "is kept now" } else { "was kept already" };
    terminal.say(&format!("`{name}` {kept}, and is out of `{path}` ({lines})"));
}
