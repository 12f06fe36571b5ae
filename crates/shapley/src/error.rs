//! What is refused.

/// Why something has no value or cannot be divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// A table whose length is not 2^n.
    #[error("a worth table of n players has 2^n entries, n from 1 to 25")]
    Length,
    /// A worth of the empty coalition.
    #[error("the empty coalition must be worth 0")]
    Empty,
    /// A worth beyond [`crate::MAX_WORTH`].
    #[error("a worth is beyond 2^37 in magnitude")]
    Worth,
    /// A share below 0.
    #[error("a player does harm on balance: take the monotone hull of the table first")]
    Negative,
    /// Nothing to divide by.
    #[error("nobody has a share: the coalition of all is worth nothing")]
    NoWorth,
    /// Validators out of range.
    #[error("there must be 1 to 200 validators")]
    Validators,
    /// A position that does not exist.
    #[error("a player, a validator or a third party is named that does not exist")]
    NotFound,
    /// A player that is named twice.
    #[error("a player is named twice")]
    AlreadyNamed,
    /// Players out of range.
    #[error("there must be 1 to 1024 players")]
    Players,
    /// Orderings out of range.
    #[error("there must be 1 to 1048576 orderings")]
    Orderings,
    /// A parameter out of range.
    #[error("{0}")]
    Parameter(&'static str),
    /// Numbers beyond 512 bits.
    #[error("the weights are too large to divide by exactly")]
    Overflow,
}
