//! Folders that are for their owner, and beside that for the system and the administrators, who are shut out of nothing. What
//! is put into such a folder has the same access list, wherever the folder lies: in the user's profile it would have that anyway.

use std::{
    ffi::OsString,
    io,
    os::windows::ffi::OsStrExt,
    path::{Path, PathBuf},
    ptr,
};

use windows_sys::Win32::{
    Foundation::{HANDLE, LocalFree},
    Security::{
        Authorization::{
            ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
        },
        GetTokenInformation, SECURITY_ATTRIBUTES, TOKEN_USER, TokenUser,
    },
    Storage::FileSystem::CreateDirectoryW,
};

/// The path of a folder that is made may have 247 characters where it is not given literally (`CreateDirectoryW`).
const LONG: usize = 240;
/// More letters than the number of a user ever has: `S-1-`, one of 48 bits and fifteen of 32.
const LONGEST_NUMBER: usize = 192;

/// Makes a folder, and those above it, that only their owner may enter.
///
/// # Errors
/// As `CreateDirectoryW` has them.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.is_dir()).collect();
    for folder in missing.into_iter().rev().filter(|folder| !folder.as_os_str().is_empty()) {
        match make_private_folder(folder) {
            // Another keyctl was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made?,
        }
    }
    Ok(())
}

/// Makes a new folder that only its owner may enter, never taking one that is there.
///
/// # Errors
/// As `CreateDirectoryW` has them.
#[expect(unsafe_code, reason = "std makes no folder with an access list")]
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    let list = format!("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;{})", own_number()?);
    let (list, path) = (wide(list.encode_utf16()), wide(whole(path)?.as_os_str().encode_wide()));
    let mut descriptor = ptr::null_mut();
    let (revision, none) = (SDDL_REVISION_1, ptr::null_mut());
    // SAFETY: the list is text with an end, and `descriptor` outlives the call, which leaves an address there.
    told(unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(list.as_ptr(), revision, &raw mut descriptor, none)
    })?;
    let attributes = SECURITY_ATTRIBUTES {
        nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or_default(),
        lpSecurityDescriptor: descriptor,
        bInheritHandle: 0,
    };
    // SAFETY: the path is text with an end, and the descriptor is there until it is freed below.
    let made = told(unsafe { CreateDirectoryW(path.as_ptr(), &raw const attributes) });
    // SAFETY: the system gave it to be freed so, and nobody uses it any more.
    unsafe { LocalFree(descriptor) };
    made
}

/// A path by which a folder can be made also where it is long: then one that the system takes as it stands (`\\?\C:\…`).
fn whole(path: &Path) -> io::Result<PathBuf> {
    let whole = std::path::absolute(path)?;
    if whole.as_os_str().len() < LONG || whole.as_os_str().as_encoded_bytes().starts_with(br"\\") {
        return Ok(whole);
    }
    let mut literal = OsString::from(r"\\?\");
    literal.push(whole);
    Ok(literal.into())
}

/// The number by which access lists name the user who runs this (`S-1-5-21-…`).
#[expect(unsafe_code, reason = "std does not tell who runs this")]
fn own_number() -> io::Result<String> {
    // `GetCurrentProcessToken`: a number that always means this process's own, and is not to be closed.
    let token: HANDLE = ptr::without_provenance_mut(usize::MAX - 3);
    // Room for the number and what names it, of the longest that there is (SECURITY_MAX_SID_SIZE), and aligned for both.
    let mut room = [0_u64; 16];
    let (size, mut length) = (u32::try_from(size_of_val(&room)).unwrap_or_default(), 0);
    // SAFETY: the system writes at most so many bytes to the room, which outlives the call.
    told(unsafe { GetTokenInformation(token, TokenUser, room.as_mut_ptr().cast(), size, &raw mut length) })?;
    let mut text = ptr::null_mut();
    // SAFETY: what was just written begins with a `TOKEN_USER`, whose address leads into the room.
    told(unsafe { ConvertSidToStringSidW((*room.as_ptr().cast::<TOKEN_USER>()).User.Sid, &raw mut text) })?;
    // SAFETY: it is text with an end, which the system gave to be freed after it was copied.
    unsafe {
        let length = (0..LONGEST_NUMBER).take_while(|at| *text.add(*at) != 0).count();
        let number = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        Ok(number)
    }
}

fn wide(text: impl Iterator<Item = u16>) -> Vec<u16> {
    text.chain([0]).collect()
}

fn told(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_for_its_owner_with_those_above_it_and_never_one_that_is_there() {
        assert!(own_number().expect("told").starts_with("S-1-5-"));
        let kept = tempfile::tempdir().expect("folder");
        // Longer than a path may be that is not written out whole.
        let deep = (0..8).fold(kept.path().join("a"), |path, _| path.join("x".repeat(40)));
        create_private_folder(&deep).expect("made");
        create_private_folder(&deep).expect("there already");
        std::fs::write(deep.join("file"), "x").expect("its owner may");
        assert_eq!(make_private_folder(&deep).expect_err("there already").kind(), io::ErrorKind::AlreadyExists);
        let file = kept.path().join("file");
        std::fs::write(&file, "x").expect("write");
        assert!(create_private_folder(&file.join("below")).is_err());
    }
}
