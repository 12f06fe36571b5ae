//! What an attacker makes of what it sees: of the book's protocol the rows, of ours no more than
//! the back-end states.

use codec::DecodeAll;
use salus_analytics::svm::{Data, Model, Sums};
use salus_paillier::Packing;

use super::{
    super::{
        masks::{self, Deal, Mask, Pairs},
        method::{answer_seed, Analyse},
        secure_svm,
        wire::{Order, Report},
    },
    *,
};

/// Solves a x = b by least squares: normal equations and Gauss.
fn least_squares(a: &[Vec<f64>], b: &[f64]) -> Option<Vec<f64>> {
    let size = a.first()?.len();
    let mut m = vec![vec![0.0; size + 1]; size];
    for (row, value) in a.iter().zip(b) {
        for i in 0..size {
            for j in 0..size {
                m[i][j] += row[i] * row[j];
            }
            m[i][size] += row[i] * value;
        }
    }
    for i in 0..size {
        let pivot = (i..size).max_by(|x, y| m[*x][i].abs().total_cmp(&m[*y][i].abs()))?;
        m.swap(i, pivot);
        if m[i][i].abs() < 1e-12 {
            return None;
        }
        for k in 0..size {
            if k != i {
                let factor = m[k][i] / m[i][i];
                let row = m[i].clone();
                m[k].iter_mut()
                    .zip(&row)
                    .for_each(|(x, y)| *x -= factor * y);
            }
        }
    }
    Some((0..size).map(|i| m[i][size] / m[i][i]).collect())
}

/// Of the models of some rounds and the margin that the attacker believes a row has in each:
/// y x, and y last.
fn row_from_margins(models: &[Model], margins: &[f64]) -> Option<Vec<f64>> {
    let equations: Vec<Vec<f64>> = models
        .iter()
        .map(|model| {
            let (weights, bias) = model.to_numbers();
            weights.into_iter().chain([bias]).collect()
        })
        .collect();
    least_squares(&equations, margins)
}

fn digest_of(query: &[u8]) -> [u8; 32] {
    use blake2::{digest::consts::U32, Blake2b, Digest};
    Blake2b::<U32>::digest(query).into()
}

/// How many rows some candidate comes close to: every attribute, up to one common sign, within
/// a twentieth of a standard deviation.
fn recovered(data: &Data, candidates: &[Vec<f64>]) -> usize {
    let unit = (1u64 << data.fraction()) as f64;
    let close = |row: &[i64], candidate: &Vec<f64>, sign: f64| {
        row.iter()
            .zip(candidate)
            .all(|(x, y)| (*x as f64 / unit - sign * y).abs() < 0.05)
    };
    data.rows()
        .filter(|(row, _)| {
            candidates
                .iter()
                .any(|c| close(row, c, 1.0) || close(row, c, -1.0))
        })
        .count()
}

struct Scene {
    terms: Terms,
    data: BTreeMap<PartyId, Data>,
    net: Net,
}

impl Scene {
    /// Trains to the end.
    fn new(backend: Backend, loss: Loss, providers: u16, rounds: u32, min_changed: u64) -> Self {
        let rows = cloud(60 * usize::from(providers), 4, 11);
        let mut terms = terms(backend, loss, 4, providers);
        terms.svm.iterations = rounds;
        terms.min_changed = min_changed;
        let parts = parts(&terms, &rows);
        let moments = Moments::of(rows.values.view()).unwrap();
        let data = parts
            .iter()
            .map(|(id, part)| (*id, terms.encode(part, Some(&moments)).unwrap()));
        let data = data.collect();
        let mut net = net(&terms, &rows, 8);
        net.start();
        net.run().unwrap();
        Scene { terms, data, net }
    }

    /// All orders of the analyst to a provider.
    fn orders(&self, to: PartyId) -> impl Iterator<Item = (u32, Order)> + '_ {
        let sent = self
            .net
            .log
            .iter()
            .filter(move |(from, receiver, ..)| *from == PartyId(0) && *receiver == to);
        sent.map(|(_, _, round, body)| (*round, Order::decode_all(&mut &body[..]).unwrap()))
    }

    /// All reports of a provider that the analyst gets.
    fn reports(&self, from: PartyId) -> impl Iterator<Item = (u32, Report)> + '_ {
        let sent = self
            .net
            .log
            .iter()
            .filter(move |(sender, to, ..)| *sender == from && *to == PartyId(0));
        sent.map(|(_, _, round, body)| (*round, Report::decode_all(&mut &body[..]).unwrap()))
    }

    fn analyst(&self) -> Analyst {
        let mut analyst = Analyst::new(self.terms.clone(), seed(1000)).unwrap();
        analyst
            .resume(&self.net.parties[&PartyId(0)].checkpoint())
            .unwrap();
        analyst
    }

    /// The models that the analyst had, round by round.
    fn models(&self) -> Vec<Model> {
        let key = secret_key(&self.terms, &seed(1000)).unwrap();
        let size = self.terms.columns;
        let queries = self
            .orders(PartyId(1))
            .filter_map(|(_, order)| match order {
                Order::Query { model, .. } => Some(model),
                _ => None,
            });
        queries
            .map(|model| {
                let ciphertexts = key.public().ciphertexts_from_bytes(&model).unwrap();
                let numbers = key.decrypt_many(&ciphertexts).unwrap();
                let number = |p: &salus_paillier::Plaintext| {
                    p.to_int(key.public()).unwrap().as_words()[0] as i64
                };
                Model {
                    fraction: self.terms.svm.fraction,
                    weights: numbers[..size].iter().map(number).collect(),
                    bias: number(&numbers[size]),
                }
            })
            .collect()
    }
}

/// The book's analyst divides the two numbers of a comparison and has the margin; margins under
/// enough models are equations for the row.
#[test]
fn ratios_give_the_books_rows() {
    let scene = Scene::new(Backend::Masked, Loss::Hinge, 2, 2, 1);
    let data: Vec<Data> = scene.data.values().cloned().collect();
    let mut parameters = scene.terms.svm.clone();
    parameters.iterations = 40;
    parameters.fraction = 12;
    let seen = book::train(&parameters, &data, &mut seed(4).random());
    // The first model is 0 and says nothing.
    let seen = &seen[1..];
    let models: Vec<Model> = seen.iter().map(|seen| seen.model.clone()).collect();
    let mut candidates = Vec::new();
    for row in 0..data[0].len() {
        let margins: Vec<f64> = seen
            .iter()
            .map(|seen| {
                let (left, right) = seen.comparisons[row];
                left as f64 / right as f64
            })
            .collect();
        candidates.extend(row_from_margins(&models, &margins));
    }
    let found = recovered(&data[0], &candidates);
    assert!(
        found * 10 >= data[0].len() * 9,
        "{found} of {}",
        data[0].len()
    );
}

/// The same attack on the products that our analyst sees, helped in ways that it is not: it is told
/// which product is of which row, and the sign. It finds no row.
#[test]
fn products_give_none_of_our_rows() {
    let scene = Scene::new(Backend::SecureSvm, Loss::Hinge, 2, 40, 1);
    let (terms, victim) = (&scene.terms, PartyId(1));
    let key = secret_key(terms, &seed(1000)).unwrap();
    let packing = Packing::new(key.public(), terms.slot_bits()).unwrap();
    let data = &scene.data[&victim];
    let models = scene.models();
    let queries: Vec<(u32, u32, Vec<u8>)> = scene
        .orders(victim)
        .filter_map(|(round, order)| match order {
            Order::Query { epoch, model } => Some((round, epoch, model)),
            _ => None,
        })
        .collect();
    let mut margins = vec![Vec::new(); data.len()];
    let mut blind = vec![Vec::new(); data.len()];
    for (round, report) in scene.reports(victim) {
        let Report::Compare { ciphertexts, .. } = report else {
            continue;
        };
        let ciphertexts = key.public().ciphertexts_from_bytes(&ciphertexts).unwrap();
        let opened = key.decrypt_many(&ciphertexts).unwrap();
        let products = opened
            .iter()
            .flat_map(|plain| packing.unpack(plain, packing.slots()).unwrap());
        let products: Vec<f64> = products
            .map(|product| {
                salus_paillier::FixedPoint::new(0)
                    .unwrap()
                    .decode(&product, 1)
            })
            .collect();
        assert!(products.len() >= data.len() && products.len().is_multiple_of(packing.slots()));
        // Half of the products are negative whatever the rows are: the signs are turned at random.
        let (_, epoch, model) = queries
            .iter()
            .find(|(number, ..)| *number == round)
            .unwrap();
        let digest = digest_of(model);
        let help = answer_seed(&seed(1000 + u64::from(victim.0)), round, *epoch, &digest);
        let (least, octaves) = (terms.decision_bits, terms.mask_bits);
        let slots = packing.slots();
        let rows = secure_svm::draw(data.len(), slots, least, octaves, &mut help.random());
        // The middle of the octaves of r.
        let unit =
            2f64.powi((least + octaves / 2 + 1) as i32) * 4f64.powi(terms.svm.fraction as i32);
        let mut first = vec![true; data.len()];
        for (place, entry) in rows.into_iter().enumerate() {
            let row = entry.row;
            if std::mem::take(&mut first[row]) {
                let product = products[place] * if entry.turned { -1.0 } else { 1.0 };
                margins[row].push(product / unit + 1.0);
            }
            if let Some(row) = blind.get_mut(place) {
                row.push(products[place] / unit + 1.0);
            }
        }
    }
    assert_eq!(margins[0].len(), models.len());
    for view in [margins, blind] {
        let candidates: Vec<_> = view
            .iter()
            .filter_map(|margins| row_from_margins(&models[1..], &margins[1..]))
            .collect();
        assert_eq!(candidates.len(), data.len());
        assert_eq!(recovered(data, &candidates), 0);
    }
}

/// Signs do not tell: of rows that are all active as of rows that are all not, half the products
/// are negative.
#[test]
fn signs_of_products_say_nothing() {
    let scene = Scene::new(Backend::SecureSvm, Loss::Hinge, 2, 8, 1);
    let signs = |id| {
        let signs = scene.orders(id).filter_map(|(round, order)| match order {
            Order::Signs { count, bits } if round == 0 => Some((count, bits)),
            _ => None,
        });
        let (count, bits) = signs.last().unwrap();
        (
            count as f64,
            bits.iter().map(|byte| byte.count_ones()).sum::<u32>() as f64,
        )
    };
    // In the first round the model is 0 and every row is active.
    let (mut total, mut negative) = (0.0, 0.0);
    for id in scene.terms.providers.iter().copied() {
        let (count, ones) = signs(id);
        total += count;
        negative += ones;
    }
    // Four standard deviations.
    assert!(
        (negative - total / 2.0).abs() < 4.0 * (total / 4.0).sqrt(),
        "{negative} of {total}"
    );
}

/// One row that changes between two rounds is the difference of the provider's sums, which the
/// book's analyst has.
#[test]
fn differences_give_the_books_rows() {
    let scene = Scene::new(Backend::Masked, Loss::Hinge, 2, 2, 1);
    let data: Vec<Data> = scene.data.values().cloned().collect();
    let mut parameters = scene.terms.svm.clone();
    parameters.iterations = 80;
    parameters.eta = 0.0005;
    let seen = book::train(&parameters, &data, &mut seed(4).random());
    let releases: Vec<Vec<i128>> = seen.iter().map(|seen| seen.sums.to_integers()).collect();
    let found = recovered(&data[0], &differences(&scene.terms, &releases));
    assert!(found >= 5, "{found} of {}", data[0].len());
}

/// Differences of any two releases as attributes: sums of y x start at the fourth number.
fn differences(terms: &Terms, releases: &[Vec<i128>]) -> Vec<Vec<f64>> {
    let unit = (1u64 << terms.svm.fraction) as f64;
    let mut candidates = Vec::new();
    for (index, a) in releases.iter().enumerate() {
        for b in &releases[..index] {
            let numbers = a.iter().zip(b).skip(3).take(terms.columns);
            candidates.push(numbers.map(|(a, b)| (a - b) as f64 / unit).collect());
        }
    }
    candidates
}

/// Our analyst has sums of all providers, and two of them differ in at least K rows; without that
/// gate the attack would succeed, as is stated for K = 1.
#[test]
fn differences_give_rows_only_without_the_gate() {
    for (backend, loss, rounds) in [
        (Backend::Masked, Loss::Hinge, 80),
        (Backend::SecureSvm, Loss::Hinge, 30),
        (Backend::PackedNewton, Loss::SquaredHinge, 30),
    ] {
        for min_changed in [1, 10] {
            let scene = Scene::new(backend, loss, 2, rounds, min_changed);
            let releases = scene.analyst().releases();
            assert!(releases.len() > 2, "{backend}: {}", releases.len());
            let mut candidates = differences(&scene.terms, &releases);
            // A difference of none is no candidate.
            candidates.retain(|candidate| candidate.iter().any(|x| *x != 0.0));
            let found = scene.data.values().map(|data| recovered(data, &candidates));
            let found: usize = found.sum();
            if min_changed > 1 {
                assert_eq!(found, 0, "{backend}");
            } else if loss == Loss::Hinge {
                assert!(found > 0, "{backend}");
            }
        }
    }
}

/// What colluders make of one provider's blinded numbers in the first release of sums: they take off
/// every mask that they know or can open.
fn collude(scene: &Scene, colluders: &[PartyId], victim: PartyId) -> Result<Vec<i128>, Error> {
    let terms = &scene.terms;
    let key = |id| {
        let keys = scene.reports(id).filter_map(|(_, report)| match report {
            Report::Key(key) => Some(key),
            _ => None,
        });
        keys.last().unwrap()
    };
    let (epoch, slot) = (1, 1);
    let blinded = scene.reports(victim).find_map(|(_, report)| match report {
        Report::Sums {
            epoch: e,
            slot: s,
            blinded,
        } if (e, s) == (epoch, slot) => Some(blinded),
        _ => None,
    });
    let deal: Deal = scene
        .reports(victim)
        .find_map(|(_, report)| match report {
            Report::Deal { epoch: e, deal } if e == epoch => Some(deal),
            _ => None,
        })
        .unwrap();
    let query = scene.orders(victim).find_map(|(_, order)| match order {
        Order::Query { epoch: e, model } if e == epoch => Some(digest_of(&model)),
        _ => None,
    });
    let query = query.unwrap();
    // The victim's own mask is opened for the analyst.
    let place = deal
        .members
        .iter()
        .position(|member| *member == victim)
        .unwrap();
    let mut shares = Vec::new();
    for id in &deal.members {
        shares.extend(scene.reports(*id).find_map(|(_, report)| match report {
            Report::Shares {
                epoch: e,
                slot: s,
                shares,
            } if (e, s) == (epoch, slot) => Some((*id, shares[place])),
            _ => None,
        }));
    }
    let mut masks = deal
        .remaining(victim, slot, &deal.members, &shares, &query)
        .unwrap();
    // Pairs with colluders are known.
    let mut pair_shares = Vec::new();
    for colluder in colluders {
        let mut pairs = Pairs::new(
            terms.session,
            *colluder,
            &seed(1000 + u64::from(colluder.0)),
        );
        pairs.agree(victim, key(victim)).unwrap();
        for mask in pairs.cancelling(&[*colluder, victim], "release", &[epoch, slot], &query) {
            masks.push(Mask {
                negative: !mask.negative,
                ..mask
            });
        }
        let sealed = deal.sealed(&pairs, victim, epoch).unwrap();
        let share =
            masks::sealed_share(&pairs, victim, epoch, slot, masks::Which::Pairs, &sealed).unwrap();
        pair_shares.push((*colluder, share));
    }
    // Shares of the secret of the other pairs, if there are enough of them.
    let others: Vec<PartyId> = deal
        .members
        .iter()
        .copied()
        .filter(|id| *id != victim && !colluders.contains(id))
        .collect();
    if let Some(others) = deal.remaining(victim, slot, &others, &pair_shares, &query) {
        masks.extend(others.into_iter().map(|mask| Mask {
            negative: !mask.negative,
            ..mask
        }));
    }
    let half: Box<dyn Analyse> = terms.method().unwrap().analyst(terms, &seed(1000)).unwrap();
    let length = Sums::zero(terms.columns, terms.svm.loss)
        .to_integers()
        .len();
    half.total(terms, &[&blinded.unwrap()], &masks, length)
}

/// The analyst and all providers but two have no numbers of either, whatever they put together;
/// one more makes it all but one, which is nobody to hide among.
#[test]
fn all_but_two_together_have_no_ones_sums() {
    for (backend, loss) in [
        (Backend::Masked, Loss::SquaredHinge),
        (Backend::SecureSvm, Loss::Hinge),
        (Backend::PackedNewton, Loss::SquaredHinge),
    ] {
        let scene = Scene::new(backend, loss, 5, 2, 10);
        let victim = PartyId(4);
        // Every row is active under the first model.
        let data = &scene.data[&victim];
        let truth = Sums::of_active(data, &vec![true; data.len()], loss)
            .unwrap()
            .to_integers();
        let colluders: Vec<PartyId> = (1..=3).map(PartyId).collect();
        match collude(&scene, &colluders, victim) {
            // Numbers modulo 2^128 that say nothing: no sum of rows is so large.
            Ok(numbers) => {
                assert!(numbers.iter().zip(&truth).all(|(a, b)| a != b), "{backend}");
                assert!(
                    numbers.iter().any(|number| number.unsigned_abs() > 1 << 98),
                    "{backend}"
                );
            }
            Err(_) => assert_eq!(backend, Backend::PackedNewton),
        }
        // With the fifth provider there is only the victim left.
        let all: Vec<PartyId> = [1, 2, 3, 5].map(PartyId).to_vec();
        assert_eq!(collude(&scene, &all, victim).unwrap(), truth, "{backend}");
        // What is stated: the sums of the two others, added.
        let releases = scene.analyst().releases();
        let mut rest = releases[1].clone();
        for id in &colluders {
            let data = &scene.data[id];
            let own = Sums::of_active(data, &vec![true; data.len()], loss)
                .unwrap()
                .to_integers();
            rest.iter_mut()
                .zip(own)
                .for_each(|(rest, own)| *rest -= own);
        }
        let fifth = &scene.data[&PartyId(5)];
        let fifth = Sums::of_active(fifth, &vec![true; fifth.len()], loss)
            .unwrap()
            .to_integers();
        let both: Vec<i128> = truth.iter().zip(fifth).map(|(a, b)| a + b).collect();
        assert_eq!(rest, both, "{backend}");
    }
}

/// A provider of secure-svm sees ciphertexts only: without the key they are no model.
#[test]
fn the_model_stays_with_the_analyst() {
    let mut terms = terms(Backend::SecureSvm, Loss::Hinge, 4, 2);
    terms.share_model = false;
    terms.svm.iterations = 3;
    let rows = cloud(80, 4, 6);
    let mut net = net(&terms, &rows, 1);
    net.start();
    net.run().unwrap();
    let Outcome::Model { model, .. } = &net.outcomes[&PartyId(0)] else {
        panic!()
    };
    assert!(matches!(net.outcomes[&PartyId(1)], Outcome::Done { .. }));
    let weight = model.weights[0].to_le_bytes();
    let bytes = model.to_bytes();
    for (from, _, _, body) in &net.log {
        assert!(
            !body.windows(bytes.len()).any(|part| part == bytes),
            "{from}"
        );
        assert!(!body.windows(8).any(|part| part == weight), "{from}");
    }
}
