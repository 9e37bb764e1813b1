//! The list of members and what says that somebody left, as they are written down.

use std::fmt::Write as _;

use serde::Deserialize;

use super::writing::write_string;
use crate::{
    date::Moment,
    name::MemberName,
    store::{
        facts::LeftWith,
        members::{MOST, Member},
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberText {
    name: MemberName,
    recipient: String,
    added: Moment,
    by: Option<MemberName>,
    #[serde(default)]
    founder: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeftText {
    who: MemberName,
    at: Moment,
}

impl LeftText {
    pub(super) fn into_left(self) -> LeftWith {
        LeftWith { who: self.who, at: self.at }
    }
}

/// The members, if no name and no recipient is there twice, and not two are said to have made the store.
pub(super) fn read(texts: Vec<MemberText>) -> Option<Vec<Member>> {
    let member = |text: MemberText| {
        let MemberText { name, recipient, added, by, founder } = text;
        Some(Member { name, recipient: recipient.parse().ok()?, added, by, founder })
    };
    let members: Vec<Member> = texts.into_iter().map(member).collect::<Option<_>>()?;
    let is_first = |(at, member): (usize, &Member)| {
        let before = &members[..at];
        before.iter().all(|other| other.name != member.name && other.recipient != member.recipient)
    };
    let founders = members.iter().filter(|member| member.founder).count();
    (members.len() <= MOST && founders <= 1 && members.iter().enumerate().all(is_first)).then_some(members)
}

/// On one line, as all facts of a store are.
pub(super) fn write(text: &mut String, members: &[Member]) {
    for (at, Member { name, recipient, added, by, founder }) in members.iter().enumerate() {
        text.push_str(if at == 0 { "recipients = [{ " } else { ", { " });
        let _ = write!(text, "name = \"{name}\", recipient = \"{recipient}\", added = \"{added}\"");
        if let Some(by) = by {
            let _ = write!(text, ", by = \"{by}\"");
        }
        text.push_str(if *founder { ", founder = true }" } else { " }" });
    }
    if !members.is_empty() {
        text.push_str("]\n");
    }
}

pub(super) fn write_left(text: &mut String, left: Option<&LeftWith>) {
    let Some(LeftWith { who, at }) = left else { return };
    let _ = write!(text, "left_with = {{ at = \"{at}\", who = ");
    write_string(text, who.as_str());
    text.push_str(" }\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        identity::{Identity, anchor::Id},
        store::text::{self, tests::empty, writing::estimate},
    };

    fn member(name: &str, founder: bool) -> Member {
        let (name, recipient) = (name.parse().expect("good"), Identity::generate().recipient());
        Member { name, recipient, added: Moment::from_seconds(0), by: None, founder }
    }

    #[test]
    fn members_stand_before_all_tables_and_a_list_that_is_none_is_refused() {
        let mut payload = empty();
        let former = payload.seal;
        payload.renew_seal(Id([7; 16]));
        payload.renew_seal(Id([8; 16]));
        payload.members =
            vec![member("alice", true), Member { by: Some("alice".parse().expect("good")), ..member("bob", false) }];
        let text = text::write(&payload);
        assert!(text.contains("format = 7\n") && estimate(&payload) >= text.len());
        for back in [text::read(&text), text::pick(&text, &[]), text::facts(&text)] {
            let back = back.expect("reads");
            assert_eq!((&back.members, &back.seals), (&payload.members, &payload.seals));
            assert!(back.follows(former) && !back.follows(payload.seal));
        }
        let bob = payload.members[1].recipient.as_str();
        for bad in [
            text.replace("name = \"bob\"", "name = \"alice\""),
            text.replace("name = \"bob\"", "name = \"Bob\""),
            text.replace("by = \"alice\"", "founder = true"),
            text.replace("by = \"alice\"", "more = true"),
            text.replace(bob, payload.members[0].recipient.as_str()),
            text.replace(bob, &bob[1..]),
            text.replace("seals = [\"", "seals = [\"x"),
            text.replace(
                "seals = [",
                &format!("seals = [{}", format!("\"{former}\", ").repeat(crate::store::seals::MOST - 1)),
            ),
        ] {
            assert!(bad != text.as_str());
            let said = text::read(&bad).err().expect("bad").message;
            assert!(said.starts_with("the store opens, but its content is not what keyctl writes"), "{said}");
        }
        payload.members = (0..=MOST).map(|at| member(&format!("m{at}"), false)).collect();
        assert!(text::read(&text::write(&payload)).is_err());
        payload.members.pop();
        assert!(text::read(&text::write(&payload)).is_ok());
    }
}
