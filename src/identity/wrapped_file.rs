//! The keeper that has the identity in a file of its own, wrapped, and the anchor in `anchor.txt` beside it; both 0600 in
//! the store's folder.

use std::path::PathBuf;

use super::{
    anchor::Id,
    asking::{self, Nobody, Person},
    file::{IdentityFile, private},
    keeper::{Held, Item, Keeper},
    record::FileName,
    unlocked,
    wrapping::{Form, Hash, Wrapper, unwrap, wrap},
};
use crate::{
    failure::{Failure, Result},
    home::{self, Home},
    secret::Secret,
};

/// The file of an identity, and what opens it.
pub struct WrappedFile {
    store: Id,
    path: PathBuf,
    place: String,
    wrapper: Box<dyn Wrapper>,
    person: &'static dyn Person,
    beside: IdentityFile,
}

impl WrappedFile {
    /// This file of a store.
    #[must_use]
    pub fn new(home: &Home, store: Id, file: FileName, wrapper: Box<dyn Wrapper>) -> Self {
        let path = home.file(&file.to_string());
        let place = format!("`{}`", path.display());
        Self { store, path, place, wrapper, person: asking::person(), beside: IdentityFile::in_home(home) }
    }

    fn wrapped(&self) -> Result<Option<Secret>> {
        private(&self.path)
    }

    /// The identity: as this process or another has opened it already, else by the person.
    fn identity(&self, person: &dyn Person) -> Result<Option<Secret>> {
        let Some(wrapped) = self.wrapped()? else { return Ok(None) };
        let hash = Hash::of(wrapped.expose());
        if let Some(line) = unlocked::find(self.store, hash) {
            return Ok(Some(line));
        }
        let line = unwrap(self.wrapper.as_ref(), person, wrapped.expose(), &self.place)?;
        unlocked::hold(hash, &line);
        Ok(Some(line))
    }
}

impl Keeper for WrappedFile {
    fn read(&self) -> Result<Held> {
        Ok(Held { anchor: self.beside.line(Item::Anchor)?, identity: self.identity(self.person)? })
    }

    fn read_quietly(&self) -> Result<Held> {
        Ok(Held { anchor: self.beside.line(Item::Anchor)?, identity: self.identity(&Nobody)? })
    }

    fn peek(&self) -> Result<Held> {
        Ok(Held { anchor: self.beside.line(Item::Anchor)?, identity: self.identity(&Nobody).unwrap_or_default() })
    }

    fn write(&self, item: Item, line: &Secret) -> Result<()> {
        if item == Item::Anchor {
            return self.beside.write(item, line);
        }
        if !self.wrapper.is_ready()
            && let Some(present) = self.wrapped()?
        {
            // It was open without anybody's being asked; who writes it anew has to be who can open it.
            unlocked::pass_over();
            unwrap(self.wrapper.as_ref(), self.person, present.expose(), &self.place)?;
        }
        let wrapped = wrap(self.wrapper.as_ref(), line, Form::File)?;
        self.wrapper.prepare()?;
        home::replace(&self.path, &wrapped)?;
        // What was open for a while is void now, and may be of a former identity.
        let _ = unlocked::close(self.store);
        Ok(())
    }

    fn remove(&self, item: Item) -> Result<()> {
        if item == Item::Anchor {
            return self.beside.remove(item);
        }
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::disk("remove", &self.path, &error))
            }
            _ => {
                let _ = unlocked::close(self.store);
                self.wrapper.forget()
            }
        }
    }

    fn mark(&self) -> Result<Option<Hash>> {
        Ok(self.wrapped()?.map(|wrapped| Hash::of(wrapped.expose())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        failure::Kind,
        identity::{
            Identity,
            asking::scripted::Scripted,
            keeper::write_and_read_back,
            passphrase::{self, Passphrase},
        },
    };

    #[test]
    fn an_identity_is_asked_for_once_and_void_when_it_is_wrapped_anew() {
        let folder = tempfile::tempdir().expect("folder");
        let home = Home::at(folder.path());
        let (store, file) = (Id([0x51; 16]), FileName::parse("identity-1a2b3c4d.age").expect("a name"));
        let keeper = |person: &'static dyn Person| {
            let wrapper = Passphrase::of(store, &file.to_string(), "passphrase? ".into());
            WrappedFile { person, ..WrappedFile::new(&home, store, file, Box::new(wrapper)) }
        };
        let (one, other) = (Identity::generate(), Identity::generate());
        // Somebody else's file, of little work: this process was given no passphrase.
        let mut recipient = age::scrypt::Recipient::new("right one".into());
        recipient.set_work_factor(2);
        let bytes = age::encrypt(&recipient, one.line().expose()).expect("wrapped");
        home::replace(&home.file("identity-1a2b3c4d.age"), &bytes).expect("written");
        let nobody = keeper(&Nobody);
        assert_eq!(nobody.read().err().expect("closed").kind, Kind::Keychain);
        assert!(nobody.peek().expect("the anchor can be had").identity.is_none());
        let person = Scripted::who_says(&["right one"]);
        assert!(keeper(person).read().expect("opens").identity.is_some_and(|line| line.same_as(one.line())));
        assert_eq!(person.heard(), ["passphrase? "]);
        for again in [nobody.read(), nobody.read_quietly(), nobody.peek()] {
            assert!(again.expect("open").identity.is_some_and(|line| line.same_as(one.line())));
        }
        // What is written anew is opened by the same passphrase, and was opened before it is said to be there.
        let before = nobody.mark().expect("there");
        write_and_read_back(&nobody, Item::Identity, &one.line_with(&other)).expect("written");
        assert!(nobody.mark().expect("there") != before && person.heard().is_empty());
        let text = std::fs::read_to_string(home.file("identity-1a2b3c4d.age")).expect("read");
        // age ends lines as the system does.
        assert_eq!(text.lines().next(), Some("-----BEGIN AGE ENCRYPTED FILE-----"));
        passphrase::hold(store, &file.to_string(), &Secret::new(b"another".to_vec()));
        assert!(nobody.read().is_ok(), "as long as the file is the one that was opened");
        nobody.remove(Item::Identity).and_then(|()| nobody.remove(Item::Identity)).expect("twice is no failure");
        assert!(nobody.read().expect("reads").identity.is_none());
    }
}
