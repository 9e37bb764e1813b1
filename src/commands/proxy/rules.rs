//! `keyctl proxy rules`: which key goes to which host, as `config.toml` says and as is known of the usual APIs. No store is
//! opened for it.

use serde_json::{Value, json};

use crate::{
    config,
    failure::Result,
    home::Home,
    proxy::{
        preset,
        rule::{self, Rule},
    },
    terminal::Terminal,
};

/// Shows them.
///
/// # Errors
/// As `config.toml` has them.
pub fn rules(as_json: bool, terminal: &Terminal) -> Result<()> {
    let config = config::read(&Home::find()?)?;
    let written = rule::written(&config.proxy)?;
    if as_json {
        let rules: Vec<Value> = written.iter().map(|(secret, rule)| of_rule(secret, rule)).collect();
        let presets: Vec<Value> = preset::all().iter().map(of_preset).collect();
        let egress = if config.proxy.permissive { "permissive" } else { "strict" };
        return terminal.json(&json!({ "egress": egress, "rules": rules, "presets": presets }));
    }
    let mut rows = vec![["KEY", "RULE", "HOSTS", "WAY", "LIMITS"].map(str::to_owned).to_vec()];
    rows.extend(written.iter().map(|(secret, rule)| {
        vec![(*secret).to_owned(), rule.name.clone(), hosts(rule), rule.way().to_owned(), limits(rule)]
    }));
    for preset in preset::all() {
        let way = if preset.base_url.is_empty() { "CONNECT" } else { "base URL" };
        let way = if preset.signs { format!("{way}, signed anew") } else { way.to_owned() };
        let hosts: Vec<String> = preset.domains.iter().map(ToString::to_string).collect();
        rows.push(vec!["by its shape".into(), preset.name.clone(), hosts.join(", "), way, String::new()]);
    }
    terminal.table(&rows, &[2, 4])
}

fn hosts(rule: &Rule) -> String {
    rule.domains.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn limits(rule: &Rule) -> String {
    let header = rule.header.iter().map(|header| format!("header {header}"));
    let methods = rule.methods.iter().map(|methods| methods.join(" "));
    let paths = rule.paths.iter().map(|paths| paths.join(" "));
    let rates = rule.limits.iter().map(ToString::to_string);
    let most = rule.max_body.iter().map(|most| format!("{most} bytes"));
    header.chain(methods).chain(paths).chain(rates).chain(most).collect::<Vec<_>>().join(", ")
}

fn of_rule(secret: &str, rule: &Rule) -> Value {
    let domains: Vec<String> = rule.domains.iter().map(ToString::to_string).collect();
    let rates: Vec<String> = rule.limits.iter().map(ToString::to_string).collect();
    json!({
        "secret": secret,
        "name": rule.name,
        "domain": domains,
        "way": rule.way(),
        "header": rule.header,
        "methods": rule.methods,
        "paths": rule.paths,
        "placeholder": rule.placeholder,
        "limit": rates,
        "max_body": rule.max_body,
        "base_url": rule.base_url.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>(),
    })
}

fn of_preset(preset: &preset::Preset) -> Value {
    json!({
        "name": preset.name,
        "domain": preset.domains.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "placeholder": preset.placeholder,
        "base_url": preset.base_url.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>(),
        "signs": preset.signs,
    })
}
