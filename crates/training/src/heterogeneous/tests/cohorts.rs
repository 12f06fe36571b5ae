//! Real cohorts, their columns at three participants; from the folder in `SALUS_DATA`.

use std::{env, fs, path::Path};

use salus_analytics::{
    metrics::Confusion,
    svm::labels,
    table::{self, Missing},
};

use super::*;
use crate::heterogeneous::combine;

const PARTIES: usize = 3;

/// The columns in turn at three participants, of whom the first has the classes, and each its own order
/// of patients.
fn spread(values: &Array2<f64>, classes: &[bool]) -> Cohort {
    let count = values.nrows();
    let mut cohort = Cohort {
        names: Vec::new(),
        values: Vec::new(),
        classes: Vec::new(),
    };
    for party in 0..PARTIES {
        // 1009 is a prime above the number of patients.
        let order: Vec<usize> = (0..count)
            .map(|place| (place * 1009 + 37 * party) % count)
            .collect();
        let name = |patient: &usize| format!("patient {patient}").into_bytes();
        cohort.names.push(order.iter().map(name).collect());
        let columns: Vec<usize> = (party..values.ncols()).step_by(PARTIES).collect();
        let own = values.select(Axis(0), &order).select(Axis(1), &columns);
        cohort.values.push(own);
        if party == 0 {
            cohort.classes = order.iter().map(|patient| classes[*patient]).collect();
        }
    }
    cohort
}

/// Trains by the protocol and on the pooled columns.
fn check(file: &str, class: usize, positive: &[f64], rows: usize) {
    let Some(folder) = env::var_os("SALUS_DATA") else {
        println!("skipped: SALUS_DATA does not name the folder of the cohorts");
        return;
    };
    let text = fs::read(Path::new(&folder).join(file)).unwrap();
    let options = table::Options {
        missing: Missing::Mean,
        ..table::Options::default()
    };
    let values = table::parse(&text, &options).unwrap().values;
    let classes = labels(values.column(class).iter().copied(), positive).unwrap();
    let attributes: Vec<usize> = (0..values.ncols())
        .filter(|column| *column != class)
        .collect();
    let cohort = spread(&values.select(Axis(1), &attributes), &classes);
    let svm = SvmParameters {
        c: 10.0,
        eta: 0.002,
        ..svm(100, 15)
    };
    let parameters = Parameters::new(SESSION, PARTIES as u16, svm);
    let mut network = Network::of(&cohort, &parameters, 7);
    let model = combine(&network.train()).unwrap();
    let data = cohort.pooled(&parameters, &network.rows());
    assert_eq!(data.len(), rows);
    let expected = reference(&parameters, &data);
    assert_eq!(model, expected, "{file}");
    let predicted = model.predict(&data).unwrap();
    assert_eq!(predicted, expected.predict(&data).unwrap());
    let f1 = Confusion::of(data.classes().iter().copied().zip(predicted)).f1();
    println!("{file}: {rows} rows at {PARTIES} participants, F1 {f1:.3}");
    assert!(f1 > 0.7, "{file}: {f1}");
}

/// HDD, 294 patients of Hungary; the class is a degree of disease, where 0 is none.
#[test]
fn hearts_are_trained_like_pooled_ones() {
    check("processed.hungarian.data", 13, &[1.0, 2.0, 3.0, 4.0], 294);
}

/// ACAD, 690 applicants for credit.
#[test]
fn credits_are_trained_like_pooled_ones() {
    check("australian.dat", 14, &[1.0], 690);
}
