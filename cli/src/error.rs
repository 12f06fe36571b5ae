//! Failures that have an exit code of their own. Everything else is an `anyhow::Error` and exits
//! with 1.

/// A failure that a script may want to tell from others.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command was used in a way that cannot work. Exit code 2.
    #[error("{0}")]
    Usage(String),

    /// The chain refused a call. Exit code 3.
    #[error("the chain refused {call}: {name}{}{words}", if words.is_empty() { "" } else { ": " })]
    Refused {
        /// The call, as `records.release`.
        call: String,
        /// The error's name with its pallet, as `records.NotAuthorized`.
        name: String,
        /// What the pallet's documentation says of it.
        words: String,
    },

    /// The node, or a gateway, cannot be reached. Exit code 4.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// Address.
        url: String,
        /// What the connection said.
        reason: String,
    },

    /// A signal ended it. Exit code as shells have it: 128 and the signal's number.
    #[error("interrupted")]
    Interrupted {
        /// Number of the signal.
        signal: u8,
    },
}

impl Failure {
    /// Exit code of the command.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Refused { .. } => 3,
            Failure::Unreachable { .. } => 4,
            Failure::Interrupted { signal } => signal.saturating_add(128),
        }
    }
}

/// Exit code of the command after this error: that of the outermost [`Failure`] in it, else 1.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    failure(error).map_or(1, Failure::exit_code)
}

/// The outermost [`Failure`] in the error's chain of causes.
pub fn failure(error: &anyhow::Error) -> Option<&Failure> {
    // `downcast_ref` sees a failure that was given as context, `chain` one that is a cause.
    error
        .downcast_ref()
        .or_else(|| error.chain().find_map(|cause| cause.downcast_ref()))
}

/// A [`Failure::Usage`].
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    Failure::Usage(message.into()).into()
}
