//! The schemas of `keyctl schema`: every `--json` report that any test asks for is held against its own, those of the two files
//! agree with the reader of these files, and a validator by other people finds in them what this one does.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    process::Stdio,
};

use clap::CommandFactory;
use serde_json::{Map, Value, json};

use crate::{sandbox::Sandbox, tools};

/// What is wrong with a value, and where. It knows as much of JSON Schema as the reports need; anything else is a mistake in
/// the schema, and not passed over.
fn flaw(value: &Value, schema: &Value, root: &Value, at: &str) -> Option<String> {
    let Value::Object(rules) = schema else {
        return (schema == &json!(false)).then(|| format!("{at} may not be there"));
    };
    rules.iter().find_map(|(rule, what)| broken(rule, what, value, rules, root, at))
}

fn broken(
    rule: &str,
    what: &Value,
    value: &Value,
    rules: &Map<String, Value>,
    root: &Value,
    at: &str,
) -> Option<String> {
    let wrong = |is_wrong: bool| is_wrong.then(|| format!("{at} is not as `{rule}` has it: {what}"));
    let below = |value: &Value, schema: &Value, name: &str| flaw(value, schema, root, &format!("{at}/{name}"));
    match rule {
        "$schema" | "$defs" | "title" | "description" => None,
        "$ref" => {
            let part = what.as_str().and_then(|path| root.pointer(path.strip_prefix('#')?));
            part.map_or_else(|| Some(format!("{what} is nowhere")), |part| flaw(value, part, root, at))
        }
        "type" => {
            let types = what.as_array().cloned().unwrap_or_else(|| vec![what.clone()]);
            wrong(!types.iter().any(|wanted| is_of(value, wanted.as_str().expect("a word"))))
        }
        "enum" => wrong(!what.as_array().expect("a list").contains(value)),
        "const" => wrong(what != value),
        "format" => wrong(what != "date-time" || value.as_str().is_some_and(|text| !is_moment(text))),
        "required" => {
            let mut names = what.as_array().expect("a list").iter().map(|name| name.as_str().expect("a name"));
            let has = value.as_object()?;
            names.find(|name| !has.contains_key(*name)).map(|name| format!("{at} lacks {name}"))
        }
        "properties" => {
            let fields = what.as_object().expect("fields");
            fields.iter().find_map(|(name, schema)| below(value.get(name)?, schema, name))
        }
        "additionalProperties" => {
            let known = rules.get("properties").and_then(Value::as_object);
            let mut others =
                value.as_object()?.iter().filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)));
            others.find_map(|(name, value)| below(value, what, name))
        }
        "items" => value.as_array()?.iter().enumerate().find_map(|(at, item)| below(item, what, &at.to_string())),
        "oneOf" => {
            let flaws: Vec<_> =
                what.as_array().expect("a list").iter().map(|schema| flaw(value, schema, root, at)).collect();
            let fit = flaws.iter().filter(|flaw| flaw.is_none()).count();
            (fit != 1).then(|| format!("{at} is {fit} of {}: {flaws:?}", flaws.len()))
        }
        _ => Some(format!("`{rule}` is not known")),
    }
}

fn is_of(value: &Value, wanted: &str) -> bool {
    match wanted {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other}"),
    }
}

/// `2026-11-26T16:20:56Z`
fn is_moment(text: &str) -> bool {
    let form = "0000-00-00T00:00:00Z";
    let fits = |(one, of): (char, char)| if of == '0' { one.is_ascii_digit() } else { one == of };
    text.len() == form.len() && text.chars().zip(form.chars()).all(fits)
}

/// The name of the report that these arguments ask for: the words of the command.
fn name_of(words: &[String]) -> String {
    let mut command = keyctl::cli::Cli::command();
    let mut names: Vec<String> = Vec::new();
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        let Some(below) = command.find_subcommand(word).cloned() else { break };
        names.push(below.get_name().to_owned());
        command = below;
    }
    names.join("-")
}

/// Holds what a call has printed against the schema of its report, if it asked for one.
#[track_caller]
pub fn hold(words: &[String], printed: &[u8]) {
    let options = words.iter().take_while(|word| *word != "--");
    if !options.clone().any(|word| word == "--json") {
        return;
    }
    let name = name_of(words);
    // Of entries of the history there is one a line.
    for value in serde_json::Deserializer::from_slice(printed).into_iter::<Value>() {
        let value = value.unwrap_or_else(|error| panic!("{words:?} printed no JSON: {error}"));
        let schema = keyctl::schema::of(&name).unwrap_or_else(|| panic!("`{name}` has a report and no schema"));
        if let Some(flaw) = flaw(&value, &schema, &schema, "") {
            panic!("the schema `{name}` does not have what {words:?} printed: {flaw}\n{value:#}");
        }
    }
}

/// The commands that have a `--json`, by the words of each.
fn with_json(command: &clap::Command, words: &[&str], found: &mut BTreeSet<String>) {
    if command.get_arguments().any(|argument| argument.get_long() == Some("json")) {
        found.insert(words.join("-"));
    }
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        with_json(below, &[words, &[below.get_name()]].concat(), found);
    }
}

#[test]
fn each_report_has_a_schema_and_each_schema_is_of_a_report() {
    let mut reports = BTreeSet::new();
    with_json(&keyctl::cli::Cli::command(), &[], &mut reports);
    assert_eq!(keyctl::schema::reports().into_iter().collect::<BTreeSet<_>>(), reports);
}

#[test]
fn the_command_prints_them_and_names_them() {
    let sandbox = Sandbox::new();
    let listed = sandbox.call(&["schema"]).run().stdout();
    for name in ["project", "config"].into_iter().map(str::to_owned).chain(keyctl::schema::reports()) {
        assert!(listed.lines().any(|line| line.split("  ").next() == Some(&name)), "{name} in {listed}");
        let printed = sandbox.call(&["schema", &name]).run();
        assert_eq!(serde_json::from_str::<Value>(&printed.stdout()).ok(), keyctl::schema::of(&name), "{name}");
        assert_eq!((printed.stderr().as_str(), printed.code()), ("", 0));
    }
    let said = "keyctl: there is no schema of that name\nkeyctl: hint: see which there are: `keyctl schema`\n";
    sandbox.call(&["schema", "no-such"]).run().says("", said, 2);
}

/// What Python's `jsonschema` says of each value, `null` where it fits. The schemas themselves are checked first.
fn judged(schemas: &BTreeMap<String, Value>, cases: &[(String, Case)]) -> Vec<Option<String>> {
    let cases: Vec<Value> = cases
        .iter()
        .map(|(name, case)| match case {
            Case::Value(value) => json!({ "schema": name, "value": value }),
            Case::Toml(text) => json!({ "schema": name, "toml": text }),
        })
        .collect();
    let sandbox = Sandbox::new();
    let mut python = tools::script(&sandbox, "schemas.py");
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python");
    let input = serde_json::to_vec(&json!({ "schemas": schemas, "cases": cases })).expect("json");
    python.stdin.take().expect("piped").write_all(&input).expect("write");
    let output = python.wait_with_output().expect("wait");
    assert!(output.status.success(), "`tests/run` installs jsonschema");
    serde_json::from_slice(&output.stdout).expect("json")
}

enum Case {
    Value(Value),
    Toml(String),
}

fn all_schemas() -> BTreeMap<String, Value> {
    let names = ["project", "config"].into_iter().map(str::to_owned).chain(keyctl::schema::reports());
    names.map(|name| (name.clone(), keyctl::schema::of(&name).expect("there"))).collect()
}

#[test]
fn a_validator_by_others_finds_what_this_one_finds() {
    let sandbox = Sandbox::with(&[("A", "sk-a-0123456789"), ("B", "sk-b-0123456789")]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\nL = { value = \"l\" }\n");
    sandbox.allow();
    sandbox.call(&["run", "--", "true"]).run();
    let mut cases: Vec<(String, Value)> = Vec::new();
    for words in [
        &["list"][..],
        &["show", "A"],
        &["status"],
        &["doctor"],
        &["due", "--all"],
        &["audit"],
        &["allow"],
        &["undo", "--list"],
        &["versions", "A"],
        &["profile", "list"],
        &["profile", "show"],
        &["history"],
        &["history", "verify"],
        &["history", "who", "A"],
        &["history", "usage"],
        &["store", "list"],
        &["store", "show"],
        &["store", "access"],
        &["alerts", "list"],
        &["scan"],
    ] {
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let printed = sandbox.call(&words).run().output.stdout;
        let name = name_of(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        for value in serde_json::Deserializer::from_slice(&printed).into_iter::<Value>() {
            cases.push((name.clone(), value.expect("json")));
        }
    }
    // Each with a field more, a field less, and something else in a field's place.
    for (name, value) in cases.clone() {
        let Some(mut bent) = value.as_array().map_or(Some(value.clone()), |items| items.first().cloned()) else {
            continue;
        };
        let mut put =
            |bent: &Value| cases.push((name.clone(), if value.is_array() { json!([bent]) } else { bent.clone() }));
        for field in bent.as_object().expect("fields").keys().cloned().collect::<Vec<_>>() {
            let was = bent[&field].take();
            bent[&field] = json!({ "odd": 1.5 });
            put(&bent);
            bent.as_object_mut().expect("fields").remove(&field);
            put(&bent);
            bent[&field] = was;
        }
        bent["one_more"] = json!(1);
        put(&bent);
    }
    let schemas = all_schemas();
    let ours: Vec<bool> =
        cases.iter().map(|(name, value)| flaw(value, &schemas[name], &schemas[name], "").is_some()).collect();
    let cases: Vec<(String, Case)> = cases.into_iter().map(|(name, value)| (name, Case::Value(value))).collect();
    let theirs = judged(&schemas, &cases);
    assert!(ours.iter().filter(|wrong| **wrong).count() > 100 && ours.iter().filter(|wrong| !**wrong).count() > 20);
    for (((name, case), ours), theirs) in cases.iter().zip(ours).zip(theirs) {
        let Case::Value(value) = case else { unreachable!() };
        assert_eq!(ours, theirs.is_some(), "{name}: {theirs:?}\n{value:#}");
    }
}

/// What the reader says of a project file or of the user's config; nothing where it is taken.
fn read(sandbox: &Sandbox, which: &str, text: &str) -> Option<String> {
    let ran = if which == "project" {
        sandbox.file(".keyctl.toml", text);
        sandbox.call(&["profile", "list"]).run()
    } else {
        sandbox.file(".keyctl.toml", "");
        sandbox.configure(text);
        sandbox.call(&["profile", "list", "--quiet"]).run()
    };
    (ran.code() != 0).then(|| ran.stderr())
}

/// Every table of a schema: how a file reaches it, with `*` for where it is, and the fields that it has.
fn tables(schema: &Value, root: &Value, path: &str, depth: usize, found: &mut BTreeMap<String, BTreeSet<String>>) {
    if depth > 12 {
        return;
    }
    if let Some(part) = schema.get("$ref").and_then(Value::as_str) {
        tables(root.pointer(&part[1..]).expect("there"), root, path, depth + 1, found);
    }
    for choice in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        tables(choice, root, path, depth + 1, found);
    }
    if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
        let known = found.entry(path.to_owned()).or_default();
        known.extend(fields.keys().cloned());
        for (name, field) in fields {
            tables(field, root, &path.replace('*', &format!("{{ {name} = * }}")), depth + 1, found);
        }
    }
    if let Some(below) = schema.get("additionalProperties").filter(|below| below.is_object()) {
        tables(below, root, &path.replace('*', "{ X = * }"), depth + 1, found);
    }
    if let Some(item) = schema.get("items") {
        tables(item, root, &path.replace('*', "[ * ]"), depth + 1, found);
    }
}

/// The fields that the reader knows there: it names them where it meets another.
fn known_to_the_reader(sandbox: &Sandbox, which: &str, path: &str) -> BTreeSet<String> {
    // The outermost table is the file.
    let text = path.replace('*', "{ no_such_field = 1 }");
    let text = text.strip_prefix("{ ").and_then(|text| text.strip_suffix(" }")).expect("a table");
    // What a source's table may have is its type's affair; the schema has the fields of all.
    let Some(of_source) = text.strip_prefix("sources = { X = { ") else {
        let said = read(sandbox, which, text).expect("refused");
        return named_as_known(&said).unwrap_or_else(|| panic!("{text}: {said}"));
    };
    let of_type = |word: &&str| {
        let text = format!("sources = {{ x = {{ type = \"{word}\", {of_source}");
        named_as_known(&read(sandbox, which, &text).expect("refused"))
    };
    let all: Vec<BTreeSet<String>> = keyctl::config::sources::types().iter().filter_map(of_type).collect();
    // A credential's own table is looked at once the rest of its source's is whole; the examples have some.
    if all.is_empty() {
        return BTreeSet::from(["key".to_owned()]);
    }
    all.into_iter().flatten().collect()
}

fn named_as_known(said: &str) -> Option<BTreeSet<String>> {
    let line = said.lines().find(|line| line.contains("`no_such_field` is not known here"))?;
    let known = line.split_once("only ").expect("a list").1;
    Some(known.split(", ").map(|name| name.trim_matches('`').to_owned()).collect())
}

#[test]
fn the_schemas_of_the_files_have_each_field_that_the_reader_knows_and_no_other() {
    let sandbox = Sandbox::new();
    for (which, least) in [("project", 4), ("config", 12)] {
        let schema = keyctl::schema::of(which).expect("there");
        let mut found = BTreeMap::new();
        tables(&schema, &schema, "*", 0, &mut found);
        assert!(found.len() >= least, "{found:?}");
        for (path, fields) in found {
            let known = known_to_the_reader(&sandbox, which, &path);
            assert_eq!(fields, known, "{which}, {path}: left the schema, right the reader");
        }
    }
}

/// Of each file what both take, and what both refuse.
fn examples() -> Vec<(&'static str, Vec<&'static str>, Vec<&'static str>)> {
    let project_taken = vec![
        "",
        "[env]\nA = \"a\"\nB = { key = \"team:b/c\", optional = true }\nC = { value = \"\" }\n",
        "require_reason = \"agents\"\n[profiles.prod]\nextends = \"dev\"\n[profiles.dev.env]\nA = \"openai/dev\"\n",
        "env.VAULT_TOKEN = \"a\"\nenv.SNYK_API = \"a\"\nenv.uv_publish_token.key = \"a\"\n",
    ];
    let project_refused = vec![
        "version = 9",
        "env = 1",
        "env.A = 1",
        "env.A = [\"a\"]",
        "env.A = \"a b\"",
        "env.A = \"\"",
        "env.A = \"1a\"",
        "env.A = \"TEAM:a\"",
        "env.A = {}",
        "env.A = { key = \"a\", value = \"a\" }",
        "env.A = { value = \"a\", optional = true }",
        "env.A = { value = 1 }",
        "env.A = { value = \"\\u0000\" }",
        "env.A = { key = \"a\", optional = 1 }",
        "env.A = { key = \"a\", command = \"sh\" }",
        "env.9A = \"a\"",
        "env.\"A=B\" = \"a\"",
        "env.PATH = \"a\"",
        "env.ld_preload = { value = \"a\" }",
        "env.OPENAI_BASE_URL = \"a\"",
        "env.my_endpoint_x = \"a\"",
        "env.VAULT_TOKEN = { value = \"a\" }",
        "env.SNYK_API = { value = \"a\" }",
        "env.UV_OTHER = \"a\"",
        "env.KEYCTL_HOME = \"a\"",
        "profiles.\"../x\" = {}",
        "profiles.p.more = 1",
        "profiles.p.extends = 1",
        "profiles.p.env.PATH = \"a\"",
        "require_reason = \"no\"",
        "require_reason = true",
    ];
    let config_taken = vec![
        "",
        "[profiles.work]\nenv = { A = \"a\", PYTHONPATH = { value = \"x\" } }\n[history]\nrequired = true\nsync = false\n",
        "[rotation]\ndefault = \"90 days\"\nsoon = \"1w\"\noverlap = \"2D\"\n[policy]\nexpired = \"stop\"\nrequire_reason = \"never\"\n",
        "[[keys]]\nmatch = \"aws/*\"\nrotate_every = \"1mo\"\nrotator = [\"new-key\", \"\"]\nprojects = [\"~/a\", \"/b\"]\n[[keys]]\ntag = \"prod\"\nask = true\n",
        "[[aws_iam]]\nid = \"a\"\nsecret = \"b\"\nregion = \"eu-central-1\"\nstore = \"team\"\n",
        "[alerts]\nburst = 200\nagent = false\nnotify = true\nprogram = [\"x\"]\n[scan]\nlocked = \"fail\"\n",
        "alerts.burst = false",
        "[[projects]]\nfolder = \"~/x\"\nrequire_reason = \"always\"\n[reminders]\nprogram = [\"x\"]\njson = true\n",
        "[sources.a]\ntype = \"aws-ssm\"\nregion = \"eu-central-1\"\nprofile = \"work\"\nrole = \"arn:aws:iam::1:role/r\"\nexternal_id = \"x\"\n",
        "[sources.a]\ntype = \"aws-secrets-manager\"\nregion = \"eu-central-1\"\ncredentials = [\"container\", \"instance\"]\nendpoint = \"https://h\"\nca = \"/ca.pem\"\n",
        "[sources.a]\ntype = \"aws-ssm\"\nregion = \"x-1\"\naccess_key = { key = \"a\" }\nsecret_key = { key = \"b\" }\nsession_token = { key = \"c\" }\n",
        "[sources.a]\ntype = \"azure-key-vault\"\naddress = \"https://x.vault.azure.net\"\ntenant = \"t\"\nclient = \"c\"\nclient_secret = { key = \"s\" }\n",
        "[sources.a]\ntype = \"azure-key-vault\"\naddress = \"https://h\"\nresource = \"https://r\"\ncredentials = \"managed-identity\"\nidentity = \"http://127.0.0.1:1\"\n",
        "[sources.a]\ntype = \"gcp-secret-manager\"\nproject = \"p-1\"\nservice_account = { key = \"a\" }\n",
        "[sources.a]\ntype = \"1password-connect\"\naddress = \"https://h\"\ntoken = { key = \"a\" }\nca = \"/ca.pem\"\n",
    ];
    let config_refused = vec![
        "color = 1",
        "env.A = \"a\"",
        "profiles.p.env.PATH = \"a\"",
        "profiles.p.env.Ld_x = \"a\"",
        "history.required = \"yes\"",
        "rotation.default = \"0d\"",
        "rotation.default = \"5m\"",
        "rotation.soon = 14",
        "policy.expired = \"no\"",
        "keys = \"a\"",
        "keys = [{}]",
        "keys = [{ match = \"a\", tag = \"b\" }]",
        "keys = [{ match = \"a b\" }]",
        "keys = [{ tag = \"-a\" }]",
        "keys = [{ match = \"a\", store = \"TEAM\" }]",
        "keys = [{ match = \"a\", rotator = \"x -v\" }]",
        "keys = [{ match = \"a\", check = [] }]",
        "keys = [{ match = \"a\", check = [\"\"] }]",
        "keys = [{ match = \"a\", projects = [] }]",
        "keys = [{ match = \"a\", programs = [\"sh\"] }]",
        "keys = [{ match = \"a\", projects = [\"~x\"] }]",
        "aws_iam = [{ id = \"a\", secret = \"b\" }]",
        "aws_iam = [{ id = \"a\", secret = \"b\", region = \"EU\" }]",
        "alerts.burst = 5",
        "alerts.night = true",
        "alerts.hour = 3",
        "scan.locked = \"go\"",
        "projects = [{ folder = \"shop\" }]",
        "projects = [{}]",
        "reminders.program = \"x\"",
        "[sources.a]\ntype = \"aws-ssm\"\nregion = \"EU\"\nprofile = \"x\"",
        "[sources.a]\ntype = \"aws-ssm\"\nregion = \"eu-1\"\naccess_key = \"AKIA\"\nsecret_key = { key = \"b\" }",
        "[sources.a]\ntype = \"azure-key-vault\"\naddress = \"https://x.vault.azure.net\"\ncredentials = \"cli\"\nresource = \"http://x\"",
        "[sources.a]\ntype = \"gcp-secret-manager\"\nproject = \"P\"\ncredentials = \"cli\"",
    ];
    vec![("project", project_taken, project_refused), ("config", config_taken, config_refused)]
}

#[test]
fn the_schemas_of_the_files_take_and_refuse_what_the_reader_does() {
    let sandbox = Sandbox::new();
    let mut cases = Vec::new();
    for (which, taken, refused) in examples() {
        for (texts, is_taken) in [(taken, true), (refused, false)] {
            for text in texts {
                let said = read(&sandbox, which, text);
                assert_eq!(said.is_none(), is_taken, "{which}: {text}\n{said:?}");
                cases.push((which.to_owned(), Case::Toml(text.to_owned()), is_taken));
            }
            sandbox.configure("");
        }
    }
    // What the README shows, and what `init` writes, are examples too.
    let readme = std::fs::read_to_string(tools::root().join("README.md")).expect("README.md");
    for block in readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()) {
        let of_project = block.lines().next().is_some_and(|line| line.ends_with(".keyctl.toml"));
        let which = if of_project { "project" } else { "config" };
        cases.push((which.to_owned(), Case::Toml(block.to_owned()), true));
    }
    let (asked, wanted): (Vec<_>, Vec<_>) =
        cases.into_iter().map(|(which, case, wanted)| ((which, case), wanted)).unzip();
    let flaws = judged(&all_schemas(), &asked);
    for (((which, case), is_taken), flaw) in asked.iter().zip(wanted).zip(flaws) {
        let Case::Toml(text) = case else { unreachable!() };
        assert_eq!(flaw.is_none(), is_taken, "{which}: {text}\n{flaw:?}");
    }
}
