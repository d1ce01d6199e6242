//! Texts that share most of what they say: requests of one chain begin alike. Each piece is a blob of its own, kept once; the
//! text itself is a list of them.
//!
//! A list stands where the text would stand, under the digest of the text. Nothing else tells one from the other, and nothing
//! else needs to: what has the digest is the text, and what a list leads to must have it.

use certus_engine::Digest;

use crate::MAX_VALUE_BYTES;

/// What stands between two pieces, and before a list.
const BETWEEN: u8 = 0;

/// Bytes of a digest.
const DIGEST: usize = 32;

/// The list of these pieces.
pub(crate) fn list(pieces: &[Digest]) -> Vec<u8> {
    std::iter::once(BETWEEN).chain(pieces.iter().flat_map(|piece| *piece.as_bytes())).collect()
}

/// The digests that are listed; none if that is no list.
fn listed(bytes: &[u8]) -> Option<&[[u8; DIGEST]]> {
    let (&BETWEEN, digests) = bytes.split_first()? else { return None };
    match digests.as_chunks() {
        (digests, []) => Some(digests),
        _ => None,
    }
}

/// The text of this digest whose pieces are listed there, or why it cannot be put together.
///
/// # Errors
/// What `piece` says.
pub(crate) fn joined<E>(
    digest: &[u8; DIGEST],
    list: &[u8],
    mut piece: impl FnMut(&[u8; DIGEST]) -> Result<Option<Vec<u8>>, E>,
) -> Result<Result<Vec<u8>, &'static str>, E> {
    let Some(pieces) = listed(list) else { return Ok(Err("holds something else")) };
    let mut text = Vec::new();
    for (index, name) in pieces.iter().enumerate() {
        let Some(bytes) = piece(name)? else { return Ok(Err("lacks a piece")) };
        if (text.len() + bytes.len()) as u64 >= MAX_VALUE_BYTES {
            return Ok(Err("is larger than anything that is kept"));
        }
        if index > 0 {
            text.push(BETWEEN);
        }
        text.extend(bytes);
    }
    Ok(if Digest::of(&text).as_bytes() == digest { Ok(text) } else { Err("has pieces of something else") })
}
