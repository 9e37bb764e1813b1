//! The part of `run` that keeps keys back from a command: which go by the proxy, what the command gets in their places, and
//! what is done beside it while it runs.

mod beside;
mod certificates;
#[cfg(target_os = "linux")]
mod confining;
#[cfg(target_os = "macos")]
#[path = "confining_macos.rs"]
mod confining;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
#[path = "confining_absent.rs"]
mod confining;
mod freezing;
mod left;
mod refused;
mod register;
mod requests;
mod told;

use std::{ffi::OsStr, sync::Arc};

use crate::{
    config::Config,
    failure::{Failure, Kind, Result},
    history::{Event, Reason},
    issuer,
    name::{KeyName, VariableName},
    plain::first_names,
    platform,
    proxy::{
        budget::{self, Budget},
        frozen::Frozen,
        gate::{self, Gate, Guarded, Standing},
        inject::Secrets,
        journal::{self, Journal},
        preset,
        rule::{self, Rule},
        running::Running,
    },
    rotation::{Reaction, Settings},
    secret::Secret,
    store::payload::Key,
    terminal::Terminal,
};

use super::{
    choosing::{Chosen, proxied::Given},
    policy,
    run::Variable,
    using::Used,
};

pub use beside::Beside;
use certificates::Folder;
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub use confining::confine;
pub use confining::confined;
#[cfg(target_os = "macos")]
pub use confining::could_confine;
#[cfg(target_os = "linux")]
pub use confining::has_own_network;
pub use freezing::{forget, freeze, unfreeze};
pub use left::write_down as write_down_left;
pub use register::{Entry, all as running};

/// Which keys go by the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Those whose limits say so.
    Limits,
    /// All of them; those that no rule is for are given as they are if this says so.
    Proxy {
        /// Whether they are.
        unprotected: bool,
        /// Whether the command is confined.
        sandbox: bool,
    },
}

impl By {
    fn is_all(self) -> bool {
        self != Self::Limits
    }
}

/// Keys that a command uses without holding them, before the proxy runs.
pub struct Proxied {
    guarded: Vec<Guarded>,
    secrets: Vec<Secret>,
    standings: Vec<Standing>,
    /// The place of each one's store.
    stores: Vec<usize>,
}

/// A proxy that runs for a command.
pub struct Gateway {
    running: Running,
    /// What it is called among all that run.
    run: String,
    /// The frozen keys of each store.
    lists: Vec<Arc<Frozen>>,
    stores: Vec<usize>,
    /// What the command gets to find it by.
    variables: Vec<(VariableName, Secret)>,
    /// By what the command hands over where it is listened, if it has a network of its own; on macOS what it must not reach.
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "macos")),
        expect(dead_code, reason = "there is no such command")
    )]
    handed_by: confining::HandedBy,
    /// Where the certificates lie, as long as it runs.
    _folder: Folder,
}

/// Takes the keys aside that go by the proxy, and gives the command placeholders instead. Nothing happens where there is none.
///
/// # Errors
/// `Policy` where a key may go nowhere; `Usage` for rules that cannot be.
pub fn take_aside(
    chosen: &mut Chosen,
    by: By,
    reason: Option<&Reason>,
    config: &Config,
    terminal: &Terminal,
) -> Result<Option<Proxied>> {
    let (mut guarded, mut texts, mut standings) = (Vec::new(), Vec::new(), Vec::new());
    let mut bare = Bare::default();
    for given in chosen.keys_given() {
        let is_limited = is_for_proxy_alone(&given, &config.rotation);
        if !is_limited && by == By::Limits {
            continue;
        }
        // What is here of it is where it lies, and its secret comes when all is decided: nothing can stand in its place.
        if given.key.secret().is_none() {
            bare.in_source.extend(by.is_all().then(|| given.variable.clone()));
            continue;
        }
        let rules = rules(&given, config)?;
        if rules.is_empty() {
            // One that is for the proxy alone is refused with all else that its limits say, and noted.
            bare.no_rule.extend((!is_limited).then(|| given.variable.clone()));
            continue;
        }
        // What it is for is written down; that it holds the secret can be seen here for the last time.
        if reason.is_some_and(|reason| given.key.value.is_within(reason.as_str())) {
            return Err(policy::in_the_reason(given.name));
        }
        let one = Guarded::new(given.path.clone(), given.variable.clone(), rules)?;
        texts.push((given.store, given.name.clone(), Secret::new(one.placeholder.clone().into_bytes())));
        standings.push(standing(given.name, given.key, &config.rotation));
        guarded.push(one);
    }
    hold_bare(&bare, by, terminal)?;
    if guarded.is_empty() {
        // What is to be confined must not start unconfined.
        return match by {
            By::Proxy { sandbox: true, .. } => Err(Failure::new(
                Kind::Usage,
                "no key goes by the proxy, so there is nothing to confine the command to",
            )),
            _ => Ok(None),
        };
    }
    let stores = texts.iter().map(|(store, ..)| *store).collect();
    let secrets = chosen.stand_in(texts)?;
    Ok(Some(Proxied { guarded, secrets, standings, stores }))
}

fn is_for_proxy_alone(given: &Given, settings: &Settings) -> bool {
    let own = given.key.facts.limits.proxy_only;
    own || settings.limits_for(given.name, &given.key.facts).any(|(_, limits)| limits.proxy_only)
}

fn rules(given: &Given, config: &Config) -> Result<Vec<Rule>> {
    let kind = issuer::recognise(&given.key.value).map(|recognised| recognised.kind.id());
    let rules = rule::of_key(&given.path.to_string(), kind, &config.proxy).map(|rules| {
        let by_variable = preset::of_variable(given.variable.as_str()).filter(|_| rules.is_empty());
        by_variable.map_or(rules, |preset| vec![Rule::of_preset(preset)])
    });
    rules.map_err(|failure| Failure { message: format!("`{}`: {}", given.path, failure.message), ..failure })
}

/// What can be said of a key's end.
fn standing(name: &KeyName, key: &Key, settings: &Settings) -> Standing {
    use crate::proxy::refusal::Stop;
    let plan = settings.plan(name, &key.facts);
    let is_revoked = key.facts.revoked.is_some() && plan.revoked == Reaction::Stop;
    let ends = key.facts.expires.filter(|_| plan.expired == Reaction::Stop);
    Standing { stop: is_revoked.then_some(Stop::Revoked), ends }
}

/// The variables of keys that the proxy cannot keep.
#[derive(Default)]
struct Bare {
    no_rule: Vec<VariableName>,
    in_source: Vec<VariableName>,
}

impl Bare {
    /// Each sort that there is, with why.
    fn sorts(&self) -> Vec<(String, &'static str)> {
        let all = [(&self.no_rule, "no rule says where it goes"), (&self.in_source, "it lies in a source")];
        let some = all.into_iter().filter(|(names, _)| !names.is_empty());
        some.map(|(names, why)| (first_names(names, usize::MAX), why)).collect()
    }
}

/// Keys that the proxy cannot keep are given where that was said. What is for the proxy alone is refused by its limits too.
fn hold_bare(bare: &Bare, by: By, terminal: &Terminal) -> Result<()> {
    let sorts = bare.sorts();
    if sorts.is_empty() {
        return Ok(());
    }
    if matches!(by, By::Proxy { unprotected: true, .. }) {
        for (named, why) in sorts {
            terminal.warn(&format!("given as it is, as {why}: {named}"));
        }
        return Ok(());
    }
    let all: Vec<String> = sorts.iter().map(|(named, why)| format!("{named}: {why}")).collect();
    let mut failure = Failure::new(Kind::Policy, format!("the proxy cannot keep {}", all.join("; and ")));
    if !bare.no_rule.is_empty() {
        failure =
            failure.hint("say where it goes: `[[proxy.rules]]` in `config.toml`, see `keyctl proxy rules --help`");
    }
    Err(failure.hint("leave it out with `--only`, or give it as it is: `--unprotected`"))
}

impl Proxied {
    /// Starts the proxy.
    ///
    /// # Errors
    /// As [`Running::start`] and the folder for the certificates have them.
    pub fn start(self, chosen: &Chosen, by: By, config: &Config, terminal: &Terminal) -> Result<Gateway> {
        let Self { guarded, secrets, standings, stores } = self;
        let lists: Vec<_> =
            chosen.stores().map(|used| Arc::new(freezing::of(&used.home, &used.kept, &used.payload))).collect();
        let frozen = stores.iter().map(|store| Arc::clone(&lists[*store])).collect();
        let run = register::name()?;
        let beside: Vec<gate::Beside> = chosen.stores().map(|used| beside_store(used, &run, config)).collect();
        let variables = guarded.iter().map(|key| key.variable.clone());
        let secrets = Secrets::of(variables.zip(secrets.into_iter().map(Some)).collect());
        let gate = Gate::new(guarded, secrets, frozen, !config.proxy.permissive)?;
        let gate = gate.with(stores.iter().map(|store| beside[*store].clone()).collect());
        for (used, beside) in chosen.stores().zip(&beside) {
            left::write_down(&used.home, &used.kept, &used.payload, terminal);
            requests::remember(&gate, used, &beside.budget)?;
        }
        gate.stand(|all| all.clone_from(&standings));
        let (listening, handed_by) = confining::listening(by, terminal)?;
        let running = Running::start(gate, listening)?;
        let folder = Folder::make()?;
        let variables = variables_for(&running, &folder)?;
        Ok(Gateway { running, run, lists, stores, variables, handed_by, _folder: folder })
    }
}

/// What lies beside a store for the proxy of a run.
fn beside_store(used: &Used, run: &str, config: &Config) -> gate::Beside {
    let key = |purpose| freezing::key_for(&used.kept.identity, used.payload.id, purpose);
    let folder = used.home.file(register::FOLDER);
    gate::Beside {
        budget: Arc::new(Budget::of(used.home.data().to_owned(), key(budget::PURPOSE))),
        journal: Arc::new(Journal::of(&folder, run, key(journal::PURPOSE))),
        required: config.history.required,
    }
}

/// What the command gets to find the proxy by, and to trust it.
fn variables_for(running: &Running, folder: &Folder) -> Result<Vec<(VariableName, Secret)>> {
    let own = running.authority();
    let alone = folder.put("authority.pem", own.as_bytes())?;
    let all = folder.put("certificates.pem", certificates::with_systems(own).as_bytes())?;
    let proxy = running.address();
    let fixed = [
        ("HTTPS_PROXY", proxy.as_str()),
        ("https_proxy", &proxy),
        ("HTTP_PROXY", &proxy),
        ("http_proxy", &proxy),
        ("ALL_PROXY", &proxy),
        ("all_proxy", &proxy),
        ("NO_PROXY", NOT_BY_PROXY),
        ("no_proxy", NOT_BY_PROXY),
        ("SSL_CERT_FILE", &all),
        ("CURL_CA_BUNDLE", &all),
        ("REQUESTS_CA_BUNDLE", &all),
        ("GIT_SSL_CAINFO", &all),
        ("CARGO_HTTP_CAINFO", &all),
        ("AWS_CA_BUNDLE", &all),
        ("PIP_CERT", &all),
        ("NIX_SSL_CERT_FILE", &all),
        ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", &all),
        ("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", &all),
        ("HTTPLIB2_CA_CERTS", &all),
        // What its settings say of this comes before Node's own variable.
        ("npm_config_cafile", &all),
        ("DENO_CERT", &alone),
        ("NODE_EXTRA_CA_CERTS", &alone),
        // Node heeds the above from version 24 on, if it is told to.
        ("NODE_USE_ENV_PROXY", "1"),
    ];
    let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let led = running.base_urls().into_iter().map(|(name, value)| (name.to_string(), value));
    let named = |(name, value): (String, String)| {
        name.parse().ok().map(|name: VariableName| (name, Secret::new(value.into_bytes())))
    };
    Ok(fixed.chain(led).filter_map(named).collect())
}

/// What a confined command is kept from.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn closed_places(home: &crate::home::Home) -> Vec<std::path::PathBuf> {
    let config = home.config_file();
    let mut places = vec![home.data().to_owned()];
    places.extend(config.parent().filter(|folder| *folder != home.data()).map(std::path::Path::to_owned));
    // It may be a link: then where it leads to.
    places.push(config);
    places
}

/// What runs on this machine is reached as ever.
const NOT_BY_PROXY: &str = "localhost,127.0.0.1,::1";

/// The failure for a command that is to be started anew, which needs no new start for its keys.
#[must_use]
pub fn no_need_to_watch() -> Failure {
    Failure::new(
        Kind::Usage,
        "`--watch` cannot stand beside the proxy, which uses a replaced key from the next request on",
    )
    .hint("leave out `--watch`")
}

/// The caller's variables without those that would lead past the proxy.
#[must_use]
pub fn leave_out(way: &[(VariableName, Secret)], caller: Vec<Variable>) -> Vec<Variable> {
    let is_ours = |name: &OsStr| way.iter().any(|(own, _)| platform::same_variable(name, OsStr::new(own.as_str())));
    caller.into_iter().filter(|(name, _)| !is_ours(name)).collect()
}

/// What the command finds the proxy by, to be given beside its keys.
#[must_use]
pub fn variables(gateway: Option<&Gateway>) -> Vec<(VariableName, Secret)> {
    let all = gateway.map(|gateway| gateway.variables.iter()).into_iter().flatten();
    all.map(|(name, value)| (name.clone(), value.copy())).collect()
}

/// The event of a run by the proxy; and which way each key goes is said.
#[must_use]
pub fn sign(gateway: Option<&Gateway>, event: Event, terminal: &Terminal) -> Event {
    let Some(gateway) = gateway else { return event };
    gateway.say(terminal);
    let note = event.note.as_ref().map_or_else(|| BY_PROXY.to_owned(), |note| format!("{note}; {BY_PROXY}"));
    event.note(note)
}

/// What the history has of such a run.
const BY_PROXY: &str = "by the proxy";

impl Gateway {
    /// Says which way each key goes.
    fn say(&self, terminal: &Terminal) {
        for key in &self.running.gate.guarded {
            let hosts = key.rules.iter().flat_map(|rule| &rule.domains).map(ToString::to_string);
            let mut ways: Vec<&str> = key.rules.iter().map(Rule::way).collect();
            ways.dedup();
            terminal.say(&format!(
                "`{}` is kept back and goes to {} alone ({})",
                key.variable,
                first_names(hosts, 3),
                ways.join(" and ")
            ));
        }
    }
}
