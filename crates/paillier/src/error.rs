//! What can go wrong. No variant carries key material or plaintext.

/// Why a key, a number, a ciphertext or a share was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Not one of the supported lengths.
    #[error("a modulus of {0} bits is not supported; use 2048 or 3072")]
    KeySize(u32),
    /// 1024 bits without the feature `bench-legacy`.
    #[error(
        "a modulus of 1024 bits can be factored by those who pay for it, so it protects no \
         medical data; use 2048 or 3072 (the cargo feature bench-legacy allows it for benches)"
    )]
    LegacyKeySize,
    /// The parts of a key contradict each other or a rule.
    #[error("this is no usable Paillier key: {0}")]
    Key(&'static str),
    /// A ciphertext, key or share was made under another key.
    #[error("the {0} belongs to another key")]
    OtherKey(&'static str),
    /// A number outside (-N/2, N/2), or wider than the type it is asked for in.
    #[error("the number is too large: {0}")]
    OutOfRange(&'static str),
    /// A factor that is not below the bound that was stated for it.
    #[error("factor {index} has {bits} bits or more, which is the bound that was stated")]
    Scalar {
        /// Position from 0.
        index: usize,
        /// The bound.
        bits: u32,
    },
    /// A number of items that is not the one expected.
    #[error("{got} {what} were given, {expected} are needed")]
    Count {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A width of slots that the key or the type of the numbers cannot hold.
    #[error("slots of {slot_bits} bits do not fit: from 2 to {max} bits are possible")]
    SlotWidth {
        /// The width asked for.
        slot_bits: u32,
        /// Largest possible.
        max: u32,
    },
    /// The bound on the slots' values no longer fits in a slot.
    #[error("the values may need {needed} bits, and a slot has {slot_bits}; use wider slots")]
    SlotOverflow {
        /// Bits that the bound needs, with the sign.
        needed: u32,
        /// Bits of a slot.
        slot_bits: u32,
    },
    /// A value above the bound stated for it.
    #[error("the value of slot {0} is larger than the bound stated for it")]
    SlotValue(usize),
    /// Packed numbers of different layouts.
    #[error("the packed numbers have different slots")]
    OtherSlots,
    /// A number that no fixed-point number stands for.
    #[error("{0} is not a number that fixed point can hold")]
    FixedPoint(&'static str),
    /// Bytes that are something else.
    #[error("this is not a {0}")]
    Magic(&'static str),
    /// Bytes of a later layout.
    #[error("the {what} has layout version {version}; this program reads version 1")]
    Version {
        /// What the bytes are.
        what: &'static str,
        /// Their version.
        version: u16,
    },
    /// Fewer or more bytes than the contents say.
    #[error("the {0} has the wrong length")]
    Length(&'static str),
    /// Bytes that contradict themselves.
    #[error("the {0} is malformed")]
    Malformed(&'static str),
    /// A ciphertext that is no unit modulo N^2, or not below it.
    #[error("ciphertext {0} is not one: it is 0, not below N^2, or shares a factor with N")]
    Ciphertext(usize),
    /// Numbers of parties that no threshold key has.
    #[error("a threshold of {threshold} of {parties} parties is not possible; 1 <= t <= n <= 32")]
    Threshold {
        /// Parties that are needed.
        threshold: u16,
        /// Parties that there are.
        parties: u16,
    },
    /// Two shares of one party, or a party that there is not.
    #[error("party {0} is named twice or is none of the key's parties")]
    Party(u16),
    /// Not enough right shares. The owners of wrong ones are named.
    #[error(
        "{needed} right shares are needed and there are {right}; wrong: those of parties {wrong:?}"
    )]
    TooFewShares {
        /// Shares needed.
        needed: usize,
        /// Right shares.
        right: usize,
        /// Owners of wrong shares.
        wrong: Vec<u16>,
    },
    /// Shares without proofs that do not open the ciphertext.
    #[error(
        "the shares do not open ciphertext {0}: at least one is wrong, and proofs would tell which"
    )]
    SharesDisagree(usize),
}
