//! `[alerts]`: what is told of, and how.
//!
//! ```toml
//! [alerts]
//! new_program = false          # a rule can be switched off: new_program, new_project, agent, ended, leaked, hour, refused, history
//! burst = 200                  # uses within a minute; `false` switches it off
//! notify = true                # on the desktop too
//! program = ["/usr/local/bin/tell-me"]
//! ```

use crate::{
    alert::{Rule, Settings},
    profile::table::{Reader, Table, Value},
};

/// Fewer uses within a minute are nothing unusual.
const FEWEST: u32 = 10;
/// More would have to be looked for too far back in the history.
const MOST: u32 = 300;

pub(super) fn look(reader: &mut Reader, table: &Table) -> Settings {
    let mut settings = Settings::default();
    let words: Vec<&str> = Rule::ALL.iter().map(|rule| rule.word()).chain(["notify", "program"]).collect();
    let Some(fields) = table.get("alerts").and_then(|value| reader.table(value, &words)) else { return settings };
    for rule in Rule::ALL {
        let Some(value) = fields.get(rule.word()) else { continue };
        let is_on = match rule {
            Rule::Burst => burst(reader, value, &mut settings.burst),
            _ => reader.truth(value),
        };
        if !is_on {
            settings.off.push(*rule);
        }
    }
    settings.notify = fields.get("notify").is_some_and(|value| reader.truth(value));
    settings.program = fields.get("program").and_then(|value| super::rotation::command(reader, value));
    settings
}

/// Reads `burst`; says whether it is on.
fn burst(reader: &mut Reader, value: &Value, uses: &mut u32) -> bool {
    if let Some(truth) = value.get_ref().as_bool() {
        return truth;
    }
    let number = value.get_ref().as_integer().and_then(|number| number.as_str().parse().ok());
    if let Some(number) = number.filter(|number| (FEWEST..=MOST).contains(number)) {
        *uses = number;
    } else {
        let what = format!("this is either `false` or a number of uses within a minute, from {FEWEST} to {MOST}");
        reader.wrong(value.span().start, what);
    }
    true
}
