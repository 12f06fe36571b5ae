//! Encrypting and decrypting whole files and streams.

use std::io::{self, BufRead, BufReader, Read, Write};

use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use crate::{check_recipient, recipient_to_string, Error, Identity};

/// Plaintext bytes of one sealed chunk of an age file.
const CHUNK: u64 = 64 * 1024;
/// Bytes of a chunk's authentication tag.
const TAG: u64 = 16;
/// Most recipients of one file: 16 seats, 16 reserves and the client are 33.
const MAX_RECIPIENTS: usize = 64;
/// Longest header read, bytes: 64 recipients at 98 bytes are 6.2 KiB; the rest is for other kinds.
const MAX_HEADER: u64 = 16 * 1024;
/// Most lines of a header: 64 recipients take 131. The parser begins anew with every line, so that
/// without this bound a header made for it would cost minutes.
const MAX_HEADER_LINES: usize = 256;

/// Encrypts to all of `recipients`; any one of them opens it. Binary age v1.
pub fn encrypt(plaintext: &[u8], recipients: &[[u8; 32]]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(plaintext.len() + plaintext.len() / 4096 + 512);
    encrypt_stream(plaintext, &mut out, recipients)?;
    Ok(out)
}

/// As [`encrypt`], from a reader to a writer in constant memory. Returns the plaintext bytes read.
/// After an error what was written must be thrown away.
pub fn encrypt_stream<R: Read, W: Write>(
    mut plaintext: R,
    ciphertext: W,
    recipients: &[[u8; 32]],
) -> Result<u64, Error> {
    if recipients.is_empty() {
        return Err(Error::NoRecipients);
    }
    if recipients.len() > MAX_RECIPIENTS {
        return Err(Error::TooManyRecipients {
            max: MAX_RECIPIENTS,
        });
    }
    let parsed = recipients
        .iter()
        .map(|recipient| {
            check_recipient(recipient)?;
            recipient_to_string(recipient)
                .parse::<age::x25519::Recipient>()
                .map_err(Error::InvalidRecipient)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let encryptor = Encryptor::with_recipients(parsed.iter().map(|r| r as &dyn age::Recipient))
        .map_err(|error| match error {
            age::EncryptError::Io(error) => Error::Io(error),
            _ => Error::NoRecipients,
        })?;
    let mut writer = encryptor.wrap_output(ciphertext).map_err(Error::Io)?;
    let bytes = copy(&mut plaintext, &mut writer)?;
    writer.finish().map_err(Error::Io)?;
    Ok(bytes)
}

/// Decrypts a file held in memory; the plaintext is never longer than the file.
/// [`Error::CannotOpen`] for another key or a damaged file.
pub fn decrypt(ciphertext: &[u8], identity: &Identity) -> Result<Zeroizing<Vec<u8>>, Error> {
    decrypt_limited(ciphertext, identity, ciphertext.len() as u64)
}

/// As [`decrypt`], refusing plaintexts of more than `max` bytes with [`Error::TooLarge`].
pub fn decrypt_limited(
    ciphertext: &[u8],
    identity: &Identity,
    max: u64,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    // Capacity up front: growing would leave copies of the plaintext in freed memory.
    let capacity = max.min(ciphertext.len() as u64) as usize;
    let mut plaintext = Zeroizing::new(Vec::with_capacity(capacity));
    decrypt_stream(ciphertext, &mut *plaintext, identity, max)?;
    Ok(plaintext)
}

/// As [`decrypt_limited`], from a reader to a writer in constant memory. Returns the plaintext
/// bytes written. Chunks are authenticated before they are written, the end of the file only at the
/// end: after an error what was written must be thrown away.
pub fn decrypt_stream<R: Read, W: Write>(
    ciphertext: R,
    mut plaintext: W,
    identity: &Identity,
    max: u64,
) -> Result<u64, Error> {
    let mut input = BufReader::new(ciphertext);
    let header = read_header(&mut input)?;
    let mut file = header.chain(input.take(longest_payload(max)));
    match open(&mut file, &mut plaintext, identity, max) {
        // The limit cut the file short, which looks like damage.
        Err(Error::CannotOpen) if file.get_ref().1.limit() == 0 => Err(Error::TooLarge { max }),
        result => result,
    }
}

fn open(
    file: &mut dyn BufRead,
    plaintext: &mut dyn Write,
    identity: &Identity,
    max: u64,
) -> Result<u64, Error> {
    let key = identity.to_age();
    let mut reader = Decryptor::new_buffered(file)
        .and_then(|file| file.decrypt(std::iter::once(&key as &dyn age::Identity)))
        .map_err(|error| match error {
            DecryptError::Io(error) => unreadable(error),
            _ => Error::CannotOpen,
        })?;
    let mut buffer = Zeroizing::new(vec![0; CHUNK as usize]);
    let mut total = 0u64;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        total += count as u64;
        if total > max {
            return Err(Error::TooLarge { max });
        }
        plaintext.write_all(&buffer[..count]).map_err(Error::Io)?;
    }
}

/// The lines up to the one with the header's authentication code.
fn read_header(input: &mut dyn BufRead) -> Result<io::Cursor<Vec<u8>>, Error> {
    let mut header = Vec::new();
    let mut input = input.take(MAX_HEADER);
    for _ in 0..MAX_HEADER_LINES {
        let begin = header.len();
        input.read_until(b'\n', &mut header).map_err(Error::Io)?;
        if !header.ends_with(b"\n") {
            return Err(Error::CannotOpen);
        }
        if header[begin..].starts_with(b"---") {
            return Ok(io::Cursor::new(header));
        }
    }
    Err(Error::CannotOpen)
}

/// Bytes that `max` bytes of plaintext take after the header: the nonce, the chunks, their tags,
/// and one byte by which the end is found.
fn longest_payload(max: u64) -> u64 {
    let chunks = max / CHUNK + 1;
    max.saturating_add(chunks.saturating_mul(TAG))
        .saturating_add(TAG + 1)
}

/// age reports damage as I/O errors of two kinds; the rest is the reader's own trouble.
fn unreadable(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Error::CannotOpen,
        _ => Error::Io(error),
    }
}

/// `io::copy` with a buffer that is wiped.
fn copy(from: &mut dyn Read, to: &mut dyn Write) -> Result<u64, Error> {
    let mut buffer = Zeroizing::new(vec![0; CHUNK as usize]);
    let mut total = 0u64;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::Io(error)),
        };
        to.write_all(&buffer[..count]).map_err(Error::Io)?;
        total += count as u64;
    }
}
