//! The JSON of an entry: written to fit into a line, and read back whatever another version wrote.

use serde_json::{Map, Value};

use super::{
    chain::LONGEST_PLAIN,
    event::{Action, Event},
};

/// Where an entry has too little room, texts that have more bytes than this are cut before anything else.
const LONG_TEXT: usize = 200;

impl Event {
    /// The entry as JSON of at most `limit` bytes. Names that do not fit are cut and counted, then long texts are cut:
    /// that a project has many keys must not keep its use out of the history.
    #[must_use]
    pub fn to_json(&self, limit: usize) -> Vec<u8> {
        let mut json = self.json();
        if json.len() > limit {
            let mut event = self.clone();
            while json.len() > limit {
                event.shorten(json.len() - limit);
                json = event.json();
            }
        }
        json
    }

    fn json(&self) -> Vec<u8> {
        // Texts, numbers and lists of them can all be written, and memory takes all that is written.
        serde_json::to_vec(self).expect("an entry is JSON")
    }

    /// Frees some of so many bytes. Names last: which keys were used is what an entry is for.
    fn shorten(&mut self, excess: usize) {
        if self.halve_longest(LONG_TEXT)
            || self.args.pop().is_some()
            || self.by.pop().is_some()
            || self.of.pop().is_some()
        {
            return;
        }
        let mut freed = 0;
        // The count itself takes up to 30 bytes: `,"more":18446744073709551615`.
        while freed < excess + 30 {
            let Some(name) = self.names.pop() else { break };
            self.more += 1;
            freed += name.len() + 3;
        }
        if freed > 0 || self.halve_longest(8) {
            return;
        }
        if self.other.is_empty() {
            self.action = Action::Other("?".into());
        }
        self.other.clear();
    }

    /// Cuts the longest text to half, if any is longer than so many bytes.
    fn halve_longest(&mut self, longer_than: usize) -> bool {
        let texts = [
            &mut self.folder,
            &mut self.project,
            &mut self.program,
            &mut self.agent,
            &mut self.reason,
            &mut self.outcome,
            &mut self.note,
            &mut self.rule,
            &mut self.profile,
        ];
        let longest = texts.into_iter().flatten().max_by_key(|text| text.len());
        let Some(longest) = longest.filter(|text| text.len() > longer_than) else { return false };
        longest.truncate(longest.floor_char_boundary(longest.len() / 2));
        longest.push('…');
        true
    }

    /// The entry as JSON, as it is sealed, with `went_back` beside that: as `history --json` shows it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut value = serde_json::to_value(self).expect("an entry is JSON");
        if let Some(seconds) = self.went_back {
            value["went_back"] = seconds.into();
        }
        value
    }

    /// The same of what stands in the history, where what is too long for one line is cut.
    #[must_use]
    pub fn to_kept_value(&self) -> Value {
        serde_json::from_slice(&self.to_json(LONGEST_PLAIN)).expect("an entry is JSON")
    }

    /// Reads an entry. What is no JSON object becomes one entry of an unknown action: its seal opened, so it is real.
    #[must_use]
    pub fn from_json(json: &[u8]) -> Self {
        let Ok(mut map) = serde_json::from_slice::<Map<String, Value>>(json) else {
            return Self::empty(Action::Other("?".into()));
        };
        let mut event = Self::empty(Action::Other("?".into()));
        if let Some(word) = take(&mut map, "ev", |value| value.as_str().map(Action::from)) {
            event.action = word;
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        event.moment = take(&mut map, "t", |value| value.as_str()?.parse().ok());
        let texts = |value: &Value| value.as_array()?.iter().map(text).collect::<Option<Vec<String>>>();
        event.names = take(&mut map, "names", texts).unwrap_or_default();
        event.more = take(&mut map, "more", Value::as_u64).unwrap_or_default();
        event.profile = take(&mut map, "profile", text);
        event.program = take(&mut map, "prog", text);
        event.args = take(&mut map, "args", texts).unwrap_or_default();
        event.by = take(&mut map, "by", texts).unwrap_or_default();
        event.agent = take(&mut map, "agent", text);
        event.folder = take(&mut map, "cwd", text);
        event.project = take(&mut map, "project", text);
        event.terminal = take(&mut map, "tty", Value::as_bool);
        event.process = take(&mut map, "pid", |value| value.as_u64()?.try_into().ok());
        event.reason = take(&mut map, "reason", text);
        event.outcome = take(&mut map, "outcome", text);
        event.took = take(&mut map, "took_ms", Value::as_u64);
        event.exit = take(&mut map, "exit", |value| value.as_i64()?.try_into().ok());
        event.note = take(&mut map, "note", text);
        event.lost = take(&mut map, "lost", Value::as_u64);
        let fetches = |value: &Value| serde_json::from_value(value.clone()).ok();
        event.sources = take(&mut map, "sources", fetches).unwrap_or_default();
        event.rule = take(&mut map, "rule", text);
        let numbers = |value: &Value| value.as_array()?.iter().map(Value::as_u64).collect::<Option<Vec<u64>>>();
        event.of = take(&mut map, "of", numbers).unwrap_or_default();
        event.other = map;
        event
    }
}

/// Moves a field out of the map if it has the form this version knows; else it stays there.
fn take<T>(map: &mut Map<String, Value>, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    let value = read(map.get(name)?)?;
    map.remove(name);
    Some(value)
}
