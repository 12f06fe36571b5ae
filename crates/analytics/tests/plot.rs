//! The picture.

use salus_analytics::{
    job::{self, Bound},
    params::FcmParameters,
    plot::{lines_png, scatter_png, Error, Line},
    result::FcmResult,
};

use crate::model::Sequence;

/// Parameters, table and result of a synthetic cohort.
fn cohort(clusters: u32, columns: usize) -> (FcmParameters, String, FcmResult) {
    let rows = Sequence(12).blobs(400, columns, clusters as usize);
    let text: String = rows
        .iter()
        .map(|row| row.iter().map(|v| format!("{v} ")).collect::<String>() + "\n")
        .collect();
    let parameters = FcmParameters {
        clusters,
        ..FcmParameters::default()
    };
    let json = parameters.to_canonical_json().unwrap();
    let inputs: [&[u8]; 1] = [text.as_bytes()];
    let bound: Bound = job::measure("fcm/1", json.as_bytes(), &inputs).unwrap();
    let cancel = std::sync::atomic::AtomicBool::new(false);
    let bytes = job::run("fcm/1", json.as_bytes(), &inputs, bound, &cancel, &|_| ()).unwrap();
    (parameters, text, FcmResult::from_bytes(&bytes).unwrap())
}

#[test]
fn writes_a_picture_with_text_and_colours() {
    let folder = tempfile::tempdir().unwrap();
    for (clusters, columns) in [(3, 5), (1, 1), (14, 2)] {
        let (parameters, text, result) = cohort(clusters, columns);
        let (table, _) = job::prepare(&parameters, &[text.as_bytes()]).unwrap();
        let path = folder.path().join(format!("{clusters}.png"));
        scatter_png(&path, "Synthetic cohort", table.values.view(), &result).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
        let size = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((size(16), size(20)), (1200, 900));

        // Another title, another picture: text is drawn.
        let other = folder.path().join("other.png");
        scatter_png(&other, "Another", table.values.view(), &result).unwrap();
        assert_ne!(std::fs::read(&other).unwrap(), bytes);
    }
}

#[test]
fn refuses_data_of_another_shape_and_bad_paths() {
    let (parameters, text, result) = cohort(2, 3);
    let (table, _) = job::prepare(&parameters, &[text.as_bytes()]).unwrap();
    let values = table.values.view();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no folder").join("picture.png");
    let drawn = scatter_png(&path, "x", values, &result);
    assert!(matches!(drawn, Err(Error::Drawing(_))), "{drawn:?}");
    let fewer = values.slice(ndarray::s![1.., ..]);
    let path = folder.path().join("picture.png");
    assert_eq!(scatter_png(&path, "x", fewer, &result), Err(Error::Shape));
}

#[test]
fn lines_are_drawn_over_decades() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.png");
    let line = |name: &str, points: &[(u32, f64)]| Line {
        name: name.to_owned(),
        points: points.to_vec(),
    };
    let slow = line("slow", &[(1, 12.5), (2, 13.0), (5, 17.25)]);
    let draw = |lines: &[Line]| lines_png(&path, "Time", ("providers", "seconds"), lines);
    draw(std::slice::from_ref(&slow)).unwrap();
    let one = std::fs::read(&path).unwrap();
    assert_eq!(&one[..8], b"\x89PNG\r\n\x1a\n");
    let fast = line("fast", &[(1, 0.004), (5, 0.006)]);
    draw(&[slow, fast]).unwrap();
    assert_ne!(std::fs::read(&path).unwrap(), one);
    for bad in [&[][..], &[(1, 0.0)], &[(1, f64::NAN)]] {
        assert_eq!(draw(&[line("bad", bad)]), Err(Error::Values));
    }
    assert_eq!(draw(&[]), Err(Error::Values));
}
