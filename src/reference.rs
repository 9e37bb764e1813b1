//! Where a secret lies in a source: `PATH`, `PATH#FIELD`, `PATH@VERSION`, `PATH@VERSION#FIELD`.
//!
//! A mark that belongs to a path or a field is written twice: `mail@@example` is the path `mail@example`. What a path means is
//! its source's own affair; but no part of one is `.` or `..`, none begins as an option of a program does, and none holds what a
//! terminal obeys.

use std::{fmt, str::FromStr};

use crate::name::SourceName;

/// The most bytes of one.
pub const LONGEST: usize = 1000;

/// A place in a source, and which field of what lies there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Where, and in which version.
    pub place: Place,
    /// Which field; the whole where none is said.
    pub field: Option<String>,
}

/// A place in a source. What lies there is fetched once, however many of its fields are needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The path, as the source has it.
    pub path: String,
    /// The version, in the source's own words; the newest where none is said.
    pub version: Option<String>,
}

/// A place in one of the sources that the user has: what a key holds in the place of a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Remote {
    /// The source, by the name that it has in the user's own `config.toml`.
    pub source: SourceName,
    /// Where in it.
    pub reference: Reference,
}

impl Place {
    /// The path's segments; a leading `/` is none.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.strip_prefix('/').unwrap_or(&self.path).split('/')
    }
}

impl Reference {
    /// Whether any part of it leads a step up, where its source puts it into a path: `..` between slashes of either kind.
    #[must_use]
    pub fn steps_up(&self) -> bool {
        let Self { place: Place { path, version }, field } = self;
        let pieces = [Some(path), version.as_ref(), field.as_ref()];
        pieces.into_iter().flatten().any(|piece| piece.split(['/', '\\']).any(|part| part == ".."))
    }
}

impl Remote {
    /// Whether it is one version of the same field of the same place.
    #[must_use]
    pub fn is_version_of(&self, other: &Self) -> bool {
        self.source == other.source
            && self.reference.place.version.is_some()
            && self.reference.field == other.reference.field
            && self.reference.place.path == other.reference.place.path
    }

    /// Whether what is said of the secret here holds for that of the other one, which is the same place, however it is written: a
    /// leading `/` counts for nothing, one without a field may mean any, and one without a version any that is not told from it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let (Reference { place, field }, Reference { place: their_place, field: theirs }) =
            (&self.reference, &other.reference);
        let segments = |place: &Place| {
            place.path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        self.source == other.source
            && segments(place) == segments(their_place)
            && (field == theirs || field.is_none() || theirs.is_none())
            && (place.version.is_none() || place.version == their_place.version)
    }

    /// It as the one text that a key holds: `SOURCE:REFERENCE`.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}:{}", self.source, self.reference)
    }
}

impl FromStr for Remote {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (source, reference) = text.split_once(':').ok_or("a source's name and `:` have to be before it")?;
        Ok(Self {
            source: source.parse().map_err(|bad: crate::name::BadName| bad.to_string())?,
            reference: reference.parse()?,
        })
    }
}

impl FromStr for Reference {
    type Err = String;

    /// A refused text is not quoted back: somebody will paste a secret here.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a reference has at most {LONGEST} bytes"));
        }
        if text.chars().any(char::is_control) {
            return Err("a reference has no line break and no other control character".into());
        }
        let mut pieces = [Some(String::new()), None, None];
        let (mut at, mut letters) = (0, text.chars().peekable());
        while let Some(letter) = letters.next() {
            let piece = match letter {
                '#' => 1,
                '@' => 2,
                _ => 0,
            };
            if piece > 0 && letters.peek() == Some(&letter) {
                letters.next();
            } else if piece > 0 {
                if pieces[piece].is_some() {
                    return Err(format!(
                        "a second `{letter}` stands in the reference; one that belongs to a name is written twice"
                    ));
                }
                pieces[piece] = Some(String::new());
                at = piece;
                continue;
            }
            pieces[at].get_or_insert_default().push(letter);
        }
        let [path, field, version] = pieces;
        let path = path.unwrap_or_default();
        check(&path, "path")?;
        for (piece, what) in [(&field, "field"), (&version, "version")] {
            piece.as_ref().map_or(Ok(()), |piece| check(piece, what))?;
        }
        let place = Place { path, version };
        if place.segments().any(|segment| [".", ".."].contains(&segment)) {
            return Err("a reference goes no step up: it has a part that is `.` or `..`".into());
        }
        Ok(Self { place, field })
    }
}

fn check(piece: &str, what: &str) -> Result<(), String> {
    match piece.chars().next() {
        None => Err(format!("the reference's {what} is empty; it is written `PATH#FIELD` or `PATH@VERSION#FIELD`")),
        Some('-') => Err(format!("the reference's {what} cannot begin with `-`")),
        Some(_) if piece.trim() != piece => Err(format!("the reference's {what} cannot begin or end with a space")),
        Some(_) => Ok(()),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_piece(f, &self.path)?;
        if let Some(version) = &self.version {
            f.write_str("@")?;
            write_piece(f, version)?;
        }
        Ok(())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)?;
        if let Some(field) = &self.field {
            f.write_str("#")?;
            write_piece(f, field)?;
        }
        Ok(())
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

fn write_piece(f: &mut fmt::Formatter<'_>, piece: &str) -> fmt::Result {
    piece.chars().try_for_each(|letter| {
        if "#@".contains(letter) { write!(f, "{letter}{letter}") } else { write!(f, "{letter}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_and_written_alike() {
        for (text, path, version, field) in [
            ("database/prod#password", "database/prod", None, Some("password")),
            ("database/prod@3#password", "database/prod", Some("3"), Some("password")),
            ("prod", "prod", None, None),
            ("prod@AWSPREVIOUS", "prod", Some("AWSPREVIOUS"), None),
            ("me@@example.com#a##b", "me@example.com", None, Some("a#b")),
            ("/app/db/password", "/app/db/password", None, None),
            (
                "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-AbCdEf",
                "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-AbCdEf",
                None,
                None,
            ),
            ("a?b/%2e%2e", "a?b/%2e%2e", None, None),
        ] {
            let read: Reference = text.parse().expect(text);
            assert_eq!(
                (&*read.place.path, read.place.version.as_deref(), read.field.as_deref()),
                (path, version, field)
            );
            assert_eq!(read.to_string(), text);
        }
        let other_order: Reference = "a#f@2".parse().expect("good");
        assert_eq!(other_order.to_string(), "a@2#f");
        let remote: Remote = "corp:a:b#c".parse().expect("good");
        assert_eq!((remote.source.as_str(), remote.text().as_str()), ("corp", "corp:a:b#c"));
    }

    #[test]
    fn a_step_up_is_found_in_every_piece() {
        for up in ["a@../b", "a@1/..", "a#../../b", "a/..\\b", "a@..", "a#x\\..\\y"] {
            assert!(up.parse::<Reference>().expect(up).steps_up(), "{up}");
        }
        for none in ["a/b@1#c/d", "a..b@v1..2#..x", "a@...#x/..y"] {
            assert!(!none.parse::<Reference>().expect(none).steps_up(), "{none}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_not_said_back() {
        let long = "a".repeat(LONGEST + 1);
        for bad in [
            "",
            "#f",
            "a#",
            "a@",
            "a#f#g",
            "a@1@2",
            "../a",
            "a/../b",
            "a/.",
            "-x",
            "a#-x",
            "a\nb",
            "a\u{1b}[31m",
            " a",
            "a ",
            &long,
        ] {
            let said = bad.parse::<Reference>().expect_err(bad);
            assert!(!said.contains("[31m") && said.len() < 150, "{said}");
        }
        assert!("Corp:a".parse::<Remote>().is_err() && "a".parse::<Remote>().is_err());
    }
}
