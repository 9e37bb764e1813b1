//! Memory that is not written to where pages are swapped out, as far as the system lets a user have such.
//!
//! It stays so until it is given back to the system or this process becomes another program: what is wiped and used for
//! something else in between is locked needlessly, and by little. Both systems count what a user locks, and have a limit for
//! it (`RLIMIT_MEMLOCK`; on Windows the working set): beyond that all goes on as if nothing had been asked.

use std::mem::size_of_val;

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
