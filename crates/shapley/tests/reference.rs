//! The slow, obvious models: exact rationals, straight from the definitions.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};
use salus_shapley::{Fractions, Shares, Worth, U512};

pub type Rational = BigRational;

pub fn ratio(above: impl Into<BigInt>, below: impl Into<BigInt>) -> Rational {
    Rational::new(above.into(), below.into())
}

pub fn whole(number: impl Into<BigInt>) -> Rational {
    Rational::from_integer(number.into())
}

pub fn big(number: U512) -> BigInt {
    BigInt::parse_bytes(number.to_string().as_bytes(), 10).unwrap()
}

pub fn factorial(n: usize) -> BigInt {
    (1..=n).fold(BigInt::from(1), |product, factor| product * factor)
}

/// Mean over all orderings of what each player adds to those before it.
pub fn by_orderings(players: usize, worth: &dyn Fn(usize) -> Rational) -> Vec<Rational> {
    fn visit(
        order: &mut Vec<usize>,
        players: usize,
        worth: &dyn Fn(usize) -> Rational,
        sums: &mut [Rational],
    ) {
        if order.len() == players {
            let mut before = 0;
            for player in order {
                let after = before | 1 << *player;
                sums[*player] += worth(after) - worth(before);
                before = after;
            }
            return;
        }
        for player in 0..players {
            if !order.contains(&player) {
                order.push(player);
                visit(order, players, worth, sums);
                order.pop();
            }
        }
    }
    let mut sums = vec![Rational::zero(); players];
    visit(&mut Vec::new(), players, worth, &mut sums);
    let orders = whole(factorial(players));
    sums.into_iter().map(|sum| sum / &orders).collect()
}

/// Sum over all subsets of |S|!(n - 1 - |S|)!/n! times what the player adds.
pub fn by_subsets(players: usize, worth: &dyn Fn(usize) -> Rational) -> Vec<Rational> {
    let value = |player: usize| {
        let others = (0..1usize << players).filter(|set| set & 1 << player == 0);
        others.fold(Rational::zero(), |sum, set| {
            let size = set.count_ones() as usize;
            let orders = factorial(size) * factorial(players - 1 - size);
            let added = worth(set | 1 << player) - worth(set);
            sum + ratio(orders, factorial(players)) * added
        })
    };
    (0..players).map(value).collect()
}

pub fn fractions(found: &Fractions) -> Vec<Rational> {
    let numerators = found.numerators.iter();
    numerators.map(|n| ratio(*n, found.denominator)).collect()
}

/// Owners, validators together, third party.
pub fn shares(found: &Shares) -> (Vec<Rational>, Rational, Rational) {
    let part = |number: U512| ratio(big(number), big(found.total));
    let owners = found.owners.iter().map(|number| part(*number));
    (
        owners.collect(),
        part(found.validators),
        part(found.third_party),
    )
}

/// The game of the three groups, every coalition of owners, validators and the third party counted.
pub fn three_groups(worths: &[Worth], validators: usize) -> (Vec<Rational>, Rational, Rational) {
    let owners = worths.len().ilog2() as usize;
    let all = *worths.last().unwrap();
    let players = owners + validators + 1;
    let worth = |set: usize| {
        let has_validator = (set >> owners) & ((1 << validators) - 1) != 0;
        let has_third_party = set >> (owners + validators) != 0;
        match has_validator && has_third_party {
            true => ratio(worths[set & ((1 << owners) - 1)], all),
            false => Rational::zero(),
        }
    };
    let mut values = by_subsets(players, &worth);
    let third_party = values.pop().unwrap();
    let together = values.split_off(owners).into_iter().sum();
    (values, together, third_party)
}

/// Largest remainder with rationals: the same rule in other words. Units that are left go one by
/// one to the part that is farthest below its exact value.
pub fn rounded(amount: u128, parts: &[Rational]) -> Vec<u128> {
    let total: Rational = parts.iter().sum();
    let exact: Vec<_> = parts
        .iter()
        .map(|part| part / &total * whole(amount))
        .collect();
    let mut paid: Vec<BigInt> = exact.iter().map(|part| part.floor().to_integer()).collect();
    while paid.iter().sum::<BigInt>() < BigInt::from(amount) {
        let gap = |index: usize| &exact[index] - whole(paid[index].clone());
        let next = (0..paid.len()).fold(
            0,
            |best, index| if gap(index) > gap(best) { index } else { best },
        );
        paid[next] += 1;
    }
    paid.iter().map(|part| part.to_u128().unwrap()).collect()
}
