//! How often which answer was given, for the operator.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use parking_lot::Mutex;

/// Those that are there at zero before the first request.
const USUAL: [(&str, u16); 9] = [
    ("get", 200),
    ("get", 404),
    ("head", 200),
    ("head", 404),
    ("put", 201),
    ("put", 401),
    ("put", 500),
    ("put", 503),
    ("put", 507),
];

/// Answers by method and status. Both are the gateway's own, so there are few.
pub(super) struct Answers(Mutex<BTreeMap<(&'static str, u16), u64>>);

impl Default for Answers {
    fn default() -> Self {
        Self(Mutex::new(USUAL.map(|usual| (usual, 0)).into()))
    }
}

impl Answers {
    pub(super) fn count(&self, method: &Method, status: StatusCode) {
        let method = match *method {
            Method::HEAD => "head",
            Method::PUT => "put",
            _ => "get",
        };
        let mut all = self.0.lock();
        let count = all.entry((method, status.as_u16())).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn all(&self) -> Vec<(&'static str, u16, u64)> {
        let all = self.0.lock();
        all.iter()
            .map(|(&(method, status), &count)| (method, status, count))
            .collect()
    }
}
