//! A process that confines itself, before it becomes a command of the proxy's: it reaches one port and no other, no socket of
//! the session (the keychain's bus, agents, containers), no kernel keyring, and not keyctl's own folders. Landlock's rule is of a
//! port at any address: that this one is on no other machine is for [`network`](super::network) to see to, where that can be had.
//!
//! Landlock decides on files and TCP (Linux 6.7 and newer); what it does not decide on is kept from happening by a filter of
//! system calls. Neither needs a right, and neither can be taken off again. All of it is there or nothing is started.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::places;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// What is asked of Landlock: TCP since the fourth, abstract sockets since the sixth.
const LANDLOCK: ABI = ABI::V6;
/// The kinds of sockets that are no stream: datagrams, raw ones and what is between.
const NO_STREAM: [u64; 6] = [2, 3, 4, 5, 6, 10];
/// A connection that is made by the first data, which older kernels do not ask Landlock about (`MSG_FASTOPEN`).
const FAST_OPEN: u64 = 0x2000_0000;
/// What types into the terminal in the user's place, for a shell that is not confined (`TIOCSTI`, `TIOCLINUX`).
const TYPING: [u64; 2] = [0x5412, 0x541C];
/// The same calls by the numbers of the x32 way in.
#[cfg(target_arch = "x86_64")]
const OTHER_WAY_IN: i64 = 0x4000_0000;

/// What this system has of that: the version of Landlock, as far as this program knows them, and whether system calls can be
/// filtered. Nothing is confined for it.
#[must_use]
pub fn abilities() -> (Option<u8>, bool) {
    let versions = [(6, ABI::V6), (5, ABI::V5), (4, ABI::V4), (3, ABI::V3), (2, ABI::V2), (1, ABI::V1)];
    let landlock = versions.into_iter().find(|(_, abi)| can(*abi)).map(|(number, _)| number);
    let filters = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail");
    (landlock, filters.is_ok_and(|actions| actions.split_whitespace().any(|action| action == "errno")))
}

fn can(abi: ABI) -> bool {
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let ruleset = ruleset.handle_access(AccessFs::from_all(abi));
    let ruleset = match AccessNet::from_all(abi) {
        net if net.is_empty() => ruleset,
        net => ruleset.and_then(|ruleset| ruleset.handle_access(net)),
    };
    let ruleset = match Scope::from_all(abi) {
        scope if scope.is_empty() => ruleset,
        scope => ruleset.and_then(|ruleset| ruleset.scope(scope)),
    };
    ruleset.and_then(Ruleset::create).is_ok()
}

/// Confines this process and all that come of it.
///
/// # Errors
/// Where this system cannot do all of it.
pub fn confine(port: u16, away: &[PathBuf]) -> io::Result<()> {
    let other = |error: &dyn std::fmt::Display| io::Error::other(error.to_string());
    let away = places::all(away)?;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(LANDLOCK))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::ConnectTcp | AccessNet::BindTcp))
        .and_then(|ruleset| ruleset.scope(Scope::AbstractUnixSocket | Scope::Signal))
        .and_then(Ruleset::create)
        .and_then(|created| created.add_rule(NetPort::new(port, AccessNet::ConnectTcp)))
        .map_err(|error| other(&error))?;
    ruleset = allow_but(ruleset, Path::new("/"), &away)?;
    let status = ruleset.restrict_self().map_err(|error| other(&error))?;
    if status.ruleset != RulesetStatus::FullyEnforced {
        return Err(io::ErrorKind::Unsupported.into());
    }
    seccompiler::apply_filter(&filter()?).map_err(|error| other(&error))
}

/// Allows all below a folder but what lies away: that folder itself can be listed, and nothing new comes into it.
fn allow_but(ruleset: RulesetCreated, folder: &Path, away: &[PathBuf]) -> io::Result<RulesetCreated> {
    let mut ruleset = allow(ruleset, folder, AccessFs::ReadDir.into())?;
    for entry in std::fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        if away.contains(&path) {
            continue;
        }
        if away.iter().any(|place| place.starts_with(&path)) {
            ruleset = allow_but(ruleset, &path, away)?;
            continue;
        }
        // A link leads where that is allowed by itself.
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            continue;
        }
        let all = if kind.is_dir() { AccessFs::from_all(LANDLOCK) } else { AccessFs::from_file(LANDLOCK) };
        ruleset = allow(ruleset, &path, all)?;
    }
    Ok(ruleset)
}

fn allow(ruleset: RulesetCreated, path: &Path, access: landlock::BitFlags<AccessFs>) -> io::Result<RulesetCreated> {
    // What is gone by now, or cannot be opened even to be named, stays out of reach.
    let Ok(opened) = PathFd::new(path) else { return Ok(ruleset) };
    ruleset.add_rule(PathBeneath::new(opened, access)).map_err(|error| io::Error::other(error.to_string()))
}

/// The filter: what it names fails with "not permitted".
fn filter() -> io::Result<BpfProgram> {
    let failed = |error: seccompiler::BackendError| io::Error::other(error.to_string());
    let is = |argument: u8, how: SeccompCmpOp, value: u64| SeccompCondition::new(argument, Dword, how, value);
    let rule = |all: Vec<Result<SeccompCondition, seccompiler::BackendError>>| {
        all.into_iter().collect::<Result<Vec<_>, _>>().and_then(SeccompRule::new)
    };
    let of = |number: libc::c_int| u64::try_from(number).unwrap_or_default();
    let (four, six, netlink) = (of(libc::AF_INET), of(libc::AF_INET6), of(libc::AF_NETLINK));
    let mut sockets =
        vec![rule(vec![is(0, SeccompCmpOp::Ne, four), is(0, SeccompCmpOp::Ne, six), is(0, SeccompCmpOp::Ne, netlink)])];
    for family in [four, six] {
        let kinds =
            NO_STREAM.map(|kind| rule(vec![is(0, SeccompCmpOp::Eq, family), is(1, SeccompCmpOp::MaskedEq(15), kind)]));
        sockets.extend(kinds);
        let (tcp, any) = (is(2, SeccompCmpOp::Ne, of(libc::IPPROTO_TCP)), is(2, SeccompCmpOp::Ne, 0));
        sockets.push(rule(vec![is(0, SeccompCmpOp::Eq, family), tcp, any]));
    }
    let sockets: Vec<SeccompRule> = sockets.into_iter().collect::<Result<_, _>>().map_err(failed)?;
    let fast = |argument| rule(vec![is(argument, SeccompCmpOp::MaskedEq(FAST_OPEN), FAST_OPEN)]).map_err(failed);
    let typing = TYPING.map(|what| rule(vec![is(1, SeccompCmpOp::Eq, what)]));
    let typing: Vec<SeccompRule> = typing.into_iter().collect::<Result<_, _>>().map_err(failed)?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::from([
        (libc::SYS_socket, sockets.clone()),
        (libc::SYS_sendto, vec![fast(3)?]),
        (libc::SYS_sendmsg, vec![fast(2)?]),
        (libc::SYS_sendmmsg, vec![fast(3)?]),
        (libc::SYS_ioctl, typing),
    ]);
    // By rings nothing of this would be asked for; the kernel's keyring may have what `unlock` keeps.
    // Nor is another network for it, which root has the right to go to. Landlock is not asked by who listens without `bind`.
    let away = [
        libc::SYS_io_uring_setup,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_setns,
        libc::SYS_listen,
    ];
    for call in away {
        rules.insert(call, Vec::new());
    }
    #[cfg(target_arch = "x86_64")]
    {
        let other: Vec<i64> = rules.keys().copied().collect();
        rules.extend(other.into_iter().map(|call| (call | OTHER_WAY_IN, Vec::new())));
    }
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let machine = std::env::consts::ARCH.try_into().map_err(failed)?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, machine).map_err(failed)?;
    filter.try_into().map_err(failed)
}
