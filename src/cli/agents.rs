//! `keyctl agent`: hooks of coding agents.

use clap::{Args, Subcommand, builder::TypedValueParser};

use super::Report;
use crate::agents;

/// `keyctl agent`
#[derive(Args)]
pub struct Agent {
    /// What to do
    #[command(subcommand)]
    pub verb: AgentVerb,
}

/// What `keyctl agent` does.
#[derive(Subcommand)]
pub enum AgentVerb {
    /// Have an agent put `keyctl run --mask --` before commands that are listed
    Install(Which),
    /// Take that out of the agent's settings again
    Uninstall(Which),
    /// List the agents, and which of them asks keyctl
    #[command(visible_alias = "ls")]
    List(Report),
    /// Answer an agent that is about to run a command (called by the agent)
    #[command(hide = true)]
    Hook(Which),
}

/// Which agent.
#[derive(Args)]
pub struct Which {
    /// The agent
    #[arg(value_name = "AGENT", value_parser = agent_parser())]
    pub agent: agents::Agent,
}

fn agent_parser() -> impl TypedValueParser<Value = agents::Agent> {
    clap::builder::PossibleValuesParser::new(agents::Agent::ALL.map(agents::Agent::word))
        .map(|word| agents::Agent::ALL.into_iter().find(|agent| agent.word() == word).expect("one of the words"))
}
