//! The rules, each with a name that does not change, how bad it is, the section of OWASP's Secrets Management Cheat Sheet
//! that asks for it, and the aim of this program that it serves.

use std::{fmt::Write as _, str::FromStr};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something to tidy up.
    Low,
    /// Something to be mended soon.
    Medium,
    /// Somebody may be using a key just now that should not, or a key that does not work any more is in use.
    High,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl FromStr for Severity {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, &'static str> {
        let all = [Self::Low, Self::Medium, Self::High];
        all.into_iter().find(|severity| severity.word() == word).ok_or("this is either `low`, `medium` or `high`")
    }
}

/// What this program is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// No key lies where others read it.
    FewerInTheClear,
    /// Nobody gets more keys than needed.
    LeastAccess,
    /// No key is used for longer than it should.
    ReplacedInTime,
    /// It is known who used which key when.
    KnownUse,
    /// No key is lost with a machine.
    CanBeRecovered,
}

impl Aim {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::FewerInTheClear => "fewer keys in the clear",
            Self::LeastAccess => "least access",
            Self::ReplacedInTime => "replaced in time",
            Self::KnownUse => "known use",
            Self::CanBeRecovered => "can be recovered",
        }
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $id:literal, $severity:ident, $section:literal, $aim:ident;)*) => {
        /// A rule, in the order in which findings of one severity are told.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])* $rule,)*
        }

        impl Rule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$rule),*];

            /// Its name, which does not change.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$rule => $id),* }
            }

            /// How bad it is, where nothing makes it less so.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity),* }
            }

            /// The section of OWASP's Secrets Management Cheat Sheet.
            #[must_use]
            pub fn section(self) -> &'static str {
                match self { $(Self::$rule => $section),* }
            }

            /// What it serves.
            #[must_use]
            pub fn aim(self) -> Aim {
                match self { $(Self::$rule => Aim::$aim),* }
            }
        }
    };
}

rules! {
    /// A key that is kept lies in clear in a project.
    SecretInFile = "secret-in-file", High, "9.2 Remediation", FewerInTheClear;
    /// A key was found in the clear, and has not been replaced since.
    Leaked = "key-leaked", High, "9.2 Remediation", FewerInTheClear;
    /// A revoked key is still allowed to a project.
    RevokedGranted = "key-revoked-granted", High, "2.7.3 Revocation", LeastAccess;
    /// Its issuer has ended a key.
    Expired = "key-expired", High, "2.7.4 Expiration", ReplacedInTime;
    /// The history was changed.
    HistoryTampered = "history-tampered", High, "2.6 Auditing", KnownUse;
    /// The keychain keeps the identity, and a file still has it.
    IdentityTwice = "identity-twice", High, "7.3 Where to store the Encryption Keys?", FewerInTheClear;
    /// Other users may read or change what is keyctl's.
    FilesOpen = "files-open", High, "6.3 Ensure limitations are in place", FewerInTheClear;
    /// What is keyctl's belongs to another user.
    FilesForeign = "files-foreign", High, "6.3 Ensure limitations are in place", LeastAccess;
    /// The owner's plan says that a key is to be replaced.
    Due = "key-due", Medium, "2.7.2 Rotation", ReplacedInTime;
    /// Its issuer ends a key soon.
    EndsSoon = "key-ends-soon", Medium, "2.7.4 Expiration", ReplacedInTime;
    /// What is kept is no key, but stands where one should be put in.
    Placeholder = "key-placeholder", Medium, "2.7.1 Creation", FewerInTheClear;
    /// What is kept can be guessed.
    Weak = "key-weak", Medium, "2.7.1 Creation", FewerInTheClear;
    /// Two names hold one secret.
    Shared = "key-shared", Medium, "2.7.2 Rotation", ReplacedInTime;
    /// A key that is not kept lies in a project's file of variables.
    UnkeptInFile = "unkept-in-file", Medium, "2.2 Centralize and Standardize", FewerInTheClear;
    /// A project asks for more than it was allowed, or its file is refused.
    ProjectChanged = "project-changed", Medium, "2.3 Access Control", LeastAccess;
    /// There is no recovery copy.
    RecoveryNone = "recovery-none", Medium, "2.9 Downtime, Break-glass, Backup and Restore", CanBeRecovered;
    /// That the history is whole cannot be said.
    HistoryUnproven = "history-unproven", Medium, "2.6 Auditing", KnownUse;
    /// A file keeps the identity.
    IdentityInFile = "identity-in-file", Medium, "7.3 Where to store the Encryption Keys?", FewerInTheClear;
    /// The user's settings cannot be used, and their policies with them.
    SettingsRefused = "settings-refused", Medium, "2.10 Policies", LeastAccess;
    /// A key was asked for and not given.
    Refused = "key-refused", Low, "2.6 Auditing", KnownUse;
    /// It is not said when a key is to be replaced.
    NoPlan = "key-no-plan", Low, "2.7.2 Rotation", ReplacedInTime;
    /// Nobody used a key.
    Unused = "key-unused", Low, "2.7.3 Revocation", LeastAccess;
    /// More programs got a key than can need it.
    ManyPrograms = "key-many-programs", Low, "2.3 Access Control", LeastAccess;
    /// Nobody used a project's keys.
    ProjectUnused = "project-unused", Low, "2.3 Access Control", LeastAccess;
    /// A project does not use a key that it may have.
    GrantUnused = "grant-unused", Low, "2.3 Access Control", LeastAccess;
    /// A project may have what it does not ask for any more.
    GrantStale = "grant-stale", Low, "2.3 Access Control", LeastAccess;
    /// A project was allowed and is gone.
    ProjectGone = "project-gone", Low, "2.3 Access Control", LeastAccess;
    /// A project was allowed and asks for nothing any more.
    ProjectWithoutFile = "project-without-file", Low, "2.3 Access Control", LeastAccess;
    /// The recovery copy was never proven to work.
    RecoveryUnproven = "recovery-unproven", Low, "2.9 Downtime, Break-glass, Backup and Restore", CanBeRecovered;
    /// A shell finds another program by this name, or may.
    NameOnPath = "name-on-path", Low, "6.5 Usability and Ease of Onboarding", KnownUse;
}

/// The rules as a table, for the help and the manual page.
#[must_use]
pub fn in_a_table() -> String {
    let mut table = String::from("What is found, how bad it is, OWASP's section and the aim that it serves:\n");
    for rule in Rule::ALL {
        let number = rule.section().split(' ').next().unwrap_or_default();
        let (id, severity, aim) = (rule.id(), rule.severity().word(), rule.aim().words());
        let _ = writeln!(table, "  {id:<20}  {severity:<6}  {number:<5}  {aim}");
    }
    table.push_str("The sections are those of OWASP's Secrets Management Cheat Sheet.\n");
    table.push_str("Exit code: 0, also with findings; with --fail-on 1 where one is that bad.");
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The headings of the cheat sheet that rules may be mapped to.
    const SECTIONS: &[&str] = &[
        "2.2 Centralize and Standardize",
        "2.3 Access Control",
        "2.6 Auditing",
        "2.7.1 Creation",
        "2.7.2 Rotation",
        "2.7.3 Revocation",
        "2.7.4 Expiration",
        "2.9 Downtime, Break-glass, Backup and Restore",
        "2.10 Policies",
        "6.3 Ensure limitations are in place",
        "6.5 Usability and Ease of Onboarding",
        "7.3 Where to store the Encryption Keys?",
        "9.2 Remediation",
    ];

    #[test]
    fn every_rule_has_a_name_of_its_own_a_section_of_the_cheat_sheet_and_an_aim() {
        let ids: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len(), "a name stands twice");
        let used: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.section()).collect();
        assert_eq!(used, SECTIONS.iter().copied().collect(), "left: what rules say; right: the cheat sheet");
        let aims: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.aim().words()).collect();
        assert_eq!(aims.len(), 5, "{aims:?}");
        for id in ids {
            assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && id.len() <= 20, "{id}");
        }
    }

    #[test]
    fn the_rules_stand_worst_first_and_the_table_has_all_of_them_in_80_columns() {
        assert!(Rule::ALL.is_sorted_by_key(|rule| std::cmp::Reverse(rule.severity())));
        let table = in_a_table();
        assert!(table.lines().all(|line| line.len() <= 80), "{table}");
        assert!(Rule::ALL.iter().all(|rule| table.contains(&format!("  {} ", rule.id()))), "{table}");
    }

    #[test]
    fn a_severity_is_read_by_its_word() {
        for severity in [Severity::Low, Severity::Medium, Severity::High] {
            assert_eq!(severity.word().parse(), Ok(severity));
        }
        assert!("severe".parse::<Severity>().is_err());
    }
}
