//! Times the division of a table of 25 owners: `aggregate [OWNERS]`.

use std::time::Instant;

use salus_shapley::{Profile, Rule, Shares, Table, Worth, MAX_PLAYERS};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let players = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => MAX_PLAYERS,
    };
    // Monotone: the number of owners decides the thousands.
    let worth = |set: u64| {
        let noise = set.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54;
        (u64::from(set.count_ones()) * 1024 + noise) as Worth
    };
    let mut worths: Vec<Worth> = (0..1 << players).map(worth).collect();
    if let Some(empty) = worths.first_mut() {
        *empty = 0;
    }
    let mut seconds = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        let profile = Profile::of(Table::new(&worths)?);
        let shares = Shares::of(&profile, Rule::Groups { validators: 5 })?;
        let paid = shares.divide(1_000_000_000_000)?;
        seconds = seconds.min(start.elapsed().as_secs_f64());
        std::hint::black_box(paid);
    }
    println!("figure aggregate{players}_s {seconds:.3} s");
    Ok(())
}
