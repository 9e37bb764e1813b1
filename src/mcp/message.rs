//! One message of JSON-RPC 2.0: a request, a notification, or what is neither and how that is answered.

use serde_json::{Map, Value, json};

/// What is no JSON.
pub const PARSE: i64 = -32700;
/// What is JSON and no message.
pub const INVALID: i64 = -32600;
/// A method that there is not.
pub const NO_METHOD: i64 = -32601;
/// Parameters that cannot be meant.
pub const PARAMETERS: i64 = -32602;
/// A version of the protocol that is not spoken here (revision 2026-07-28).
pub const VERSION: i64 = -32022;

/// By what an answer is told to belong to a request: a text or a whole number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Id {
    /// A number that JSON's own reader takes for a whole one.
    Number(i128),
    /// A text.
    Text(String),
}

/// A message that was understood.
#[derive(Debug, PartialEq)]
pub enum Message {
    /// It wants an answer.
    Request {
        /// Whose answer it is.
        id: Id,
        /// What is asked for.
        method: String,
        /// With what.
        parameters: Map<String, Value>,
    },
    /// It wants none.
    Notification {
        /// What is told.
        method: String,
        /// With what.
        parameters: Map<String, Value>,
    },
    /// An answer to what was never asked: this server asks nothing.
    Answer,
}

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// A number that the protocol gives it.
    pub code: i64,
    /// In words.
    pub message: String,
    /// What belongs to it.
    pub data: Option<Value>,
}

impl Refusal {
    /// With nothing beside the words.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }
}

impl Id {
    /// Reads one.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Number(number) => {
                let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
                whole.map(Self::Number)
            }
            _ => None,
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Text(text) => text.clone().into(),
            Self::Number(number) => i64::try_from(*number)
                .map(Value::from)
                .or_else(|_| u64::try_from(*number).map(Value::from))
                .unwrap_or(Value::Null),
        }
    }
}

/// Reads a line.
///
/// # Errors
/// What it is answered with, and to whom if that could be read.
pub fn read(line: &[u8]) -> Result<Message, (Option<Id>, Refusal)> {
    let Ok(value) = serde_json::from_slice::<Value>(line) else {
        return Err((None, Refusal::new(PARSE, "this is not JSON")));
    };
    let invalid = |id, what: &str| Err((id, Refusal::new(INVALID, what)));
    let mut fields = match value {
        Value::Object(fields) => fields,
        Value::Array(_) => return invalid(None, "one message a line: batches are not taken"),
        _ => return invalid(None, "a message is an object"),
    };
    let said = fields.get("id");
    let id = said.and_then(Id::read);
    if fields.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return invalid(id, "`jsonrpc` has to be `2.0`");
    }
    if said.is_some() && id.is_none() && !fields.contains_key("error") {
        return invalid(None, "`id` has to be a text or a whole number");
    }
    let method = match fields.remove("method") {
        Some(Value::String(method)) => method,
        None if fields.contains_key("result") || fields.contains_key("error") => return Ok(Message::Answer),
        _ => return invalid(id, "`method` has to be a text"),
    };
    let parameters = match fields.remove("params") {
        None => Map::new(),
        Some(Value::Object(parameters)) => parameters,
        Some(_) => return Err((id, Refusal::new(PARAMETERS, "`params` has to be an object"))),
    };
    Ok(match id {
        Some(id) => Message::Request { id, method, parameters },
        None => Message::Notification { method, parameters },
    })
}

/// The line of an answer.
#[must_use]
pub fn answer(id: &Id, outcome: Result<Value, Refusal>) -> String {
    match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id.value(), "result": result }).to_string(),
        Err(refusal) => error(Some(id), refusal),
    }
}

/// The line of a refusal, also where it could not be read whose it is.
#[must_use]
pub fn error(id: Option<&Id>, refusal: Refusal) -> String {
    let mut error = json!({ "code": refusal.code, "message": refusal.message });
    if let Some(data) = refusal.data {
        error["data"] = data;
    }
    json!({ "jsonrpc": "2.0", "id": id.map(Id::value), "error": error }).to_string()
}

/// The line of what is told unasked.
#[must_use]
pub fn notification(method: &str, parameters: &Value) -> String {
    json!({ "jsonrpc": "2.0", "method": method, "params": parameters }).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(line: &str) -> String {
        let (id, refusal) = read(line.as_bytes()).expect_err(line);
        error(id.as_ref(), refusal)
    }

    #[test]
    fn a_request_has_an_id_and_a_notification_has_none() {
        let read = |line: &str| read(line.as_bytes()).expect(line);
        let parameters = Map::from_iter([("a".to_owned(), json!(1))]);
        assert_eq!(
            read(r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":1}}"#),
            Message::Request { id: Id::Number(7), method: "ping".into(), parameters }
        );
        let method = "notifications/initialized".to_owned();
        let told = r#"{"method":"notifications/initialized","jsonrpc":"2.0"}"#;
        assert_eq!(read(told), Message::Notification { method, parameters: Map::new() });
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#), Message::Answer);
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}"#), Message::Answer);
    }

    #[test]
    fn what_is_no_message_is_said_to_whom_it_can_be() {
        for (line, answer) in [
            ("{", r#"{"error":{"code":-32700,"message":"this is not JSON"},"id":null,"jsonrpc":"2.0"}"#),
            ("", r#"{"error":{"code":-32700,"message":"this is not JSON"},"id":null,"jsonrpc":"2.0"}"#),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
                r#"{"error":{"code":-32600,"message":"one message a line: batches are not taken"},"id":null,"jsonrpc":"2.0"}"#,
            ),
            (
                r#"{"id":"x","method":"ping"}"#,
                r#"{"error":{"code":-32600,"message":"`jsonrpc` has to be `2.0`"},"id":"x","jsonrpc":"2.0"}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
                r#"{"error":{"code":-32600,"message":"`id` has to be a text or a whole number"},"id":null,"jsonrpc":"2.0"}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","id":18446744073709551615,"method":7}"#,
                r#"{"error":{"code":-32600,"message":"`method` has to be a text"},"id":18446744073709551615,"jsonrpc":"2.0"}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","id":2,"method":"ping","params":[1]}"#,
                r#"{"error":{"code":-32602,"message":"`params` has to be an object"},"id":2,"jsonrpc":"2.0"}"#,
            ),
        ] {
            let value = |text: &str| serde_json::from_str::<Value>(text).expect("json");
            assert_eq!(value(&refused(line)), value(answer), "{line}");
        }
        // Deeper than any message is: refused, and no stack is used up.
        assert!(refused(&"[".repeat(1_000_000)).contains("-32700"));
        assert!(refused(r#"{"jsonrpc":"2.0","id":99999999999999999999,"method":"ping"}"#).contains("-32600"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_get_an_answer_of_one_line(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Err((id, refusal)) = read(&bytes) {
                let line = error(id.as_ref(), refusal);
                prop_assert!(!line.contains('\n') && serde_json::from_str::<Value>(&line).is_ok());
            }
        }

        #[test]
        fn an_answer_goes_to_the_id_that_asked(text in any::<String>(), number in any::<i64>()) {
            for id in [json!(text), json!(number), json!(u64::MAX)] {
                let line = json!({ "jsonrpc": "2.0", "id": id, "method": text }).to_string();
                let Ok(Message::Request { id: read, .. }) = super::read(line.as_bytes()) else { panic!("{line}") };
                let answer: Value = serde_json::from_str(&answer(&read, Ok(json!({})))).expect("json");
                prop_assert_eq!(&answer["id"], &id);
            }
        }
    }
}
