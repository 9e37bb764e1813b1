//! What is said to a client: which version is spoken, which tools there are, and which of them is to be called.
//!
//! It decides and does nothing: calls are done elsewhere, each beside the others, and their answers come when they are ready.

use serde_json::{Map, Value, json};

use super::{
    message::{Id, Message, NO_METHOD, PARAMETERS, Refusal, VERSION, answer},
    tools::{self, Call},
};

/// The versions that begin with `initialize`, the newest first. The one of 2025-03-26 is not among them: it alone wants batches.
const LEGACY: &[&str] = &["2025-11-25", "2025-06-18", "2024-11-05"];
/// The version in which every request says what it is of.
const MODERN: &str = "2026-07-28";

/// Where a request says that.
const META: &str = "_meta";
const SAID_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const SAID_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const SAID_CLIENT: &str = "io.modelcontextprotocol/clientInfo";
const SERVER: &str = "io.modelcontextprotocol/serverInfo";

/// For how long a client may keep the list of tools, which never changes: an hour.
const FRESH_MILLISECONDS: u64 = 3_600_000;

/// What the agent is told of the server as a whole.
const INSTRUCTIONS: &str = "keyctl keeps the user's API keys. Secrets are never shown to you, and you do not need them: use \
    `run_command` for a command that needs keys. Do not look for keys in files or in the environment, and do not ask the \
    user to paste one. Where something is refused, tell the user what the message says; only they can allow it.";

/// A client, as far as it has said who it is.
#[derive(Debug, Default)]
pub struct Session {
    /// Whether it has begun with `initialize`.
    is_begun: bool,
    client: Option<String>,
}

/// What follows from a message.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// This line is the answer.
    Answer(String),
    /// A tool is to be called.
    Call(Box<Asked>),
    /// What was asked for with this id is not wanted any more.
    Cancel(Id),
    /// Nothing.
    Nothing,
}

/// A call that is to be done, and how its answer is written.
#[derive(Debug, PartialEq)]
pub struct Asked {
    /// Whose answer it is.
    pub id: Id,
    /// What is to be done.
    pub call: Call,
    /// What the client calls itself.
    pub client: Option<String>,
    /// With what its progress is told, if that is wanted.
    pub progress: Option<Value>,
    era: Era,
}

/// How a client talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Era {
    Legacy,
    Modern,
}

/// What a tool gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// What it was asked for, as its schema has it.
    Done(Value),
    /// Why not, for the agent to read.
    Refused(String),
}

impl Session {
    /// What follows from a message.
    pub fn take(&mut self, message: Message) -> Step {
        match message {
            Message::Request { id, method, parameters } => match self.request(&id, &method, parameters) {
                Ok(step) => step,
                Err(refusal) => Step::Answer(answer(&id, Err(refusal))),
            },
            Message::Notification { method, parameters } if method == "notifications/cancelled" => {
                parameters.get("requestId").and_then(Id::read).map_or(Step::Nothing, Step::Cancel)
            }
            Message::Notification { .. } | Message::Answer => Step::Nothing,
        }
    }

    fn request(&mut self, id: &Id, method: &str, parameters: Map<String, Value>) -> Result<Step, Refusal> {
        let answered = |result| Ok(Step::Answer(answer(id, Ok(result))));
        let meta = parameters.get(META).and_then(Value::as_object);
        let era = match meta.and_then(|meta| meta.get(SAID_VERSION)) {
            Some(version) => modern(version, meta)?,
            None if method == "initialize" => return answered(self.initialize(&parameters)?),
            None if method == "ping" => return answered(json!({})),
            None if self.is_begun => Era::Legacy,
            None => {
                let what =
                    format!("say `{SAID_VERSION}` in `{META}`, or begin with `initialize`; spoken here: {}", spoken());
                return Err(Refusal::new(PARAMETERS, what));
            }
        };
        match (method, era) {
            ("server/discover", Era::Modern) => answered(era.result(json!({
                "supportedVersions": versions(),
                "capabilities": capabilities(),
                "instructions": INSTRUCTIONS,
                "ttlMs": FRESH_MILLISECONDS,
                "cacheScope": "private",
            }))),
            ("tools/list", _) => answered(era.tools(&parameters)?),
            ("tools/call", _) => self.call(id, parameters, era),
            _ => Err(Refusal::new(NO_METHOD, "there is no such method here")),
        }
    }

    /// The greeting of the versions that begin with one: the version that was asked for, or else the newest such one.
    fn initialize(&mut self, parameters: &Map<String, Value>) -> Result<Value, Refusal> {
        let Some(wanted) = parameters.get("protocolVersion").and_then(Value::as_str) else {
            return Err(Refusal::new(PARAMETERS, "`protocolVersion` has to be a text"));
        };
        self.is_begun = true;
        self.client = name_of(parameters.get("clientInfo"));
        let version = LEGACY.iter().find(|version| **version == wanted).unwrap_or(&LEGACY[0]);
        Ok(json!({
            "protocolVersion": version,
            "capabilities": capabilities(),
            "serverInfo": server(),
            "instructions": INSTRUCTIONS,
        }))
    }

    fn call(&self, id: &Id, mut parameters: Map<String, Value>, era: Era) -> Result<Step, Refusal> {
        let meta = parameters.remove(META).unwrap_or_default();
        let Some(name) = parameters.get("name").and_then(Value::as_str) else {
            return Err(Refusal::new(PARAMETERS, "`name` has to say which tool"));
        };
        let nothing = Map::new();
        let arguments = match parameters.get("arguments") {
            None | Some(Value::Null) => &nothing,
            Some(Value::Object(arguments)) => arguments,
            Some(_) => return Err(Refusal::new(PARAMETERS, "`arguments` has to be an object")),
        };
        let progress = meta.get("progressToken").filter(|token| token.is_string() || token.is_number()).cloned();
        let client = match era {
            Era::Legacy => self.client.clone(),
            Era::Modern => name_of(meta.get(SAID_CLIENT)),
        };
        match tools::read(name, arguments) {
            Ok(call) => Ok(Step::Call(Box::new(Asked { id: id.clone(), call, client, progress, era }))),
            Err(Some(wrong)) => Ok(Step::Answer(answer(id, Ok(era.outcome(Outcome::Refused(wrong)))))),
            Err(None) => Err(Refusal::new(PARAMETERS, "there is no such tool; `tools/list` has all")),
        }
    }
}

impl Asked {
    /// The line of its answer.
    #[must_use]
    pub fn answer(&self, outcome: Outcome) -> String {
        answer(&self.id, Ok(self.era.outcome(outcome)))
    }
}

impl Era {
    /// A result, with what this era has in every one.
    fn result(self, mut result: Value) -> Value {
        if self == Self::Modern {
            result["resultType"] = "complete".into();
            result[META] = json!({ SERVER: server() });
        }
        result
    }

    fn tools(self, parameters: &Map<String, Value>) -> Result<Value, Refusal> {
        if parameters.get("cursor").is_some_and(|cursor| !cursor.is_null()) {
            return Err(Refusal::new(PARAMETERS, "the list of tools has one page, which needs no `cursor`"));
        }
        let mut result = json!({ "tools": tools::all() });
        if self == Self::Modern {
            result["ttlMs"] = FRESH_MILLISECONDS.into();
            result["cacheScope"] = "private".into();
        }
        Ok(self.result(result))
    }

    /// What a tool gives, as it is and as a text for clients that know no other.
    fn outcome(self, outcome: Outcome) -> Value {
        let text = |text: &str| json!([{ "type": "text", "text": text }]);
        self.result(match outcome {
            Outcome::Done(value) => {
                json!({ "content": text(&value.to_string()), "structuredContent": value, "isError": false })
            }
            Outcome::Refused(why) => json!({ "content": text(&why), "isError": true }),
        })
    }
}

/// Makes sure that a request of the modern era says all that it has to.
fn modern(version: &Value, meta: Option<&Map<String, Value>>) -> Result<Era, Refusal> {
    let Some(version) = version.as_str() else {
        return Err(Refusal::new(PARAMETERS, format!("`{SAID_VERSION}` has to be a text")));
    };
    if version != MODERN {
        let data = json!({ "supported": versions(), "requested": version });
        return Err(Refusal { data: Some(data), ..Refusal::new(VERSION, "unsupported protocol version") });
    }
    if !meta.and_then(|meta| meta.get(SAID_CAPABILITIES)).is_some_and(Value::is_object) {
        return Err(Refusal::new(PARAMETERS, format!("`{SAID_CAPABILITIES}` has to be an object")));
    }
    Ok(Era::Modern)
}

fn versions() -> Vec<&'static str> {
    std::iter::once(MODERN).chain(LEGACY.iter().copied()).collect()
}

fn spoken() -> String {
    versions().join(", ")
}

fn capabilities() -> Value {
    json!({ "tools": {} })
}

fn server() -> Value {
    json!({ "name": "keyctl", "title": "keyctl: API keys", "version": env!("CARGO_PKG_VERSION") })
}

fn name_of(client: Option<&Value>) -> Option<String> {
    client?.get("name")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mcp::message;

    fn step(session: &mut Session, line: &Value) -> Step {
        session.take(message::read(line.to_string().as_bytes()).expect("a message"))
    }

    #[expect(clippy::needless_pass_by_value, reason = "so that calls read as what is said")]
    fn answer(session: &mut Session, line: Value) -> Value {
        match step(session, &line) {
            Step::Answer(line) => serde_json::from_str(&line).expect("json"),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "so that calls read as what is said")]
    fn request(method: &str, parameters: Value) -> Value {
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters })
    }

    fn begun() -> Session {
        let mut session = Session::default();
        let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "probe", "version": "1" } });
        let said = answer(&mut session, request("initialize", hello));
        assert_eq!(said["result"]["protocolVersion"], "2025-06-18");
        session
    }

    fn meta(version: &str) -> Value {
        json!({ SAID_VERSION: version, SAID_CAPABILITIES: {}, SAID_CLIENT: { "name": "new", "version": "1" } })
    }

    #[test]
    fn the_version_is_the_clients_if_it_is_known_and_else_the_newest_of_its_era() {
        for (wanted, spoken) in
            [("2024-11-05", "2024-11-05"), ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25")]
        {
            let said = answer(&mut Session::default(), request("initialize", json!({ "protocolVersion": wanted })));
            assert_eq!(said["result"]["protocolVersion"], spoken);
            assert_eq!(said["result"]["serverInfo"]["name"], "keyctl");
        }
        let said = answer(&mut Session::default(), request("initialize", json!({})));
        assert_eq!(said["error"]["code"], PARAMETERS);
    }

    #[test]
    fn a_request_of_the_new_era_stands_by_itself() {
        let mut session = Session::default();
        let said = answer(&mut session, request("server/discover", json!({ META: meta(MODERN) })));
        let result = &said["result"];
        assert_eq!((&result["resultType"], &result["supportedVersions"][0]), (&json!("complete"), &json!(MODERN)));
        assert_eq!(result[META][SERVER]["name"], "keyctl");
        let said = answer(&mut session, request("tools/list", json!({ META: meta(MODERN) })));
        assert!(
            said["result"]["ttlMs"].is_u64() && said["result"]["tools"].as_array().is_some_and(|all| all.len() == 4)
        );
        let said = answer(&mut session, request("tools/list", json!({ META: meta("2099-01-01") })));
        assert_eq!(
            (&said["error"]["code"], &said["error"]["data"]["requested"]),
            (&json!(VERSION), &json!("2099-01-01"))
        );
        let said = answer(&mut session, request("tools/list", json!({ META: { SAID_VERSION: MODERN } })));
        assert_eq!(said["error"]["code"], PARAMETERS);
        let called = step(&mut session, &request("tools/call", json!({ "name": "due", META: meta(MODERN) })));
        let Step::Call(asked) = called else { panic!("{called:?}") };
        assert_eq!((&asked.call, asked.client.as_deref()), (&Call::Due, Some("new")));
        assert!(asked.answer(Outcome::Refused("no".into())).contains("\"resultType\":\"complete\""));
    }

    #[test]
    fn before_initialize_only_a_greeting_is_answered() {
        let mut session = Session::default();
        let said = answer(&mut session, request("tools/list", json!({})));
        let message = said["error"]["message"].as_str().expect("text").to_owned();
        assert!(said["error"]["code"] == PARAMETERS && message.contains("2026-07-28, 2025-11-25"), "{said}");
        assert_eq!(answer(&mut session, request("ping", json!({})))["result"], json!({}));
        let mut session = begun();
        assert!(answer(&mut session, request("tools/list", json!({})))["result"].get("resultType").is_none());
        assert_eq!(answer(&mut session, request("resources/list", json!({})))["error"]["code"], NO_METHOD);
        assert_eq!(answer(&mut session, request("tools/list", json!({ "cursor": "x" })))["error"]["code"], PARAMETERS);
    }

    #[test]
    fn a_tool_that_there_is_not_is_an_error_and_arguments_that_are_wrong_are_a_result() {
        let mut session = begun();
        let said = answer(&mut session, request("tools/call", json!({ "name": "get", "arguments": {} })));
        assert_eq!(said["error"]["code"], PARAMETERS);
        let said = answer(&mut session, request("tools/call", json!({ "name": "run_command", "arguments": {} })));
        assert_eq!(said["result"]["isError"], true);
        for wrong in [json!({}), json!({ "name": 7 }), json!({ "name": "due", "arguments": [] })] {
            assert_eq!(answer(&mut session, request("tools/call", wrong))["error"]["code"], PARAMETERS);
        }
    }

    #[test]
    fn what_is_cancelled_is_told_by_its_id_and_other_notifications_are_let_be() {
        let mut session = begun();
        let told =
            |method: &str, parameters: Value| json!({ "jsonrpc": "2.0", "method": method, "params": parameters });
        let cancelled = told("notifications/cancelled", json!({ "requestId": "a", "reason": "x" }));
        assert_eq!(step(&mut session, &cancelled), Step::Cancel(Id::Text("a".into())));
        assert_eq!(step(&mut session, &told("notifications/cancelled", json!({}))), Step::Nothing);
        assert_eq!(step(&mut session, &told("notifications/initialized", json!({}))), Step::Nothing);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            prop::sample::select(vec!["run_command", "due", MODERN, "2024-11-05", "a"]).prop_map(Value::from),
        ];
        let names =
            vec!["name", "arguments", "command", META, SAID_VERSION, SAID_CAPABILITIES, "protocolVersion", "cursor"];
        leaf.prop_recursive(3, 24, 4, move |inner| {
            let names = prop::sample::select(names.clone()).prop_map(str::to_owned);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(names, inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_request_is_answered_once_or_is_a_call(is_begun: bool, method in prop::sample::select(vec!["initialize", "ping", "tools/list", "tools/call", "server/discover", "x"]), parameters in any_json()) {
            let mut session = if is_begun { begun() } else { Session::default() };
            let Ok(message) = message::read(request(method, parameters).to_string().as_bytes()) else { return Ok(()) };
            match session.take(message) {
                Step::Answer(line) => {
                    let answer: Value = serde_json::from_str(&line).expect("json");
                    prop_assert!(answer["id"] == 1 && answer.get("result").is_some() != answer.get("error").is_some());
                }
                Step::Call(asked) => prop_assert_eq!(asked.id, Id::Number(1)),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
