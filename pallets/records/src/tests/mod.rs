//! One file per call, one for what others may ask, one for random histories.

mod access;
mod cancel_end;
mod clear_share;
mod contribution;
mod decline_request;
mod deposits;
mod dispute;
mod history;
mod integrity;
mod move_blob;
mod reject_share;
mod release;
mod request_access;
mod revoke;
mod share;
mod store;
mod store_own;
mod supersede;
mod terminate;
mod withdraw_release;
mod withdraw_request;
