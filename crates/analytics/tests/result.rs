//! Canonical bytes of a result.

use proptest::prelude::*;
use salus_analytics::result::{digest, Error, FcmResult};

use crate::job;

const PARAMETERS: &str =
    r#"{"clusters":3,"max_iterations":5,"scaling":"z-score","table":{"missing":"drop"}}"#;
const TEXT: &[u8] = b"age,glucose\n50,5.5\n61,9.1\n?,4\n47,5.1\n70,12\n35,4.8\n";

fn example() -> Vec<u8> {
    job::run_on(2, PARAMETERS, &[TEXT]).unwrap()
}

#[test]
fn bytes_come_back() {
    let bytes = example();
    let result = FcmResult::from_bytes(&bytes).unwrap();
    assert_eq!(result.columns, ["age", "glucose"]);
    assert_eq!(result.dropped, [2]);
    assert_eq!(result.memberships.dim(), (5, 3));
    assert_eq!(result.to_bytes(), bytes);
}

#[test]
fn layout_is_that_of_the_page() {
    let bytes = example();
    let result = FcmResult::from_bytes(&bytes).unwrap();
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(&bytes[..8], b"salusFCM");
    assert_eq!(&bytes[8..10], [1, 0]);
    assert_eq!(bytes[10], u8::from(result.converged));
    assert_eq!([11, 15, 19, 23].map(u32_at), [6, 1, 2, 3]);
    assert_eq!(u32_at(27), result.iterations);
    assert_eq!(u32_at(31), 2, "the dropped row");
    assert_eq!(u32_at(35), 3);
    assert_eq!(&bytes[39..42], b"age");
    let floats = 35 + 4 + 3 + 4 + 7;
    assert_eq!(
        bytes[floats..floats + 8],
        result.scale.offset[0].to_le_bytes()
    );
    let doubles = 2 + 2 + 3 * 2 + (result.iterations as usize + 1) + 5 * 3;
    assert_eq!(bytes.len(), floats + 8 * doubles + 2 * 5);
    assert_eq!(bytes[bytes.len() - 2..], result.labels[4].to_le_bytes());
}

/// The bytes with some of them replaced.
fn patched(at: usize, with: &[u8]) -> Result<FcmResult, Error> {
    let mut bytes = example();
    bytes[at..at + with.len()].copy_from_slice(with);
    FcmResult::from_bytes(&bytes)
}

#[test]
fn refuses_what_is_no_result() {
    let bytes = example();
    assert_eq!(FcmResult::from_bytes(b""), Err(Error::Magic));
    assert_eq!(patched(0, b"S"), Err(Error::Magic));
    assert_eq!(patched(8, &[2]), Err(Error::Version(2)));
    assert_eq!(
        patched(10, &[2]),
        Err(Error::Invalid("flag of convergence"))
    );
    // Counts that claim more than there is take no memory.
    for at in [11, 15, 19, 23, 27] {
        assert!(patched(at, &[0xff; 4]).is_err());
        assert!(patched(at, &[0xff, 0xff, 0xff, 0x7f]).is_err());
    }
    assert_eq!(
        patched(19, &[0; 4]),
        Err(Error::Invalid("number of columns or clusters"))
    );
    assert_eq!(
        patched(23, &[0; 4]),
        Err(Error::Invalid("number of columns or clusters"))
    );
    assert_eq!(patched(15, &[6]), Err(Error::Invalid("number of rows")));
    assert_eq!(patched(31, &[6]), Err(Error::Invalid("dropped rows")));
    assert_eq!(patched(39, &[0xff]), Err(Error::Invalid("column names")));
    let floats = 35 + 4 + 3 + 4 + 7;
    assert_eq!(
        patched(floats, &f64::NAN.to_le_bytes()),
        Err(Error::NotFinite("scaling"))
    );
    assert_eq!(
        patched(floats + 16, &0.0_f64.to_le_bytes()),
        Err(Error::Invalid("scaling"))
    );
    let end = bytes.len();
    let infinity = f64::INFINITY.to_le_bytes();
    assert_eq!(
        patched(floats + 32, &infinity),
        Err(Error::NotFinite("prototypes"))
    );
    assert_eq!(
        patched(end - 10 - 8, &infinity),
        Err(Error::NotFinite("memberships"))
    );
    assert_eq!(
        patched(end - 10 - 8, &2.0_f64.to_le_bytes()),
        Err(Error::Invalid("memberships"))
    );
    let label = bytes[end - 2] ^ 1;
    assert_eq!(patched(end - 2, &[label]), Err(Error::Invalid("labels")));

    let mut long = bytes.clone();
    long.push(0);
    assert_eq!(FcmResult::from_bytes(&long), Err(Error::Long));
    for length in 0..end {
        assert!(
            FcmResult::from_bytes(&bytes[..length]).is_err(),
            "{length} bytes"
        );
    }
    assert_eq!(FcmResult::from_bytes(&bytes[..end - 1]), Err(Error::Short));
}

#[test]
fn digest_is_blake2b_256() {
    // RFC 7693's function with 32 bytes of output, on nothing.
    let empty = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8";
    let found: String = digest(b"")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(found, empty);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(at in 0_usize..300, with in any::<[u8; 3]>(), cut in 0_usize..400) {
        let mut bytes = example();
        for (offset, byte) in with.into_iter().enumerate() {
            if let Some(target) = bytes.get_mut(at + offset) {
                *target = byte;
            }
        }
        bytes.truncate(bytes.len().saturating_sub(cut));
        if let Ok(result) = FcmResult::from_bytes(&bytes) {
            prop_assert_eq!(result.to_bytes(), bytes);
        }
    }
}
