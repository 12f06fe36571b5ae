//! Bytes: eight of magic, a version, then fixed-length little-endian numbers.

use crypto_bigint::BoxedUint;

use crate::Error;

/// Version of every layout.
pub(crate) const VERSION: u16 = 1;

/// What bytes hold.
pub(crate) struct Kind {
    pub(crate) magic: [u8; 8],
    pub(crate) name: &'static str,
}

pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new(kind: &Kind) -> Self {
        let mut bytes = kind.magic.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        Writer(bytes)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.0.extend((count as u32).to_le_bytes());
    }

    pub(crate) fn short(&mut self, value: u16) {
        self.0.extend(value.to_le_bytes());
    }

    /// The number in this many bits, a multiple of 8, which it fits in.
    pub(crate) fn number(&mut self, value: &BoxedUint, bits: u32) {
        let length = bits as usize / 8;
        let bytes = zeroize::Zeroizing::new(value.to_le_bytes().to_vec());
        let kept = bytes.len().min(length);
        self.0.extend(&bytes[..kept]);
        self.0.resize(self.0.len() + length - kept, 0);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

pub(crate) struct Reader<'b> {
    rest: &'b [u8],
    name: &'static str,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8], kind: &Kind) -> Result<Self, Error> {
        let mut reader = Reader {
            rest: bytes,
            name: kind.name,
        };
        if reader.take(8).map_err(|_| Error::Magic(kind.name))? != kind.magic {
            return Err(Error::Magic(kind.name));
        }
        match reader.short()? {
            VERSION => Ok(reader),
            version => Err(Error::Version {
                what: kind.name,
                version,
            }),
        }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'b [u8], Error> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Error::Length(self.name))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let name = self.name;
        self.take(N)?.try_into().map_err(|_| Error::Length(name))
    }

    pub(crate) fn short(&mut self) -> Result<u16, Error> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn count(&mut self) -> Result<usize, Error> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// A number of this many bits, a multiple of 64.
    pub(crate) fn number(&mut self, bits: u32) -> Result<BoxedUint, Error> {
        let name = self.name;
        let bytes = self.take(bits as usize / 8)?;
        BoxedUint::from_le_slice(bytes, bits).map_err(|_| Error::Malformed(name))
    }

    /// That many numbers. No memory is taken that the bytes do not fill.
    pub(crate) fn numbers(&mut self, count: usize, bits: u32) -> Result<Vec<BoxedUint>, Error> {
        let length = count.checked_mul(bits as usize / 8);
        match length {
            Some(length) if length <= self.rest.len() => {
                (0..count).map(|_| self.number(bits)).collect()
            }
            _ => Err(Error::Length(self.name)),
        }
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        match self.rest.is_empty() {
            true => Ok(()),
            false => Err(Error::Length(self.name)),
        }
    }
}
