//! Whether a sandbox holds: what a confined command must not do is tried from within, on things made for it and on what it is to
//! be kept from, and so is the one thing that it must be able to do. Nobody believes a sandbox that was not tried.
//!
//! What was tried and what is made of it are apart. A way that was not tried, or did not come out clearly, counts as open.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// A host that there is nowhere (RFC 5737).
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// By whom names of hosts are asked for.
const NAMES: &str = "/private/var/run/mDNSResponder";
/// So long it is waited for one who listens on this machine, and for one who is nowhere.
const HERE: Duration = Duration::from_secs(5);
/// See [`HERE`].
const AWAY: Duration = Duration::from_millis(500);
/// What is asked for the keychain, and for a copy that shares its content.
const SECURITY: &str = "/usr/bin/security";
/// See [`SECURITY`].
const COPY: &str = "/bin/cp";

/// What there is to try on.
pub struct Ground {
    /// The port of the proxy.
    pub port: u16,
    /// Another port at which somebody listens.
    pub shut: u16,
    /// A folder with [`FOLDERS`] and [`FILE`] in it, of which the second is closed to the command.
    pub folder: PathBuf,
    /// Files that are closed to it, and open to who starts it.
    pub closed: Vec<PathBuf>,
}

/// A folder in it, and one in that.
pub const FOLDERS: [&str; 2] = ["above", "away"];
/// A file in the inner one.
pub const FILE: &str = "file";

/// What a command may do or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Reach the proxy.
    Proxy,
    /// Reach another port of this machine.
    Port,
    /// Reach another machine.
    Outside,
    /// Be reached.
    Listen,
    /// Ask for the name of a host.
    Names,
    /// Read what is closed.
    Read,
    /// See what is in a closed folder.
    List,
    /// Write what is closed.
    Write,
    /// Put something into a closed folder.
    Add,
    /// Move a closed folder.
    Move,
    /// Move the folder that it is in.
    MoveAbove,
    /// Give a closed file a second name.
    Link,
    /// Copy a closed file, or have it share its content.
    Copy,
    /// Have the folder that it is in a second time.
    CloneAbove,
    /// Signal to who started it.
    Signal,
    /// Ask for the keychain.
    Keychain,
}

impl Way {
    /// All of them, and what is said of one that is open; of the proxy, that it is not.
    pub const ALL: [(Self, &'static str); 16] = [
        (Self::Proxy, "the proxy cannot be reached"),
        (Self::Port, "another port of this machine can be reached"),
        (Self::Outside, "another machine can be reached"),
        (Self::Listen, "the command can listen"),
        (Self::Names, "names of hosts can be asked for"),
        (Self::Read, "closed files can be read"),
        (Self::List, "closed folders can be listed"),
        (Self::Write, "closed files can be written"),
        (Self::Add, "files can be put into closed folders"),
        (Self::Move, "closed folders can be moved"),
        (Self::MoveAbove, "the folders above can be moved"),
        (Self::Link, "closed files can be linked"),
        (Self::Copy, "closed files can be copied"),
        (Self::CloneAbove, "the folders above can be cloned"),
        (Self::Signal, "keyctl can be sent signals"),
        (Self::Keychain, "the keychain can be asked"),
    ];
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// The system refused it.
    Refused,
    /// Something else kept it from being done, which may not be there the next time.
    Failed(String),
}

impl<T> From<io::Result<T>> for Outcome {
    fn from(result: io::Result<T>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Self::Refused,
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}

impl Outcome {
    /// Where what is asked for is not there at all, it cannot be had either.
    fn or_absent(result: io::Result<impl Sized>, absent: &[ErrorKind]) -> Self {
        match result {
            Err(error) if absent.contains(&error.kind()) => Self::Refused,
            other => other.into(),
        }
    }

    /// A program says by its exit code alone whether it did what it was told.
    fn of_program(command: &mut Command) -> Self {
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => Self::Done,
            Ok(_) => Self::Refused,
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}

/// What was tried, and how it went.
pub type Tried = (Way, Outcome);

/// What is wrong with a sandbox in which this came out; none where it holds.
#[must_use]
pub fn wrong(tried: &[Tried]) -> Option<String> {
    let mut wrong = Vec::new();
    for (way, says) in Way::ALL {
        let of_it: Vec<&Outcome> =
            tried.iter().filter(|(tried, _)| *tried == way).map(|(_, outcome)| outcome).collect();
        let wanted = if way == Way::Proxy { Outcome::Done } else { Outcome::Refused };
        if of_it.is_empty() {
            wrong.push(format!("{says}, for all that is known"));
        } else if let Some(other) = of_it.into_iter().find(|outcome| **outcome != wanted) {
            match other {
                Outcome::Failed(why) => wrong.push(format!("{says}, or it is not clear ({why})")),
                _ => wrong.push(says.to_owned()),
            }
        }
    }
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

/// Tries all of it, in this process and with what it starts.
#[must_use]
pub fn try_all(ground: &Ground) -> Vec<Tried> {
    let mut tried = network(ground);
    tried.extend(ground.closed.iter().map(|path| (Way::Read, File::open(path).into())));
    tried.extend(files(&ground.folder));
    tried.push((Way::Signal, starter().into()));
    // It asks for the settings of the keychain, which are nobody's secret.
    tried.push((Way::Keychain, Outcome::of_program(Command::new(SECURITY).arg("show-keychain-info"))));
    tried
}

fn network(ground: &Ground) -> Vec<Tried> {
    let here = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let reach = |address: SocketAddr, time| TcpStream::connect_timeout(&address, time);
    let nowhere = [ErrorKind::NetworkUnreachable, ErrorKind::HostUnreachable, ErrorKind::NetworkDown];
    vec![
        (Way::Proxy, reach(here(ground.port), HERE).into()),
        (Way::Port, reach(here(ground.shut), HERE).into()),
        (Way::Outside, Outcome::or_absent(reach(SocketAddr::from((NOBODY, ground.port)), AWAY), &nowhere)),
        (Way::Listen, TcpListener::bind(here(0)).into()),
        (Way::Names, Outcome::or_absent(UnixStream::connect(NAMES), &[ErrorKind::NotFound])),
    ]
}

fn files(folder: &Path) -> Vec<Tried> {
    let above = folder.join(FOLDERS[0]);
    let away = above.join(FOLDERS[1]);
    let file = away.join(FILE);
    // Whoever gets so far puts it back, for what is tried next.
    let moved = |path: &Path| {
        let to = folder.join("moved");
        fs::rename(path, &to).and_then(|()| fs::rename(&to, path))
    };
    let new = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
    vec![
        (Way::Read, File::open(&file).into()),
        (Way::List, fs::read_dir(&away).into()),
        (Way::Write, OpenOptions::new().append(true).open(&file).into()),
        (Way::Add, new(&away.join("new")).into()),
        (Way::Move, moved(&away).into()),
        (Way::MoveAbove, moved(&above).into()),
        (Way::Link, fs::hard_link(&file, folder.join("link")).into()),
        (Way::Copy, Outcome::of_program(Command::new(COPY).arg("-c").arg(&file).arg(folder.join("copy")))),
        (Way::CloneAbove, Outcome::or_absent(clone(&above, folder), &[ErrorKind::Unsupported])),
    ]
}

/// Has a folder a second time, with all that is in it.
#[cfg(target_os = "macos")]
fn clone(folder: &Path, within: &Path) -> io::Result<()> {
    use rustix::fs::{CloneFlags, fclonefileat};
    Ok(fclonefileat(File::open(folder)?, File::open(within)?, "clone", CloneFlags::empty())?)
}

/// Other systems do not have that.
#[cfg(not(target_os = "macos"))]
fn clone(_: &Path, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

fn starter() -> io::Result<()> {
    let parent = rustix::process::getppid().ok_or(ErrorKind::NotFound)?;
    Ok(rustix::process::test_kill_process(parent)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_well() -> Vec<Tried> {
        let outcome = |way| if way == Way::Proxy { Outcome::Done } else { Outcome::Refused };
        Way::ALL.map(|(way, _)| (way, outcome(way))).to_vec()
    }

    #[test]
    fn a_sandbox_holds_where_each_way_was_tried_and_shut_and_the_proxy_is_reached() {
        assert_eq!(wrong(&all_well()), None);
        for (at, (way, says)) in Way::ALL.into_iter().enumerate() {
            let mut tried = all_well();
            let outcome = if way == Way::Proxy { Outcome::Refused } else { Outcome::Done };
            tried[at] = (way, outcome);
            assert_eq!(wrong(&tried).as_deref(), Some(says), "{way:?}");
            // One that is shut among others does not make up for it.
            tried.insert(0, all_well().remove(at));
            assert_eq!(wrong(&tried).as_deref(), Some(says), "{way:?}");
            tried.retain(|(tried, _)| *tried != way);
            assert_eq!(wrong(&tried), Some(format!("{says}, for all that is known")), "{way:?}");
            tried.push((way, Outcome::Failed("no idea".into())));
            assert_eq!(wrong(&tried), Some(format!("{says}, or it is not clear (no idea)")), "{way:?}");
        }
        assert_eq!(wrong(&[]).map(|all| all.split("; ").count()), Some(Way::ALL.len()));
    }

    #[test]
    fn only_what_the_system_refuses_counts_as_shut() {
        let of = |kind: ErrorKind| Outcome::from(Err::<(), _>(io::Error::from(kind)));
        assert_eq!(of(ErrorKind::PermissionDenied), Outcome::Refused);
        for kind in [ErrorKind::ConnectionRefused, ErrorKind::TimedOut, ErrorKind::NotFound, ErrorKind::Unsupported] {
            assert!(matches!(of(kind), Outcome::Failed(_)), "{kind:?}");
        }
        assert_eq!(Outcome::from(Ok(())), Outcome::Done);
        let absent = |kind: ErrorKind| Outcome::or_absent(Err::<(), _>(kind.into()), &[ErrorKind::NotFound]);
        assert_eq!(absent(ErrorKind::NotFound), Outcome::Refused);
        assert!(matches!(absent(ErrorKind::TimedOut), Outcome::Failed(_)));
    }

    #[test]
    fn who_is_not_confined_is_found_to_be_so_and_leaves_all_where_it_was() {
        let folder = tempfile::tempdir().expect("folder");
        let away = folder.path().join(FOLDERS[0]).join(FOLDERS[1]);
        fs::create_dir_all(&away).expect("folders");
        fs::write(away.join(FILE), "closed").expect("write");
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let (proxy, other) = (listen(), listen());
        let port = |of: &TcpListener| of.local_addr().expect("an address").port();
        let ground = Ground {
            port: port(&proxy),
            shut: port(&other),
            folder: folder.path().to_owned(),
            closed: vec![away.join(FILE)],
        };
        let tried = try_all(&ground);
        let open = [Way::Proxy, Way::Port, Way::Listen, Way::Read, Way::List, Way::Write, Way::Add, Way::Move];
        for way in open.into_iter().chain([Way::MoveAbove, Way::Link, Way::Signal]) {
            let found: Vec<&Outcome> =
                tried.iter().filter(|(tried, _)| *tried == way).map(|(_, outcome)| outcome).collect();
            assert!(!found.is_empty() && found.iter().all(|outcome| **outcome == Outcome::Done), "{way:?}: {found:?}");
        }
        let says = wrong(&tried).expect("open");
        assert!(says.starts_with("another port of this machine can be reached; "), "{says}");
        assert_eq!(fs::read_to_string(away.join(FILE)).expect("there"), "closed");
    }
}
