//! Times the crate, and encrypts for those who check it against other programs.
//!
//! `bench_paillier kernel BITS SECONDS` prints operations a second of one core, one line each:
//! the name of the operation and the number. Every operation runs for at least SECONDS.
//! With the feature `bench-rug` it also prints what GMP does with the same tables of powers.
//! `bench_paillier threshold BITS T N COUNT` times threshold decryption of COUNT ciphertexts.
//! `bench_paillier generate BITS` times the making of a key.
//! `bench_paillier encrypt MODULUS VALUE…` prints ciphertexts of decimal integers under a modulus
//! in hexadecimal.
//!
//! `SALUS_NO_AVX512=1` measures without AVX-512.

use std::{error::Error, process::ExitCode, time::Instant};

use salus_paillier::{
    threshold::{Dealer, Setup, Share},
    Combination, Encryptor, Exponent, Int, Packing, Plaintext, PublicKey, SecretKey,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["kernel", bits, seconds] => kernel(bits, seconds),
        ["threshold", bits, t, n, count] => threshold(bits, t, n, count),
        ["generate", bits] => generate(bits),
        ["encrypt", modulus, ref values @ ..] => encrypt(modulus, values),
        _ => Err("see the comment at the head of the source".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_paillier: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Calls until the time is over, and prints how many items a second that is.
fn rate(
    name: &str,
    seconds: f64,
    items: usize,
    mut task: impl FnMut() -> Outcome<()>,
) -> Outcome<()> {
    task()?;
    let (start, mut calls) = (Instant::now(), 0usize);
    while start.elapsed().as_secs_f64() < seconds || calls < 3 {
        task()?;
        calls += 1;
    }
    let rate = (calls * items) as f64 / start.elapsed().as_secs_f64();
    println!("{name} {rate:.1}");
    Ok(())
}

fn kernel(bits: &str, seconds: &str) -> Outcome<()> {
    const COUNT: usize = 64;
    let (bits, seconds): (u32, f64) = (bits.parse()?, seconds.parse()?);
    let mut rng = rand::rng();
    let secret = SecretKey::generate(bits, &mut rng)?;
    let key = secret.public();
    let plaintexts: Vec<Plaintext> = (0..COUNT as i64)
        .map(|value| Plaintext::from_int(key, &Int::from(value - 32)))
        .collect::<Result<_, _>>()?;
    let half = Encryptor::new(key, Exponent::Half);
    let short = Encryptor::new(key, Exponent::Bits256);
    let ciphertexts = half.encrypt_many(&plaintexts, &mut rng)?;

    rate("encrypt_half", seconds, COUNT, || {
        half.encrypt_many(&plaintexts, &mut rng)?;
        Ok(())
    })?;
    rate("encrypt_256", seconds, COUNT, || {
        short.encrypt_many(&plaintexts, &mut rng)?;
        Ok(())
    })?;
    rate("encrypt_half_single", seconds, 1, || {
        half.encrypt(&plaintexts[0], &mut rng)?;
        Ok(())
    })?;
    rate("encrypt_256_single", seconds, 1, || {
        short.encrypt(&plaintexts[0], &mut rng)?;
        Ok(())
    })?;
    rate("decrypt", seconds, COUNT, || {
        secret.decrypt_many(&ciphertexts)?;
        Ok(())
    })?;
    rate("decrypt_single", seconds, 1, || {
        secret.decrypt(&ciphertexts[0])?;
        Ok(())
    })?;
    rate("add", seconds, COUNT, || {
        key.sum(&ciphertexts)?;
        Ok(())
    })?;
    rate("scale_64_bits", seconds, 1, || {
        key.scale(&ciphertexts[0], &Int::from(0x1234_5678_9abc_def0i64), 64)?;
        Ok(())
    })?;
    let combination = Combination::new(key, &ciphertexts[..10], 20)?;
    let row: Vec<Int> = (0..10i64)
        .map(|term| Int::from((term - 5) * 100_000))
        .collect();
    let rows = vec![row; COUNT];
    rate("combine_10_terms_20_bits", seconds, COUNT, || {
        combination.apply_many(&rows)?;
        Ok(())
    })?;
    let packing = Packing::new(key, 64)?;
    let column: Vec<Int> = (0..packing.slots() as i64)
        .map(|slot| Int::from(slot * 1000 - 9))
        .collect();
    let packed = vec![packing.pack(&column)?; 10];
    let packs = vec![packed; 8];
    rate(
        "combine_10_terms_packed_64_bits_values",
        seconds,
        8 * packing.slots(),
        || {
            combination.apply_plaintexts(&packs)?;
            Ok(())
        },
    )?;
    #[cfg(feature = "bench-rug")]
    with_gmp(bits, seconds, key)?;
    Ok(())
}

/// Encryption as the crate does it, one product a digit of 7 bits, with GMP's integers. Not constant
/// time: a table is looked into where the digit says.
#[cfg(feature = "bench-rug")]
fn with_gmp(bits: u32, seconds: f64, key: &PublicKey) -> Outcome<()> {
    use rand::RngExt;
    use rug::{integer::Order, Integer};
    const WINDOW: u32 = 7;
    let n = Integer::from_digits(&key.modulus_bytes(), Order::Lsf);
    let square = n.clone().square();
    let random = || Integer::from_digits(&rand::rng().random::<[u8; 384]>(), Order::Lsf);
    let x = random() % &n;
    let base = x.pow_mod(&n, &square).map_err(|_| "no power")?;
    let (mut next, mut tables) = (base, Vec::new());
    for _ in 0..(bits / 2).div_ceil(WINDOW) {
        let mut table = vec![Integer::from(1)];
        while table.len() < 1 << WINDOW {
            table.push(Integer::from(&table[table.len() - 1] * &next) % &square);
        }
        next = Integer::from(&table[table.len() - 1] * &next) % &square;
        tables.push(table);
    }
    let exponents: Vec<Integer> = (0..64).map(|_| random().keep_bits(bits / 2)).collect();
    rate("gmp_encrypt_half", seconds, exponents.len(), || {
        for (value, exponent) in exponents.iter().enumerate() {
            let mut power = Integer::from(&n * value as u64) + 1u32;
            for (number, table) in (0..).zip(&tables) {
                let digit = Integer::from(exponent >> (WINDOW * number)).keep_bits(WINDOW);
                power *= &table[digit.to_usize().unwrap_or(0)];
                power %= &square;
            }
            std::hint::black_box(power);
        }
        Ok(())
    })
}

/// Safe primes of 1024 bits, drawn once: to draw them takes longer than to measure.
const SAFE: [&str; 2] = [
    "c0031ad645db270e9580699ee3669c8fc9c555fa62012c493c470f4a9639de7227cfac23a2c76ec95c2eb0953db38c43bd2ff5e1e2f95059b905e4a4d22393bb4dc8cca78cec2ed44e4a2b9bee98702ca4b2bb5e93f7586ca5476302094fe00ea77c8e43eb73c3eb59b58c2b7841ec4c92457399e8d35df1edcfa0f1cab8dde7",
    "e9726010674137f3e6e40fc7c1e5f1d21b5759a119e9583071d5f195c1793546c31d85b390e1688d8a1f361f9ea7964acaa4171e3b55ee0483c1f1e5c0ba97a13853199206b663c850408d53d83fd4fe6c21c8a201ad00919895310a6fe4aab6c7e80cd1dadec858ceb530f37e3488f0f1c20153236ef5eaeddcf0ed4537df6b",
];

fn threshold(bits: &str, t: &str, n: &str, count: &str) -> Outcome<()> {
    let (bits, t, n, count): (u32, u16, u16, usize) =
        (bits.parse()?, t.parse()?, n.parse()?, count.parse()?);
    let mut rng = rand::rng();
    let time = |name: &str, start: Instant| {
        println!("{name} {:.4} s", start.elapsed().as_secs_f64());
    };
    let start = Instant::now();
    let dealer = match bits {
        2048 => Dealer::from_primes(&little_endian(SAFE[0])?, &little_endian(SAFE[1])?)?,
        _ => Dealer::new(bits, &mut rng)?,
    };
    time("primes", start);
    let start = Instant::now();
    let (public, secrets) = dealer.run(t, n, &mut rng)?;
    time("deal", start);
    let key = public.key();
    let start = Instant::now();
    let encryptor = Encryptor::new(key, Exponent::Half);
    time("table", start);
    let plaintexts: Vec<Plaintext> = (0..count as i64)
        .map(|value| Plaintext::from_int(key, &Int::from(value)))
        .collect::<Result<_, _>>()?;
    let start = Instant::now();
    let ciphertexts = encryptor.encrypt_many(&plaintexts, &mut rng)?;
    time("encrypt", start);
    let chosen = &secrets[..usize::from(t)];
    let start = Instant::now();
    let shares: Vec<Share> = chosen
        .iter()
        .map(|secret| secret.decrypt(&ciphertexts))
        .collect::<Result<_, _>>()?;
    time("shares_of_all_parties", start);
    let start = Instant::now();
    let opened = public.open_unproved(&ciphertexts, &shares)?;
    time("join", start);
    for (plaintext, expected) in opened.iter().zip(0i64..) {
        if plaintext.to_int(key)? != Int::from(expected) {
            return Err("the shares opened to something else".into());
        }
    }
    let start = Instant::now();
    let proved: Vec<Share> = chosen
        .iter()
        .map(|secret| secret.decrypt_proved(&ciphertexts, b"bench", &mut rng))
        .collect::<Result<_, _>>()?;
    time("proved_shares_of_all_parties", start);
    let start = Instant::now();
    public.open(&ciphertexts, b"bench", &proved)?;
    time("verify_and_join", start);
    Ok(())
}

fn generate(bits: &str) -> Outcome<()> {
    let start = Instant::now();
    SecretKey::generate(bits.parse()?, &mut rand::rng())?;
    println!("generate {:.3} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn encrypt(modulus: &str, values: &[&str]) -> Outcome<()> {
    let modulus = little_endian(modulus)?;
    let mut bytes = b"salusPPK\x01\x00".to_vec();
    bytes.extend((8 * modulus.len() as u32).to_le_bytes());
    bytes.extend(&modulus);
    let key = PublicKey::from_bytes(&bytes)?;
    let encryptor = Encryptor::new(&key, Exponent::Half);
    for value in values {
        let number: num_bigint::BigInt = value.parse()?;
        let mut bytes = number.to_signed_bytes_le();
        let fill = if value.starts_with('-') { 255 } else { 0 };
        bytes.resize(64, fill);
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = u64::from_le_bytes(bytes.try_into()?);
        }
        let plaintext = Plaintext::from_int(&key, &Int::from_words(words))?;
        let ciphertext = encryptor.encrypt(&plaintext, &mut rand::rng())?;
        let mut number = key
            .ciphertexts_to_bytes(&[ciphertext])?
            .split_off(8 + 2 + 32 + 4);
        number.reverse();
        println!("{}", hex::encode(number));
    }
    Ok(())
}

fn little_endian(text: &str) -> Outcome<Vec<u8>> {
    let mut bytes = hex::decode(text)?;
    bytes.reverse();
    Ok(bytes)
}
