//! AWS Secrets Manager and the Parameter Store of AWS Systems Manager, spoken to as their API References have it.
//!
//! `account` says whose credentials would count now, `calling` signs and sends, `credentials` are where the source's table says that they are: `profile` reads the user's AWS files,
//! `machine` asks what a machine or a container is given, `sso` uses a login of `aws sso login`, `sts` assumes roles.
//! `rights` says what the credentials may do. No variable of AWS's is read unless the table says so: a repository may set them.

mod account;
mod calling;
mod credentials;
mod machine;
mod parameters;
mod profile;
mod refusal;
mod rights;
mod secrets;
mod sso;
mod sts;

pub(super) use account::add_account;
pub(super) use parameters::Parameters;
pub(super) use secrets::Secrets;
