//! The forms in which a secret is written down: what a program writes when it puts the secret into JSON, into a URL, into a
//! header. Each is written behind the others into one text, which is wiped as a whole.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use zeroize::Zeroizing;

mod form;
mod nested;

pub use form::Form;
pub(crate) use nested::{nested_room, write_nested};

/// How the bytes of a form belong to those of the secret, where each bit of it stands by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    /// How many bits of the secret stand before the form's first byte.
    lead: usize,
    /// How many of them a byte carries.
    bits: usize,
}

impl Scale {
    const RAW: Self = Self { lead: 0, bits: 8 };
    /// Half a byte in each: hexadecimal digits, and UTF-16 of ASCII.
    const HALF: Self = Self { lead: 0, bits: 4 };

    /// Which of the secret's bytes are whole in this part of the form.
    pub fn inner(self, from: usize, to: usize) -> (usize, usize) {
        ((self.lead + self.bits * from).div_ceil(8), (self.lead + self.bits * to) / 8)
    }

    /// The part of the form that these bytes have a part in.
    pub fn outer(self, from: usize, to: usize) -> (usize, usize) {
        ((8 * from).saturating_sub(self.lead) / self.bits, (8 * to).saturating_sub(self.lead).div_ceil(self.bits))
    }

    /// The fewest bytes of the form that have so many of the secret's bytes in them wherever they begin.
    pub fn least(self, bytes: usize) -> usize {
        (8 * bytes).div_ceil(self.bits)
    }
}

/// A form that was written.
#[derive(Clone, Copy)]
pub(crate) struct Written {
    pub form: Form,
    /// Where it stands in the text.
    pub at: usize,
    pub length: usize,
    /// How parts of it are found; none where only the whole is.
    pub scale: Option<Scale>,
    /// Up to where it is made of what comes before `mark` in the secret: what is behind that may be a constant.
    pub mark: usize,
    /// How many bytes at both of its ends must be of no word; none where it counts wherever it stands.
    pub apart: usize,
}

/// How many bytes all forms of a secret take at most.
pub(crate) fn room(secret: &[u8]) -> usize {
    let plain = Signs::of(secret).are_in(UNRESERVED);
    let lines = memchr::memchr_iter(b'\n', secret).count();
    let with_lines = if lines == 0 { 0 } else { (1 + INDENTED.len()) * (2 * secret.len() + 8 * lines) };
    secret.len() * if plain { 36 } else { 24 + (STYLES.len() + QUOTED.len()) * 6 + 2 * LEFT.len() * 3 }
        + with_lines
        + 64
}

/// Writes all forms of a secret, each that differs from those before it. `mark` is where its last part begins that is the
/// same in many secrets.
pub(crate) fn write(secret: &[u8], mark: usize, text: &mut Vec<u8>, done: &mut Vec<Written>) {
    let (signs, first) = (Signs::of(secret), done.len());
    let mut writer = Writer { secret, signs, mark, text, done, first };
    writer.evenly(Form::Raw, Some(Scale::RAW), |byte| [byte]);
    writer.lines();
    writer.escaped();
    writer.quoted();
    writer.percent();
    for digits in [LOWER, UPPER] {
        writer.evenly(Form::Hex, Some(Scale::HALF), |byte| hex(digits, byte));
    }
    writer.base64();
    writer.utf16();
}

/// Writes a short secret: as it is, as JSON and URLs have it, and in UTF-16; each counts as a word of its own alone.
pub(crate) fn write_word(secret: &[u8], text: &mut Vec<u8>, done: &mut Vec<Written>) {
    let first = done.len();
    let mut writer = Writer { secret, signs: Signs::of(secret), mark: secret.len(), text, done, first };
    writer.evenly(Form::Raw, None, |byte| [byte]);
    writer.escaped();
    writer.percent();
    writer.utf16();
    for written in &mut done[first..] {
        let apart = if written.form == Form::Utf16 { 2 } else { 1 };
        *written = Written { form: Form::Word, scale: None, apart, ..*written };
    }
}

struct Writer<'a> {
    secret: &'a [u8],
    signs: Signs,
    mark: usize,
    text: &'a mut Vec<u8>,
    done: &'a mut Vec<Written>,
    /// The first form of this secret.
    first: usize,
}

impl Writer<'_> {
    /// A form of which each byte of the secret makes its own part.
    fn bytewise(&mut self, form: Form, scale: Option<Scale>, mut write: impl FnMut(&mut Vec<u8>, u8)) {
        let (at, mut mark) = (self.text.len(), 0);
        for (index, byte) in self.secret.iter().enumerate() {
            if index == self.mark {
                mark = self.text.len() - at;
            }
            write(self.text, *byte);
        }
        self.keep(form, scale, at, mark);
    }

    /// A form that has as many bytes for each byte of the secret.
    fn evenly<const WIDTH: usize>(&mut self, form: Form, scale: Option<Scale>, write: impl Fn(u8) -> [u8; WIDTH]) {
        let at = self.text.len();
        self.text.resize(at + WIDTH * self.secret.len(), 0);
        let (places, _) = self.text[at..].as_chunks_mut();
        for (place, byte) in places.iter_mut().zip(self.secret) {
            *place = write(*byte);
        }
        self.keep(form, scale, at, WIDTH * self.mark);
    }

    /// Keeps what was written since, if no other form of the secret is the same.
    fn keep(&mut self, form: Form, scale: Option<Scale>, at: usize, mark: usize) {
        let length = self.text.len() - at;
        let same = |other: &Written| self.text[other.at..][..other.length] == self.text[at..];
        if length == 0 || self.done[self.first..].iter().any(same) {
            self.text.truncate(at);
        } else {
            let mark = if mark == 0 { length } else { mark };
            self.done.push(Written { form, at, length, scale, mark, apart: 0 });
        }
    }

    /// Several lines with the other system's line ends, and as YAML and other texts indent them. Each counts as a whole: of its
    /// lines each is a part of the secret as it is.
    fn lines(&mut self) {
        if !self.secret.contains(&b'\n') {
            return;
        }
        let has_returns = self.secret.contains(&b'\r');
        self.bytewise(Form::Raw, None, |text, byte| match byte {
            b'\r' => {}
            b'\n' if !has_returns => text.extend_from_slice(b"\r\n"),
            _ => text.push(byte),
        });
        let end = self.secret.len() - 1;
        for blanks in INDENTED {
            let mut at = 0;
            self.bytewise(Form::Raw, None, |text, byte| {
                text.push(byte);
                if byte == b'\n' && at < end {
                    text.extend_from_slice(blanks);
                }
                at += 1;
            });
        }
    }

    /// What programs put a backslash before, and what they write as the number of its character.
    fn escaped(&mut self) {
        if self.signs.are_in(UNRESERVED) {
            return;
        }
        // What is no text stands in no JSON.
        let (Ok(text), signs) = (std::str::from_utf8(self.secret), self.signs) else { return };
        for style in STYLES.iter().filter(|style| signs.meet(style.changed)) {
            self.escaped_text(text, style);
        }
    }

    fn escaped_text(&mut self, secret: &str, style: &Style) {
        let (at, mut mark) = (self.text.len(), 0);
        for (index, letter) in secret.char_indices() {
            if index >= self.mark && mark == 0 {
                mark = self.text.len() - at;
            }
            if style.by_number(letter) {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    let digits = if style.upper { format!("{unit:04X}") } else { format!("{unit:04x}") };
                    let digits = Zeroizing::new(digits);
                    self.text.extend_from_slice(b"\\u");
                    self.text.extend_from_slice(digits.as_bytes());
                }
            } else {
                style.simple(self.text, letter);
            }
        }
        self.keep(Form::Escaped, None, at, mark);
    }

    /// What shells and YAML write for the two signs that their quotes cannot hold as they are.
    fn quoted(&mut self) {
        if !self.signs.meet(QUOTES) {
            return;
        }
        for Quoted { quote, bang, slashed } in QUOTED {
            self.bytewise(Form::Escaped, None, |text, byte| match byte {
                b'\'' => text.extend_from_slice(quote),
                b'!' => text.extend_from_slice(bang),
                _ if slashed.contains(&byte) => text.extend_from_slice(&[b'\\', byte]),
                _ => text.push(byte),
            });
        }
    }

    /// What URLs have: of each byte that has a meaning there its number, or of all.
    fn percent(&mut self) {
        let signs = self.signs;
        for digits in [UPPER, LOWER] {
            for left in LEFT.iter().filter(|left| !signs.are_in(**left)) {
                self.bytewise(Form::Percent, None, |text, byte| match byte {
                    b' ' if *left == FORM => text.push(b'+'),
                    _ if left.has(byte) => text.push(byte),
                    _ => text.extend_from_slice(&percent(digits, byte)),
                });
            }
            self.evenly(Form::Percent, None, |byte| percent(digits, byte));
        }
    }

    /// Base 64 of a longer text in which the secret stands, as in the header of HTTP's Basic: it may begin at any of three
    /// places in a group. The letters that its neighbours have a part in are left out.
    fn base64(&mut self) {
        let length = self.secret.len();
        let mut whole = Zeroizing::new(Vec::with_capacity(length + 2));
        let mut letters = Zeroizing::new(vec![0; (length + 2) * 4 / 3 + 4]);
        for before in 0..3 {
            whole.clear();
            whole.extend_from_slice(&[0; 2][..before]);
            whole.extend_from_slice(self.secret);
            let (first, end) = ((8 * before).div_ceil(6), 8 * (before + length) / 6);
            let scale = Scale { lead: 6 * first - 8 * before, bits: 6 };
            let mark = (8 * self.mark).saturating_sub(scale.lead) / scale.bits;
            if STANDARD_NO_PAD.encode_slice(&*whole, &mut letters).is_err() {
                continue;
            }
            let at = self.text.len();
            self.text.extend_from_slice(&letters[first..end]);
            self.keep(Form::Base64, Some(scale), at, mark);
            // The two alphabets differ in two letters.
            if memchr::memchr2(b'+', b'/', &letters[first..end]).is_some() {
                let at = self.text.len();
                let other = |letter: &u8| match letter {
                    b'+' => b'-',
                    b'/' => b'_',
                    _ => *letter,
                };
                self.text.extend(letters[first..end].iter().map(other));
                self.keep(Form::Base64Url, Some(scale), at, mark);
            }
        }
    }

    fn utf16(&mut self) {
        if self.secret.is_ascii() {
            self.evenly(Form::Utf16, Some(Scale::HALF), |byte| [byte, 0]);
            self.evenly(Form::Utf16, Some(Scale::HALF), |byte| [0, byte]);
            return;
        }
        let Ok(text) = std::str::from_utf8(self.secret) else { return };
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let at = self.text.len();
            text.encode_utf16().for_each(|unit| self.text.extend_from_slice(&bytes(unit)));
            self.keep(Form::Utf16, None, at, 0);
        }
    }
}

/// By how much texts are indented.
const INDENTED: &[&[u8]] = &[b"  ", b"    ", b"      ", b"        ", b"\t"];

/// How a program writes strings.
struct Style {
    /// What it writes otherwise than as it is.
    changed: Signs,
    /// What it writes by number.
    numbers: &'static str,
    /// Whether everything beyond ASCII is among that.
    ascii: bool,
    /// Whether its hexadecimal digits are large.
    upper: bool,
    /// What else it puts a backslash before.
    slashed: &'static str,
}

const fn style(numbers: &'static str, ascii: bool, upper: bool, slashed: &'static str) -> Style {
    let changed = CONTROL.and(b"\\").and(numbers.as_bytes()).and(slashed.as_bytes());
    Style { changed: Signs { others: ascii, ..changed }, numbers, ascii, upper, slashed }
}

/// The usual ones: JSON's least; with `\/` (PHP); for HTML (Go, Ruby; Gson; .NET, Jackson); ASCII alone (Python); single
/// quotes (shells and scripts); and everything that is no letter or digit.
const STYLES: &[Style] = &[
    style("", false, false, "\""),
    style("", false, false, "\"/"),
    style("<>&", false, false, "\""),
    style("<>&='", false, false, "\""),
    style("\"<>&'+`", true, true, ""),
    style("/", false, false, "\""),
    style("/", false, true, "\""),
    style("", true, false, "\""),
    style("", true, false, "\"/"),
    style("", false, false, "'"),
    style("", false, false, "\"$`"),
    style(" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", true, false, ""),
];

/// How a single quote and an exclamation mark are written.
struct Quoted {
    quote: &'static [u8],
    bang: &'static [u8],
    /// What else has a backslash before it.
    slashed: &'static [u8],
}

const fn quoted(quote: &'static [u8], bang: &'static [u8], slashed: &'static [u8]) -> Quoted {
    Quoted { quote, bang, slashed }
}

/// Python's `shlex.quote`; what people and most programs write in a shell's single quotes, and the same where a `!` calls the
/// history back; YAML, SQL and PowerShell in single quotes; a shell's double quotes; without any quotes: both signs alone, and
/// all that bash's and zsh's `%q` put a backslash before.
const QUOTED: &[Quoted] = &[
    quoted(b"'\"'\"'", b"!", b""),
    quoted(b"'\\''", b"!", b""),
    quoted(b"'\\''", b"'\\!'", b""),
    quoted(b"''", b"!", b""),
    quoted(b"'", b"\\!", b""),
    quoted(b"'", b"\\!", b"\"$`\\"),
    quoted(b"\\'", b"!", b""),
    quoted(b"\\'", b"\\!", b""),
    quoted(b"\\'", b"\\!", b" \"\\|&;()<>{}*[]?^$`,"),
    quoted(b"\\'", b"\\!", b" \"\\|&;()<>{}*[]?^$`#~="),
];

impl Style {
    /// Whether it writes this letter as a number.
    fn by_number(&self, letter: char) -> bool {
        self.numbers.contains(letter) || (self.ascii && !letter.is_ascii())
    }

    fn simple(&self, text: &mut Vec<u8>, letter: char) {
        let short = match letter {
            '\n' => Some(b'n'),
            '\r' => Some(b'r'),
            '\t' => Some(b't'),
            '\u{8}' => Some(b'b'),
            '\u{c}' => Some(b'f'),
            '\\' => Some(b'\\'),
            _ if self.slashed.contains(letter) => u8::try_from(letter).ok(),
            _ => None,
        };
        if let Some(short) = short {
            text.extend_from_slice(&[b'\\', short]);
        } else if letter.is_ascii_control() {
            let digits = if self.upper { UPPER } else { LOWER };
            text.extend_from_slice(b"\\u00");
            text.extend_from_slice(&hex(digits, u8::try_from(letter).unwrap_or_default()));
        } else {
            text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// What is left as it is in URLs beside letters and digits: nothing; what old rules left (PHP); by RFC 3986, by JavaScript's
/// `encodeURIComponent`, by Python's `quote`, in forms, and by `encodeURI`.
const LEFT: &[Signs] = &[
    with_alphanumeric(b""),
    with_alphanumeric(b"-_."),
    UNRESERVED,
    with_alphanumeric(b"-_.~!*'()"),
    with_alphanumeric(b"-_.~/"),
    FORM,
    with_alphanumeric(b"-_.~!*'();,/?:@&=+$#"),
];
const FORM: Signs = with_alphanumeric(b"-_.*");
/// What neither JSON nor a URL writes otherwise.
const UNRESERVED: Signs = with_alphanumeric(b"-_.~");
const QUOTES: Signs = Signs::of(b"'!");
const CONTROL: Signs = Signs { ascii: 0xFFFF_FFFF | 1 << 127, others: false };

const fn with_alphanumeric(signs: &[u8]) -> Signs {
    Signs::of(signs).and(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
}

const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const LOWER: &[u8; 16] = b"0123456789abcdef";

fn percent(digits: &[u8; 16], byte: u8) -> [u8; 3] {
    let [high, low] = hex(digits, byte);
    [b'%', high, low]
}

/// A byte in the digits that most programs write.
pub(crate) fn lower_hex(byte: u8) -> [u8; 2] {
    hex(LOWER, byte)
}

fn hex(digits: &[u8; 16], byte: u8) -> [u8; 2] {
    [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]
}

/// Which bytes are in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Signs {
    /// A bit for each of ASCII.
    ascii: u128,
    /// Whether there are others.
    others: bool,
}

impl Signs {
    const fn of(text: &[u8]) -> Self {
        let (mut signs, mut at) = (Self { ascii: 0, others: false }, 0);
        while at < text.len() {
            if text[at].is_ascii() {
                signs.ascii |= 1 << text[at];
            } else {
                signs.others = true;
            }
            at += 1;
        }
        signs
    }

    const fn and(self, text: &[u8]) -> Self {
        let more = Self::of(text);
        Self { ascii: self.ascii | more.ascii, others: self.others || more.others }
    }

    fn has(self, byte: u8) -> bool {
        if byte.is_ascii() { self.ascii >> byte & 1 == 1 } else { self.others }
    }

    fn are_in(self, other: Self) -> bool {
        self.ascii & !other.ascii == 0 && (other.others || !self.others)
    }

    fn meet(self, other: Self) -> bool {
        self.ascii & other.ascii != 0 || (self.others && other.others)
    }
}
