//! What the user's running programs carry: the variables of their environments, and their arguments.
//!
//! Linux shows both of each process in files (proc(5), `/proc/PID/environ` and `cmdline`): the environment to its owner, the
//! arguments to everybody. An environment is the one that the program was started with; what it changed since is not seen.
//! macOS and Windows tell it only through calls that need `unsafe`: there it cannot be done.

/// Whether this system shows what programs carry.
pub const SHOWN: bool = cfg!(target_os = "linux");
/// What stands for a variable's name where something lies in the arguments.
pub const ARGUMENTS: &str = "(arguments)";

/// Something that a running program carries.
pub struct Carried<'c> {
    /// The process number.
    pub process: u32,
    /// The name that the program goes by.
    pub program: &'c str,
    /// The variable, or [`ARGUMENTS`].
    pub variable: &'c str,
    /// Its value.
    pub value: &'c [u8],
    /// Whether `keyctl run` gave it to the program.
    pub given: bool,
}

/// How far a look at the programs came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Programs that were looked at.
    pub programs: usize,
    /// Programs of this user that let nobody look.
    pub closed: usize,
    /// Bytes that were looked at.
    pub bytes: u64,
}

/// Hands what the user's programs carry to `visit`; `marker` names the variable in which `keyctl run` says what it gave.
#[cfg(not(target_os = "linux"))]
pub fn each(_: &str, _: &mut dyn FnMut(&Carried<'_>)) -> Looked {
    Looked::default()
}

#[cfg(target_os = "linux")]
pub use linux::each;

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        fs::File,
        io::{self, Read},
        os::unix::fs::MetadataExt,
        path::Path,
    };

    use zeroize::Zeroizing;

    use super::{Carried, Looked, visit_all};
    use crate::platform;

    /// The most bytes of an environment or of arguments that Linux carries (execve(2): 6 MiB together), and more.
    const LARGEST: u64 = 16 * 1024 * 1024;

    /// Hands what the user's programs carry to `visit`; `marker` names the variable in which `keyctl run` says what it gave.
    pub fn each(marker: &str, visit: &mut dyn FnMut(&Carried<'_>)) -> Looked {
        look(Path::new("/proc"), marker, visit)
    }

    pub(super) fn look(proc: &Path, marker: &str, visit: &mut dyn FnMut(&Carried<'_>)) -> Looked {
        let own = rustix::process::geteuid().as_raw();
        let mut looked = Looked::default();
        let names = platform::names_in(proc);
        let mut processes: Vec<u32> = names
            .iter()
            .filter_map(|name| name.to_str()?.parse().ok())
            .filter(|process| *process != std::process::id())
            .collect();
        processes.sort_unstable();
        for process in processes {
            let folder = proc.join(process.to_string());
            // What has ended meanwhile is nobody's.
            let Ok(facts) = std::fs::metadata(&folder) else { continue };
            let name = std::fs::read_to_string(folder.join("comm")).unwrap_or_default();
            let (environment, arguments) = (whole(&folder.join("environ")), whole(&folder.join("cmdline")));
            // A program that lets nobody look belongs to root as far as its files say, and root's are no business of others.
            match &environment {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    let is_ours = facts.uid() == own || owner(&folder) == Some(own);
                    looked.closed += usize::from(is_ours);
                    if !is_ours {
                        continue;
                    }
                }
                Ok(_) if facts.uid() == own => looked.programs += 1,
                _ => continue,
            }
            let (environment, arguments) = (environment.unwrap_or_default(), arguments.unwrap_or_default());
            looked.bytes += (environment.len() + arguments.len()) as u64;
            visit_all(process, name.trim_end(), &environment, &arguments, marker, visit);
        }
        looked
    }

    fn whole(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(64 * 1024));
        File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Whose process it is, by its status: its files belong to root where it must not be looked at.
    fn owner(folder: &Path) -> Option<u32> {
        let status = std::fs::read_to_string(folder.join("status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().next()?.parse().ok()
    }
}

/// Hands each variable, and all arguments as one, to `visit`.
#[cfg(any(target_os = "linux", test))]
fn visit_all(
    process: u32,
    program: &str,
    environment: &[u8],
    arguments: &[u8],
    marker: &str,
    visit: &mut dyn FnMut(&Carried<'_>),
) {
    let variables = || {
        let words = environment.split(|byte| *byte == 0);
        words.filter_map(|word| Some(word.split_at(word.iter().position(|byte| *byte == b'=')?)))
    };
    let given: std::collections::BTreeSet<&[u8]> = variables()
        .filter(|(name, _)| *name == marker.as_bytes())
        .flat_map(|(_, value)| value[1..].split(|byte| *byte == b','))
        .collect();
    for (name, value) in variables() {
        let given = given.contains(name);
        visit(&Carried { process, program, variable: &String::from_utf8_lossy(name), value: &value[1..], given });
    }
    if !arguments.is_empty() {
        // One word after the other, as they were typed.
        let mut words = zeroize::Zeroizing::new(arguments.to_vec());
        words.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
        visit(&Carried { process, program, variable: ARGUMENTS, value: &words, given: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variable_is_told_by_its_name_and_what_keyctl_gave_is_told_apart() {
        let mut seen = Vec::new();
        let environment = b"A=1\0B=x=y\0KEYCTL_INJECTED=A,C\0nothing\0=D\0C=\xff\0";
        visit_all(7, "sh", environment, b"sh\0-c\0x\0", "KEYCTL_INJECTED", &mut |carried| {
            seen.push((carried.variable.to_owned(), carried.value.to_vec(), carried.given));
        });
        let expected: [(&str, &[u8], bool); 6] = [
            ("A", b"1", true),
            ("B", b"x=y", false),
            ("KEYCTL_INJECTED", b"A,C", false),
            ("", b"D", false),
            ("C", b"\xff", true),
            (ARGUMENTS, b"sh -c x ", false),
        ];
        assert_eq!(seen, expected.map(|(name, value, given)| (name.to_owned(), value.to_vec(), given)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_of_this_user_is_looked_at_and_this_one_is_not() {
        let mut child = std::process::Command::new("sleep").arg("60").env("PLANTED", "here").spawn().expect("start");
        // It has its own environment as soon as it is another program.
        let mut seen = Vec::new();
        for _ in 0..2000 {
            each("KEYCTL_INJECTED", &mut |carried| {
                // Its environment is its own a moment before its name is.
                if carried.variable == "PLANTED" && carried.program == "sleep" {
                    seen.push((carried.process, carried.program.to_owned(), carried.value.to_vec()));
                }
            });
            if !seen.is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        child.kill().expect("kill");
        child.wait().expect("wait");
        assert_eq!(seen, [(child.id(), "sleep".to_owned(), b"here".to_vec())]);
    }
}
