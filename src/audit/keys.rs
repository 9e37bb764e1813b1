//! What is wrong with keys: their ends and plans, what they hold, who uses them.

use super::{
    Facts, Finding, Rule, Standing, Weakness,
    finding::{listed, word},
};
use crate::{date::Moment, rotation::State};

/// A key that was given to more programs than this within the time that is looked at is given to whatever is started.
const MOST_PROGRAMS: usize = 7;

/// What is known of a key.
#[derive(Debug, Clone)]
pub struct Key<'k> {
    /// Its name.
    pub name: &'k str,
    /// How it stands.
    pub state: State,
    /// Whether its issuer's end comes before its owner's plan.
    pub ends_soon: bool,
    /// Whether its owner or its issuer has said when it is to be replaced.
    pub has_plan: bool,
    /// The moment that made it what it is, or that will change it.
    pub moment: Option<Moment>,
    /// Since when it is kept.
    pub created: Moment,
    /// What is weak about its secret.
    pub weakness: Option<Weakness>,
    /// Whether it is said for which programs it is.
    pub is_for_programs: bool,
}

pub(super) fn judge(facts: &Facts, findings: &mut Vec<Finding>) {
    for key in &facts.keys {
        findings.extend(
            [by_time(key, facts.now), revoked(key, facts), weak(key), to_many(key, facts)].into_iter().flatten(),
        );
    }
    findings.extend(facts.shared.iter().filter_map(|names| shared(names)));
    findings.extend(without_plan(&facts.keys));
    findings.extend(unused(facts));
}

/// A key that was found in the clear, has ended, has to be replaced, or ends soon. One that is revoked is not to be replaced for its age.
fn by_time(key: &Key, now: Moment) -> Option<Finding> {
    let name = key.name;
    let when = |words: fn(Moment, Moment) -> String| key.moment.map(|moment| words(moment, now)).unwrap_or_default();
    let (rule, what) = match key.state {
        State::Leaked => (Rule::Leaked, format!("`{name}` was found in the clear {}", when(Moment::ago))),
        State::Expired => (Rule::Expired, format!("`{name}` expired {}", when(Moment::ago))),
        State::Due => (Rule::Due, format!("`{name}` was to be replaced {}", when(Moment::ago))),
        State::Soon if key.ends_soon => (Rule::EndsSoon, format!("`{name}` ends {}", when(Moment::from_now))),
        State::Soon | State::Fresh | State::Revoked => return None,
    };
    Some(Finding::new(rule, what.trim_end()).keys([name]).command(format!("keyctl rotate {name}")))
}

fn revoked(key: &Key, facts: &Facts) -> Option<Finding> {
    if key.state != State::Revoked {
        return None;
    }
    let is_there = |standing: &Standing| !matches!(standing, Standing::Gone);
    let projects = facts.projects.iter().filter(|project| is_there(&project.standing) && project.allows(key.name));
    let folders: Vec<_> = projects.map(|project| project.folder.to_string_lossy().into_owned()).collect();
    if folders.is_empty() {
        return None;
    }
    let what = format!("`{}` is revoked and still allowed in {}", key.name, listed(&folders));
    let finding = Finding::new(Rule::RevokedGranted, what).keys([key.name]).places(folders);
    Some(finding.words("replace it").command(format!("keyctl rotate {}", key.name)))
}

fn weak(key: &Key) -> Option<Finding> {
    let name = key.name;
    let (rule, what) = match key.weakness? {
        Weakness::Empty => (Rule::Placeholder, format!("`{name}` holds nothing")),
        Weakness::Placeholder => (Rule::Placeholder, format!("`{name}` holds a placeholder and no secret")),
        Weakness::Short => (Rule::Weak, format!("`{name}` is short enough to be guessed")),
        Weakness::Uniform => (Rule::Weak, format!("`{name}` has few different characters")),
    };
    let finding = Finding::new(rule, what).keys([name]);
    // A revoked one is not in use.
    (key.state != State::Revoked).then(|| finding.words("replace it").command(format!("keyctl rotate {name}")))
}

fn to_many(key: &Key, facts: &Facts) -> Option<Finding> {
    let programs = facts.uses.programs(key.name);
    if programs.len() <= MOST_PROGRAMS || key.state == State::Revoked || key.is_for_programs {
        return None;
    }
    let name = key.name;
    let what = format!("`{name}` was given to {} programs in 90 days: {}", programs.len(), listed(&programs));
    let finding = Finding::new(Rule::ManyPrograms, what).keys([name]);
    let paths = programs.iter().filter_map(|program| facts.programs.get(*program));
    let options: Vec<String> = paths.map(|path| format!("--only-program {}", word(path))).collect();
    if !options.is_empty() {
        let command = format!("keyctl edit {name} {}", options.join(" "));
        return Some(finding.words("give it to those alone that need it, less what of this does not").command(command));
    }
    let project = facts.projects.iter().find(|project| project.allows(name));
    let file = project.map_or_else(|| "`config.toml`".to_owned(), |project| format!("`{}`", word(&project.file())));
    let words = format!("put it in a profile of its own in {file}, and run what needs it with that");
    Some(finding.words(words).command("keyctl run -P PROFILE -- PROGRAM"))
}

fn shared(names: &[&str]) -> Option<Finding> {
    let [_, others @ ..] = names else { return None };
    if others.is_empty() {
        return None;
    }
    let what = format!("{} hold the same secret: replacing one leaves the others behind", listed(names));
    let what = if names.len() == 2 { what.replace("the others", "the other") } else { what };
    let finding = Finding::new(Rule::Shared, what).keys(names.iter().copied());
    Some(finding.words("let projects ask for one name, then").command(format!("keyctl remove {}", others.join(" "))))
}

fn without_plan(keys: &[Key]) -> Option<Finding> {
    let names: Vec<&str> =
        keys.iter().filter(|key| !key.has_plan && key.state == State::Fresh).map(|key| key.name).collect();
    let (what, name) = match names.as_slice() {
        [] => return None,
        [name] => (format!("`{name}` has no plan to be replaced"), *name),
        _ => (format!("{} keys have no plan to be replaced: {}", names.len(), listed(&names)), "NAME"),
    };
    let finding = Finding::new(Rule::NoPlan, what).keys(names.iter().copied());
    Some(finding.command(format!("keyctl edit {name} --rotate-every 90d")))
}

fn unused(facts: &Facts) -> Option<Finding> {
    if !facts.uses.are_known() {
        return None;
    }
    let is_unused =
        |key: &&Key| key.created < facts.since && facts.uses.last(key.name).is_none_or(|last| last < facts.since);
    let names: Vec<&str> = facts.keys.iter().filter(is_unused).map(|key| key.name).collect();
    let what = match names.as_slice() {
        [] => return None,
        [name] => format!("`{name}` was not used for 90 days"),
        _ => format!("{} keys were not used for 90 days: {}", names.len(), listed(&names)),
    };
    let finding = Finding::new(Rule::Unused, what).keys(names.iter().copied());
    Some(match names.as_slice() {
        [name] => finding.words("if it is not needed").command(format!("keyctl remove {name}")),
        _ => finding.words("look at them").command("keyctl history usage --unused-for 90d"),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{
        audit::{
            Uses,
            bench::{ago, facts, ids, key},
            findings,
            projects::{Approval, Project},
        },
        history::{Action, Event},
        name::KeyName,
    };

    /// What is said of one key, and how it is mended.
    fn said(key: Key) -> Vec<[String; 3]> {
        let uses = Uses::new(ago(90));
        let mut facts = facts(&uses);
        facts.keys = vec![key];
        findings(&facts).into_iter().map(|one| [one.rule.id().to_owned(), one.what, one.mend.to_string()]).collect()
    }

    #[test]
    fn a_key_is_told_of_by_its_time_when_something_is_to_be_done() {
        let at = |state, days, ends_soon| said(Key { state, moment: Some(ago(days)), ends_soon, ..key("a") });
        let rotate = "`keyctl rotate a`";
        assert_eq!(at(State::Expired, 3, true), [["key-expired", "`a` expired 3 days ago", rotate]]);
        assert_eq!(at(State::Leaked, 3, false), [["key-leaked", "`a` was found in the clear 3 days ago", rotate]]);
        assert_eq!(at(State::Due, 2, false), [["key-due", "`a` was to be replaced 2 days ago", rotate]]);
        assert_eq!(at(State::Soon, -9, true), [["key-ends-soon", "`a` ends in 9 days", rotate]]);
        assert!(at(State::Soon, -9, false).is_empty(), "what the owner plans has time until then");
        assert!(at(State::Fresh, -90, true).is_empty());
        assert!(at(State::Revoked, 3, true).is_empty(), "no project may have it");
    }

    #[test]
    fn a_weak_secret_is_told_of_without_a_word_of_it() {
        for (weakness, id, what) in [
            (Weakness::Empty, "key-placeholder", "`a` holds nothing"),
            (Weakness::Placeholder, "key-placeholder", "`a` holds a placeholder and no secret"),
            (Weakness::Short, "key-weak", "`a` is short enough to be guessed"),
            (Weakness::Uniform, "key-weak", "`a` has few different characters"),
        ] {
            let weak = Key { weakness: Some(weakness), ..key("a") };
            assert_eq!(said(weak.clone()), [[id, what, "replace it: `keyctl rotate a`"]]);
            assert!(said(Key { state: State::Revoked, ..weak }).is_empty());
        }
    }

    #[test]
    fn a_revoked_key_that_a_project_may_have_is_told_of_with_the_project() {
        let uses = Uses::new(ago(90));
        let project = |standing| Project {
            place: "/shop".into(),
            folder: PathBuf::from("/shop"),
            approved: vec![Approval { variable: "A".into(), key: Some("a".into()), since: ago(1) }],
            standing,
        };
        let there = [project(Standing::Asks { more: 0, stale: Vec::new() })];
        let mut facts = facts(&uses);
        facts.keys = vec![Key { state: State::Revoked, ..key("a") }];
        assert_eq!(ids(&facts), [""; 0]);
        facts.projects = &there;
        let found = findings(&facts);
        assert_eq!(found[0].what, "`a` is revoked and still allowed in `/shop`");
        assert_eq!((found[0].places.as_slice(), found.len()), (&["/shop".to_owned()][..], 1));
        facts.keys = vec![Key { state: State::Revoked, ..key("b") }];
        assert_eq!(ids(&facts), [""; 0], "it may not have this one");
        facts.keys = vec![key("a")];
        assert_eq!(ids(&facts), [""; 0]);
    }

    #[test]
    fn names_with_one_secret_are_told_of_together() {
        let uses = Uses::new(ago(90));
        let mut facts = facts(&uses);
        facts.shared = vec![vec!["a", "b"], vec!["c", "d", "e"], vec!["f"]];
        let found = findings(&facts);
        let said: Vec<_> = found.iter().map(|one| (one.what.as_str(), one.mend.command.as_deref())).collect();
        assert_eq!(
            said,
            [
                ("`a` and `b` hold the same secret: replacing one leaves the other behind", Some("keyctl remove b")),
                (
                    "`c`, `d`, `e` hold the same secret: replacing one leaves the others behind",
                    Some("keyctl remove d e")
                )
            ]
        );
    }

    #[test]
    fn keys_without_a_plan_are_told_of_in_one_line() {
        let uses = Uses::new(ago(90));
        let mut facts = facts(&uses);
        let planless = |name| Key { has_plan: false, ..key(name) };
        facts.keys = vec![planless("a"), key("b"), Key { state: State::Revoked, ..planless("c") }];
        let found = findings(&facts);
        assert_eq!(found[0].what, "`a` has no plan to be replaced");
        assert_eq!(found[0].mend.to_string(), "`keyctl edit a --rotate-every 90d`");
        facts.keys = ["a", "b", "c", "d", "e"].map(planless).to_vec();
        let found = findings(&facts);
        assert_eq!((found.len(), found[0].keys.len()), (1, 5));
        assert_eq!(found[0].what, "5 keys have no plan to be replaced: `a`, `b`, `c` and 2 more");
        facts.keys = vec![key("b")];
        assert_eq!(ids(&facts), [""; 0]);
    }

    fn used(days: i64, names: &[&str], program: &str) -> Event {
        let names: Vec<KeyName> = names.iter().map(|name| name.parse().expect("good")).collect();
        Event::new(Action::Run, ago(days)).names(&names).program(program.as_ref())
    }

    #[test]
    fn a_key_is_unused_only_where_the_history_knows() {
        let mut uses = Uses::new(ago(90));
        uses.add(&used(200, &["a", "b"], "node"));
        uses.add(&used(89, &["b"], "node"));
        let old = |name| Key { created: ago(300), ..key(name) };
        let mut known = facts(&uses);
        known.keys = vec![old("a"), old("b"), old("never"), key("new")];
        let found = findings(&known);
        assert_eq!(found[0].what, "2 keys were not used for 90 days: `a` and `never`");
        assert_eq!((found[0].rule.id(), found.len()), ("key-unused", 1));
        known.keys = vec![old("never"), key("new")];
        assert_eq!(findings(&known)[0].mend.to_string(), "if it is not needed: `keyctl remove never`");
        known.keys = vec![old("b"), key("new")];
        assert_eq!(ids(&known), [""; 0]);
        let short = Uses::new(ago(90));
        let mut unknown = facts(&short);
        unknown.keys = vec![old("a")];
        assert_eq!(ids(&unknown), [""; 0]);
    }

    #[test]
    fn a_key_that_goes_to_whatever_is_started_is_told_of() {
        let mut uses = Uses::new(ago(90));
        for program in ["a", "b", "c", "d", "e", "f", "g"] {
            uses.add(&used(5, &["k"], program));
        }
        let mut seven = facts(&uses);
        seven.keys = vec![key("k")];
        assert_eq!(ids(&seven), [""; 0]);
        let mut more = uses.clone();
        more.add(&used(4, &["k"], "h"));
        let mut eight = facts(&more);
        eight.keys = vec![Key { is_for_programs: true, ..key("k") }];
        assert_eq!(ids(&eight), [""; 0]);
        eight.keys = vec![key("k")];
        let found = findings(&eight);
        assert_eq!(found[0].what, "`k` was given to 8 programs in 90 days: `a`, `b`, `c` and 5 more");
        assert_eq!(
            found[0].mend.to_string(),
            "put it in a profile of its own in `config.toml`, and run what needs it with that: `keyctl run -P PROFILE -- PROGRAM`"
        );
        let at = |(name, path): (&str, &str)| (name.to_owned(), PathBuf::from(path));
        let programs = [("a", "/bin/a"), ("h", "/opt/h h/h"), ("z", "/bin/z")].map(at).into_iter().collect();
        eight.programs = &programs;
        assert_eq!(
            findings(&eight)[0].mend.to_string(),
            "give it to those alone that need it, less what of this does not: `keyctl edit k --only-program /bin/a --only-program '/opt/h h/h'`"
        );
    }
}
