use super::*;

#[test]
fn a_link_is_the_one_committed_to() {
    let chain = rows::chain(&seed_of(1), &SESSION, 2, 10);
    assert_eq!(chain.len(), 11);
    for round in 1..=10u32 {
        let (before, link) = (chain[round as usize - 1], chain[round as usize]);
        assert_eq!(rows::before(&SESSION, 2, round, &link), before);
        assert_ne!(rows::before(&SESSION, 1, round, &link), before);
        assert_ne!(rows::before(&SESSION, 2, round + 1, &link), before);
        assert_ne!(rows::before(&[0; 32], 2, round, &link), before);
    }
}

/// Against a shuffle of all rows; every row is as likely as any, whoever's link changes.
#[test]
fn rows_are_drawn_evenly_and_once() {
    let (mut links, mut counts) = ([[1; 32], [2; 32], [3; 32]], [0u32; 20]);
    for try_number in 0..2000u32 {
        links[try_number as usize % 3][..4].copy_from_slice(&try_number.to_le_bytes());
        let mut drawn = rows::draw(&SESSION, 5, &links, 20, 7);
        drawn.iter().for_each(|row| counts[*row] += 1);
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 7);
    }
    // 700 expected each, standard deviation 21.
    assert!(
        counts.iter().all(|count| (600..800).contains(count)),
        "{counts:?}"
    );
    let all: Vec<usize> = (0..20).collect();
    assert_eq!(rows::draw(&SESSION, 5, &links, 20, 0), all);
    assert_eq!(rows::draw(&SESSION, 5, &links, 20, 50), all);
    assert_ne!(
        rows::draw(&SESSION, 5, &links, 20, 7),
        rows::draw(&SESSION, 6, &links, 20, 7)
    );
}
