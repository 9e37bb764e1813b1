//! Taking the state's bytes apart, from the front.

/// So many bytes.
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

/// A number of 32 bits.
pub(super) fn number(rest: &mut &[u8]) -> Option<u32> {
    take(rest).map(u32::from_be_bytes)
}

/// A number of 64 bits.
pub(super) fn wide(rest: &mut &[u8]) -> Option<u64> {
    take(rest).map(u64::from_be_bytes)
}

/// The bytes of as many pieces of this size as the number before them says.
pub(super) fn many<'b>(rest: &mut &'b [u8], size: usize) -> Option<&'b [u8]> {
    let count = usize::from(u16::from_be_bytes(take(rest)?));
    let (taken, left) = rest.split_at_checked(count * size)?;
    *rest = left;
    Some(taken)
}
