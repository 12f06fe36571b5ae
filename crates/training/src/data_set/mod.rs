//! Data sets that stay with their holder: a folder of the node, looked up by what the chain calls them.

mod description;
mod folder;
mod table;
#[cfg(test)]
mod tests;

use std::{io, path::PathBuf};

use salus_primitives::training::DataSetId;

pub use description::{Attributes, Description, Kind, Table};
pub use folder::{Declared, Folder, FOLDER, MAX_FILE};
pub use table::DataSet;

/// Why a data set cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such data set here.
    #[error("data set {0:?} is not in this node's folder; `salus data add` puts it there")]
    NotHere(DataSetId),
    /// The file is not what the chain has the commitment of.
    #[error("the file of data set {0:?} is not the one that was declared: it was changed since")]
    Changed(DataSetId),
    /// The description is none.
    #[error("{}: {reason}", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] salus_analytics::table::Error),
    /// The table has not what a training needs.
    #[error("{0}")]
    Unfit(String),
    /// Rows that cannot be trained on.
    #[error(transparent)]
    Training(#[from] crate::Error),
}
