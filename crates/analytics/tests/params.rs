//! Parameters as canonical JSON.

use proptest::prelude::*;
use salus_analytics::{
    fcm,
    params::{Error, FcmParameters},
    scale::Scaling,
    table::{parse_columns, Header, Missing, Options, Separator},
};

#[test]
fn canonical_json_is_pinned() {
    assert_eq!(
        FcmParameters::default().to_canonical_json().unwrap(),
        r#"{"clusters":2,"epsilon":1e-6,"m":2.0,"max_iterations":300,"scaling":"none","table":{"drop":[],"header":"auto","missing":"fail","missing_tokens":["","-9","?","NA"],"separator":"auto"}}"#
    );
    let parameters = FcmParameters {
        clusters: 7,
        scaling: Scaling::MinMax,
        table: Options {
            drop: parse_columns("class,11,1").into_iter().collect(),
            header: Header::Yes,
            missing: Missing::Drop,
            missing_tokens: [String::from("\"")].into(),
            separator: Separator::Tab,
        },
        ..FcmParameters::default()
    };
    assert_eq!(
        parameters.to_canonical_json().unwrap(),
        r#"{"clusters":7,"epsilon":1e-6,"m":2.0,"max_iterations":300,"scaling":"min-max","table":{"drop":[1,11,"class"],"header":"yes","missing":"drop","missing_tokens":["\""],"separator":"tab"}}"#
    );
}

#[test]
fn defaults_are_filled_in_and_order_is_free() {
    let read = |json: &str| FcmParameters::from_json(json.as_bytes());
    assert_eq!(read("{}"), Ok(FcmParameters::default()));
    let parameters =
        read(r#" { "table" : {"drop":["b",3,"a",3]}, "m":3, "clusters" : 4 } "#).unwrap();
    assert_eq!((parameters.m, parameters.clusters), (3.0, 4));
    assert_eq!(
        parameters.table.drop,
        parse_columns("3,a,b").into_iter().collect()
    );
    assert_eq!(parameters.table.missing, Missing::Fail);
}

#[test]
fn refuses_what_is_unknown_or_out_of_range() {
    let json = |json: &str| match FcmParameters::from_json(json.as_bytes()) {
        Err(Error::Json(words)) => words,
        other => panic!("{json}: {other:?}"),
    };
    assert!(json(r#"{"cluster":3}"#).contains("cluster"));
    assert!(json(r#"{"table":{"dropped":[]}}"#).contains("dropped"));
    assert!(json(r#"{"clusters":2,"clusters":3}"#).contains("duplicate"));
    assert!(json(r#"{"scaling":"log"}"#).contains("z-score"));
    assert!(json(r#"{"clusters":-1}"#).contains("u32"));
    assert!(json("{} x").contains("trailing"));
    json("[]x");
    json("");

    let value = |json: &str| FcmParameters::from_json(json.as_bytes()).unwrap_err();
    assert_eq!(
        value(r#"{"clusters":0}"#),
        Error::Value(fcm::Error::Clusters)
    );
    assert_eq!(value(r#"{"m":1}"#), Error::Value(fcm::Error::Exponent));
    assert_eq!(
        value(r#"{"epsilon":-1}"#),
        Error::Value(fcm::Error::Epsilon)
    );
    assert_eq!(
        value(r#"{"max_iterations":0}"#),
        Error::Value(fcm::Error::Iterations)
    );
    let bad = FcmParameters {
        m: f64::NAN,
        ..FcmParameters::default()
    };
    assert_eq!(
        bad.to_canonical_json(),
        Err(Error::Value(fcm::Error::Exponent))
    );
}

#[test]
fn length_is_bounded() {
    let padded = format!("{{}}{}", " ".repeat(1023));
    assert_eq!(
        FcmParameters::from_json(padded.as_bytes()),
        Err(Error::TooLong)
    );
    let mut parameters = FcmParameters::default();
    parameters.table.drop = parse_columns("1-400").into_iter().collect();
    assert_eq!(parameters.to_canonical_json(), Err(Error::TooLong));
}

proptest! {
    #[test]
    fn canonical_json_comes_back(
        clusters in 1_u32..1024,
        m in 1.0001_f64..100.0,
        epsilon in 0.0_f64..1e300,
        max_iterations in 1_u32..1_000_000,
        scaling in prop_oneof![
            Just(Scaling::None), Just(Scaling::MinMax), Just(Scaling::ZScore)
        ],
        drop in "[a-z]{1,5}(,[1-9]){0,3}",
    ) {
        let table = Options {
            drop: parse_columns(&drop).into_iter().collect(),
            ..Options::default()
        };
        let parameters = FcmParameters { clusters, epsilon, m, max_iterations, scaling, table };
        let json = parameters.to_canonical_json().unwrap();
        let back = FcmParameters::from_json(json.as_bytes()).unwrap();
        prop_assert_eq!(back.m.to_bits(), m.to_bits());
        prop_assert_eq!(back.epsilon.to_bits(), epsilon.to_bits());
        prop_assert_eq!(back.to_canonical_json().unwrap(), json);
        prop_assert_eq!(back, parameters);
    }
}
