//! Whose credentials a source of AWS would use now, without asking anybody.

use zeroize::Zeroizing;

use super::profile::{LARGEST, Profiles};
use crate::{
    config::sources::aws::{Aws, Way},
    date::Moment,
    home,
    name::SourceName,
    secret::Secret,
    source::account::Account,
};

/// Adds what stands in the places that the table names; nothing is said where only a machine could tell.
pub(in crate::source) fn add_account(name: &SourceName, setting: &Aws, account: &mut Account) -> Option<()> {
    for way in &setting.ways {
        match way {
            Way::Keys { .. } => {}
            // All of both files, since one profile may lead to another or to a program; and what lies elsewhere.
            Way::Profile(profile) => {
                let folder = dirs::home_dir()?.join(".aws");
                for file in ["credentials", "config"] {
                    let read = home::read(&folder.join(file), LARGEST).ok()?;
                    let bytes = read.map(|(bytes, _)| Zeroizing::new(bytes));
                    account.add(&[u8::from(bytes.is_some())]);
                    account.add(&bytes.unwrap_or_default());
                }
                let home = dirs::home_dir()?;
                let profiles = Profiles::read(name, &home).ok()?;
                for secret in profiles.kept_elsewhere(profile, &home, Moment::now())? {
                    account.add_secret(&secret);
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
