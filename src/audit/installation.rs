//! What is wrong with how the store, its identity, its history and its recovery copy are kept.

use std::path::PathBuf;

use super::{Finding, Repair, Rule, Severity};
use crate::{history::Verdict, identity::keeper::KeeperKind};

/// How all of it is kept. By default nothing is wrong but that there is no recovery copy.
#[derive(Debug, Clone, Default)]
pub struct Installation {
    /// What other users may read or change, or have.
    pub open: Vec<Open>,
    /// A file keeps the identity; and whether there is a keychain that could.
    pub identity_in_file: Option<bool>,
    /// The keychain keeps the identity, and a file has it too.
    pub identity_twice: Option<KeeperKind>,
    /// The recovery copy, and whether it was proven.
    pub recovery: Option<bool>,
    /// Whether the history is whole.
    pub history: Option<Verdict>,
    /// Why the user's settings cannot be used.
    pub settings: Option<String>,
    /// What is wrong with the name that a shell finds, and the way out.
    pub name: Option<(String, String)>,
}

/// A file or folder that is not the user's alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Which.
    pub path: PathBuf,
    /// Whether it is a folder.
    pub folder: bool,
    /// Whether it belongs to another user.
    pub foreign: bool,
    /// Whether it is keyctl's own, and nothing of the user's lies in it.
    pub own: bool,
    /// The command that closes it.
    pub command: String,
}

/// What is wrong with files and folders that are not the user's alone.
#[must_use]
pub fn open_to_others(all: &[Open]) -> Vec<Finding> {
    all.iter().map(open).collect()
}

pub(super) fn judge(facts: &Installation, findings: &mut Vec<Finding>) {
    findings.extend(open_to_others(&facts.open));
    findings.extend(identity(facts));
    findings.extend(recovery(facts.recovery));
    findings.extend(facts.history.as_ref().and_then(history));
    let settings = facts.settings.as_ref().map(|why| {
        Finding::new(Rule::SettingsRefused, format!("your settings are not used: {why}"))
            .words("put that right in the file")
    });
    let name = facts.name.as_ref().map(|(seen, hint)| Finding::new(Rule::NameOnPath, seen.clone()).words(hint.clone()));
    findings.extend(settings.into_iter().chain(name));
}

fn open(open: &Open) -> Finding {
    let path = open.path.to_string_lossy().into_owned();
    if open.foreign {
        let finding = Finding::new(Rule::FilesForeign, format!("`{path}` belongs to another user")).places([path]);
        return finding.words("look at what it says, and put a copy of your own in its place");
    }
    let finding = Finding::new(Rule::FilesOpen, format!("`{path}` is open to other users")).places([path]);
    let repair = (cfg!(unix) && open.own).then(|| Repair::Close { path: open.path.clone(), folder: open.folder });
    Finding { repair, ..finding.command(open.command.clone()) }
}

fn identity(facts: &Installation) -> Option<Finding> {
    const TO_KEYCHAIN: &str = "keyctl store keeper --to keychain";
    if let Some(keeper) = facts.identity_twice {
        let what = format!("{} keeps the identity, but `identity.txt` still lies in the folder too", keeper.place());
        let command = format!("keyctl store keeper --to {}", keeper.word());
        return Some(Finding::new(Rule::IdentityTwice, what).words("take it away").command(command));
    }
    let has_keychain = facts.identity_in_file?;
    let what = "`identity.txt` keeps the identity: whoever copies the whole folder can open the store";
    let finding = Finding::new(Rule::IdentityInFile, what).command(TO_KEYCHAIN);
    if has_keychain {
        return Some(finding);
    }
    // Here it can be nowhere else.
    Some(Finding { severity: Severity::Low, ..finding.words("there is no keychain here; where there is one") })
}

fn recovery(copy: Option<bool>) -> Option<Finding> {
    match copy {
        Some(true) => None,
        Some(false) => Some(
            Finding::new(Rule::RecoveryUnproven, "the recovery copy was never proven to open the store")
                .words("from where you keep it")
                .command("keyctl recovery verify FILE"),
        ),
        None => Some(
            Finding::new(Rule::RecoveryNone, "there is no recovery copy: if the identity is lost, so are the keys")
                .command("keyctl recovery create"),
        ),
    }
}

fn history(verdict: &Verdict) -> Option<Finding> {
    let rule = match verdict {
        Verdict::Tampered { .. } => Rule::HistoryTampered,
        Verdict::Unaccepted { .. } => Rule::HistoryUnproven,
        Verdict::NotProvable { .. } if verdict.is_trouble() => Rule::HistoryUnproven,
        Verdict::Intact { .. } | Verdict::NotProvable { .. } => return None,
    };
    let finding = Finding::new(rule, format!("the history is {verdict}"));
    Some(match verdict {
        Verdict::Unaccepted { .. } => {
            finding.words("if you know of that, say yes to it").command("keyctl history repair --accept")
        }
        _ => finding.words("find out who did that; to go on from what is whole").command("keyctl history repair"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Installation {
        Installation { recovery: Some(true), ..Installation::default() }
    }

    fn said(facts: &Installation) -> Vec<[String; 4]> {
        let mut found = Vec::new();
        judge(facts, &mut found);
        let words = |one: Finding| {
            [one.rule.id().to_owned(), one.severity.word().to_owned(), one.what.clone(), one.mend.to_string()]
        };
        found.into_iter().map(words).collect()
    }

    #[test]
    fn where_all_is_kept_well_nothing_is_said() {
        assert_eq!(said(&good()), [[""; 4]; 0]);
    }

    #[test]
    fn what_others_may_read_can_be_closed_and_what_is_anothers_cannot() {
        let open = |foreign| Open {
            path: "/k/store.age".into(),
            folder: false,
            foreign,
            own: true,
            command: "chmod 600 '/k/store.age'".into(),
        };
        let facts = Installation { open: vec![open(false), open(true)], ..good() };
        assert_eq!(
            said(&facts),
            [
                ["files-open", "high", "`/k/store.age` is open to other users", "`chmod 600 '/k/store.age'`"],
                [
                    "files-foreign",
                    "high",
                    "`/k/store.age` belongs to another user",
                    "look at what it says, and put a copy of your own in its place"
                ]
            ]
        );
        let mut found = Vec::new();
        judge(&facts, &mut found);
        assert_eq!((found[0].repair.is_some(), found[1].repair.is_some()), (cfg!(unix), false));
    }

    #[test]
    fn a_file_that_keeps_the_identity_is_worse_where_a_keychain_could() {
        let what = "`identity.txt` keeps the identity: whoever copies the whole folder can open the store";
        let to = "`keyctl store keeper --to keychain`";
        let kept = |has_keychain| said(&Installation { identity_in_file: Some(has_keychain), ..good() });
        assert_eq!(kept(true), [["identity-in-file", "medium", what, to]]);
        let where_ = format!("there is no keychain here; where there is one: {to}");
        assert_eq!(kept(false), [["identity-in-file", "low", what, &where_]]);
        let twice = said(&Installation { identity_twice: Some(KeeperKind::Keychain), ..good() });
        assert_eq!((twice[0][0].as_str(), twice[0][1].as_str(), twice.len()), ("identity-twice", "high", 1));
    }

    #[test]
    fn a_recovery_copy_that_is_missing_is_worse_than_one_that_was_not_tried() {
        let copy = |recovery| said(&Installation { recovery, ..good() });
        assert_eq!(copy(None)[0][..2], ["recovery-none", "medium"]);
        assert_eq!(copy(Some(false))[0][..2], ["recovery-unproven", "low"]);
    }

    #[test]
    fn a_history_that_was_changed_is_worse_than_one_that_cannot_be_proven() {
        let history = |verdict| said(&Installation { history: Some(verdict), ..good() });
        let tampered = history(Verdict::Tampered { at: 3, why: "it does not open".into() });
        assert_eq!(tampered[0][..3], ["history-tampered", "high", "the history is tampered at #3: it does not open"]);
        let unproven = history(Verdict::NotProvable { why: "the end is missing".into() });
        assert_eq!(unproven[0][..2], ["history-unproven", "medium"]);
        let unaccepted = history(Verdict::Unaccepted { losses: Vec::new() });
        assert_eq!(unaccepted[0][..2], ["history-unproven", "medium"]);
        assert_eq!(unaccepted[0][3], "if you know of that, say yes to it: `keyctl history repair --accept`");
        let new = history(Verdict::NotProvable { why: "there is no history".into() });
        assert!(new.is_empty(), "nothing was recorded yet");
        let intact = Verdict::Intact {
            entries: 3,
            pruned: None,
            anchored_at: None,
            lost: 0,
            lost_at_least: false,
            went_back: 0,
        };
        assert!(history(intact).is_empty());
    }

    #[test]
    fn settings_that_are_refused_and_a_name_that_is_anothers_are_told_of() {
        let (why, seen, hint) = ("other users may change it", "a shell finds nothing", "call it by its path");
        let facts = Installation { settings: Some(why.into()), name: Some((seen.into(), hint.into())), ..good() };
        let said = said(&facts);
        assert_eq!(
            said[0][..3],
            ["settings-refused", "medium", "your settings are not used: other users may change it"]
        );
        assert_eq!(said[1], ["name-on-path", "low", seen, hint]);
    }
}
