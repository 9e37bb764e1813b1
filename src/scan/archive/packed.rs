//! What one file was packed to, unpacked as it is read: gzip, bzip2, xz, zstd, and the methods of zip.

use std::io::{self, BufReader, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use lzma_rust2::XzReader;
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

/// Unpacks a file of one of these kinds; several that follow one another are one.
pub(super) fn unpacking<'r>(kind: Kind, reader: &'r mut dyn Read) -> io::Result<Box<dyn Read + 'r>> {
    let reader = BufReader::with_capacity(READ, reader);
    Ok(match kind {
        Kind::Gzip => Box::new(MultiGzDecoder::new(reader)),
        Kind::Bzip2 => Box::new(MultiBzDecoder::new(reader)),
        Kind::Xz => Box::new(XzReader::new_mem_limit(reader, true, XZ_MEMORY)),
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
