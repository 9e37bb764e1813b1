//! What an audit says: a page for a person, or JSON.

use serde_json::{Value, json};

use crate::{
    audit::{Finding, Refused, in_numbers},
    commands::several::LeftOut,
    failure::Result,
    terminal::{Terminal, count},
};

use super::{gather::Gathered, search::Searched};

/// All that is told.
pub struct Page<'p> {
    /// What is not as it should be.
    pub findings: &'p [Finding],
    /// What was mended just now.
    pub mended: &'p [Finding],
    /// What was looked at.
    pub gathered: &'p Gathered,
    /// What was looked through.
    pub searched: &'p Searched,
}

impl Page<'_> {
    /// Shows it: each finding with the way to mend it below.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn show(&self, keys: usize, terminal: &Terminal) -> Result<()> {
        let rows: Vec<Vec<String>> = self.findings.iter().flat_map(rows).collect();
        if !rows.is_empty() {
            terminal.table(&rows, &[])?;
        }
        if let Some((doubt, hint)) = self.gathered.clock.doubt() {
            terminal.warn(&doubt);
            terminal.hint(hint);
        }
        self.searched.left_out.iter().for_each(|left| left.say("were not looked for", terminal));
        if self.searched.cut_short {
            terminal.warn("the time did not suffice to look through all projects: `keyctl scan DIR` takes its time");
        }
        if self.searched.unreadable > 0 {
            let files = count(self.searched.unreadable, "file");
            terminal.say(&format!("{files} could not be read: `keyctl scan DIR` names them"));
        }
        match self.searched.unasked {
            0 => {}
            1 => terminal.say("git does not say what it keeps of 1 project: `keyctl scan DIR` says why"),
            more => {
                terminal.say(&format!("git does not say what it keeps of {more} projects: `keyctl scan DIR` says why"));
            }
        }
        let projects = self.gathered.projects.len();
        let (keys, projects) = (count(keys, "key"), count(projects, "project"));
        terminal.say(&format!("looked at {keys} and {projects}: {}", self.in_words()));
        Ok(())
    }

    fn in_words(&self) -> String {
        let numbers = in_numbers(self.findings);
        let parts: Vec<String> = numbers
            .iter()
            .filter(|(_, number)| *number > 0)
            .map(|(severity, number)| format!("{number} {}", severity.word()))
            .collect();
        if parts.is_empty() { "nothing was found".into() } else { format!("found {}", parts.join(", ")) }
    }

    /// The same as JSON.
    pub fn as_json(&self) -> Value {
        let summary: serde_json::Map<String, Value> = in_numbers(self.findings)
            .into_iter()
            .map(|(severity, number)| (severity.word().to_owned(), number.into()))
            .collect();
        json!({
            "now": self.gathered.clock.now,
            "judged_at": self.gathered.clock.judged,
            "unused_since": self.gathered.since,
            "use_is_known": self.gathered.uses.are_known(),
            "summary": summary,
            "refused": self.gathered.uses.all_refused().map(refused_as_json).collect::<Vec<_>>(),
            "looked_at": {
                "projects": self.gathered.projects.len(),
                "unreadable": self.searched.unreadable,
                "complete": !self.searched.cut_short,
                "left_out": self.searched.left_out.iter().map(LeftOut::as_json).collect::<Vec<_>>(),
            },
            "findings": self.findings.iter().map(as_json).collect::<Vec<_>>(),
            "mended": self.mended.iter().map(as_json).collect::<Vec<_>>(),
        })
    }
}

fn rows(finding: &Finding) -> Vec<Vec<String>> {
    let first = vec![finding.severity.word().to_owned(), finding.what.clone()];
    vec![first, vec![String::new(), finding.mend.to_string()]]
}

/// What was refused of a key within the time that is looked at; no program where it was to be shown or used for more.
fn refused_as_json((key, refused): (&str, &Refused)) -> Value {
    let programs = refused.programs.iter().map(|(program, times)| json!({ "program": program, "times": times }));
    json!({
        "key": key,
        "times": refused.times(),
        "last": refused.last,
        "programs": programs.collect::<Vec<_>>(),
        "why": refused.why,
    })
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "id": finding.rule.id(),
        "severity": finding.severity.word(),
        "what": finding.what,
        "keys": finding.keys,
        "places": finding.places,
        "mend": finding.mend.to_string(),
        "command": finding.mend.command,
        "fixable": finding.repair.is_some(),
        "owasp": finding.rule.section(),
        "aim": finding.rule.aim().words(),
    })
}
