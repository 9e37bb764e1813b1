//! Whose credentials a source of AWS would use now, without asking anybody.

use zeroize::Zeroizing;

use super::profile::LARGEST;
use crate::{
    config::sources::aws::{Aws, Way},
    home,
    secret::Secret,
    source::account::Account,
};

/// Adds what stands in the places that the table names; nothing is said where only a machine could tell.
pub(in crate::source) fn add_account(setting: &Aws, account: &mut Account) -> Option<()> {
    for way in &setting.ways {
        match way {
            Way::Keys { .. } => {}
            // All of both files: one profile may lead to another, or to a program.
            Way::Profile(_) => {
                let folder = dirs::home_dir()?.join(".aws");
                for file in ["credentials", "config"] {
                    let read = home::read(&folder.join(file), LARGEST).ok()?;
                    let bytes = read.map(|(bytes, _)| Zeroizing::new(bytes));
                    account.add(&[u8::from(bytes.is_some())]);
                    account.add(&bytes.unwrap_or_default());
                }
            }
            Way::Environment => {
                for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
                    account.add_secret(&Secret::new(std::env::var(name).unwrap_or_default().into_bytes()));
                }
            }
            Way::Container | Way::Instance => return None,
        }
    }
    Some(())
}
