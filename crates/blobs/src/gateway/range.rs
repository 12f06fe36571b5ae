//! The `Range` header, as far as a download that goes on needs it.

use std::ops::Range;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole, also where the header is one this server does not follow (RFC 9110, 14.2).
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that are not there.
    Unsatisfiable,
}

/// Reads `bytes=a-b`, `bytes=a-` and `bytes=-n` for a blob of `size` bytes.
pub(super) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(spec) = header.and_then(|value| value.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Wanted::Whole;
    };
    let number = |text: &str| {
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), _) if first >= size => Wanted::Unsatisfiable,
        (Some(first), Some(last)) if last >= first => {
            Wanted::Part(first..last.saturating_add(1).min(size))
        }
        (Some(first), None) if last.trim().is_empty() => Wanted::Part(first..size),
        (None, Some(count)) if first.trim().is_empty() => {
            if count == 0 || size == 0 {
                Wanted::Unsatisfiable
            } else {
                Wanted::Part(size.saturating_sub(count)..size)
            }
        }
        _ => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_the_header() {
        let cases = [
            (None, Wanted::Whole),
            (Some("bytes=0-9"), Wanted::Part(0..10)),
            (Some("bytes=4-4"), Wanted::Part(4..5)),
            (Some("bytes=4-"), Wanted::Part(4..10)),
            (Some("bytes=-3"), Wanted::Part(7..10)),
            (Some("bytes=-30"), Wanted::Part(0..10)),
            (Some("bytes=5-999"), Wanted::Part(5..10)),
            (
                Some("bytes=5-99999999999999999999999999"),
                Wanted::Part(5..10),
            ),
            (Some("bytes=10-"), Wanted::Unsatisfiable),
            (Some("bytes=10-12"), Wanted::Unsatisfiable),
            (Some("bytes=-0"), Wanted::Unsatisfiable),
            (Some("bytes=5-4"), Wanted::Whole),
            (Some("bytes=0-1,3-4"), Wanted::Whole),
            (Some("bytes=-"), Wanted::Whole),
            (Some("bytes=a-b"), Wanted::Whole),
            (Some("bytes=+1-2"), Wanted::Whole),
            (Some("rows=1-2"), Wanted::Whole),
        ];
        for (header, expected) in cases {
            assert_eq!(wanted(header, 10), expected, "{header:?}");
        }
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Unsatisfiable);
    }
}
