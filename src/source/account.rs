//! Whose credential a source would be asked with now, and where, as far as that is known without asking anybody. It is for what was
//! kept of a source: variables and files may say something else than when it was fetched, and then it is another's.

use super::{Means, aws, vault};
use crate::{
    config::sources::{self as config, Setting},
    seal::SealKey,
    secret::Secret,
};

/// What makes up an account: marks of its parts, so that no copy of a credential stays in a text that grows.
pub(super) struct Account<'k> {
    key: &'k SealKey,
    marks: Vec<u8>,
}

impl Account<'_> {
    /// A part that is no secret.
    pub(super) fn add(&mut self, part: &[u8]) {
        self.marks.extend_from_slice(&self.key.mark(part));
    }

    /// A part that may be missing; that it is counts too.
    pub(super) fn add_if(&mut self, part: Option<&str>) {
        self.marks.push(u8::from(part.is_some()));
        self.add(part.unwrap_or_default().as_bytes());
    }

    /// A part that is one.
    pub(super) fn add_secret(&mut self, part: &Secret) {
        self.add(part.expose());
    }
}

/// What stands for the account; nothing where it is not known, or not to be had. What a key of the store holds is not in it.
#[must_use]
pub fn of(source: &config::Source, means: &Means, key: &SealKey) -> Option<Vec<u8>> {
    let mut account = Account { key, marks: Vec::new() };
    match &source.setting {
        Setting::Vault(setting) => vault::add_account(source, setting, means, &mut account).ok()?,
        Setting::AwsSecretsManager(setting) | Setting::AwsSsm(setting) => {
            aws::add_account(&source.name, setting, &mut account)?;
        }
        // The table and its keys say it all, and machines' own accounts keep nothing; whoever a program asks is its own affair.
        Setting::AzureKeyVault(_) | Setting::GcpSecretManager(_) | Setting::Connect(_) | Setting::Command(_) => {}
    }
    Some(account.marks)
}
