use salus_erasure::{Encoded, Encoder, Leaves, ReadLeaves, ReedSolomon, Shape, Source};
use std::io::{Cursor, Read};

/// A block in memory.
pub struct Block {
    pub codec: ReedSolomon,
    pub records: Vec<Vec<u8>>,
    pub encoded: Encoded<Vec<u8>>,
}

impl Block {
    pub fn new(data: u8, total: u8, records: Vec<Vec<u8>>) -> Self {
        let codec = ReedSolomon::new(Shape::new(data, total).unwrap()).unwrap();
        let mut encoder = Encoder::new(&codec, vec![Vec::new(); usize::from(total)]).unwrap();
        for record in &records {
            encoder.record(&mut Dribble(record)).unwrap();
        }
        let encoded = encoder.finish().unwrap();
        Self {
            codec,
            records,
            encoded,
        }
    }

    pub fn sized(data: u8, total: u8, sizes: &[usize]) -> Self {
        Self::new(
            data,
            total,
            sizes
                .iter()
                .enumerate()
                .map(|(i, size)| bytes(i, *size))
                .collect(),
        )
    }

    pub fn leaves(&self) -> u32 {
        self.encoded.manifest.leaves().unwrap()
    }

    pub fn chunk(&self, chunk: u8) -> Leaves<Cursor<Vec<u8>>> {
        let bytes = self.encoded.outputs[usize::from(chunk)].clone();
        Leaves::new(Cursor::new(bytes), self.leaves()).unwrap()
    }

    pub fn chunks(&self, which: &[u8]) -> Vec<(u8, Leaves<Cursor<Vec<u8>>>)> {
        which
            .iter()
            .map(|chunk| (*chunk, self.chunk(*chunk)))
            .collect()
    }
}

pub fn sources<T: ReadLeaves>(chunks: &mut [(u8, T)]) -> Vec<Source<'_>> {
    chunks
        .iter_mut()
        .map(|(chunk, leaves)| Source {
            chunk: *chunk,
            leaves,
        })
        .collect()
}

/// Bytes that depend on every position.
pub fn bytes(seed: usize, size: usize) -> Vec<u8> {
    let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

/// Reads come in odd lengths, as from a network.
pub struct Dribble<'a>(pub &'a [u8]);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(self.0.len()).min(1 + self.0.len() % 1500);
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}
