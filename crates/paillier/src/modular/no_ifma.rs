//! What a processor of another architecture has of [`super::Kernel::Ifma`]: nothing.

/// No value of this type exists.
#[derive(Clone)]
pub(super) enum Field {}

/// One vector.
#[derive(Clone, Copy, Default)]
pub(super) struct Lane(pub [u64; 8]);
/// Eight numbers side by side.
pub(super) type Lanes = Vec<Lane>;

impl zeroize::DefaultIsZeroes for Lane {}

impl Field {
    pub(super) fn new(_: &[u64], _: u32, _: impl FnOnce(u32) -> Vec<u64>) -> Option<Self> {
        None
    }
    pub(super) fn limbs(&self) -> usize {
        match *self {}
    }
    pub(super) fn residue(&self, _: &[u64]) -> Vec<u64> {
        match *self {}
    }
    pub(super) fn multiply(&self, _: &mut [u64], _: &[u64], _: &[u64]) {
        match *self {}
    }
    pub(super) fn multiply_plain(&self, _: &[u64], _: &[u64], _: &mut [u64]) {
        match *self {}
    }
    pub(super) fn multiply_lanes(&self, _: &mut Lanes, _: &Lanes, _: &Lanes, _: &mut Lanes) {
        match *self {}
    }
    pub(super) fn select(&self, _: &mut [u64], _: &[Lane], _: usize) {
        match *self {}
    }
    pub(super) fn select_lanes(&self, _: &mut Lanes, _: &[Lane], _: &[usize; 8]) {
        match *self {}
    }
    pub(super) fn table(&self, _: &[Vec<u64>]) -> Vec<Lane> {
        match *self {}
    }
}
