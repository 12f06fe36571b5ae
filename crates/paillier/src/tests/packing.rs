use num_bigint::BigInt;
use proptest::prelude::*;

use super::*;
use crate::{Error, Packing};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_packed_unpacks(width in 2u32..=511, seeds in prop::collection::vec((prop::collection::vec(any::<u8>(), 64), 0u32..513), 300)) {
        for key in [SMALL[0].public(), MEDIUM[0].public(), LARGE[0].public()] {
            if width >= key.bits() {
                prop_assert!(Packing::new(key, width).is_err());
                continue;
            }
            let packing = Packing::new(key, width).unwrap();
            let modulus = BigInt::from(1) << (width - 1);
            let values: Vec<BigInt> = seeds.iter().take(packing.slots()).map(|(bytes, cut)| {
                // Any magnitude below 2^(w-1), the extremes included.
                match cut % 8 {
                    0 => &modulus - 1,
                    1 => BigInt::from(1) - &modulus,
                    _ => (BigInt::from_signed_bytes_le(bytes) >> *cut) % &modulus,
                }
            }).collect();
            let ints: Vec<Int> = values.iter().map(int).collect();
            let plaintext = packing.pack(&ints).unwrap();
            let expected: BigInt = values.iter().enumerate().map(|(i, v)| v << (i as u32 * width)).sum();
            prop_assert_eq!(big(&plaintext.to_le_bytes()), modulo(&expected, &n(key)));
            prop_assert_eq!(packing.unpack(&plaintext, values.len()).unwrap(), ints);
        }
    }
}

#[test]
fn sums_are_slot_by_slot_and_never_overflow() {
    for secret in MEDIUM.iter() {
        let key = secret.public();
        let encryptor = encryptor(key);
        let packing = Packing::new(key, 20).unwrap();
        let bound = Int::from(1000i64);
        let values: Vec<Int> = (0..60).map(|i| Int::from(i * 33 - 990i64)).collect();
        let x = packing
            .encrypt(&encryptor, &values, &bound, &mut rng(5))
            .unwrap();
        assert_eq!(x.len(), 60usize.div_ceil(packing.slots()));
        let open =
            |packed: &crate::Packed| packed.open(&secret.decrypt(packed.ciphertext()).unwrap());
        let first: Vec<i64> = (0..packing.slots() as i64).map(|i| i * 33 - 990).collect();
        let ints =
            |f: &dyn Fn(i64) -> i64| first.iter().map(|v| Int::from(f(*v))).collect::<Vec<_>>();
        assert_eq!(open(&x[0]).unwrap(), ints(&|v| v));
        assert_eq!(open(&x[0].add(&x[0]).unwrap()).unwrap(), ints(&|v| 2 * v));
        assert_eq!(open(&x[0].subtract(&x[0]).unwrap()).unwrap(), ints(&|_| 0));
        assert_eq!(
            open(&x[0].scale(&Int::from(-17i64), &Int::from(17i64)).unwrap()).unwrap(),
            ints(&|v| -17 * v)
        );
        assert_eq!(
            open(&x[0].add_plain(&ints(&|v| v), &bound).unwrap()).unwrap(),
            ints(&|v| 2 * v)
        );

        // 2^19 is one too many for a slot of 20 bits: 524 times 1000 fit, 525 do not.
        let scaled = x[0].scale(&Int::from(524i64), &Int::from(524i64)).unwrap();
        assert_eq!(scaled.bound_bits(), 19);
        let overflow = Error::SlotOverflow {
            needed: 21,
            slot_bits: 20,
        };
        assert_eq!(
            x[0].scale(&Int::from(1i64), &Int::from(525i64))
                .unwrap_err(),
            overflow
        );
        assert_eq!(scaled.add(&x[0]).unwrap_err(), overflow);
        assert_eq!(scaled.add_plain(&[], &bound).unwrap_err(), overflow);
        assert!(scaled.add_plain(&[], &Int::from(287i64)).is_ok());
    }
}

#[test]
fn single_numbers_are_gathered_by_shifting() {
    for secret in MEDIUM.iter() {
        let key = secret.public();
        let packing = Packing::new(key, 100).unwrap();
        let values: Vec<Int> = (0..12).map(|i| Int::from((i - 6i128) << 90)).collect();
        let plaintexts: Vec<_> = values
            .iter()
            .map(|v| Plaintext::from_int(key, v).unwrap())
            .collect();
        let singles = encryptor(key)
            .encrypt_many(&plaintexts, &mut rng(6))
            .unwrap();
        let bound = Int::from(6i128 << 90);
        let gathered = packing.gather(&singles, &bound).unwrap();
        let opened: Vec<Int> = gathered
            .iter()
            .flat_map(|packed| {
                packed
                    .open(&secret.decrypt(packed.ciphertext()).unwrap())
                    .unwrap()
            })
            .collect();
        assert_eq!(opened, values);
        assert_eq!(gathered.iter().map(crate::Packed::count).sum::<usize>(), 12);
    }
}

#[test]
fn what_does_not_keep_to_the_bound_is_refused() {
    let secret = &SMALL[0];
    let key = secret.public();
    let packing = Packing::new(key, 30).unwrap();
    let ten = Int::from(10i64);
    let encrypted = packing.encrypt(
        &encryptor(key),
        &[ten, Int::from(-11i64)],
        &ten,
        &mut rng(1),
    );
    assert_eq!(encrypted.unwrap_err(), Error::SlotValue(1));

    // Somebody else's ciphertext, said to hold small values.
    let cheat = key.encode(&packing.pack(&[Int::from(3i64), Int::from(-11i64)]).unwrap());
    let adopted = packing.adopt(cheat.clone(), 2, &ten).unwrap();
    assert_eq!(
        adopted.open(&secret.decrypt(&cheat).unwrap()),
        Err(Error::SlotValue(1))
    );
    // And more of them than were announced.
    let adopted = packing
        .adopt(cheat.clone(), 1, &Int::from(1000i64))
        .unwrap();
    assert_eq!(
        adopted.open(&secret.decrypt(&cheat).unwrap()),
        Err(Error::SlotValue(1))
    );

    let slots = packing.slots();
    let many = Error::Count {
        what: "values",
        got: slots + 1,
        expected: slots,
    };
    assert_eq!(
        packing.pack(&vec![ten; slots + 1]).map(drop),
        Err(many.clone())
    );
    assert_eq!(
        packing.adopt(cheat.clone(), slots + 1, &ten).map(drop),
        Err(many)
    );
    assert!(packing.adopt(cheat.clone(), 1, &Int::from(-1i64)).is_err());
    let wide = Error::SlotOverflow {
        needed: 31,
        slot_bits: 30,
    };
    assert_eq!(
        packing.adopt(cheat, 1, &Int::from(1i64 << 29)).map(drop),
        Err(wide)
    );
    assert_eq!(
        packing.pack(&[ten, Int::from(1i64 << 29)]).map(drop),
        Err(Error::SlotValue(1))
    );
    assert_eq!(
        Packing::new(key, 1).unwrap_err(),
        Error::SlotWidth {
            slot_bits: 1,
            max: 255
        }
    );

    let other = Packing::new(key, 31).unwrap();
    let [a, b] = [&packing, &other].map(|p| {
        p.encrypt(&encryptor(key), &[ten], &ten, &mut rng(1))
            .unwrap()
            .remove(0)
    });
    assert_eq!(a.add(&b).unwrap_err(), Error::OtherSlots);
}
