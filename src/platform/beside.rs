//! What a file has beside its content and its modes, and a new one in its place would lack or get from its folder.

use std::{fs::File, io};

/// What a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// A list of who may do what, which says more than the modes do.
    AccessList,
    /// Notes that programs keep at it.
    Attributes,
}

/// What of this a file has. What a system puts at every file by itself does not count: security labels and what Apple's
/// programs note. On Windows, and for the lists of macOS, that cannot be told.
///
/// # Errors
/// As `flistxattr(2)` has them.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub fn beside(file: &File) -> io::Result<Option<Beside>> {
    use rustix::io::Errno;
    // The most that the kernel gives: XATTR_LIST_MAX (linux/limits.h).
    let mut names = vec![0_u8; 64 * 1024];
    let length = match rustix::fs::flistxattr(file, names.as_mut_slice()) {
        Ok(length) => length,
        Err(Errno::NOTSUP | Errno::NOSYS | Errno::PERM) => 0,
        Err(error) => return Err(error.into()),
    };
    let names = names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let kind = |name: &[u8]| match name {
        name if name.starts_with(b"security.") || name.starts_with(b"com.apple.") => None,
        name if name.starts_with(b"system.") => Some(Beside::AccessList),
        _ => Some(Beside::Attributes),
    };
    let kinds: Vec<Beside> = names.filter_map(kind).collect();
    let is_list = kinds.contains(&Beside::AccessList);
    Ok(if is_list { Some(Beside::AccessList) } else { kinds.first().copied() })
}

/// Nothing is known of it here.
///
/// # Errors
/// None.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn beside(_: &File) -> io::Result<Option<Beside>> {
    Ok(None)
}

/// Takes away the access list that a new file got from its folder: modes that its group gets would be those of all on it.
///
/// # Errors
/// As `fremovexattr(2)` has them.
#[cfg(target_os = "linux")]
pub fn forget_access_list(file: &File) -> io::Result<()> {
    use rustix::io::Errno;
    match rustix::fs::fremovexattr(file, "system.posix_acl_access") {
        Ok(()) | Err(Errno::NODATA | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Nothing to do: there is none that modes would widen.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub fn forget_access_list(_: &File) -> io::Result<()> {
    Ok(())
}
