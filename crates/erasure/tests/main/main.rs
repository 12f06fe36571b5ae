//! The crate against a slow model, another implementation and the SDK's tree; then with everything
//! that can be wrong.

mod codeword;
mod deletion;
mod liars;
mod model;
mod proofs;
mod refusals;
mod support;
