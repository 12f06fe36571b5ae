//! Same patients, different attributes.

use crate::{cohorts::Outcome, homogeneous::Figure};

/// All figures of this chapter.
pub fn figures(_quick: bool) -> Outcome<Vec<Figure>> {
    Ok(Vec::new())
}
