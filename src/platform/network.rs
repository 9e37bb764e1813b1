//! A network of a process's own, in which there is nothing but the process itself: no host of this machine's network can be
//! reached from it, at whatever address, and nobody outside reaches what listens in it. The one way out is a listener that is
//! bound inside and handed to the proxy, which stays outside (`unix(7)`, `SCM_RIGHTS`).
//!
//! Whoever is not root may have one within users of their own (`user_namespaces(7)`): there the process has the number that it
//! has everywhere, and the files of others look like nobody's. Root needs none, and would lose its rights over others' files.
//! Containers and some distributions let nobody else have one.

use std::{
    io::{self, ErrorKind, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    net::{Ipv4Addr, TcpListener},
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, SocketFlags, SocketType, recv, recvmsg, send, sendmsg, socket_with,
    },
    process::{DumpableBehavior, getegid, geteuid, set_dumpable_behavior},
};

use super::memory::{inherited, leave_network};

/// What brings the one interface up: a header and a request of netlink (`rtnetlink(7)`), both in this machine's byte order.
const LENGTH: u32 = 32;
/// `RTM_NEWLINK`.
const NEW_LINK: u16 = 16;
/// `NLM_F_REQUEST | NLM_F_ACK`.
const ASK: u16 = 5;
/// `NLMSG_ERROR`: the answer, with the number zero where there is none.
const ANSWER: u16 = 2;
/// The loopback interface is the first of each network.
const LOOPBACK: u32 = 1;
/// `IFF_UP`.
const UP: u32 = 1;

/// Moves this process, which has one thread, into a network of its own.
///
/// # Errors
/// Where that is not allowed here. It may then be in one that has nothing in it at all.
pub fn enter() -> io::Result<()> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    if user == 0 {
        leave_network(false)?;
    } else {
        leave_network(true)?;
        // What the system shows of a process that nobody may look at is root's. There is nothing to be seen in this one.
        set_dumpable_behavior(DumpableBehavior::Dumpable)?;
        let named = |file: &str, text: String| std::fs::write(format!("/proc/self/{file}"), text);
        named("setgroups", "deny".into())?;
        named("uid_map", format!("{user} {user} 1"))?;
        named("gid_map", format!("{group} {group} 1"))?;
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    }
    bring_up()
}

fn bring_up() -> io::Result<()> {
    let kernel = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    let mut request = Vec::new();
    request.extend(LENGTH.to_ne_bytes());
    request.extend([NEW_LINK, ASK].map(u16::to_ne_bytes).concat());
    // Number and sender; family and kind; the interface, its flags, and which of them are meant.
    request.extend([1, 0, 0, LOOPBACK, UP, UP].map(u32::to_ne_bytes).concat());
    send(&kernel, &request, SendFlags::empty())?;
    let mut answer = [0; 256];
    let (_, length) = recv(&kernel, &mut answer, RecvFlags::empty())?;
    let number = |at: usize| answer.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
    match number(16).map(i32::from_ne_bytes) {
        _ if length < 20 || answer[4..6] != ANSWER.to_ne_bytes() => Err(ErrorKind::InvalidData.into()),
        Some(0) => Ok(()),
        Some(error) => Err(io::Error::from_raw_os_error(error.saturating_abs())),
        None => Err(ErrorKind::InvalidData.into()),
    }
}

/// Listens at this port of the own network, and hands that to whoever has the other end of the socket of this number.
///
/// # Errors
/// As the system has them.
pub fn hand_over(port: u16, number: i32) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let socket = inherited(number)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [listener.as_fd()];
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(ErrorKind::OutOfMemory.into());
    }
    sendmsg(&socket, &[IoSlice::new(&[1])], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Takes the listener that is handed over, without waiting for it.
///
/// # Errors
/// `WouldBlock` where there is none yet; `UnexpectedEof` where none comes any more.
pub fn take_over(from: impl AsFd) -> io::Result<TcpListener> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    recvmsg(from, &mut [IoSliceMut::new(&mut byte)], &mut control, flags)?;
    let rights = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut all) => all.next(),
        _ => None,
    });
    rights.map(|one: OwnedFd| TcpListener::from(one)).ok_or_else(|| ErrorKind::UnexpectedEof.into())
}
