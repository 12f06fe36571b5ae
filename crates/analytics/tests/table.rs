//! Reading tables.

use ndarray::arr2;
use proptest::prelude::*;
use salus_analytics::table::{
    columns, parse, parse_all, parse_cells, parse_columns, ColumnRef, Error, Header, Limits,
    Missing, Options, Place, Separator,
};

fn dropping(columns: &str) -> Options {
    Options {
        drop: parse_columns(columns).into_iter().collect(),
        ..Options::default()
    }
}

fn missing(missing: Missing) -> Options {
    Options {
        missing,
        ..Options::default()
    }
}

fn words(text: &[u8], options: &Options) -> String {
    parse(text, options).unwrap_err().to_string()
}

#[test]
fn separators_are_found() {
    let expected = arr2(&[[1.0, 2.5], [-3.0, 4e2]]);
    for text in [
        "1,2.5\n-3,4e2\n",
        "1;2.5\r\n-3;4e2\r\n",
        "1 2.5\n  -3\t 4e2  ",
        "\n1,2.5,\n\n-3 , 4e2,\n",
        "\"1\",\"2.5\"\n\"-3\", \"4e2\" \n",
        "\u{feff}1,2.5\n-3,4e2\n",
    ] {
        let table = parse(text.as_bytes(), &Options::default()).unwrap();
        assert_eq!(table.values, expected, "{text:?}");
        assert_eq!(table.names, ["column 1", "column 2"]);
    }
}

#[test]
fn separators_can_be_stated() {
    for (separator, text) in [
        (Separator::Comma, "a b,c\n1,2\n"),
        (Separator::Semicolon, "a b;c\n1;2\n"),
        (Separator::Tab, "a b\tc\n1\t2\n"),
    ] {
        let options = Options {
            separator,
            ..Options::default()
        };
        let table = parse(text.as_bytes(), &options).unwrap();
        assert_eq!(table.names, ["a b", "c"]);
    }
    let whitespace = Options {
        separator: Separator::Whitespace,
        ..Options::default()
    };
    assert_eq!(
        parse(b"a,b c\n1 2\n", &whitespace).unwrap().names,
        ["a,b", "c"]
    );
    // A tab that separates can stand between empty fields.
    let tab = Options {
        separator: Separator::Tab,
        missing: Missing::Mean,
        ..Options::default()
    };
    let table = parse(b"1\t\t3\n4\t5\t6\n", &tab).unwrap();
    assert_eq!(table.values, arr2(&[[1.0, 5.0, 3.0], [4.0, 5.0, 6.0]]));
}

#[test]
fn headers_are_found_or_stated() {
    let of = |text: &str, header| {
        let options = Options {
            header,
            ..Options::default()
        };
        parse(text.as_bytes(), &options).map(|table| (table.names, table.rows))
    };
    let named = |names: [&str; 2], rows| Ok((names.map(String::from).to_vec(), rows));
    assert_eq!(of("x,y\n1,2\n", Header::Auto), named(["x", "y"], 1));
    assert_eq!(
        of("\"x, \"\"1\"\"\",y\n1,2\n", Header::Auto),
        named(["x, \"1\"", "y"], 1)
    );
    assert_eq!(
        of("1,2\n3,4\n", Header::Auto),
        named(["column 1", "column 2"], 2)
    );
    assert_eq!(
        of("1990,1991\n1,2\n", Header::Yes),
        named(["1990", "1991"], 1)
    );
    assert_eq!(
        of("x,y\n1,2\n", Header::No).unwrap_err().to_string(),
        "line 1, column 1: the field is not a number: leave the column out, or name the \
         field as a missing token"
    );
    // Missing tokens alone are no names.
    let error = of("?,NA\n1,2\n", Header::Auto).unwrap_err();
    assert!(matches!(error, Error::Missing(_)));
}

#[test]
fn columns_are_left_out_by_number_and_name() {
    let text = b"id,age,sex,class\nA7,50,m,2\nB8,60,f,4\n";
    let table = parse(text, &dropping("id,3")).unwrap();
    assert_eq!(table.names, ["age", "class"]);
    assert_eq!(table.values, arr2(&[[50.0, 2.0], [60.0, 4.0]]));
    let table = parse(b"A7 1 2 x\nB8 3 4 y\n", &dropping("1,4")).unwrap();
    assert_eq!(table.names, ["column 2", "column 3"]);
    assert_eq!(
        parse_columns(" 2-4,class, 7 ,,a-b"),
        [
            ColumnRef::Number(2),
            ColumnRef::Number(3),
            ColumnRef::Number(4),
            ColumnRef::Name("class".into()),
            ColumnRef::Number(7),
            ColumnRef::Name("a-b".into()),
        ]
    );

    assert_eq!(
        words(text, &dropping("weight")),
        "there is no column \"weight\" to leave out"
    );
    assert_eq!(
        words(text, &dropping("5")),
        "there is no column 5 to leave out"
    );
    assert_eq!(
        words(text, &dropping("0")),
        "there is no column 0 to leave out"
    );
    assert_eq!(
        words(b"1 2\n", &dropping("age")),
        "there is no column \"age\" to leave out"
    );
    assert_eq!(parse(b"1 2\n", &dropping("1-2")), Err(Error::NoColumns));
    assert_eq!(
        parse(b"a a\n1 2\n", &dropping("a")),
        Err(Error::AmbiguousColumn("a".into()))
    );
}

#[test]
fn missing_values_are_refused_dropped_or_replaced() {
    let text = b"a,b,c\n1,2,x\n?,4,x\n3,-9,x\n5,NA,x\n7,,x\n8,9,?\n";
    let with = |policy| Options {
        drop: parse_columns("c").into_iter().collect(),
        ..missing(policy)
    };
    assert_eq!(
        words(text, &with(Missing::Fail)),
        "line 3, column 1: the value is missing: `missing` is fail; drop leaves such rows out, mean \
         puts the column's mean"
    );
    let dropped = parse(text, &with(Missing::Drop)).unwrap();
    assert_eq!(dropped.values, arr2(&[[1.0, 2.0], [8.0, 9.0]]));
    assert_eq!((dropped.rows, dropped.dropped), (6, vec![1, 2, 3, 4]));

    let means = parse(text, &with(Missing::Mean)).unwrap();
    assert_eq!((means.rows, means.dropped), (6, vec![]));
    // Means of 1, 3, 5, 7, 8 and of 2, 4, 9.
    assert_eq!(means.values[[1, 0]], 24.0 / 5.0);
    for row in 2..5 {
        assert_eq!(means.values[[row, 1]], 5.0);
    }

    assert_eq!(
        parse(b"1 ?\n? 2\n", &missing(Missing::Drop)),
        Err(Error::NoneLeft)
    );
    assert_eq!(
        words(b"1 ?\n2 NA\n", &missing(Missing::Mean)),
        "column column 2 has no value to take the mean of"
    );
    // With tokens of one's own, -9 is a number.
    let own = Options {
        missing_tokens: [String::from("none")].into(),
        ..missing(Missing::Drop)
    };
    let table = parse(b"-9 1\nnone 2\n", &own).unwrap();
    assert_eq!(table.values, arr2(&[[-9.0, 1.0]]));
}

#[test]
fn means_are_taken_over_all_inputs() {
    let inputs: [&[u8]; 2] = [b"1 2\n3 ?\n", b"5 6\n"];
    let table = parse_all(&inputs, &missing(Missing::Mean), Limits::NONE).unwrap();
    assert_eq!(table.values, arr2(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]));
}

#[test]
fn errors_name_the_place() {
    let options = Options::default();
    assert_eq!(
        words(b"a,b\n1,2\n\n3,4x\n", &options),
        "line 4, column 2: the field is not a number: leave the column out, or name the \
         field as a missing token"
    );
    assert_eq!(
        words(b"1,2\n3\n", &options),
        "line 2: the number of fields is 1, where the first line has 2"
    );
    assert_eq!(
        words(b"1,2\n3,4,5\n", &options),
        "line 2: the number of fields is 3, where the first line has 2"
    );
    for text in ["1 nan\n", "1 inf\n", "1 -Infinity\n", "1 1e999\n"] {
        assert_eq!(
            words(text.as_bytes(), &options),
            "line 1, column 2: the number is not finite"
        );
    }
    for text in ["1,\"2\n", "1,\"2\"3\n", "1,\"2\"\"\n"] {
        assert_eq!(
            words(text.as_bytes(), &options),
            "line 1, column 2: the quotes of the field do not match"
        );
    }
    assert_eq!(
        words(b"1\n2\n\xff\n", &options),
        "line 3: the text is not UTF-8"
    );
    assert_eq!(words(b" \n\n", &options), "there are no rows");
    assert_eq!(words(b"a b\n", &options), "there are no rows");

    let of = |inputs: &[&[u8]]| parse_all(inputs, &options, Limits::NONE).unwrap_err();
    assert_eq!(of(&[]), Error::NoInput);
    let error = of(&[b"1 2\n", b"3 4\n5 x\n"]);
    let place = Place {
        input: Some(2),
        line: Some(2),
        column: Some(2),
    };
    assert_eq!(error, Error::NotANumber(place));
    assert_eq!(
        error.to_string(),
        "input 2, line 2, column 2: the field is not a number: leave the column out, or name the \
         field as a missing token"
    );
    assert_eq!(
        of(&[b"1 2\n", b"\n"]).to_string(),
        "input 2: there are no rows"
    );
    assert_eq!(of(&[b"1 2\n", b"3\n"]), Error::OtherColumns { input: 2 });
    assert_eq!(
        of(&[b"a b\n1 2\n", b"b a\n3 4\n"]),
        Error::OtherColumns { input: 2 }
    );
}

#[test]
fn errors_never_quote_the_data() {
    let text = b"1,2\n3,secret\n";
    let error = parse(text, &Options::default()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[test]
fn limits_stop_the_reader() {
    let limits = |rows, columns| Limits {
        rows,
        columns,
        ..Limits::NONE
    };
    let inputs: [&[u8]; 2] = [b"1 2\n3 4\n", b"5 6\n"];
    let options = Options::default();
    assert!(parse_all(&inputs, &options, limits(3, 2)).is_ok());
    let words = |limits| {
        parse_all(&inputs, &options, limits)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(words(limits(2, 2)), "the table has more than 2 rows");
    assert_eq!(words(limits(3, 1)), "the table has more than 1 columns");
    let one = dropping("2");
    assert!(parse_all(&inputs, &one, limits(3, 1)).is_ok());
    let values = |values| Limits {
        values,
        ..Limits::NONE
    };
    assert!(parse_all(&inputs, &options, values(6)).is_ok());
    assert_eq!(words(values(5)), "the table has more than 5 values");
    let fields = |fields| Limits {
        fields,
        ..Limits::NONE
    };
    let header = |header| Limits {
        header,
        ..Limits::NONE
    };
    for text in ["aa bb c\n1 2 3\n", "\"aa\",bb,c\n1,2,3\n"] {
        // Columns that are left out count here.
        let of = |limits| parse_all(&[text.as_bytes()], &dropping("2"), limits);
        let words = |limits| of(limits).unwrap_err().to_string();
        assert!(of(fields(3)).is_ok());
        assert_eq!(
            words(fields(2)),
            "the table has more than 2 fields in a line"
        );
        assert!(of(header(5)).is_ok());
        assert_eq!(
            words(header(4)),
            "the table has more than 4 bytes of column names"
        );
    }
}

#[test]
fn options_have_words() {
    assert_eq!("drop".parse(), Ok(Missing::Drop));
    assert_eq!("whitespace".parse(), Ok(Separator::Whitespace));
    assert_eq!("auto".parse(), Ok(Header::Auto));
    assert_eq!(Missing::Mean.to_string(), "mean");
    let error = "median".parse::<Missing>().unwrap_err().to_string();
    assert!(error.contains("fail") && error.contains("mean"), "{error}");
}

#[test]
fn cells_keep_gaps_and_names() {
    let text = b"age,patient,marker\n30,ann,?\n40, bob ,2\n";
    let of = |names: Option<&str>, drop| {
        let names = names.map(|name| name.parse().unwrap());
        parse_cells(text, &dropping(drop), names.as_ref(), Limits::NONE)
    };
    let cells = of(Some("patient"), "").ok().unwrap();
    assert_eq!(cells.names, ["age", "marker"]);
    assert_eq!(cells.texts, ["ann", "bob"]);
    let all = columns(text, &dropping("2")).unwrap();
    assert_eq!(all, ["age", "patient", "marker"]);
    assert_eq!(
        columns(b"\n1,2,\n3,4,\n", &Options::default()).unwrap(),
        ["column 1", "column 2"]
    );
    assert_eq!(cells.values.column(0).to_vec(), [30.0, 40.0]);
    assert!(cells.values[[0, 1]].is_nan());
    assert_eq!(cells.values[[1, 1]], 2.0);
    let cells = of(None, "2").ok().unwrap();
    assert!(cells.texts.is_empty());
    // The names are no number, and a column that there is not is named.
    assert!(matches!(of(None, ""), Err(Error::NotANumber(_))));
    assert!(matches!(of(Some("7"), ""), Err(Error::UnknownColumn(_))));
    let nameless = parse_cells(
        b"1,ann\n2,?\n",
        &Options::default(),
        Some(&ColumnRef::Number(2)),
        Limits::NONE,
    );
    let error = nameless.err().unwrap().to_string();
    assert_eq!(error, "line 2, column 2: the name of the row is missing");
}

proptest! {
    #[test]
    fn written_numbers_come_back(
        rows in proptest::collection::vec(
            proptest::collection::vec(proptest::num::f64::NORMAL, 3), 1..20
        ),
    ) {
        let text: String = rows
            .iter()
            .map(|row| format!("{:?},{:e},{}\n", row[0], row[1], row[2]))
            .collect();
        // -9 may come up by chance.
        let options = Options { missing_tokens: Default::default(), ..Options::default() };
        let table = parse(text.as_bytes(), &options).unwrap();
        let expected: Vec<f64> = rows.into_iter().flatten().collect();
        prop_assert_eq!(table.values.into_raw_vec_and_offset().0, expected);
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec(
            prop_oneof![
                4 => proptest::sample::select(b"0123456789.,;\t \n\"-e?NA".to_vec()),
                1 => any::<u8>(),
            ],
            0..200,
        ),
    ) {
        for policy in [Missing::Fail, Missing::Drop, Missing::Mean] {
            if let Ok(table) = parse(&bytes, &missing(policy)) {
                prop_assert_eq!(table.values.ncols(), table.names.len());
                prop_assert_eq!(table.values.nrows() + table.dropped.len(), table.rows);
            }
        }
    }
}
