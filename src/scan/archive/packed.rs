//! What one file was packed to, unpacked as it is read: gzip, bzip2, xz, lzma, zstd, and the methods of zip.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::{DeflateDecoder, GzDecoder};
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use super::{Kind, damaged, fill, too_early};

/// How many bytes are read at once.
const READ: usize = 32 * 1024;
/// How far back what is packed may look, in memory: as far as `xz -9` does.
const MEMORY: u64 = 64 * 1024 * 1024;
/// The same for xz, in kilobytes, with what it needs beside that.
const XZ_MEMORY: u32 = 66 * 1024;
/// What lz4 begins with.
pub(super) const LZ4: &[u8] = b"\x04\x22\x4d\x18";
/// The most bytes that the head of an lzma can say are in it, to be taken for one.
const LARGEST_LZMA: u64 = 1 << 40;

/// Whether this is the head of what `xz --format=lzma` writes: it has no mark, but few numbers can stand in it (its usual
/// settings, a size of memory, how much is in it or that this is not known, and a zero).
pub(super) fn is_lzma(head: &[u8]) -> bool {
    let Some((&[settings, a, b, c, d], rest)) = head.split_first_chunk() else { return false };
    let Some((size, [0, ..])) = rest.split_first_chunk() else { return false };
    let (memory, size) = (u32::from_le_bytes([a, b, c, d]), u64::from_le_bytes(*size));
    let is_usual = memory >= 4096 && (memory.is_power_of_two() || memory % 3 == 0 && (memory / 3).is_power_of_two());
    settings == 0x5d && is_usual && (size == u64::MAX || size < LARGEST_LZMA)
}

/// Unpacks a file of one of these kinds; several that follow one another are one.
pub(super) fn unpacking<'r>(kind: Kind, reader: &'r mut dyn Read) -> io::Result<Box<dyn Read + 'r>> {
    let reader = BufReader::with_capacity(READ, reader);
    Ok(match kind {
        Kind::Gzip => Box::new(Members(Some(GzDecoder::new(reader)))),
        Kind::Bzip2 => Box::new(MultiBzDecoder::new(reader)),
        Kind::Xz => Box::new(XzReader::new_mem_limit(reader, true, XZ_MEMORY)),
        Kind::Lzma => Box::new(LzmaReader::new_mem_limit(reader, XZ_MEMORY, None)?),
        Kind::Zstd => Box::new(Frames::of(reader)),
        Kind::Zip | Kind::Tar | Kind::Other(_) => return Err(damaged()),
    })
}

/// Unpacks an entry of a zip; nothing for a method that is not known.
pub(super) fn unpacking_entry<'r>(method: u16, reader: &'r mut dyn Read) -> Option<Box<dyn Read + 'r>> {
    let reader = BufReader::with_capacity(READ, reader);
    Some(match method {
        0 => Box::new(reader),
        8 => Box::new(DeflateDecoder::new(reader)),
        12 => Box::new(MultiBzDecoder::new(reader)),
        20 | 93 => Box::new(Frames::of(reader)),
        95 => Box::new(XzReader::new_mem_limit(reader, true, XZ_MEMORY)),
        _ => return None,
    })
}

/// The members of gzip, one after the other. Tapes and blocks are filled up with zeros behind the last one.
struct Members<R: BufRead>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.0 else { return Ok(0) };
            let read = member.read(bytes)?;
            if read > 0 || bytes.is_empty() {
                return Ok(read);
            }
            let Some(mut reader) = self.0.take().map(GzDecoder::into_inner) else { return Ok(0) };
            let is_over = loop {
                let zeros = match reader.fill_buf()? {
                    [] => break true,
                    more => more.iter().take_while(|byte| **byte == 0).count(),
                };
                if zeros == 0 {
                    break false;
                }
                reader.consume(zeros);
            };
            if is_over {
                return Ok(0);
            }
            self.0 = Some(GzDecoder::new(reader));
        }
    }
}

/// The frames of zstd, one after the other; those that are to be skipped are.
struct Frames<R> {
    decoder: FrameDecoder,
    reader: R,
}

impl<R: Read> Frames<R> {
    fn of(reader: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MEMORY);
        Self { decoder, reader }
    }

    /// Begins with the next frame, and says whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            let mut magic = [0; 4];
            match fill(&mut self.reader, &mut magic)? {
                0 => return Ok(false),
                4 if magic == *LZ4 => {
                    return Err(io::Error::new(io::ErrorKind::Unsupported, "keyctl does not look into lz4"));
                }
                4 => {}
                _ => return Err(too_early()),
            }
            let skipped = match self.decoder.reset((&magic[..]).chain(&mut self.reader)) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => length,
                Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(io::ErrorKind::OutOfMemory.into()),
                Err(_) => return Err(damaged()),
            };
            let passed = io::copy(&mut (&mut self.reader).take(skipped.into()), &mut io::sink())?;
            if passed < u64::from(skipped) {
                return Err(too_early());
            }
        }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 {
            if !self.decoder.is_finished() {
                let decoded = self.decoder.decode_blocks(&mut self.reader, BlockDecodingStrategy::UptoBlocks(1));
                decoded.map_err(|_| damaged())?;
            } else if !self.begin()? {
                return Ok(0);
            }
        }
        self.decoder.read(bytes)
    }
}
