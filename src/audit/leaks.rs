//! What lies in clear in the projects that were allowed.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    Finding, Rule, Severity,
    finding::{listed, word},
};

/// So many places are told of one key in one project.
const MOST: usize = 20;

/// A secret that lies in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// The file.
    pub file: PathBuf,
    /// The line; 0 where it is in the name.
    pub line: u64,
    /// The project's folder.
    pub project: PathBuf,
    /// What it is.
    pub what: Leaked,
    /// Whether keyctl itself can take it over and out of the file.
    pub can_adopt: bool,
}

/// What lies there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaked {
    /// The secret of a key that is kept.
    Current(String),
    /// One that a key had before, which its issuer may still take.
    Former(String),
    /// What looks like an issuer's key and is not kept.
    Unkept(&'static str),
}

impl Leak {
    fn place(&self) -> String {
        match self.line {
            0 => format!("{} (its name)", self.file.display()),
            line => format!("{}:{line}", self.file.display()),
        }
    }
}

pub(super) fn judge(leaks: &[Leak], findings: &mut Vec<Finding>) {
    let mut groups: BTreeMap<(&Leaked, &Path), Vec<&Leak>> = BTreeMap::new();
    for leak in leaks {
        // What is not kept is taken over file by file; a key is replaced once, wherever it lies.
        let of = if matches!(leak.what, Leaked::Unkept(_)) { &leak.file } else { &leak.project };
        groups.entry((&leak.what, of)).or_default().push(leak);
    }
    findings.extend(groups.into_iter().map(|((what, of), leaks)| finding(what, of, &leaks)));
}

fn finding(what: &Leaked, of: &Path, leaks: &[&Leak]) -> Finding {
    let places: Vec<String> = leaks.iter().map(|leak| leak.place()).collect();
    let where_ = listed(&places);
    let out = match leaks {
        [leak] if leak.line == 0 => "give that another name",
        [_] => "take it out of the file",
        _ => "take it out of the files",
    };
    let finding = match what {
        Leaked::Current(name) => Finding::new(Rule::SecretInFile, format!("`{name}` lies in clear in {where_}"))
            .keys([name.as_str()])
            .words(format!("{out}, and replace it"))
            .command(format!("keyctl rotate {name}")),
        Leaked::Former(name) => {
            let what = format!("a former secret of `{name}` lies in clear in {where_}");
            let finding = Finding::new(Rule::SecretInFile, what).keys([name.as_str()]);
            Finding { severity: Severity::Low, ..finding }
                .words(format!("{out}; whether its issuer still takes it, is told by its page"))
        }
        Leaked::Unkept(kind) => Finding::new(Rule::UnkeptInFile, format!("what looks like a {kind} lies in {where_}"))
            .words("keep it with `keyctl set NAME`, then take it out of there by hand"),
    };
    let can_adopt = matches!(what, Leaked::Unkept(_)) && leaks.iter().all(|leak| leak.can_adopt);
    let finding = if can_adopt {
        finding.words("keep it here instead").command(format!("keyctl scan --adopt {}", word(of)))
    } else {
        finding
    };
    finding.places(places.into_iter().take(MOST))
}

// Its paths are those of Unix.
#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::audit::{
        Uses,
        bench::{ago, facts},
        findings,
    };

    fn leak(file: &str, line: u64, what: Leaked) -> Leak {
        Leak { file: Path::new("/shop").join(file), line, project: "/shop".into(), what, can_adopt: file == ".env" }
    }

    #[test]
    fn a_key_is_told_of_once_for_a_project_with_where_it_lies() {
        let current = || Leaked::Current("a".into());
        let leaks = [
            leak(".env", 2, current()),
            leak("x/run.sh", 7, current()),
            leak("old.txt", 1, Leaked::Former("a".into())),
            leak(".env", 3, Leaked::Unkept("GitHub token")),
            leak("app.toml", 3, Leaked::Unkept("GitHub token")),
            leak("[secret of b]", 0, Leaked::Current("b".into())),
            Leak { project: "/blog".into(), ..leak("../blog/y", 1, current()) },
        ];
        let uses = Uses::new(ago(90));
        let mut facts = facts(&uses);
        facts.leaks = &leaks;
        let found = findings(&facts);
        let said: Vec<_> =
            found.iter().map(|one| (one.severity.word(), one.what.as_str(), one.mend.to_string())).collect();
        assert_eq!(
            said,
            [
                (
                    "high",
                    "`a` lies in clear in `/shop/../blog/y:1`",
                    "take it out of the file, and replace it: `keyctl rotate a`".to_owned()
                ),
                (
                    "high",
                    "`a` lies in clear in `/shop/.env:2` and `/shop/x/run.sh:7`",
                    "take it out of the files, and replace it: `keyctl rotate a`".into()
                ),
                (
                    "high",
                    "`b` lies in clear in `/shop/[secret of b] (its name)`",
                    "give that another name, and replace it: `keyctl rotate b`".into()
                ),
                (
                    "medium",
                    "what looks like a GitHub token lies in `/shop/.env:3`",
                    "keep it here instead: `keyctl scan --adopt /shop/.env`".into()
                ),
                (
                    "medium",
                    "what looks like a GitHub token lies in `/shop/app.toml:3`",
                    "keep it with `keyctl set NAME`, then take it out of there by hand".into()
                ),
                (
                    "low",
                    "a former secret of `a` lies in clear in `/shop/old.txt:1`",
                    "take it out of the file; whether its issuer still takes it, is told by its page".into()
                ),
            ]
        );
        assert_eq!(found[1].places, ["/shop/.env:2", "/shop/x/run.sh:7"]);
        assert_eq!((found[1].keys.len(), found[3].keys.len(), &found[4].mend.command), (1, 0, &None));
    }

    #[test]
    fn where_a_key_lies_everywhere_not_every_place_is_told() {
        let leaks: Vec<Leak> = (1..100).map(|line| leak("log", line, Leaked::Current("a".into()))).collect();
        let mut found = Vec::new();
        judge(&leaks, &mut found);
        assert_eq!((found.len(), found[0].places.len()), (1, MOST));
        assert_eq!(found[0].what, "`a` lies in clear in `/shop/log:1`, `/shop/log:2`, `/shop/log:3` and 96 more");
    }
}
