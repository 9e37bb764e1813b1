//! Memory that is not written to where pages are swapped out, as far as the system lets a user have such; and what the caller
//! gave this process that nothing it starts shall have: a variable, which lies in memory that the system filled, a descriptor;
//! or that this one shall not have either: signals that are held back.
//!
//! Locked memory stays so until it is given back to the system or this process becomes another program: what is wiped and used for
//! something else in between is locked needlessly, and by little. Both systems count what a user locks, and have a limit for
//! it (`RLIMIT_MEMLOCK`; on Windows the working set): beyond that all goes on as if nothing had been asked.

use std::{ffi::OsString, mem::size_of_val};

/// What Rust's own start does before `main`, but for what it prepares for a stack that overflows. The first three descriptors lead
/// somewhere: the next file that is opened would be taken for what is printed to. And a pipe that nobody reads any more is the
/// failure of a write, and does not end the program. For the very beginning of it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "std does this before `main` alone")]
pub fn begin() {
    for number in 0..3 {
        // SAFETY: fcntl(2) is told a number, and says where it is not open.
        let is_open = unsafe { libc::fcntl(number, libc::F_GETFD) } != -1;
        // SAFETY: open(2) reads a string that has an end. It gives the lowest number that is free, which is this one.
        if !is_open && unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) } == -1 {
            std::process::abort();
        }
    }
    // SAFETY: no handler is set but the system's own.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// The heap where the C library's own is slow: one for all threads, behind Rust's own lock. A request through the proxy takes and
/// gives back some two hundred pieces, and the C library's lock took longer than that.
#[cfg(all(target_os = "linux", target_env = "musl"))]
pub struct Heap(std::sync::Mutex<dlmalloc::Dlmalloc>);

#[cfg(all(target_os = "linux", target_env = "musl"))]
impl Heap {
    /// An empty one.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a static is made of it")]
    pub const fn new() -> Self {
        Self(std::sync::Mutex::new(dlmalloc::Dlmalloc::new()))
    }

    fn held(&self) -> std::sync::MutexGuard<'_, dlmalloc::Dlmalloc> {
        // Nothing in there panics, and a heap that cannot be used ends the program anyway.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

// SAFETY: one thread at a time is in the heap, which passes on what its caller promises and gives what its own documents say.
#[cfg(all(target_os = "linux", target_env = "musl"))]
#[expect(unsafe_code, reason = "a heap is made of pointers")]
unsafe impl std::alloc::GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        // SAFETY: any size and alignment of a layout will do.
        unsafe { self.held().malloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: std::alloc::Layout) {
        // SAFETY: the caller promises that it is of this heap and of this layout.
        unsafe { self.held().free(pointer, layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: std::alloc::Layout) -> *mut u8 {
        // SAFETY: as `alloc`.
        unsafe { self.held().calloc(layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: std::alloc::Layout, size: usize) -> *mut u8 {
        // SAFETY: as `dealloc`.
        unsafe { self.held().realloc(pointer, layout.size(), layout.align(), size) }
    }
}

/// Keeps memory from being swapped out. That it cannot be is no failure.
pub fn keep_from_swap<T>(memory: &[T]) {
    let length = size_of_val(memory);
    if length > 0 {
        lock(memory.as_ptr().cast(), length);
    }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "locking says where pages are kept and changes nothing in them")]
fn lock(start: *const std::ffi::c_void, length: usize) {
    // SAFETY: the range is that of a slice, so all of it is mapped; mlock(2) neither writes to it nor keeps the pointer.
    let _ = unsafe { rustix::mm::mlock(start.cast_mut(), length) };
}

#[cfg(windows)]
#[expect(unsafe_code, reason = "locking says where pages are kept and changes nothing in them")]
fn lock(start: *const std::ffi::c_void, length: usize) {
    // SAFETY: the range is that of a slice, so all of it is committed; VirtualLock neither writes to it nor keeps the pointer.
    let _ = unsafe { windows_sys::Win32::System::Memory::VirtualLock(start, length) };
}

/// Takes a variable out of this process's environment and wipes it there: no program that is started has it, and it is not to
/// be seen in what the system shows of this one. For the very beginning of the program, while it has one thread.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std can take a variable out, and cannot wipe it")]
#[must_use]
pub fn take_variable(name: &str) -> Option<OsString> {
    use std::{
        ffi::{CStr, CString, c_char},
        os::unix::ffi::OsStringExt,
    };

    use zeroize::Zeroize;

    unsafe extern "C" {
        fn getenv(name: *const c_char) -> *mut c_char;
    }
    let name_for_c = CString::new(name).ok()?;
    // SAFETY: there is one thread, so nobody changes the environment meanwhile. What getenv(3) gives is a string with an end
    // in memory that belongs to this process and may be written to, and it is not used after the variable is taken out.
    unsafe {
        let text = getenv(name_for_c.as_ptr());
        if text.is_null() {
            return None;
        }
        let length = CStr::from_ptr(text).to_bytes().len();
        let there = std::slice::from_raw_parts_mut(text.cast::<u8>(), length);
        let taken = there.to_vec();
        there.zeroize();
        std::env::remove_var(name);
        Some(OsString::from_vec(taken))
    }
}

/// The same on Windows, whose environment cannot be wiped in its place.
#[cfg(windows)]
#[expect(unsafe_code, reason = "std calls it so for the sake of other systems")]
#[must_use]
pub fn take_variable(name: &str) -> Option<OsString> {
    let taken = std::env::var_os(name)?;
    // SAFETY: on Windows this is always safe, as its documentation says.
    unsafe { std::env::remove_var(name) };
    Some(taken)
}

/// Has a descriptor that the caller opened closed where another program is started. That it is not open is no failure.
#[cfg(unix)]
#[expect(unsafe_code, reason = "a descriptor that the caller opened has no owner here")]
pub fn close_on_exec(number: i32) {
    if number < 0 {
        return;
    }
    // SAFETY: it is borrowed for this one call, which changes a flag of it and is told where it is not open.
    let descriptor = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
    let _ = rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::CLOEXEC);
}

/// Windows has no such descriptors.
#[cfg(windows)]
pub fn close_on_exec(_: i32) {}

/// Closes what was inherited but for the first three. What this process opened itself stays: it would not be inherited either,
/// and that tells it.
#[cfg(unix)]
#[expect(unsafe_code, reason = "a descriptor that the caller opened has no owner here")]
pub fn close_what_was_inherited() {
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let Ok(names) = std::fs::read_dir(folder) else { return };
    let numbers: Vec<i32> = names.flatten().filter_map(|name| name.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|number| *number > 2) {
        // SAFETY: it is borrowed for this one call, which is told where it is not open.
        let descriptor = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
        let flags = rustix::io::fcntl_getfd(descriptor);
        if flags.is_ok_and(|flags| !flags.contains(rustix::io::FdFlags::CLOEXEC)) {
            // SAFETY: std and the crates used here have all that they open closed where a program is started, so nobody owns it.
            unsafe { rustix::io::close(number) };
        }
    }
}

/// Windows has no such descriptors.
#[cfg(windows)]
pub fn close_what_was_inherited() {}

/// Takes what standard input leads to away from what this process starts: it is empty from then on, and this is what it was.
/// For the very beginning of the program, before anything is read.
///
/// # Errors
/// As `dup(2)` has them.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std can put nothing else in the place of standard input")]
pub fn put_input_aside() -> std::io::Result<std::fs::File> {
    use std::os::fd::{AsFd, AsRawFd};
    let aside = std::io::stdin().as_fd().try_clone_to_owned()?;
    let nothing = std::fs::File::open("/dev/null")?;
    // SAFETY: dup2(2) is told two numbers; 0 belongs to nobody, and std looks it up anew for each reading.
    if unsafe { libc::dup2(nothing.as_raw_fd(), 0) } < 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(aside.into())
}

/// Windows has no path that leads there.
///
/// # Errors
/// `Unsupported`.
#[cfg(windows)]
pub fn put_input_aside() -> std::io::Result<std::fs::File> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Lets signals reach this thread, and those that it starts, though whoever started it held them back.
#[cfg(unix)]
pub fn let_through(signals: &[i32]) {
    change_held(libc::SIG_UNBLOCK, signals);
}

/// Holds signals back from this thread, so that what they would be sent for is done.
#[cfg(unix)]
pub fn hold_back(signals: &[i32]) {
    change_held(libc::SIG_BLOCK, signals);
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "neither std nor rustix changes which signals are held back")]
fn change_held(how: i32, signals: &[i32]) {
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset(3) fills the set before it is read, and none of the calls keeps a pointer to it.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        libc::pthread_sigmask(how, set.as_ptr(), std::ptr::null_mut());
    }
}

/// Sends a signal to a process, one of those without a name too. That it is gone is no failure.
#[cfg(unix)]
#[expect(unsafe_code, reason = "rustix has no real-time signals")]
pub fn send_signal(process: rustix::process::Pid, signal: i32) {
    // SAFETY: kill(2) is told two numbers and touches no memory.
    let _ = unsafe { libc::kill(process.as_raw_pid(), signal) };
}

/// Has a signal do what it does where nobody hears it.
#[cfg(unix)]
#[expect(unsafe_code, reason = "signal-hook does that for the signals it knows, which are not all")]
pub fn forget_handler(signal: i32) {
    // SAFETY: no handler is set but the system's own; signal-hook, whose handler was there, does not count on it.
    let _ = unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// A socket that the caller left open for this process, which is closed where another program is started.
///
/// # Errors
/// As `fcntl(2)` has them: such as that there is none of this number.
#[cfg(all(target_os = "linux", feature = "proxy"))]
#[expect(unsafe_code, reason = "a descriptor that the caller opened has no owner here")]
pub fn inherited(number: i32) -> std::io::Result<std::os::fd::OwnedFd> {
    if number < 0 {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: it is borrowed for this one call, which makes another of it and is told where it is not open.
    let own = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) }.try_clone_to_owned()?;
    close_on_exec(number);
    Ok(own)
}

/// Leaves the network that this process is in for an empty one, and its users too where that is said.
///
/// # Errors
/// As `unshare(2)` has them.
#[cfg(all(target_os = "linux", feature = "proxy"))]
#[expect(unsafe_code, reason = "rustix cannot tell which of the things that are left would be dangerous to leave")]
pub fn leave_network(users_too: bool) -> std::io::Result<()> {
    use rustix::thread::{UnshareFlags, unshare_unsafe};
    let users = if users_too { UnshareFlags::NEWUSER } else { UnshareFlags::empty() };
    // SAFETY: what is dangerous to leave is the table of descriptors that other threads count on (`CLONE_FILES`), which stays.
    unsafe { unshare_unsafe(users | UnshareFlags::NEWNET) }?;
    Ok(())
}
