//! Secrets that lie on one another in a text: the longest is what stands there.

use std::{cmp::Reverse, collections::BTreeMap, ops::Range};

use crate::scan::finding::{Hit, What};

/// A place that a secret has for itself, with all that was found on it.
pub struct Spot {
    /// From where to where.
    pub range: Range<usize>,
    /// What lies on just that place.
    pub whole: Vec<Hit>,
    /// What is shorter and lies on some of it, perhaps beyond an end.
    pub parts: Vec<(Range<usize>, Hit)>,
}

/// The places of a text that have something on them, in order and apart. A part of a secret takes no other's place: it is one
/// only because they have some bytes in common.
pub fn spots(hits: Vec<Hit>) -> Vec<Spot> {
    let is_whole = |hit: &Hit| !matches!(hit.what, What::Key { partial: Some(_), .. });
    let mut hits: Vec<(Range<usize>, Hit)> =
        hits.into_iter().filter(is_whole).map(|hit| (range_of(&hit), hit)).collect();
    hits.sort_by_key(|(range, _)| (Reverse(range.len()), range.start));
    let mut spots: BTreeMap<usize, Spot> = BTreeMap::new();
    for (range, hit) in hits {
        let mut is_free = true;
        let before = spots.range_mut(..range.end).rev().map(|(_, spot)| spot);
        for spot in before.take_while(|spot| spot.range.end > range.start) {
            is_free = false;
            if spot.range == range {
                spot.whole.push(hit.clone());
            } else {
                spot.parts.push((range.clone(), hit.clone()));
            }
        }
        if is_free {
            spots.insert(range.start, Spot { range, whole: vec![hit], parts: Vec::new() });
        }
    }
    spots.into_values().collect()
}

fn range_of(hit: &Hit) -> Range<usize> {
    let from = usize::try_from(hit.at).unwrap_or(usize::MAX);
    from..from.saturating_add(hit.length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_has_the_place_and_all_that_touch_it_are_told_with_it() {
        let hit = |at: u64, length, id| Hit { at, length, line: 1, what: What::Shape { kind: "", id }, mark: None };
        let hits =
            vec![hit(0, 4, "a"), hit(0, 9, "b"), hit(2, 3, "c"), hit(0, 9, "d"), hit(8, 6, "e"), hit(14, 2, "f")];
        let id = |hit: &Hit| if let What::Shape { id, .. } = hit.what { id } else { "" };
        let told: Vec<_> = spots(hits)
            .iter()
            .map(|spot| {
                let parts: Vec<_> = spot.parts.iter().map(|(range, hit)| (range.clone(), id(hit))).collect();
                (spot.range.clone(), spot.whole.iter().map(id).collect::<Vec<_>>(), parts)
            })
            .collect();
        assert_eq!(
            told,
            [(0..9, vec!["b", "d"], vec![(8..14, "e"), (0..4, "a"), (2..5, "c")]), (14..16, vec!["f"], vec![])]
        );
    }
}
