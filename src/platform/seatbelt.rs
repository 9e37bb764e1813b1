//! What `sandbox-exec` of macOS is told for a command that reaches the proxy alone, as text: the same on every system, so that it
//! can be read and compared where there is no Mac.
//!
//! What is not named is refused. So a name that a version of macOS does not know is none that was forgotten to be refused; and a
//! profile that it cannot read lets nothing start at all. What may be done is what programs are known to need that others
//! have run in such a sandbox for years (Codex, Claude Code, Chromium): files, programs, terminals, and few services. Not among
//! these are those that give secrets out (`SecurityServer`, securityd), that start or steer programs outside (launch services,
//! apple events), that ask a network for whom they are told to (trustd, `mDNSResponder`), and the clipboard.
//!
//! Of rules that name something the last that fits counts, so what is taken away stands at the end. A rule is of a path as the
//! kernel has it, with each link followed, and of letters large or small. Paths are parameters: none of them is part of the text.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

use super::links::on_the_way;

/// What the system has for it, at its fixed place.
pub const SANDBOX_EXEC: &str = "/usr/bin/sandbox-exec";

/// What any command may do. `TIOCSTI` types into the terminal for a shell that is not confined; macOS knows that word since 13.
/// A clone of a folder would have all that is in it, and a second name of a file no rule. What other processes were given is in
/// `kern.procargs2`.
const MAY: &str = r#"(version 1)
(deny default)

(allow process-exec)
(allow process-fork)
(allow process-info* (target same-sandbox))
(allow signal (target same-sandbox))
(allow sysctl-read)
(deny sysctl-read (sysctl-name-prefix "kern.procargs"))
(allow sysctl-write (sysctl-name "kern.grade_cputype") (sysctl-name "kern.tcsm_enable"))

(allow file-read* file-write* file-map-executable)
(allow file-ioctl)
(deny file-ioctl (ioctl-command TIOCSTI))
(allow file-clone (vnode-type REGULAR-FILE))
(allow pseudo-tty)

(allow ipc-posix-sem)
(allow ipc-posix-shm*)
(allow iokit-open (iokit-registry-entry-class "RootDomainUserClient"))
(allow iokit-get-properties)
(allow user-preference-read)
(allow system-socket (require-all (socket-domain AF_SYSTEM) (socket-protocol 2)))
"#;

/// The services that programs ask: for users and groups, preferences, logs, folders for temporary files, notices of the system's,
/// changes of files, settings of networks, and to stay awake.
const SERVICES: [&str; 11] = [
    "com.apple.FSEvents",
    "com.apple.PowerManagement.control",
    "com.apple.SystemConfiguration.configd",
    "com.apple.bsd.dirhelper",
    "com.apple.cfprefsd.agent",
    "com.apple.cfprefsd.daemon",
    "com.apple.logd",
    "com.apple.system.logger",
    "com.apple.system.notification_center",
    "com.apple.system.opendirectoryd.libinfo",
    "com.apple.system.opendirectoryd.membership",
];

/// Every user's keychains, and what starts at every user's next login, wherever `HOME` leads.
const OF_EVERY_USER: &str = r#"(deny file-read* file-write* file-map-executable file-clone (regex #"^/Users/[^/]+/Library/Keychains(/|$)"))
(deny file-write* (regex #"^/Users/[^/]+/Library/LaunchAgents(/|$)"))
"#;

/// Where the volume lies that most paths lead to without saying so.
const DATA_VOLUME: &str = "/System/Volumes/Data";

/// What is taken from a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// It neither reads nor writes these, nor what is in them.
    away: BTreeSet<PathBuf>,
    /// It exchanges none of these links.
    links: BTreeSet<PathBuf>,
    /// It writes nothing in these folders.
    kept: BTreeSet<PathBuf>,
}

impl Taken {
    /// These files and folders, and of this home the keychains and what starts at the next login.
    ///
    /// # Errors
    /// Where links lead nowhere, and as [`std::path::absolute`] has them.
    pub fn of(places: &[PathBuf], home: Option<&Path>) -> io::Result<Self> {
        let mut taken = Self::default();
        let library = home.map(|home| home.join("Library"));
        let keychains = library.iter().map(|library| library.join("Keychains"));
        for place in places.iter().cloned().chain(keychains) {
            let (end, links) = ways(&place)?;
            taken.away.extend(end);
            taken.links.extend(links);
        }
        if let Some(library) = library {
            let (end, links) = ways(&library.join("LaunchAgents"))?;
            taken.kept.extend(end);
            taken.links.extend(links);
        }
        Ok(taken)
    }

    /// The folders on the way to all of it. Who moves one of them, or has it a second time, has what is in it elsewhere.
    fn above(&self) -> BTreeSet<&Path> {
        let all = self.away.iter().chain(&self.links).chain(&self.kept).flat_map(|path| path.ancestors().skip(1));
        all.filter(|folder| folder.parent().is_some()).collect()
    }
}

/// Each spelling of the path at which something lies, and the links by which it is reached.
fn ways(place: &Path) -> io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let place = std::path::absolute(place)?;
    let mut links = on_the_way(&place)?;
    let end = links.pop().unwrap_or_else(|| place.clone());
    let real = real(&end);
    let ends = [place, end, real].iter().flat_map(|path| spellings(path)).collect();
    Ok((ends, links.iter().flat_map(|path| spellings(path)).collect()))
}

/// The path as the system has it, as far as there is something.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    let Some((part, real)) = there else { return path.to_owned() };
    match path.strip_prefix(part) {
        Ok(rest) if rest.as_os_str().is_empty() => real,
        Ok(rest) => real.join(rest),
        Err(_) => path.to_owned(),
    }
}

/// It with and without the volume that it lies on.
fn spellings(path: &Path) -> Vec<PathBuf> {
    let other = path.strip_prefix(DATA_VOLUME).map_or_else(
        |_| Path::new(DATA_VOLUME).join(path.strip_prefix("/").unwrap_or(path)),
        |below| Path::new("/").join(below),
    );
    vec![path.to_owned(), other]
}

/// A profile, and the parameters in it.
pub struct Profile {
    text: String,
    parameters: Vec<(String, PathBuf)>,
}

impl Profile {
    /// That of a command which reaches this port of its own machine, and has all but this.
    #[must_use]
    pub fn new(port: u16, taken: &Taken) -> Self {
        let mut profile = Self { text: MAY.to_owned(), parameters: Vec::new() };
        let _ = writeln!(profile.text, "(allow network-outbound (remote ip \"localhost:{port}\"))");
        profile.text += "\n(allow mach-lookup (local-name \"com.apple.cfprefsd.agent\"))\n";
        for service in SERVICES {
            let _ = writeln!(profile.text, "(allow mach-lookup (global-name \"{service}\"))");
        }
        profile.text.push('\n');
        let all = "file-read* file-write* file-map-executable file-clone";
        profile.deny(all, "subpath", "AWAY", taken.away.iter());
        profile.deny("file-write*", "literal", "LINK", taken.links.iter());
        profile.deny("file-write*", "subpath", "KEPT", taken.kept.iter());
        profile.deny("file-write-unlink file-clone", "literal", "ABOVE", taken.above());
        profile.text += OF_EVERY_USER;
        profile
    }

    /// Takes away what is to be done with these paths. A rule without one would be of everything.
    fn deny<P: AsRef<Path>>(&mut self, what: &str, filter: &str, name: &str, paths: impl IntoIterator<Item = P>) {
        for (at, path) in paths.into_iter().enumerate() {
            let name = format!("{name}{at}");
            let _ = writeln!(self.text, "(deny {what} ({filter} (param \"{name}\")))");
            self.parameters.push((name, path.as_ref().to_owned()));
        }
    }

    /// What `sandbox-exec` is called with, before the command.
    #[must_use]
    pub fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["-p".into(), self.text.clone().into()];
        for (name, path) in &self.parameters {
            let set = [OsStr::new(name), OsStr::new("="), path.as_os_str()];
            words.extend(["-D".into(), set.into_iter().collect()]);
        }
        words.push("--".into());
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn the_profile_of_a_command_refuses_what_it_does_not_name_and_last_what_is_taken_away() {
        let taken = Taken {
            away: set(&["/h/L/k", "/h/L/Keychains"]),
            links: set(&["/link"]),
            kept: set(&["/h/L/LaunchAgents"]),
        };
        let profile = Profile::new(5151, &taken);
        let rest = profile.text.strip_prefix(MAY).expect("what any command may do comes first");
        assert_eq!(
            rest,
            r#"(allow network-outbound (remote ip "localhost:5151"))

(allow mach-lookup (local-name "com.apple.cfprefsd.agent"))
(allow mach-lookup (global-name "com.apple.FSEvents"))
(allow mach-lookup (global-name "com.apple.PowerManagement.control"))
(allow mach-lookup (global-name "com.apple.SystemConfiguration.configd"))
(allow mach-lookup (global-name "com.apple.bsd.dirhelper"))
(allow mach-lookup (global-name "com.apple.cfprefsd.agent"))
(allow mach-lookup (global-name "com.apple.cfprefsd.daemon"))
(allow mach-lookup (global-name "com.apple.logd"))
(allow mach-lookup (global-name "com.apple.system.logger"))
(allow mach-lookup (global-name "com.apple.system.notification_center"))
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.membership"))

(deny file-read* file-write* file-map-executable file-clone (subpath (param "AWAY0")))
(deny file-read* file-write* file-map-executable file-clone (subpath (param "AWAY1")))
(deny file-write* (literal (param "LINK0")))
(deny file-write* (subpath (param "KEPT0")))
(deny file-write-unlink file-clone (literal (param "ABOVE0")))
(deny file-write-unlink file-clone (literal (param "ABOVE1")))
(deny file-read* file-write* file-map-executable file-clone (regex #"^/Users/[^/]+/Library/Keychains(/|$)"))
(deny file-write* (regex #"^/Users/[^/]+/Library/LaunchAgents(/|$)"))
"#
        );
        let words = profile.words();
        let words: Vec<&str> = words.iter().skip(2).map(|word| word.to_str().expect("text")).collect();
        let named = [
            "AWAY0=/h/L/Keychains",
            "AWAY1=/h/L/k",
            "LINK0=/link",
            "KEPT0=/h/L/LaunchAgents",
            "ABOVE0=/h",
            "ABOVE1=/h/L",
        ];
        assert_eq!(words, [&named.map(|set| ["-D", set]).concat()[..], &["--"]].concat());
    }

    #[test]
    fn nothing_is_allowed_by_default_and_no_service_gives_secrets_out_or_starts_programs() {
        assert!(MAY.starts_with("(version 1)\n(deny default)\n"));
        // Each bracket is closed, each rule on a line of its own.
        for line in Profile::new(1, &Taken::default()).text.lines().filter(|line| !line.is_empty()) {
            let depth = line.matches('(').count() - line.matches("(/|$)").count();
            assert_eq!(depth, line.matches(')').count() - line.matches("(/|$)").count(), "{line}");
            assert!(line.starts_with('(') && line.ends_with(')'), "{line}");
            let is_whole = ["(allow mach-lookup)", "(allow network-outbound)", "(allow default)", "(allow file*)"];
            assert!(!is_whole.contains(&line), "{line}");
        }
        for named in ["security", "Security", "trustd", "launch", "lsd", "pasteboard", "appleevent", "tccd", "DNS"] {
            assert!(SERVICES.iter().all(|service| !service.contains(named)), "{named}");
        }
        for not_named in
            ["lsopen", "appleevent", "job-creation", "network-bind", "file-link", "hid-control", "mach-priv"]
        {
            assert!(!Profile::new(1, &Taken::default()).text.contains(not_named), "{not_named}");
        }
    }

    #[test]
    fn where_nothing_is_to_be_taken_no_rule_is_of_everything() {
        let text = Profile::new(1, &Taken::default()).text;
        assert!(!text.contains("(param"));
        assert!(text.ends_with(OF_EVERY_USER));
    }

    #[test]
    fn each_link_to_a_place_is_kept_as_it_is_and_no_path_gets_into_the_text() {
        let folder = tempfile::tempdir().expect("folder");
        let root = folder.path().canonicalize().expect("real");
        let odd = root.join("a\")) (allow default) (b \"");
        std::fs::create_dir(&odd).expect("folder");
        std::os::unix::fs::symlink(&odd, root.join("link")).expect("link");
        let taken = Taken::of(&[root.join("link/keys")], Some(&root)).expect("there");
        let volume = |path: &Path| Path::new(DATA_VOLUME).join(path.strip_prefix("/").expect("whole"));
        for path in [root.join("link/keys"), odd.join("keys"), root.join("Library/Keychains")] {
            assert!(taken.away.contains(&path) && taken.away.contains(&volume(&path)), "{path:?} in {taken:?}");
        }
        assert!(taken.links.contains(&root.join("link")) && taken.kept.contains(&root.join("Library/LaunchAgents")));
        assert!(!taken.away.contains(&root.join("link")) && taken.above().contains(odd.as_path()));
        assert!(taken.above().contains(root.join("Library").as_path()) && !taken.above().contains(Path::new("/")));
        let profile = Profile::new(1, &taken);
        assert!(!profile.text.contains("allow default") && profile.parameters.iter().any(|(_, path)| path == &odd));
    }

    #[test]
    fn a_place_that_is_not_there_yet_is_named_as_it_will_be() {
        let folder = tempfile::tempdir().expect("folder");
        let root = folder.path().canonicalize().expect("real");
        assert_eq!(real(&root.join("none/at/all")), root.join("none/at/all"));
        assert_eq!(spellings(Path::new("/System/Volumes/Data/Users/u")).pop(), Some(PathBuf::from("/Users/u")));
        assert!(Taken::of(&[PathBuf::from("/dev/null/x")], None).is_ok());
        std::os::unix::fs::symlink("round", root.join("round")).expect("link");
        assert!(Taken::of(&[root.join("round")], None).is_err());
    }
}
