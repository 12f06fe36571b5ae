//! Tables and worths.

use salus_shapley::{f1, monotone_hull, Error, Table, MAX_WORTH, ONE};

#[test]
fn f1_is_rounded_down() {
    assert_eq!(f1(0, 0, 0), 0);
    assert_eq!(f1(0, 3, 2), 0);
    assert_eq!(f1(7, 0, 0), ONE);
    // 2/3 of 2^32.
    assert_eq!(f1(1, 1, 0), 2_863_311_530);
    assert_eq!(f1(u32::MAX, u32::MAX, u32::MAX), ONE / 2);
    for (tp, fp, fneg) in [(3, 1, 4), (100, 5, 17), (1, 1_000_000, 3)] {
        let exact = 2.0 * f64::from(tp) / f64::from(2 * tp + fp + fneg) * ONE as f64;
        assert_eq!(f1(tp, fp, fneg), exact.floor() as i64);
    }
}

#[test]
fn refused() {
    for length in [0, 1, 3, 5] {
        assert_eq!(Table::new(&vec![0; length]), Err(Error::Length));
    }
    assert_eq!(Table::new(&vec![0; 1 << 26]), Err(Error::Length));
    assert_eq!(Table::new(&[1, 2]), Err(Error::Empty));
    assert_eq!(Table::new(&[0, MAX_WORTH + 1]), Err(Error::Worth));
    assert_eq!(Table::new(&[0, i64::MIN]), Err(Error::Worth));
    assert!(Table::new(&[0, -MAX_WORTH]).is_ok());
    assert_eq!(monotone_hull(&mut [0, 1, 2]), Err(Error::Length));
}
