//! Whether keys still work where they were issued: AWS is asked for its access keys, and for the others the check that
//! `config.toml` names. A key can be revoked at its issuer without anybody here knowing, so an answer is one as of now.

use std::time::{Duration, Instant};

use crate::{
    config::{self, Config},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    name::KeyName,
    rotation::{AwsIam, Plan, Rotator},
    rotator::{
        aws_iam::{AccessKey, Client},
        program::{self, Called},
    },
    store::payload::Payload,
    terminal::Terminal,
};

use super::{
    caller,
    limiting::{self, Taker},
    named::{self, Part},
    opening::Kept,
    record,
    using::Opened,
};

/// How long one key may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// What was said of the keys.
pub struct Answers {
    /// One for each key that could be tried, by name.
    pub tried: Vec<Answer>,
    /// How many keys have nobody to ask.
    pub untried: usize,
}

/// What was said of one key.
pub struct Answer {
    /// The key; of an access key of AWS its secret half.
    pub name: KeyName,
    /// Who said it.
    pub by: String,
    /// When it was asked.
    pub at: Moment,
    /// Whether the key works, or why nobody knows.
    pub outcome: Result<bool>,
}

/// Tries each key that is not marked as revoked. What is given out for that is recorded first, like any use, and then what
/// was answered, and how long that took.
///
/// # Errors
/// As the config has them; where it requires a history and there is none to be had.
pub fn ask(home: &Home, kept: &Kept, payload: &Payload, terminal: &Terminal) -> Result<Answers> {
    let config = config::read(home)?;
    let log = record::log(home, kept, payload);
    let mut answers = Answers { tried: Vec::new(), untried: 0 };
    for (name, key) in payload.keys.iter().filter(|(_, key)| key.facts.revoked.is_none()) {
        // Whether one that lies in a source works is that source's affair, and it is not fetched for this.
        if key.secret().is_none() {
            answers.untried += 1;
            continue;
        }
        let Some(asked) = Asked::of(name, config.rotation.plan(name, &key.facts)) else {
            answers.untried += 1;
            continue;
        };
        let (by, names) = match &asked {
            Asked::Aws(pair) if pair.id == *name => continue,
            Asked::Aws(pair) => ("AWS", vec![pair.id.clone(), name.clone()]),
            Asked::Check(command) => (command[0].as_str(), vec![name.clone()]),
        };
        let at = Moment::now();
        let event = Event::new(Action::Check, at).names(&names).program(by.as_ref());
        let ready = match asked.ready((home, kept, payload), name, &config, &event, terminal) {
            Ok(ready) => ready,
            Err(failure) => {
                answers.tried.push(Answer { name: name.clone(), by: by.to_owned(), at, outcome: Err(failure) });
                continue;
            }
        };
        if let Ready::Check(called) = &ready {
            named::say_left_out(called.left_out(), terminal);
        }
        let (event, strictness) = (caller::sign(event), (&config).into());
        let recorded = record::usage(home, kept, &log, &[&event], strictness, terminal)?;
        let started = Instant::now();
        let (outcome, exit) = match ready {
            Ready::Aws(pair) => (ask_aws(pair, payload), None),
            Ready::Check(called) => match program::answer(*called, name, &key.value, DEADLINE) {
                Ok(code) => (Ok(code == 0), Some(code)),
                Err(failure) => (Err(failure), None),
            },
        };
        let said = match &outcome {
            Ok(true) => "works".to_owned(),
            Ok(false) => "does not work".to_owned(),
            Err(failure) => format!("no answer: {}", failure.message),
        };
        let of = recorded.last().into_iter().collect();
        let event = Event { moment: Some(Moment::now()), ..event }.of(of).ended(started.elapsed(), exit).outcome(said);
        // That it was asked stands there already, whatever is required.
        let _ = record::usage(home, kept, &log, &[&event], record::Strictness::default(), terminal);
        answers.tried.push(Answer { name: name.clone(), by: by.to_owned(), at, outcome });
    }
    Ok(answers)
}

/// Who can say whether a key works.
enum Asked {
    Aws(AwsIam),
    Check(Vec<String>),
}

/// The same, once it may have the key's secret.
enum Ready<'a> {
    Aws(&'a AwsIam),
    Check(Box<Called<'a>>),
}

impl Asked {
    /// Nobody is asked, as this may be one of many keys: what a key's limits keep back is not tried.
    fn ready(
        &self,
        (home, kept, payload): (&Home, &Kept, &Payload),
        name: &KeyName,
        config: &Config,
        event: &Event,
        terminal: &Terminal,
    ) -> Result<Ready<'_>> {
        let command = match self {
            Self::Aws(pair) => {
                let both = [(Opened::by_nobody(home, kept, payload), vec![pair.id.clone(), pair.secret.clone()])];
                let taker = Taker::Issuer("AWS", false);
                return limiting::hold(&both, taker, config, || event.clone(), terminal).map(|_| Ready::Aws(pair));
            }
            Self::Check(command) => command,
        };
        let key = (Opened::by_nobody(home, kept, payload), vec![name.clone()]);
        let held = named::hold(&key, (Part::Check, command), false, config, || event.clone(), terminal);
        held.map(|(called, _)| Ready::Check(Box::new(called)))
    }

    fn of(name: &KeyName, plan: Plan) -> Option<Self> {
        match plan {
            Plan { rotator: Some(Rotator::AwsIam(pair)), .. } if pair.id == *name || pair.secret == *name => {
                Some(Self::Aws(pair))
            }
            Plan { check, .. } => check.filter(|command| !command.is_empty()).map(Self::Check),
        }
    }
}

fn ask_aws(pair: &AwsIam, payload: &Payload) -> Result<bool> {
    let address =
        pair.endpoint.as_deref().map(str::parse).transpose().map_err(|why| {
            Failure::new(Kind::Usage, format!("the `endpoint` of `{}` in `config.toml`: {why}", pair.id))
        })?;
    let id = payload.key(&pair.id)?.value.expose_text().unwrap_or_default().to_owned();
    let secret = payload.key(&pair.secret)?.value.copy();
    Client::new(AccessKey { id, secret }, &pair.region, address.as_ref(), Moment::now, DEADLINE)?.is_active()
}
