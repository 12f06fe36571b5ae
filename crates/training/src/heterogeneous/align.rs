//! Which patients all participants have, by Diffie–Hellman over Ristretto.

use std::collections::{BTreeMap, BTreeSet};

use blake2::{Blake2b512, Digest};
use curve25519_dalek::{
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
    traits::IsIdentity,
};
use rayon::prelude::*;
use zeroize::{Zeroize, Zeroizing};

use crate::{Seed, SessionId};

/// A point, as it is sent.
pub type Point = [u8; 32];

/// One participant's secret exponent.
pub struct Blinding(Zeroizing<Scalar>);

/// The point of a patient. Nobody knows a relation between the points of two.
fn of_patient(session: &SessionId, name: &[u8]) -> RistrettoPoint {
    let mut hash = Blake2b512::new();
    hash.update(b"salus/training/patient/1");
    hash.update(session);
    hash.update(name);
    RistrettoPoint::from_uniform_bytes(&hash.finalize().into())
}

impl Blinding {
    /// Derived from the participant's seed.
    pub fn new(seed: &Seed) -> Self {
        let mut wide = Zeroizing::new([0; 64]);
        for (number, half) in wide.chunks_mut(32).enumerate() {
            half.copy_from_slice(seed.derive("align", &[&[number as u8]]).expose());
        }
        let mut scalar = Scalar::from_bytes_mod_order_wide(&wide);
        if scalar == Scalar::ZERO {
            scalar = Scalar::ONE;
        }
        let blinding = Blinding(Zeroizing::new(scalar));
        scalar.zeroize();
        blinding
    }

    /// The participant's own patients, blinded and in an order that says nothing.
    pub fn own(&self, session: &SessionId, names: &[Vec<u8>]) -> Vec<Point> {
        let points = names
            .par_iter()
            .map(|name| (of_patient(session, name) * *self.0).compress().to_bytes());
        sorted(points.collect())
    }

    /// Blinds the points of others. None if one is no point, or a list is not sorted.
    pub fn raise(&self, points: &[Point]) -> Option<Vec<Point>> {
        Self::each(points, &self.0)
    }

    /// Takes this participant's blinding off.
    pub fn strip(&self, points: &[Point]) -> Option<Vec<Point>> {
        Self::each(points, &Zeroizing::new(self.0.invert()))
    }

    fn each(points: &[Point], scalar: &Scalar) -> Option<Vec<Point>> {
        let points = read(points)?.into_par_iter();
        let raised = points.map(|point| (point * scalar).compress().to_bytes());
        Some(sorted(raised.collect()))
    }
}

/// The points of a list. None if one is no point, is the neutral one, or the list does not ascend:
/// none comes twice, and the order is not that of the patients.
fn read(points: &[Point]) -> Option<Vec<RistrettoPoint>> {
    if !points.is_sorted_by(|a, b| a < b) {
        return None;
    }
    let points = points.par_iter().map(|point| {
        let point = CompressedRistretto(*point).decompress()?;
        (!point.is_identity()).then_some(point)
    });
    points.collect()
}

/// Whether a list is one that can be compared.
pub fn are_points(points: &[Point]) -> bool {
    read(points).is_some()
}

fn sorted(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_unstable();
    points
}

/// What is in all lists, sorted.
pub fn common<'l>(mut lists: impl Iterator<Item = &'l Vec<Point>>) -> Vec<Point> {
    let first: BTreeSet<Point> = lists.next().into_iter().flatten().copied().collect();
    let common = lists.fold(first, |common, list| {
        let list: BTreeSet<Point> = list.iter().copied().collect();
        common.intersection(&list).copied().collect()
    });
    common.into_iter().collect()
}

/// The points of patients, unblinded and sorted.
pub fn unblinded(session: &SessionId, names: &[Vec<u8>]) -> Vec<Point> {
    let points = names
        .par_iter()
        .map(|name| of_patient(session, name).compress().to_bytes());
    sorted(points.collect())
}

/// Positions of the common patients in `names`, in an order that depends on the session and the
/// patients only. None if one of the points is none of this participant's patients.
pub fn positions(session: &SessionId, names: &[Vec<u8>], common: &[Point]) -> Option<Vec<u32>> {
    if !common.is_sorted_by(|a, b| a < b) {
        return None;
    }
    let own = names
        .par_iter()
        .enumerate()
        .map(|(position, name)| {
            let point = of_patient(session, name).compress().to_bytes();
            (point, position as u32)
        })
        .collect::<Vec<_>>();
    let own: BTreeMap<Point, u32> = own.into_iter().collect();
    common.iter().map(|point| own.get(point).copied()).collect()
}
