//! The XML that AWS's Query APIs answer with, as far as it is needed: records of fields.

use quick_xml::{Reader, escape::resolve_xml_entity, events::Event};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The most fields that an answer may have; IAM's have under thirty.
const MOST: usize = 1000;

/// Fields that belong together: one `member` of a list, or what stands outside of any.
#[derive(Default)]
pub struct Record {
    fields: Vec<(String, Zeroizing<String>)>,
}

impl Record {
    /// A field's text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other == name).map(|(_, text)| text.as_str())
    }

    /// Takes a field out as a secret.
    #[must_use]
    pub fn take_secret(&mut self, name: &str) -> Option<Secret> {
        let at = self.fields.iter().position(|(other, _)| other == name)?;
        let (_, mut text) = self.fields.swap_remove(at);
        Some(Secret::new(std::mem::take(&mut *text).into_bytes()))
    }

    /// Whether AWS says that it did what was asked: every such answer carries a request id and no error code.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        self.get("RequestId").is_some() && self.get("Code").is_none()
    }
}

/// Reads an answer: first what stands outside of lists, then each `member`. Nothing for what is not well-formed XML in
/// UTF-8, or declares a document type.
#[must_use]
pub fn read(body: &[u8]) -> Option<Vec<Record>> {
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
    let mut records = vec![Record::default()];
    let (mut open, mut inside, mut fields) = (0_usize, 0_usize, 0_usize);
    let mut roots = 0;
    // The innermost element's name and text, until something opens or closes in it.
    let mut leaf: Option<(String, Zeroizing<String>)> = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                let name = std::str::from_utf8(tag.local_name().as_ref()).ok()?.to_owned();
                if inside > 0 || name == "member" {
                    if inside == 0 {
                        records.push(Record::default());
                    }
                    inside += 1;
                }
                roots += usize::from(open == 0);
                open += 1;
                // A secret half has 40 characters; with room for them the text does not grow and leave copies.
                leaf = Some((name, Zeroizing::new(String::with_capacity(256))));
            }
            Event::End(_) => {
                let at = if inside > 0 { records.len() - 1 } else { 0 };
                if let Some(field) = leaf.take() {
                    fields += 1;
                    records.get_mut(at)?.fields.push(field);
                }
                open = open.checked_sub(1)?;
                inside = inside.saturating_sub(1);
            }
            Event::Text(text) => append(&mut leaf, &text.decode().ok()?),
            Event::CData(text) => append(&mut leaf, &text.decode().ok()?),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => append(&mut leaf, character.encode_utf8(&mut [0; 4])),
                None => append(&mut leaf, resolve_xml_entity(&reference.decode().ok()?)?),
            },
            Event::DocType(_) => return None,
            Event::Eof => return (open == 0 && roots == 1).then_some(records),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
        if fields > MOST || open > MOST {
            return None;
        }
    }
}

fn append(leaf: &mut Option<(String, Zeroizing<String>)>, text: &str) {
    if let Some((_, so_far)) = leaf {
        so_far.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_grouped_by_member() {
        let records = read(
            b"<?xml version='1.0'?><a:R xmlns:a='u'><L><member><Id>1</Id><S>on</S></member><member><S>off &amp; &#111;n</S><Id>2</Id></member></L>\n<T>false</T><E/></a:R>",
        )
        .expect("well-formed");
        let seen: Vec<_> = records.iter().map(|record| (record.get("Id"), record.get("S"), record.get("T"))).collect();
        assert_eq!(
            seen,
            [(None, None, Some("false")), (Some("1"), Some("on"), None), (Some("2"), Some("off & on"), None)]
        );
    }

    #[test]
    fn what_is_not_well_formed_or_brings_entities_is_not_read() {
        for bad in [
            "",
            "text",
            "{\"a\":1}",
            "<a>",
            "<a></b>",
            "<a/><b",
            "<a></a><b></b>",
            "</a>",
            "<a>&unknown;</a>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
            "<html><body>502<br></body></html>",
        ] {
            assert!(read(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(read(b"<a>\xff</a>").is_none());
        assert!(read("<a>".repeat(100_000).as_bytes()).is_none());
    }

    proptest! {
        #[test]
        fn no_answer_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body);
        }

        #[test]
        fn no_markup_panics(body in "(<member>|</member>|<a>|</a>|&amp;|&#0;|&#x41;|<!--|-->|<!\\[CDATA\\[|\\]\\]>|x){0,40}") {
            let _ = read(body.as_bytes());
        }
    }
}
