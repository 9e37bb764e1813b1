//! An agent's settings with a hook put in, and taken out again so that every byte is as it was.
//!
//! The text is not written anew: one piece goes in behind a bracket, in a form that tells where it was put, and that piece comes
//! out. Where somebody has written the file anew meanwhile, the entry alone is taken out. What is no JSON is not touched.

use serde_json::Value;

use super::Agent;

/// Why settings are left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// They are no JSON, or JSON with comments.
    NoJson,
    /// What stands where hooks belong is something else.
    OtherShape,
}

/// What putting a hook in comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// It is there already.
    There,
    /// The settings with it.
    New(String),
}

/// What taking it out comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// There was none.
    Absent,
    /// The file had nothing else: it was made for it.
    WholeFile,
    /// The settings without it.
    Without(String),
}

const HOOKS: &str = "hooks";

/// What a file begins as that is made for a hook. Nobody writes it so, which tells it from a file that was there.
fn empty(agent: Agent) -> &'static str {
    if agent == Agent::Cursor { "{\n  \"version\": 1\n\n}\n" } else { "{\n\n}\n" }
}

/// A file made for this alone.
#[must_use]
pub fn made(agent: Agent, call: &str) -> String {
    match put(agent, empty(agent), call) {
        Ok(Put::New(text)) => text,
        _ => String::new(),
    }
}

/// Puts the hook in.
///
/// # Errors
/// Where the settings cannot be understood.
pub fn put(agent: Agent, text: &str, call: &str) -> Result<Put, Trouble> {
    let calls = calls(agent, text)?;
    if calls.iter().any(|other| other == call) {
        return Ok(Put::There);
    }
    // One that calls this program where it was before is none that is wanted beside it.
    let bare = match take(agent, text)? {
        Taken::Without(text) => text,
        Taken::WholeFile => empty(agent).to_owned(),
        Taken::Absent => text.to_owned(),
    };
    let entry = agent.entry(call).to_string();
    let root = open(&bare, 0);
    let hooks = member(&bare, root, HOOKS);
    let list = hooks.and_then(|(start, _)| member(&bare, open(&bare, start), agent.event()));
    let (place, forms) = match (hooks, list) {
        (_, Some((start, _))) => (open(&bare, start), in_list(&entry)),
        (Some((start, _)), None) => (open(&bare, start), in_hooks(agent, &entry)),
        (None, _) => (root, in_root(agent, &entry)),
    };
    let is_empty = bare[place..].trim_start().starts_with(['}', ']']);
    let mut new = bare.clone();
    new.insert_str(place, &forms[usize::from(is_empty)]);
    Ok(Put::New(new))
}

/// The piece that goes into a list: before other items, and into an empty one. The same for the others.
fn in_list(entry: &str) -> [String; 2] {
    [format!("\n      {entry},"), format!("\n      {entry}\n    ")]
}

fn in_hooks(agent: Agent, entry: &str) -> [String; 2] {
    let piece = format!("\n    \"{}\": [{entry}]", agent.event());
    [format!("{piece},"), format!("{piece}\n  ")]
}

fn in_root(agent: Agent, entry: &str) -> [String; 2] {
    let piece = format!("\n  \"{HOOKS}\": {{\"{}\": [{entry}]}}", agent.event());
    [format!("{piece},"), format!("{piece}\n")]
}

/// Takes every hook of keyctl's out.
///
/// # Errors
/// Where the settings cannot be understood.
pub fn take(agent: Agent, text: &str) -> Result<Taken, Trouble> {
    let calls = calls(agent, text)?;
    if calls.is_empty() {
        return Ok(Taken::Absent);
    }
    let mut text = text.to_owned();
    for call in calls {
        let entry = agent.entry(&call).to_string();
        let pieces = [in_root(agent, &entry), in_hooks(agent, &entry), in_list(&entry)];
        let without = pieces.as_flattened().iter().find_map(|piece| {
            let without = text.replacen(piece.as_str(), "", 1);
            (without.len() < text.len() && serde_json::from_str::<Value>(&without).is_ok()).then_some(without)
        });
        text = without.or_else(|| without_item(agent, &text, &call)).ok_or(Trouble::OtherShape)?;
    }
    Ok(if text == empty(agent) { Taken::WholeFile } else { Taken::Without(text) })
}

/// Whether there is one, and which program each calls.
///
/// # Errors
/// Where the settings cannot be understood.
pub fn calls(agent: Agent, text: &str) -> Result<Vec<String>, Trouble> {
    let value: Value = serde_json::from_str(text).map_err(|_| Trouble::NoJson)?;
    let Some(root) = value.as_object() else { return Err(Trouble::OtherShape) };
    let Some(hooks) = root.get(HOOKS) else { return Ok(Vec::new()) };
    let hooks = hooks.as_object().ok_or(Trouble::OtherShape)?;
    let Some(list) = hooks.get(agent.event()) else { return Ok(Vec::new()) };
    let list = list.as_array().ok_or(Trouble::OtherShape)?;
    Ok(list.iter().filter_map(|item| call_of(agent, item)).collect())
}

/// What an item calls, if that is keyctl for this agent.
fn call_of(agent: Agent, item: &Value) -> Option<String> {
    let inner = item[HOOKS].as_array().into_iter().flatten();
    let calls = std::iter::once(item).chain(inner).filter_map(|hook| hook["command"].as_str());
    let ending = format!(" {}", agent.ending());
    let mut calls = calls;
    calls.find(|call| call.ends_with(&ending)).map(str::to_owned)
}

/// The text without the item that calls this, and without the comma that belongs to it.
fn without_item(agent: Agent, text: &str, call: &str) -> Option<String> {
    let (hooks, _) = member(text, open(text, 0), HOOKS)?;
    let (list, _) = member(text, open(text, hooks), agent.event())?;
    let mut at = open(text, list);
    loop {
        let (start, end) = value(text, at)?;
        let after = end + text[end..].find(|c: char| !c.is_ascii_whitespace())?;
        let is_followed = text[after..].starts_with(',');
        let item: Value = serde_json::from_str(&text[start..end]).ok()?;
        if call_of(agent, &item).as_deref() == Some(call) {
            // What somebody has put beside it in the same item is not ours to take.
            if item != agent.entry(call) {
                return None;
            }
            let (from, to) = if is_followed {
                (start, after + 1)
            } else {
                (
                    text[..start]
                        .rfind(|c: char| !c.is_ascii_whitespace())
                        .filter(|at| text[*at..].starts_with(','))
                        .unwrap_or(start),
                    end,
                )
            };
            return Some(format!("{}{}", &text[..from], &text[to..]));
        }
        at = is_followed.then_some(after + 1)?;
    }
}

/// Behind the next opening bracket.
fn open(text: &str, from: usize) -> usize {
    text[from..].find(['{', '[']).map_or(text.len(), |at| from + at + 1)
}

/// Where a member's value lies in an object, behind whose bracket `at` is. The text is JSON. Of several of one name the last one
/// counts, as for all who read it.
fn member(text: &str, mut at: usize, name: &str) -> Option<(usize, usize)> {
    let mut found = None;
    while let Some((start, end)) = value(text, at) {
        let colon = end + text[end..].find(':')? + 1;
        let (value_start, value_end) = value(text, colon)?;
        if serde_json::from_str::<String>(&text[start..end]).is_ok_and(|known| known == name) {
            found = Some((value_start, value_end));
        }
        let after = value_end + text[value_end..].find(|c: char| !c.is_ascii_whitespace())?;
        if !text[after..].starts_with(',') {
            break;
        }
        at = after + 1;
    }
    found
}

/// The next value: where it begins and ends. Nothing where a bracket closes.
fn value(text: &str, from: usize) -> Option<(usize, usize)> {
    let start = from + text[from..].find(|c: char| !c.is_ascii_whitespace())?;
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate().skip(start) {
        let end = match byte {
            _ if is_escaped => {
                is_escaped = false;
                continue;
            }
            b'\\' if is_text => {
                is_escaped = true;
                continue;
            }
            b'"' => {
                is_text = !is_text;
                !is_text && depth == 0
            }
            _ if is_text => false,
            b'{' | b'[' => {
                depth += 1;
                false
            }
            b'}' | b']' | b',' if depth == 0 => return (at > start).then_some((start, at)),
            b'}' | b']' => {
                depth -= 1;
                depth == 0
            }
            b' ' | b'\t' | b'\r' | b'\n' | b':' if depth == 0 => return Some((start, at)),
            _ => false,
        };
        if end {
            return Some((start, at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CALL: &str = "/bin/keyctl agent hook claude-code";

    fn with(text: &str) -> String {
        match put(Agent::ClaudeCode, text, CALL) {
            Ok(Put::New(text)) => text,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_was_there_is_there_again_byte_for_byte() {
        for before in [
            "{}",
            "{}\n",
            "{\n}\n",
            "{\n  \"hooks\": {}\n}\n",
            "{\n  \"hooks\": {\n    \"PreToolUse\": []\n  }\n}\n",
            "{\n  \"hooks\": {\n    \"PreToolUse\": [\n      {\"matcher\": \"Bash\", \"hooks\": []}\n    ]\n  }\n}",
            "{\"model\": \"x\", \"hooks\": {\"Stop\": []}}",
            "{\r\n\t\"a\": \"{[\\\"hooks\\\": \", \"b\": [1, {\"hooks\": 2}]\r\n}",
            "{\"hooks\":{\"PreToolUse\" : [ {\"command\":\"x, ]\"} ] , \"x\": 1.5e3 }, \"\\u0068ooks2\": null}",
            "{\"\\u0068ooks\": {}}",
        ] {
            let text = with(before);
            let value: Value = serde_json::from_str(&text).expect(before);
            let list = value["hooks"]["PreToolUse"].as_array().expect("list");
            assert_eq!(list[0], Agent::ClaudeCode.entry(CALL), "{before}");
            assert_eq!(put(Agent::ClaudeCode, &text, CALL), Ok(Put::There));
            assert_eq!(take(Agent::ClaudeCode, &text), Ok(Taken::Without(before.into())), "{text}");
        }
    }

    #[test]
    fn a_file_that_was_made_for_it_goes_and_one_that_was_not_stays() {
        for agent in Agent::ALL {
            let call = agent.call("/opt/my tools/keyctl");
            let text = made(agent, &call);
            assert_eq!(calls(agent, &text), Ok(vec![call.clone()]), "{text}");
            assert_eq!(take(agent, &text), Ok(Taken::WholeFile));
            assert_eq!(take(agent, "{}"), Ok(Taken::Absent));
            // It has moved: there is one hook, which calls it where it is.
            let Ok(Put::New(moved)) = put(agent, &text, &agent.call("/bin/keyctl")) else { panic!("{text}") };
            assert_eq!(calls(agent, &moved), Ok(vec![agent.call("/bin/keyctl")]));
            assert_eq!(take(agent, &moved), Ok(Taken::WholeFile));
        }
    }

    #[test]
    fn of_a_file_that_was_written_anew_the_entry_alone_goes() {
        for before in ["{\"hooks\": {\"PreToolUse\": [{\"a\": 1}, {\"b\": 2}]}}", "{}"] {
            let value: Value = serde_json::from_str(&with(before)).expect("json");
            let Ok(Taken::Without(text)) = take(Agent::ClaudeCode, &format!("{value:#}")) else { panic!("{value:#}") };
            let after: Value = serde_json::from_str(&text).expect("json");
            let others = after["hooks"]["PreToolUse"].as_array().expect("list").len();
            assert_eq!(others, if before == "{}" { 0 } else { 2 });
        }
        let last = format!("{{\"hooks\": {{\"PreToolUse\": [{{}}, {:#}]}}}}", Agent::ClaudeCode.entry(CALL));
        let taken = Taken::Without("{\"hooks\": {\"PreToolUse\": [{}]}}".into());
        assert_eq!(take(Agent::ClaudeCode, &last), Ok(taken));
    }

    #[test]
    fn what_is_not_understood_is_not_touched() {
        for (text, trouble) in [
            ("", Trouble::NoJson),
            ("{ // mine\n}", Trouble::NoJson),
            ("[]", Trouble::OtherShape),
            ("{\"hooks\": []}", Trouble::OtherShape),
            ("{\"hooks\": {\"PreToolUse\": {}}}", Trouble::OtherShape),
        ] {
            assert_eq!(
                (put(Agent::ClaudeCode, text, CALL), take(Agent::ClaudeCode, text)),
                (Err(trouble), Err(trouble)),
                "{text}"
            );
        }
    }

    fn any_settings() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a\"\\\\{}\\[\\],: \n]{0,6}".prop_map(Value::from)
        ];
        let object = |inner: BoxedStrategy<Value>| prop::collection::btree_map("[a\":]{0,3}", inner, 0..3);
        let inner = leaf
            .prop_recursive(2, 12, 3, move |inner| {
                prop_oneof![
                    prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                    object(inner.boxed()).prop_map(|map| Value::Object(map.into_iter().collect())),
                ]
            })
            .boxed();
        let list = prop::option::of(prop::collection::vec(inner.clone(), 0..3));
        (object(inner), prop::option::of(list), any::<bool>()).prop_map(|(map, hooks, is_pretty)| {
            let mut root: serde_json::Map<String, Value> = map.into_iter().collect();
            if let Some(list) = hooks {
                let list = list.map(|list| ("PreToolUse".to_owned(), Value::from(list)));
                root.insert("hooks".into(), Value::Object(list.into_iter().collect()));
            }
            let root = Value::Object(root);
            if is_pretty { format!("{root:#}\n") } else { root.to_string() }
        })
    }

    proptest! {
        #[test]
        fn whatever_the_settings_are_they_come_back(before in any_settings()) {
            let text = with(&before);
            prop_assert_eq!(calls(Agent::ClaudeCode, &text), Ok(vec![CALL.to_owned()]));
            prop_assert_eq!(take(Agent::ClaudeCode, &text), Ok(Taken::Without(before)));
        }
    }
}
