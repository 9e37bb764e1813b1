//! What is wrong with the projects that were allowed: gone, changed, or allowed more than they use.

use std::path::{Path, PathBuf};

use super::{
    Facts, Finding, Repair, Rule,
    finding::{listed, word},
};
use crate::{date::Moment, project::find};

/// A project that was allowed.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its place, as the approvals have it.
    pub place: String,
    /// Its folder, which may be gone.
    pub folder: PathBuf,
    /// What was approved there.
    pub approved: Vec<Approval>,
    /// How it stands.
    pub standing: Standing,
}

/// One thing that was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The variable.
    pub variable: String,
    /// The key it becomes; none for a plain setting.
    pub key: Option<String>,
    /// Since when.
    pub since: Moment,
}

/// How a project stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Its folder is not there.
    Gone,
    /// Its folder has no project file.
    WithoutFile,
    /// It was allowed in a repository and is in none now, or the other way round.
    OtherPlace,
    /// Its file is refused, and why.
    Refused(String),
    /// It asks for something.
    Asks {
        /// How many things it asks for that were not approved.
        more: usize,
        /// The variables that were approved and are not asked for in this way any more.
        stale: Vec<String>,
    },
}

impl Project {
    /// Whether it may have a key.
    #[must_use]
    pub fn allows(&self, key: &str) -> bool {
        self.keys().any(|own| own == key)
    }

    /// Its project file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.join(find::NAME)
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.approved.iter().filter_map(|approval| approval.key.as_deref())
    }

    fn is_approved_since(&self, variable: &str, moment: Moment) -> bool {
        self.approved.iter().any(|approval| approval.variable == variable && approval.since < moment)
    }
}

pub(super) fn judge(facts: &Facts, findings: &mut Vec<Finding>) {
    for project in facts.projects {
        findings.extend(standing(project));
        findings.extend(stale(project, facts.since));
        findings.extend(idle(project, facts));
    }
}

/// A finding about a project.
fn about(project: &Project, rule: Rule, what: impl Fn(&str) -> String) -> Finding {
    let folder = project.folder.to_string_lossy();
    Finding::new(rule, what(&folder)).places([folder.clone().into_owned()])
}

fn with_keys(finding: Finding, project: &Project) -> Finding {
    let mut keys: Vec<&str> = project.keys().collect();
    keys.sort_unstable();
    keys.dedup();
    finding.keys(keys)
}

fn standing(project: &Project) -> Option<Finding> {
    let (deny, allow) = (on(&project.folder, "deny"), on(&project.folder, "allow"));
    Some(match &project.standing {
        Standing::Gone => {
            let finding = about(project, Rule::ProjectGone, |folder| format!("`{folder}` was allowed and is gone"));
            let finding = with_keys(finding, project);
            let keys = finding.keys.clone();
            let repair = Repair::TakeBack { place: project.place.clone(), folder: project.folder.clone(), keys };
            Finding {
                repair: Some(repair),
                ..finding.words("take back what was allowed there").command("keyctl audit --fix")
            }
        }
        Standing::WithoutFile => {
            let what = |folder: &str| format!("`{folder}` was allowed and has no `.keyctl.toml` any more");
            with_keys(about(project, Rule::ProjectWithoutFile, what), project).command(deny)
        }
        Standing::OtherPlace => {
            let what = |folder: &str| {
                format!("`{folder}` was allowed before it was, or while it was, a git repository: another place")
            };
            let finding = with_keys(about(project, Rule::ProjectWithoutFile, what), project);
            finding.words("take back all, and allow what it asks for now").command(deny)
        }
        Standing::Refused(why) => {
            let what = |folder: &str| format!("what `{folder}` asks for cannot be told: {why}");
            about(project, Rule::ProjectChanged, what).words("look at it").command(allow)
        }
        Standing::Asks { more: 0, .. } => return None,
        Standing::Asks { more, .. } => {
            let things = if *more == 1 { "1 thing".to_owned() } else { format!("{more} things") };
            let what = |folder: &str| format!("`{folder}` asks for {things} that you have not allowed");
            about(project, Rule::ProjectChanged, what).words("look at it").command(allow)
        }
    })
}

/// What was allowed long ago and is not asked for any more. Of late it may be asked for by another branch.
fn stale(project: &Project, since: Moment) -> Option<Finding> {
    let Standing::Asks { stale, .. } = &project.standing else { return None };
    let stale: Vec<&String> = stale.iter().filter(|variable| project.is_approved_since(variable, since)).collect();
    if stale.is_empty() {
        return None;
    }
    let listed = listed(&stale);
    let (are, that) = if stale.len() == 1 { ("is", "that") } else { ("are", "them") };
    let what = |folder: &str| format!("{listed} {are} allowed in `{folder}`, which does not ask for {that} any more");
    Some(again(about(project, Rule::GrantStale, what), project, "take back all, and allow what it asks for now"))
}

/// A project that uses none of its keys, or not all of them.
fn idle(project: &Project, facts: &Facts) -> Option<Finding> {
    let is_there = !matches!(project.standing, Standing::Gone | Standing::WithoutFile | Standing::OtherPlace);
    if !is_there || !facts.uses.are_known() || project.keys().next().is_none() {
        return None;
    }
    let folder = project.folder.to_string_lossy();
    let is_used = |key: &str| facts.uses.last_in(key, &folder).is_some_and(|last| last >= facts.since);
    if !project.keys().any(is_used) {
        let is_old = project.approved.iter().all(|approval| approval.since < facts.since);
        let what = |folder: &str| format!("`{folder}` is allowed and has used none of its keys for 90 days");
        let finding = with_keys(about(project, Rule::ProjectUnused, what), project);
        return is_old.then(|| finding.words("if it is not worked on").command(on(&project.folder, "deny")));
    }
    let stale: &[String] = if let Standing::Asks { stale, .. } = &project.standing { stale } else { &[] };
    let is_idle = |approval: &&Approval| {
        let is_unused = approval.key.as_deref().is_some_and(|key| !is_used(key));
        is_unused && approval.since < facts.since && !stale.contains(&approval.variable)
    };
    let unused: Vec<&Approval> = project.approved.iter().filter(is_idle).collect();
    let mut keys: Vec<&str> = unused.iter().filter_map(|approval| approval.key.as_deref()).collect();
    let mut variables: Vec<&str> = unused.iter().map(|approval| approval.variable.as_str()).collect();
    for names in [&mut keys, &mut variables] {
        names.sort_unstable();
        names.dedup();
    }
    if keys.is_empty() {
        return None;
    }
    let listed_keys = listed(&keys);
    let (are, were) = if keys.len() == 1 { ("is", "was") } else { ("are", "were") };
    let what =
        |folder: &str| format!("{listed_keys} {are} allowed in `{folder}` and {were} not used there for 90 days");
    let words = format!("take {} out of `{}`, then", listed(&variables), word(&project.file()));
    Some(again(about(project, Rule::GrantUnused, what).keys(keys), project, &words))
}

fn on(folder: &Path, verb: &str) -> String {
    format!("keyctl {verb} {}", word(folder))
}

/// To be mended by taking all back and allowing what is asked for then.
fn again(finding: Finding, project: &Project, words: &str) -> Finding {
    let (deny, allow) = (on(&project.folder, "deny"), on(&project.folder, "allow"));
    finding.words(words).command(format!("{deny} && {allow}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::{
            Uses,
            bench::{ago, facts},
            findings,
        },
        history::{Action, Event},
        name::KeyName,
    };

    fn approval(variable: &str, key: &str, days: i64) -> Approval {
        Approval { variable: variable.into(), key: Some(key.into()), since: ago(days) }
    }

    fn project(standing: Standing, approved: &[Approval]) -> Project {
        Project { place: "/shop/.git".into(), folder: "/shop".into(), approved: approved.to_vec(), standing }
    }

    fn asks(more: usize, stale: &[&str]) -> Standing {
        Standing::Asks { more, stale: stale.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// A history of a year, and what was used in `/shop`, so many days ago.
    fn used(uses: &[(&str, i64)]) -> Uses {
        let mut all = Uses::new(ago(90));
        all.add(&Event::new(Action::Set, ago(365)));
        for (name, days) in uses {
            let name: KeyName = name.parse().expect("good");
            all.add(&Event::new(Action::Run, ago(*days)).names([&name]).folder(Path::new("/shop")));
        }
        all
    }

    fn said(project: Project, uses: &Uses) -> Vec<[String; 3]> {
        let projects = [project];
        let mut facts = facts(uses);
        facts.projects = &projects;
        findings(&facts).into_iter().map(|one| [one.rule.id().to_owned(), one.what, one.mend.to_string()]).collect()
    }

    #[test]
    fn a_project_that_is_gone_can_be_taken_back_without_a_question() {
        let uses = used(&[]);
        let projects = [project(Standing::Gone, &[approval("A", "a", 1), approval("B", "a", 1)])];
        let mut facts = facts(&uses);
        facts.projects = &projects;
        let found = findings(&facts);
        assert_eq!((found[0].what.as_str(), found.len()), ("`/shop` was allowed and is gone", 1));
        let repair = Repair::TakeBack { place: "/shop/.git".into(), folder: "/shop".into(), keys: vec!["a".into()] };
        assert_eq!(found[0].repair, Some(repair));
    }

    #[test]
    fn a_project_that_asks_for_more_for_nothing_or_for_what_cannot_be_told_is_told_of() {
        let uses = used(&[("a", 1)]);
        let say = |standing| said(project(standing, &[approval("A", "a", 1)]), &uses);
        let allow = "look at it: `keyctl allow /shop`";
        assert_eq!(say(asks(0, &[])), [[""; 3]; 0]);
        let one = "`/shop` asks for 1 thing that you have not allowed";
        assert_eq!(say(asks(1, &[])), [["project-changed", one, allow]]);
        let two = "`/shop` asks for 2 things that you have not allowed";
        assert_eq!(say(asks(2, &[])), [["project-changed", two, allow]]);
        let broken = "what `/shop` asks for cannot be told: it is a link";
        assert_eq!(say(Standing::Refused("it is a link".into())), [["project-changed", broken, allow]]);
        let none = "`/shop` was allowed and has no `.keyctl.toml` any more";
        assert_eq!(say(Standing::WithoutFile), [["project-without-file", none, "`keyctl deny /shop`"]]);
    }

    #[test]
    fn what_was_allowed_long_ago_and_is_not_asked_for_any_more_is_told_of() {
        let uses = used(&[("a", 1)]);
        let say = |days| said(project(asks(0, &["B"]), &[approval("A", "a", 1), approval("B", "b", days)]), &uses);
        let what = "`B` is allowed in `/shop`, which does not ask for that any more";
        let mend = "take back all, and allow what it asks for now: `keyctl deny /shop && keyctl allow /shop`";
        assert_eq!(say(91), [["grant-stale", what, mend]]);
        assert_eq!(say(89), [[""; 3]; 0], "another branch may ask for it");
    }

    // Its paths are those of Unix.
    #[cfg(unix)]
    #[test]
    fn a_project_that_uses_nothing_is_to_be_denied_and_one_that_uses_less_to_be_narrowed() {
        let approved = [approval("A", "a", 200), approval("B", "b", 200), approval("C", "c", 10)];
        let say = |uses: &[(&str, i64)], approved: &[Approval]| said(project(asks(0, &[]), approved), &used(uses));
        let what = "`/shop` is allowed and has used none of its keys for 90 days";
        let mend = "if it is not worked on: `keyctl deny /shop`";
        assert_eq!(say(&[("a", 91)], &approved[..2]), [["project-unused", what, mend]]);
        assert_eq!(say(&[("a", 91)], &approved), [[""; 3]; 0], "something was allowed of late");
        let what = "`b` is allowed in `/shop` and was not used there for 90 days";
        let mend = "take `B` out of `/shop/.keyctl.toml`, then: `keyctl deny /shop && keyctl allow /shop`";
        assert_eq!(say(&[("a", 5), ("b", 100)], &approved), [["grant-unused", what, mend]]);
        assert_eq!(say(&[("a", 5), ("b", 5)], &approved), [[""; 3]; 0]);
        let short = Uses::new(ago(90));
        assert_eq!(said(project(asks(0, &[]), &approved[..2]), &short), [[""; 3]; 0], "the history does not know");
    }

    #[test]
    fn a_plain_setting_is_not_a_key_that_is_not_used() {
        let setting = Approval { variable: "LEVEL".into(), key: None, since: ago(200) };
        assert_eq!(said(project(asks(0, &[]), std::slice::from_ref(&setting)), &used(&[])), [[""; 3]; 0]);
        let both = [approval("A", "a", 200), setting];
        assert_eq!(said(project(asks(0, &[]), &both), &used(&[("a", 5)])), [[""; 3]; 0]);
    }
}
