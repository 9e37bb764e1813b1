//! The user's own `config.toml`: profiles that hold in every folder, and settings. None of it needs an approval, so the
//! file must be the user's own and nobody else's to change.

use std::path::Path;

use crate::{
    alert,
    failure::{Failure, Kind, Result},
    home::{self, Home},
    platform,
    profile::{
        Profiles, Source,
        table::{self, Mistake, Reader, Table},
        variables,
    },
    rotation::Settings,
};

pub mod agents;
mod alerts;
mod limits;
pub mod projects;
pub mod proxy;
mod rotation;
mod scan;
pub mod sources;

pub use scan::Scan;

/// What the user has set; nothing set is the default of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// The user's profiles.
    pub profiles: Profiles,
    /// How the history is kept.
    pub history: History,
    /// When and how keys are replaced.
    pub rotation: Settings,
    /// What is told of uses that are unusual.
    pub alerts: alert::Settings,
    /// What holds in some folders.
    pub projects: Vec<projects::InFolder>,
    /// Who is told of keys that are due.
    pub reminders: Reminders,
    /// What a scan does.
    pub scan: Scan,
    /// What coding agents may have run.
    pub agents: agents::Agents,
    /// Where secrets lie that keys only refer to.
    pub sources: sources::Sources,
    /// Which key goes to which host.
    pub proxy: proxy::Proxy,
}

/// `[reminders]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reminders {
    /// A program that is told too, and its arguments: for a mail, a chat.
    pub program: Option<Vec<String>>,
    /// It gets JSON and not the text of a mail.
    pub json: bool,
}

/// `[history]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// No command starts unless its use of keys could be written down.
    pub required: bool,
    /// Each event is on the disk before the command starts, not only on its way there.
    pub sync: bool,
}

/// Reads the configuration: one open when there is none.
///
/// # Errors
/// `Disk` when it cannot be read or others may change it, `Usage` when something in it is wrong.
pub fn read(home: &Home) -> Result<Config> {
    let path = home.config_file();
    let Some((bytes, facts)) = home::read(&path, table::LARGEST)? else {
        // No settings are the usual ones; settings that are out of reach just now are not.
        if path.symlink_metadata().is_ok() {
            return Err(Failure::new(Kind::Disk, format!("`{}` is a link that leads nowhere", path.display()))
                .hint("put back what it leads to, or remove it"));
        }
        return Ok(Config::default());
    };
    let access = platform::access(&facts);
    if access.by_other && !access.by_root {
        return Err(Failure::new(Kind::Disk, format!("`{}` belongs to another user", path.display()))
            .hint("look at what it says, then make it yours"));
    }
    if access.writable_by_others {
        return Err(Failure::new(Kind::Disk, format!("other users may change `{}`", path.display()))
            .hint(format!("look at what it says, then run {}", platform::how_to_make_private(&path, false))));
    }
    parse(&bytes).map_err(|mistakes| table::failure(Kind::Usage, &path, &mistakes))
}

/// Reads what is to become the configuration.
///
/// # Errors
/// `Usage` with all that is wrong in it.
pub fn check(bytes: &[u8], path: &Path) -> Result<Config> {
    parse(bytes).map_err(|mistakes| table::failure(Kind::Usage, path, &mistakes))
}

fn parse(bytes: &[u8]) -> std::result::Result<Config, Vec<Mistake>> {
    let text = table::decode(bytes).map_err(|mistake| vec![mistake])?;
    let policy = |variable: &_, _: &Source| {
        if variables::never(variable) {
            return Err(format!("`{variable}` decides what runs, so keyctl never sets it"));
        }
        Ok(())
    };
    table::read(text, &policy, look)
}

fn look(reader: &mut Reader, table: &Table) -> Config {
    reader.known(
        table,
        &[
            &["profiles", "history", "reminders", "alerts", "projects", "scan", "agents", "sources", "proxy"][..],
            &rotation::TABLES,
        ]
        .concat(),
    );
    let rotation = rotation::look(reader, table);
    let profiles = table.get("profiles").map(|value| reader.profiles(value)).unwrap_or_default();
    let history = table.get("history").and_then(|value| reader.table(value, &["required", "sync"]));
    let mut truth = |name: &str| history.and_then(|fields| fields.get(name)).is_some_and(|value| reader.truth(value));
    let history = History { required: truth("required"), sync: truth("sync") };
    let reminders = table.get("reminders").and_then(|value| reader.table(value, &["program", "json"]));
    let reminders = reminders.map(|fields| Reminders {
        program: fields.get("program").and_then(|value| rotation::command(reader, value)),
        json: fields.get("json").is_some_and(|value| reader.truth(value)),
    });
    let projects = projects::look(reader, table, dirs::home_dir().as_deref());
    let alerts = alerts::look(reader, table);
    let scan = scan::look(reader, table);
    let agents = agents::look(reader, table);
    let sources = sources::look(reader, table);
    let proxy = proxy::look(reader, table);
    Config {
        profiles,
        history,
        rotation,
        alerts,
        projects,
        reminders: reminders.unwrap_or_default(),
        scan,
        agents,
        sources,
        proxy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        name::StoreName,
        rotation::{Reaction, Selector},
    };

    fn said(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn no_file_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&Home::at(folder.path())).unwrap(), Config::default());
    }

    #[test]
    fn profiles_and_settings_are_read() {
        let text = "[history]\nrequired = true\n[profiles.work]\nextends = \"default\"\nenv = { A = \"a\", PYTHONPATH = { value = \"x\" } }\n";
        let config = parse(text.as_bytes()).unwrap();
        assert_eq!(config.history, History { required: true, sync: false });
        let work = &config.profiles.0["work"];
        assert_eq!(work.extends.as_ref().unwrap().as_str(), "default");
        assert_eq!(work.env.len(), 2);
    }

    #[test]
    fn all_mistakes_are_said_with_their_places() {
        assert_eq!(
            said("color = 1\n[history]\nrequired = \"yes\"\nsyncs = 1\n[profiles.p]\nenv = { PATH = \"a\" }\n"),
            "line 1, column 1: the field `color` is not known here, only `profiles`, `history`, `reminders`, `alerts`, `projects`, `scan`, `agents`, `sources`, `proxy`, `rotation`, `policy`, `keys`, `aws_iam`\n\
             line 3, column 12: expected `true` or `false`, found a text\n\
             line 4, column 1: the field `syncs` is not known here, only `required`, `sync`\n\
             line 6, column 9: `PATH` decides what runs, so keyctl never sets it"
        );
        assert_eq!(
            said("[env]\nA = \"a\"\n"),
            "line 1, column 2: the field `env` is not known here, only `profiles`, `history`, `reminders`, `alerts`, `projects`, `scan`, `agents`, `sources`, `proxy`, `rotation`, `policy`, `keys`, `aws_iam`"
        );
    }

    #[test]
    fn what_is_set_about_replacing_keys_is_read() {
        let text = "[rotation]\ndefault = \"90d\"\nsoon = \"1w\"\noverlap = \"2d\"\n[policy]\nexpired = \"stop\"\n\
                    [[keys]]\nmatch = \"aws/*\"\nrotate_every = \"1mo\"\nrotator = [\"new-key\", \"-v\"]\n\
                    [[keys]]\ntag = \"prod\"\nrevoked = \"warn\"\nstore = \"team\"\n\
                    [[aws_iam]]\nid = \"aws/id\"\nsecret = \"aws/secret\"\nregion = \"eu-central-1\"\nstore = \"team\"\n";
        let settings = parse(text.as_bytes()).unwrap().rotation;
        assert_eq!(settings.every.unwrap().to_string(), "90d");
        assert_eq!((settings.soon.to_string(), settings.overlap.unwrap().to_string()), ("1w".into(), "2d".into()));
        assert_eq!((settings.expired, settings.revoked), (Reaction::Stop, Reaction::Stop));
        assert_eq!(settings.rules[0].of, Selector::Name("aws/*".into()));
        assert_eq!(settings.rules[0].rotator.as_deref().unwrap(), ["new-key", "-v"]);
        assert_eq!(settings.rules[1].revoked, Some(Reaction::Warn));
        assert_eq!(
            settings.rules.iter().map(|rule| rule.store.as_ref().map(StoreName::as_str)).collect::<Vec<_>>(),
            [None, Some("team")]
        );
        assert_eq!(
            (&*settings.aws_iam[0].region, settings.aws_iam[0].id.to_string()),
            ("eu-central-1", "team:aws/id".into())
        );
    }

    #[test]
    fn what_cannot_be_meant_about_replacing_keys_is_said_with_its_place() {
        assert_eq!(
            said(
                "[rotation]\ndefault = \"0d\"\nsoon = 14\n[policy]\nexpired = \"no\"\n[[keys]]\nrotate_every = \"5m\"\n\
                 [[keys]]\nmatch = \"a b\"\n[[keys]]\nmatch = \"a\"\nrotator = \"new-key -v\"\ncheck = []\n\
                 [[aws_iam]]\nid = \"a\"\nsecret = \"a\"\nregion = \"x\"\n[[aws_iam]]\nid = \"a\"\n"
            ),
            "line 2, column 11: a period of nothing cannot be meant\n\
             line 3, column 8: expected a text in quotes, found a number\n\
             line 5, column 11: this is either `warn` or `stop`\n\
             line 6, column 1: either `match` or `tag` has to say for which keys this is\n\
             line 9, column 9: this is no name of a key, nor one with `*` in the place of any letters\n\
             line 12, column 11: expected a list of texts, found a text\n\
             line 13, column 9: a program has to stand here, as in `[\"/usr/local/bin/program\", \"argument\"]`\n\
             line 14, column 1: `id` and `secret` are two keys\n\
             line 18, column 1: `region` has to be here\n\
             line 18, column 1: `secret` has to be here"
        );
        assert_eq!(said("keys = \"aws/*\"\n"), "line 1, column 8: expected a list, found a text");
    }

    // Its paths are those of Unix.
    #[cfg(unix)]
    #[test]
    fn who_has_to_say_why_is_read() {
        use crate::rotation::ReasonFrom;

        let text = "[policy]\nrequire_reason = \"agents\"\n[[keys]]\nmatch = \"*/prod\"\nrequire_reason = \"always\"\n\
                    [[projects]]\nfolder = \"/work/shop\"\nrequire_reason = \"always\"\n\
                    [[projects]]\nfolder = \"~/play\"\nrequire_reason = \"never\"\n";
        let config = parse(text.as_bytes()).unwrap();
        assert_eq!(config.rotation.reason, ReasonFrom::Agents);
        assert_eq!(config.rotation.rules[0].reason, Some(ReasonFrom::Everybody));
        assert_eq!(
            projects::reason_in(&config.projects, std::path::Path::new("/work/shop/api")),
            ReasonFrom::Everybody
        );
        assert_eq!(config.projects[1].folder, dirs::home_dir().unwrap().join("play"));
        assert_eq!(
            said(
                "[policy]\nrequire_reason = true\n[[projects]]\nfolder = \"shop\"\nrequire_reason = \"no\"\n[[projects]]\n"
            ),
            "line 2, column 18: expected a text in quotes, found `true` or `false`\n\
             line 4, column 10: this is no folder by its whole path, nor one that begins with `~/`\n\
             line 5, column 18: this is either `never`, `agents` or `always`\n\
             line 6, column 1: `folder` has to be here"
        );
    }

    // The whole paths of Windows begin with a drive.
    #[cfg(unix)]
    #[test]
    fn what_keys_may_be_used_for_is_read() {
        let text = "[[keys]]\nmatch = \"a\"\nprojects = [\"~/shop\", \"/w\"]\nprograms = [\"/usr/bin/gh\"]\nterminal = true\n\
                    [[keys]]\ntag = \"prod\"\nask = true\nproxy_only = true\nterminal = false\n";
        let rules = parse(text.as_bytes()).unwrap().rotation.rules;
        let shop = dirs::home_dir().unwrap().join("shop").to_str().unwrap().to_owned();
        assert_eq!(rules[0].limits.projects.clone().unwrap().into_iter().collect::<Vec<_>>(), [shop, "/w".into()]);
        assert_eq!(rules[0].limits.programs.clone().unwrap().into_iter().collect::<Vec<_>>(), ["/usr/bin/gh"]);
        assert!(rules[0].limits.terminal && !rules[0].limits.ask);
        assert!(rules[1].limits.ask && rules[1].limits.proxy_only && !rules[1].limits.terminal);
        let text = "[[keys]]\nmatch = \"a\"\nprojects = [\"shop\"]\nprograms = [\"no-such-program\", \"./x\"]\nask = \"yes\"\n\
                    [[keys]]\nmatch = \"a\"\nprograms = []\n";
        assert_eq!(
            said(text),
            "line 3, column 13: `shop` is no folder by its whole path, nor one that begins with `~/`\n\
             line 4, column 13: `no-such-program` is no program by its whole path, such as `/usr/bin/gh`\n\
             line 4, column 32: `./x` is no program by its whole path, such as `/usr/bin/gh`\n\
             line 5, column 7: expected `true` or `false`, found a text\n\
             line 8, column 12: a path has to stand here; without this field there is no such limit"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_program_by_its_name_alone_is_refused_with_the_path_that_it_would_be() {
        let said = said("[[keys]]\nmatch = \"a\"\nprograms = [\"sh\"]\n");
        let path = said.strip_prefix("line 3, column 13: `sh` is no program by its whole path; it would be `");
        assert!(path.is_some_and(|path| path.starts_with('/') && path.ends_with("/sh`")), "{said}");
    }

    #[test]
    fn what_is_told_of_is_read() {
        let text = "[alerts]\nnew_program = false\nagent = true\nburst = 200\nnotify = true\nprogram = [\"tell\"]\n";
        let alerts = parse(text.as_bytes()).unwrap().alerts;
        assert_eq!((alerts.off, alerts.burst, alerts.notify), (vec![alert::Rule::Program], 200, true));
        assert_eq!(alerts.program.unwrap(), ["tell"]);
        assert_eq!(parse(b"[alerts]\nburst = false\n").unwrap().alerts.off, [alert::Rule::Burst]);
        assert_eq!(
            said("[alerts]\nburst = 5\nhour = 3\nnight = true\nprogram = \"x\"\n"),
            "line 2, column 9: this is either `false` or a number of uses within a minute, from 10 to 300\n\
             line 3, column 8: expected `true` or `false`, found a number\n\
             line 4, column 1: the field `night` is not known here, only `new_program`, `new_project`, `agent`, `burst`, `ended`, `leaked`, `hour`, `refused`, `history`, `notify`, `program`\n\
             line 5, column 11: expected a list of texts, found a text"
        );
    }

    #[test]
    fn what_agents_may_run_is_read() {
        let agents = parse(b"[agents]\ncommands = [\"npm test\"]\nprofiles = [\"test\"]\n").unwrap().agents;
        let profile = |name: &str| name.parse().expect("a name");
        assert!(
            agents.may_run(&["npm", "test"])
                && agents.may_use(&profile("test"))
                && !agents.may_use(&profile("default"))
        );
        assert!(parse(b"").unwrap().agents.may_use(&profile("default")));
        assert_eq!(
            said("[agents]\ncommands = [\"a 'b'\", 1]\nprofiles = [\"a b\"]\ncommand = \"x\"\n").lines().count(),
            4
        );
    }

    #[test]
    fn what_a_scan_does_without_the_store_is_read() {
        assert!(parse(b"[scan]\nlocked = \"shapes\"\n").unwrap().scan.shapes_when_locked);
        assert!(!parse(b"[scan]\nlocked = \"fail\"\n").unwrap().scan.shapes_when_locked);
        assert_eq!(said("[scan]\nlocked = \"go\"\n"), "line 2, column 10: this is either `fail` or `shapes`");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_not_taken_for_no_settings() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("config.toml")).unwrap();
        assert_eq!(read(&Home::at(folder.path())).unwrap_err().kind, Kind::Disk);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_change_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "[history]\nsync = 1\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o602)).unwrap();
        let refused = read(&Home::at(folder.path())).unwrap_err();
        assert_eq!(
            (refused.kind, refused.message),
            (Kind::Disk, format!("other users may change `{}`", path.display()))
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let refused = read(&Home::at(folder.path())).unwrap_err();
        assert_eq!(
            (refused.kind, refused.message),
            (
                Kind::Usage,
                format!("`{}`, line 2, column 8: expected `true` or `false`, found a number", path.display())
            )
        );
    }
}
