//! Which sums may be released.
//!
//! The difference of two releases is a sum over the rows that are in one of them and not in the
//! other. Of one row it would be that row. So the rows of a release must be those of an earlier
//! one, which says nothing new, or differ from those of each earlier one in at least K. The first
//! earlier one is that of no rows.

/// What follows from the numbers of rows that changed since each earlier release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The rows are those of this earlier release, and so are the sums.
    Same(usize),
    /// Enough changed since each.
    Release,
    /// Too few changed since one of them.
    Hold,
    /// More rows than there are: somebody counted wrong, or under another model than the others.
    Impossible,
}

/// Judges the counts, one for each earlier release, of at most `max_rows` rows.
pub fn verdict(changed: &[u64], min_changed: u64, max_rows: u64) -> Verdict {
    if changed.iter().any(|count| *count > max_rows) {
        return Verdict::Impossible;
    }
    if let Some(same) = changed.iter().position(|count| *count == 0) {
        return Verdict::Same(same);
    }
    match changed.iter().all(|count| *count >= min_changed) {
        true => Verdict::Release,
        false => Verdict::Hold,
    }
}

/// Rows of one provider that differ.
pub fn difference(a: &[bool], b: &[bool]) -> u64 {
    a.iter().zip(b).filter(|(a, b)| a != b).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_held_whichever_release_they_differ_from() {
        assert_eq!(verdict(&[10], 10, 300), Verdict::Release);
        assert_eq!(verdict(&[9], 10, 300), Verdict::Hold);
        assert_eq!(verdict(&[300, 9, 40], 10, 300), Verdict::Hold);
        assert_eq!(verdict(&[300, 10, 40], 10, 300), Verdict::Release);
        assert_eq!(verdict(&[300, 1, 0], 10, 300), Verdict::Same(2));
        assert_eq!(verdict(&[1, 1], 1, 300), Verdict::Release);
        // Nothing is released, and nothing used again, of totals that cannot be.
        assert_eq!(verdict(&[301, 40], 10, 300), Verdict::Impossible);
        assert_eq!(verdict(&[u64::MAX, 0], 10, 300), Verdict::Impossible);
        assert_eq!(difference(&[true, false, true], &[false, false, true]), 1);
    }
}
