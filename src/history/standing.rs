//! How a history stands: the last entry, the alerts that nobody has looked at, and what is missing from it.

use std::{collections::BTreeSet, sync::LazyLock};

use memchr::memmem;

use super::{
    Action, Event, Log,
    losses::{Loss, Losses},
};
use crate::failure::{Failure, Result};

/// What a look over all entries comes to.
#[derive(Default)]
pub struct Standing {
    /// The last entry; none where there is none, or what comes after the last that could be read is not known.
    pub last: Option<Event>,
    /// The numbers of the alerts that were not put away.
    pub alerts: BTreeSet<u64>,
    /// What is missing, as notes say, and nobody has said yes to.
    pub losses: Vec<Loss>,
    /// What ended the reading early, if something did.
    pub flaw: Option<Failure>,
}

impl Log {
    /// Looks over all entries; the most of them are not read as JSON.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn standing(&self) -> Result<Standing> {
        static ALERTS: LazyLock<[memmem::Finder; 2]> =
            LazyLock::new(|| ["\"ev\":\"alert\"", "\"ev\":\"ack\""].map(memmem::Finder::new));
        let (mut standing, mut losses) = (Standing::default(), Losses::default());
        let mut reader = self.read()?;
        let mut last = 0;
        while let Some(number) = reader.advance() {
            match number {
                Ok(number) => last = number,
                Err(failure) => {
                    standing.flaw = Some(failure);
                    break;
                }
            }
            let json = reader.json();
            losses.see(last, json);
            if ALERTS.iter().all(|word| word.find(json).is_none()) {
                continue;
            }
            let event = Event::from_json(json);
            match event.action {
                Action::Alert => standing.alerts.extend([last]),
                Action::Acknowledge => standing.alerts.retain(|number| !event.of.contains(number)),
                _ => {}
            }
        }
        if standing.flaw.is_none() && last > 0 {
            standing.last = Some(reader.event());
        }
        standing.losses = losses.left();
        Ok(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{event, log_in},
        *,
    };
    use crate::date::Moment;

    #[test]
    fn alerts_count_until_they_are_put_away_and_the_last_entry_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let log = log_in(folder.path());
        let standing = log.standing().unwrap();
        assert!(standing.last.is_none() && standing.alerts.is_empty() && standing.flaw.is_none());
        let alert = |note: &str| Event::new(Action::Alert, Moment::from_seconds(1)).note(note);
        for event in [alert("one"), event(2), alert("three"), event(4)] {
            log.append(&event, false).unwrap();
        }
        let standing = log.standing().unwrap();
        assert_eq!((standing.alerts.into_iter().collect::<Vec<_>>(), standing.last), (vec![1, 3], Some(event(4))));
        log.append(&Event::new(Action::Acknowledge, Moment::from_seconds(5)).of(vec![1]), true).unwrap();
        log.append(&event(6).note("\"ev\":\"alert\""), true).unwrap();
        let standing = log.standing().unwrap();
        assert!(standing.alerts.into_iter().eq([3]) && standing.losses.is_empty());
        let path = folder.path().join("history.log");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 40]).unwrap();
        let standing = log.standing().unwrap();
        assert!(standing.flaw.is_some() && standing.last.is_none() && standing.alerts.len() == 1);
    }
}
