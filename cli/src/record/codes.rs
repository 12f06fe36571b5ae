//! Codes that stand on chain as numbers, and their names.

/// Purposes: codes of the HL7 v3 value set PurposeOfUse by their number in `docs/purposes.md`.
pub const PURPOSES: &[(u16, &str, &str)] = &[
    (1, "TREAT", "treatment"),
    (2, "ETREAT", "emergency treatment"),
    (3, "HPAYMT", "healthcare payment"),
    (4, "HOPERAT", "healthcare operations"),
    (5, "HRESCH", "healthcare research"),
    (6, "CLINTRCH", "clinical trial research"),
    (7, "PUBHLTH", "public health"),
    (8, "PATRQT", "patient requested"),
    (9, "FAMRQT", "family requested"),
    (10, "COVERAGE", "coverage under policy or program"),
    (11, "HQUALIMP", "quality improvement"),
    (12, "HMARKT", "healthcare marketing"),
];

/// Formats of a record's content by their number in `docs/formats.md`.
pub const FORMATS: &[(u16, &str, &str)] = &[
    (0, "raw", "bytes without a declared format"),
    (1, "text", "plain text, UTF-8"),
    (2, "csv", "a table, comma separated"),
    (3, "fhir", "HL7 FHIR resource or bundle, JSON"),
    (4, "cda", "HL7 clinical document, XML"),
    (5, "hl7v2", "HL7 version 2 message"),
    (6, "dicom", "DICOM file"),
    (7, "pdf", "PDF document"),
];

fn parse(text: &str, names: &[(u16, &str, &str)], what: &str) -> Result<u16, String> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    names
        .iter()
        .find(|(_, name, _)| name.eq_ignore_ascii_case(text))
        .map(|(number, ..)| *number)
        .ok_or_else(|| {
            let known: Vec<_> = names.iter().map(|(_, name, _)| *name).collect();
            format!(
                "{text:?} is no {what}; a number, or one of {}",
                known.join(", ")
            )
        })
}

fn name(code: u16, names: &[(u16, &str, &str)]) -> String {
    names
        .iter()
        .find(|(number, ..)| *number == code)
        .map_or_else(|| code.to_string(), |(_, name, _)| (*name).to_owned())
}

/// Reads a purpose: its number or its HL7 code.
pub fn parse_purpose(text: &str) -> Result<u16, String> {
    parse(text, PURPOSES, "purpose")
}

/// The HL7 code of a purpose, or its number.
pub fn purpose_name(code: u16) -> String {
    name(code, PURPOSES)
}

/// Reads a format: its number or its name.
pub fn parse_format(text: &str) -> Result<u16, String> {
    parse(text, FORMATS, "format")
}

/// The name of a format, or its number.
pub fn format_name(code: u16) -> String {
    name(code, FORMATS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_list_the_codes() {
        for (page, codes) in [
            (include_str!("../../../docs/purposes.md"), PURPOSES),
            (include_str!("../../../docs/formats.md"), FORMATS),
        ] {
            for (number, name, meaning) in codes {
                let row = format!("| {number} | {name} | {meaning} |");
                assert!(page.contains(&row), "missing: {row}");
            }
        }
    }

    #[test]
    fn names_and_numbers() {
        for (number, code, _) in PURPOSES {
            assert_eq!(parse_purpose(code), Ok(*number));
            assert_eq!(parse_purpose(&code.to_lowercase()), Ok(*number));
            assert_eq!(purpose_name(*number), *code);
        }
        assert_eq!(parse_purpose("900"), Ok(900));
        assert_eq!(purpose_name(900), "900");
        assert!(parse_purpose("CURIOSITY").unwrap_err().contains("HRESCH"));
        assert_eq!(parse_format("CSV"), Ok(2));
        assert_eq!(format_name(2), "csv");
        assert!(parse_format("docx").is_err());
    }
}
