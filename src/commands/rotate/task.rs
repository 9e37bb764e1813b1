//! One of the things that `keyctl rotate --due` does, and what became of it.

use std::io::IsTerminal;

use serde_json::{Value, json};

use crate::{
    date::Moment,
    failure::{Kind, Result},
    name::KeyName,
    rotation::{AwsIam, Plan},
};

use super::{
    Meant, Opened, Scene,
    asking::{self, Seen, Word},
    aws, by_hand, hold_to_reason,
    keeping::Done,
    means::Means,
    old_key::{self, Old},
    page, program, show,
    touched::Touched,
};

/// One thing to do.
pub(super) struct Task<'s> {
    /// In the store that it is to be done in.
    pub(super) scene: &'s Scene<'s>,
    /// What messages call it: a key, or a pair by its id.
    pub(super) name: KeyName,
    /// What is to be done.
    pub(super) what: What,
    /// What is replaced, as it was when it was asked about.
    pub(super) meant: Vec<Meant>,
}

/// What is to be done.
pub(super) enum What {
    /// A key is due, in these words.
    Replace(&'static str, Means),
    /// A rotation at AWS was broken off.
    GoOn(AwsIam),
    /// An overlap at AWS is over.
    DeleteOld(AwsIam),
}

/// What became of one.
pub(super) enum Outcome {
    /// It is replaced.
    Done(Box<Done>),
    /// The old keys of these ids are gone at AWS.
    Deleted(Vec<String>),
    /// Nobody was there to replace it, or whoever was did not want to.
    Left,
    /// Another keyctl has done it meanwhile.
    Nothing,
}

impl Task<'_> {
    pub(super) fn why(&self) -> &'static str {
        match &self.what {
            What::Replace(why, _) => why,
            What::GoOn(_) => "broken off",
            What::DeleteOld(_) => "overlap over",
        }
    }

    pub(super) fn by(&self) -> String {
        match &self.what {
            What::Replace(_, Means::Program(command)) => command[0].clone(),
            What::Replace(_, means) if !means.is_rotator() => "hand".into(),
            _ => "AWS".into(),
        }
    }

    pub(super) fn goes_by_itself(&self) -> bool {
        !matches!(&self.what, What::Replace(_, means) if !means.is_rotator())
    }

    /// Whether the key is still to be replaced; of a pair, whether one half is by its own plan and its own end.
    fn is_due(&self, scene: &Scene, means: &Means, opened: &Opened) -> Result<bool> {
        match means {
            Means::Aws(pair) => Ok(scene.is_due(&pair.id, opened)? || scene.is_due(&pair.secret, opened)?),
            _ => scene.is_due(&self.name, opened),
        }
    }

    /// Whether the keys are there that were asked about, with whatever secrets.
    fn is_of_the_same(&self, opened: &Opened) -> bool {
        self.meant.iter().all(|meant| {
            let key = opened.payload.keys.get(&meant.name);
            key.is_some_and(|key| meant.is(key) || meant.was_replaced(key))
        })
    }

    /// Whether another one has done the same meanwhile: nothing of it is due, and what is there is what was asked about.
    fn is_done(&self, scene: &Scene, means: &Means, opened: &Opened) -> Result<bool> {
        Ok(self.is_of_the_same(opened) && !self.is_due(scene, means, opened)?)
    }

    /// Goes on at AWS, unless another one has done that meanwhile.
    fn go_on(&self, scene: &Scene, pair: &AwsIam) -> Result<Option<Done>> {
        let (_turn, opened) = match scene.turn_for(&self.meant) {
            Err(failure) if failure.kind == Kind::Negative => {
                let opened = scene.open()?;
                let is_done = self.is_of_the_same(&opened) && !aws::is_broken_off(scene, pair, &opened);
                return if is_done { Ok(None) } else { Err(failure) };
            }
            held => held?,
        };
        aws::resume(scene, pair, &scene.plan_of_pair(&opened.payload, pair)?, &opened)
    }

    /// Deletes the old key at AWS, unless another one has seen to it meanwhile.
    fn delete_old(&self, scene: &Scene, pair: &AwsIam) -> Result<Option<Vec<String>>> {
        let (_turn, opened) = (scene.turn()?, scene.open()?);
        if !old_key::is_there(pair, &opened.payload, Moment::now()) {
            return Ok(None);
        }
        self.meant.iter().try_for_each(|meant| meant.hold(&opened.payload))?;
        old_key::finish(scene, pair, &Old::OverlapOver, &opened).map(Some)
    }

    /// What a person says of doubtful words, which no check can judge: a yes to all that is due is none to these. Nothing where
    /// none of them is wanted, and no other call of the rotator.
    fn word(&self, scene: &Scene, means: &Means, plan: &Plan, opened: &Opened, can_ask: bool) -> Result<Option<Word>> {
        let has_check = plan.check.is_some() && !scene.arguments.no_check;
        let seen = Seen::of(scene, &self.name, opened)?;
        if !can_ask || scene.arguments.yes || has_check || !seen.is_to_be_judged() {
            return Ok(Some(Word::default()));
        }
        let word = asking::judge(scene, &self.name, &seen, true)?;
        let is_to_go_on = word.is_yes() || scene.terminal.confirm(&means.question(&self.name))?;
        Ok(is_to_go_on.then_some(word))
    }

    pub(super) fn work(&self) -> Result<Outcome> {
        let scene = self.scene;
        let done = |done: Done| Outcome::Done(Box::new(done));
        match &self.what {
            What::GoOn(pair) => Ok(self.go_on(scene, pair)?.map_or(Outcome::Nothing, done)),
            What::DeleteOld(pair) => Ok(self.delete_old(scene, pair)?.map_or(Outcome::Nothing, Outcome::Deleted)),
            What::Replace(_, means) => {
                let opened = scene.open()?;
                if self.is_done(scene, means, &opened)? {
                    return Ok(Outcome::Nothing);
                }
                // What the user has said yes to, and not what has its name by now.
                self.meant.iter().try_for_each(|meant| meant.hold(&opened.payload))?;
                // Whoever gave it `/dev/null` for a terminal wants to be asked nothing.
                let can_ask = std::io::stdin().is_terminal() && scene.terminal.can_ask();
                if !means.is_rotator() && !can_ask {
                    return Ok(Outcome::Left);
                }
                if opened.payload.key(&self.name)?.remote().is_some() {
                    scene.terminal.hint(&format!(
                        "the secret of `{}` lies in a source; to write a new one there: `keyctl rotate {}`",
                        self.name, self.name
                    ));
                    return Ok(Outcome::Left);
                }
                let plan = scene.plan(&opened.payload, &self.name)?;
                hold_to_reason(scene, &self.name, &plan, &opened)?;
                let touched =
                    Touched::by(means.subject(&self.name), &scene.home, &opened.kept, &opened.payload, &scene.config);
                let replaced = match means {
                    Means::Program(command) => {
                        let Some(word) = self.word(scene, means, &plan, &opened, can_ask)? else {
                            return Ok(Outcome::Left);
                        };
                        let (_turn, opened) = match scene.turn_for(&self.meant) {
                            // While this one waited for its turn. What fails after that has failed, whatever the key is by then.
                            Err(failure)
                                if failure.kind == Kind::Negative && self.is_done(scene, means, &scene.open()?)? =>
                            {
                                return Ok(Outcome::Nothing);
                            }
                            held => held?,
                        };
                        program::replace_now(scene, &self.name, &plan, Some(command), &opened, &word)?
                    }
                    Means::Aws(pair) => {
                        aws::replace(scene, pair, &scene.plan_of_pair(&opened.payload, pair)?, &opened)?
                    }
                    _ => {
                        show(scene, &self.name, &touched);
                        let key = opened.payload.key(&self.name)?;
                        page::show(scene, &self.name, key, &Means::Typed)?;
                        let word = asking::judge(scene, &self.name, &Seen::of(scene, &self.name, &opened)?, false)?;
                        if word.is_yes() {
                            program::replace(scene, &self.name, &plan, None, &opened, &word)?
                        } else {
                            match by_hand::ask(scene, &self.name)? {
                                Some(new) => by_hand::take_over(scene, &self.name, &plan, &Means::Typed, new, &opened)?,
                                None => return Ok(Outcome::Left),
                            }
                        }
                    }
                };
                Ok(done(replaced.with(touched)))
            }
        }
    }
}

impl Outcome {
    pub(super) fn json(&self, name: &KeyName) -> Value {
        match self {
            Self::Done(done) => done.json(),
            Self::Deleted(ids) => json!({ "names": [name.to_string()], "done": "finished", "deleted": ids }),
            Self::Left => json!({ "names": [name.to_string()], "done": "left" }),
            Self::Nothing => json!({ "names": [name.to_string()], "done": "nothing" }),
        }
    }
}
