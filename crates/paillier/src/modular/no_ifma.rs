//! What a processor of another architecture has of [`super::Kernel::Ifma`]: nothing.

/// No value of this type exists.
#[derive(Clone)]
pub(super) enum Field {}

/// One vector.
#[derive(Clone, Copy, Default)]
pub(super) struct Lane(pub [u64; 8]);
/// Eight numbers side by side.
pub(super) type Lanes = Vec<Lane>;

pub(super) const MAX_GROUPS: usize = 16;

impl zeroize::DefaultIsZeroes for Lane {}

impl Field {
    pub(super) fn new(_: &[u64], _: u32, _: impl Fn(u32) -> [Vec<u64>; 2]) -> Option<Self> {
        None
    }
    pub(super) fn limbs(&self) -> usize {
        match *self {}
    }
    pub(super) fn half(&self) -> usize {
        match *self {}
    }
    pub(super) fn residue(&self, _: &[u64]) -> Vec<u64> {
        match *self {}
    }
    pub(super) fn one_plus(&self, _: &[u64]) -> Vec<u64> {
        match *self {}
    }
    pub(super) fn pair(&self, _: &[u64], _: usize) -> [Vec<u64>; 2] {
        match *self {}
    }
    pub(super) fn lift(&self, _: &[u64], _: &mut [u64]) -> Vec<u64> {
        match *self {}
    }
    pub(super) fn multiply(&self, _: &mut [u64], _: &[u64], _: &[u64]) {
        match *self {}
    }
    pub(super) fn square(&self, _: &mut [u64], _: &[u64]) {
        match *self {}
    }
    pub(super) fn scratch(&self) -> Lanes {
        match *self {}
    }
    pub(super) fn multiply_lanes(&self, _: &mut [Lane], _: &[Lane], _: &[Lane], _: &mut [Lane]) {
        match *self {}
    }
    pub(super) fn multiply_lanes_half(
        &self,
        _: &mut [Lane],
        _: &[Lane],
        _: &[Lane],
        _: &mut [Lane],
    ) {
        match *self {}
    }
    pub(super) fn multiply_lanes_first(
        &self,
        _: &mut [Lane],
        _: &[Lane],
        _: &[Lane],
        _: &mut [Lane],
    ) {
        match *self {}
    }
    pub(super) fn square_lanes(&self, _: &mut [Lane], _: &[Lane], _: &mut [Lane]) {
        match *self {}
    }
    pub(super) fn lift_lanes(&self, _: &mut Lanes, _: &mut [Lane], _: &mut [Lane]) {
        match *self {}
    }
    pub(super) fn table(&self, _: &[Vec<u64>]) -> Vec<Lane> {
        match *self {}
    }
    pub(super) fn tables(&self, _: &[Lanes]) -> [Vec<Lane>; 8] {
        match *self {}
    }
    pub(super) fn fetch(&self, _: &[Lane]) {
        match *self {}
    }
    pub(super) fn select(&self, _: &[Lane], _: usize) -> Vec<u64> {
        match *self {}
    }
    pub(super) fn select_lanes(&self, _: &mut [Lane], _: &[Lane], _: &[Lane], _: bool) {
        match *self {}
    }
    pub(super) fn choose(&self, _: &mut [Lane], _: &[Lanes], _: &Lane) {
        match *self {}
    }
}
