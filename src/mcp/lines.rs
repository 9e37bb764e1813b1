//! Lines of an input that nobody has looked at: each whole and bounded, or said to be too long.

use std::io::{self, BufRead};

/// The most bytes of a message: 1 MiB. What agents ask for has some hundred.
pub const LONGEST: usize = 1024 * 1024;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A line without its ending.
    Whole(Vec<u8>),
    /// One that was longer than any message may be; nothing of it is kept.
    TooLong,
    /// There is no more.
    End,
}

/// Reads the next line. One that ends with the input is a line too.
///
/// # Errors
/// As reading has them.
pub fn next(input: &mut impl BufRead, longest: usize) -> io::Result<Line> {
    let (mut line, mut is_too_long, mut is_begun) = (Vec::new(), false, false);
    loop {
        let part = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if part.is_empty() {
            return Ok(if is_begun { done(line, is_too_long) } else { Line::End });
        }
        is_begun = true;
        let end = part.iter().position(|byte| *byte == b'\n');
        let piece = &part[..end.unwrap_or(part.len())];
        if line.len() + piece.len() > longest {
            is_too_long = true;
            line = Vec::new();
        } else if !is_too_long {
            line.extend_from_slice(piece);
        }
        let taken = end.map_or(part.len(), |end| end + 1);
        input.consume(taken);
        if end.is_some() {
            return Ok(done(line, is_too_long));
        }
    }
}

fn done(mut line: Vec<u8>, is_too_long: bool) -> Line {
    if is_too_long {
        return Line::TooLong;
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Line::Whole(line)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8], buffer: usize, longest: usize) -> Vec<Line> {
        let mut input = BufReader::with_capacity(buffer, bytes);
        let mut lines = Vec::new();
        loop {
            match next(&mut input, longest).expect("memory") {
                Line::End => return lines,
                line => lines.push(line),
            }
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_said_and_the_next_one_is_whole() {
        let whole = |text: &str| Line::Whole(text.into());
        assert_eq!(all(b"abc\r\nabcd\nab", 2, 4), [whole("abc"), whole("abcd"), whole("ab")]);
        assert_eq!(all(b"abcde\n\nab", 2, 4), [Line::TooLong, whole(""), whole("ab")]);
        assert_eq!(all(b"abcdefghi", 3, 4), [Line::TooLong]);
        assert_eq!(all(b"", 3, 4), []);
    }

    proptest! {
        #[test]
        fn however_it_arrives_the_lines_are_the_same(bytes in prop::collection::vec(prop::sample::select(b"ab\r\n".as_slice()), 0..64), buffer in 1_usize..9) {
            let expected: Vec<Line> = bytes
                .split_inclusive(|byte| *byte == b'\n')
                .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
                .map(|line| if line.len() > 5 { Line::TooLong } else { Line::Whole(line.strip_suffix(b"\r").unwrap_or(line).to_vec()) })
                .collect();
            prop_assert_eq!(all(&bytes, buffer, 5), expected);
        }
    }
}
