//! What the book reports: its tables 4.3 (rows dealt out) and 5.5 (columns dealt out).

/// Precision and recall.
#[derive(Clone, Copy, Debug)]
pub struct Reported {
    /// Of the book's protocol, and of its own plain SVM.
    pub precision: &'static str,
    /// The same.
    pub recall: &'static str,
}

/// Under the table.
pub const NOTE: &str =
    "Book: tables 4.3 and 5.5, its protocol / its plain SVM; other splits. Pooled: the \
                        same fixed-point SVM on all rows in one place, equal row by row.\n";

/// What the book has of a cohort.
pub fn of(cohort: &str, columns: bool) -> Option<Reported> {
    let (precision, recall) = match (cohort, columns) {
        ("BCWD", false) => ("90.35 / 90.47 %", "96.19 / 97.24 %"),
        ("HDD", false) => ("93.89 / 93.35 %", "89.78 / 90.87 %"),
        ("BCWD", true) => ("91.60 / 91.22 %", "99.58 / 99.58 %"),
        ("ACAD", true) => ("88.70 / 91.76 %", "81.98 / 81.46 %"),
        _ => return None,
    };
    Some(Reported { precision, recall })
}
