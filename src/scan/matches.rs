//! Which of several matches in one place is told: a secret that is all there, rather than a part of the same one in another
//! form.

/// A place where a form of a secret stands, or a part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match {
    /// From where to where in the bytes.
    pub start: usize,
    pub end: usize,
    /// Where in the form it begins.
    pub first: usize,
    /// The form, by its number.
    pub pattern: u32,
    /// The secret, by its number.
    pub secret: usize,
    /// How many of the secret's bytes it has.
    pub bytes: usize,
    /// Whether these are all.
    pub whole: bool,
}

impl Match {
    /// Whether the form lies here as this match has it: its byte `middle` at the place `at`.
    pub fn is_at(&self, at: usize, middle: usize) -> bool {
        self.start + middle == self.first + at
    }
}

/// Of the matches of each secret that overlap the best.
pub(super) fn best(mut matches: Vec<Match>) -> Vec<Match> {
    matches.sort_by_key(|one| (one.secret, one.start, std::cmp::Reverse(one.end)));
    let mut best: Vec<Match> = Vec::with_capacity(matches.len());
    for one in matches {
        match best.last_mut().filter(|last| last.secret == one.secret && last.end > one.start) {
            Some(last) if (last.whole, last.bytes) < (one.whole, one.bytes) => *last = one,
            Some(_) => {}
            None => best.push(one),
        }
    }
    best
}

/// The bytes that some matches lie on: from where to where, in order and apart.
pub(super) struct Covered(Vec<(usize, usize)>);

/// What these lie on; they are in the order of their beginnings.
pub(super) fn covered(matches: &[Match]) -> Covered {
    let mut covered: Vec<(usize, usize)> = Vec::new();
    for one in matches {
        match covered.last_mut().filter(|(_, end)| *end >= one.start) {
            Some((_, end)) => *end = one.end.max(*end),
            None => covered.push((one.start, one.end)),
        }
    }
    Covered(covered)
}

impl Covered {
    /// Whether any of it lies between these places.
    pub fn touch(&self, from: usize, to: usize) -> bool {
        let next = self.0.partition_point(|(_, end)| *end <= from);
        self.0.get(next).is_some_and(|(start, _)| *start < to)
    }
}
