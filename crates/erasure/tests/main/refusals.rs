//! Everything that can be wrong, and what is said of it.

use crate::support::{bytes, sources, Block, Dribble};
use salus_erasure::{
    audit, liars, rebuild_chunk, restore_record, Codec, Encoder, Error, InvalidManifest, Leaves,
    Manifest, ReadLeaves, ReedSolomon, Shape, Source,
};
use std::io::{Cursor, Read, Write};

fn restore(block: &Block, sources: &mut [Source]) -> Result<(), Error> {
    restore_record(
        &block.codec,
        &block.encoded.manifest,
        0,
        sources,
        &mut Vec::new(),
    )
}

#[test]
fn shapes() {
    for (data, total) in [(0, 3), (3, 3), (4, 3), (255, 255)] {
        let error = Shape::new(data, total).unwrap_err();
        assert_eq!(error, InvalidManifest::Shape { data, total });
        assert!(error
            .to_string()
            .contains(&format!("k = {data} of m = {total}")));
    }
    Shape::new(254, 255).unwrap();
    let block = Block::sized(4, 7, &[10]);
    let other = ReedSolomon::new(Shape::new(5, 7).unwrap()).unwrap();
    let mut some = block.chunks(&[0, 1, 2, 3, 4]);
    let error = audit(&other, &block.encoded.manifest, &mut sources(&mut some)).unwrap_err();
    assert_eq!(error.to_string(), "the code is 5 of 7, the block 4 of 7");
}

#[test]
fn chunks_that_do_not_fit() {
    let block = Block::sized(4, 7, &[50_000]);
    let leaves = block.leaves();
    let bytes = &block.encoded.outputs[3];
    for wrong in [&bytes[..bytes.len() - 1], &bytes[..bytes.len() - 1024], &[]] {
        let error = Leaves::new(Cursor::new(wrong), leaves).err().unwrap();
        assert!(matches!(error, Error::WrongSize { .. }), "{error}");
        assert!(error
            .to_string()
            .contains(&format!("{} bytes", wrong.len())));
    }
    // A chunk of another block.
    let mut longer = Leaves::new(
        Cursor::new(vec![0; 1024 * (leaves as usize + 1)]),
        leaves + 1,
    )
    .unwrap();
    let mut three = block.chunks(&[0, 1, 2]);
    let mut mixed = sources(&mut three);
    mixed.push(Source {
        chunk: 3,
        leaves: &mut longer,
    });
    assert!(matches!(
        restore(&block, &mut mixed),
        Err(Error::WrongSize { .. })
    ));

    let error = restore(&block, &mut sources(&mut block.chunks(&[0, 1, 2]))).unwrap_err();
    assert!(matches!(error, Error::TooFew { have: 3, need: 4 }));
    let error = restore(&block, &mut sources(&mut block.chunks(&[0, 1, 2, 2, 3]))).unwrap_err();
    assert!(matches!(error, Error::Duplicate { chunk: 2, need: 4 }));
    let mut four = block.chunks(&[0, 1, 2, 3]);
    four[3].0 = 7;
    let error = restore(&block, &mut sources(&mut four)).unwrap_err();
    assert!(matches!(error, Error::NoSuchChunk { chunk: 7, total: 7 }));
    let mut four = block.chunks(&[0, 1, 2, 3]);
    let wanted = rebuild_chunk(
        &block.codec,
        &block.encoded.manifest,
        7,
        &[],
        &mut sources(&mut four),
        &mut Vec::new(),
    );
    assert!(matches!(
        wanted,
        Err(Error::NoSuchChunk { chunk: 7, total: 7 })
    ));
}

#[test]
fn manifests_that_do_not_fit() {
    let block = Block::sized(4, 7, &[50_000, 10]);
    let check = |change: fn(&mut Manifest)| {
        let mut manifest = block.encoded.manifest.clone();
        change(&mut manifest);
        manifest.check().unwrap_err()
    };
    assert_eq!(
        check(|m| m.roots.truncate(6)),
        InvalidManifest::Roots { total: 7, roots: 6 }
    );
    assert_eq!(
        check(|m| m.records[1].size = 0),
        InvalidManifest::Empty { record: 1 }
    );
    assert_eq!(
        check(|m| m.records[1].size = u64::MAX),
        InvalidManifest::TooLarge { record: 1 }
    );
    // 2^32 - 1 leaves are 13 of the first record and the rest of the second.
    let most = 4 * 1024 * (u64::from(u32::MAX) - 13);
    let mut manifest = block.encoded.manifest.clone();
    manifest.records[1].size = most;
    assert_eq!(manifest.leaves(), Ok(u32::MAX));
    manifest.records[1].size = most + 1;
    assert_eq!(
        manifest.leaves(),
        Err(InvalidManifest::TooLarge { record: 1 })
    );
    // A shape that only a decoder makes.
    manifest.shape = codec::Decode::decode(&mut &[0u8, 7][..]).unwrap();
    assert_eq!(
        manifest.check(),
        Err(InvalidManifest::Shape { data: 0, total: 7 })
    );

    let mut four = block.chunks(&[0, 1, 2, 3]);
    let error = restore_record(
        &block.codec,
        &block.encoded.manifest,
        2,
        &mut sources(&mut four),
        &mut Vec::new(),
    );
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "no record 2: the block has 2, counted from 0");
}

/// Reads some bytes and fails.
struct Failing(usize);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(self.0);
        self.0 -= length;
        if length == 0 {
            Err(std::io::Error::other("the disk is gone"))
        } else {
            Ok(length)
        }
    }
}

/// Takes some bytes and is full.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let length = bytes.len().min(self.0);
        self.0 -= length;
        Ok(length)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A custodian that answers no more from leaf 20 on.
struct Silent(u32);

impl ReadLeaves for Silent {
    fn leaves(&self) -> u32 {
        self.0
    }

    fn read_leaves(&mut self, first: u32, out: &mut [u8]) -> Result<(), Error> {
        if first as usize + out.len() / 1024 > 20 {
            let error = std::io::ErrorKind::TimedOut.into();
            return Err(Error::Io {
                what: "custodian".into(),
                error,
            });
        }
        out.fill(0);
        Ok(())
    }
}

#[test]
fn a_source_that_fails_is_named() {
    let block = Block::sized(4, 7, &[4096 * 30]);
    let mut others = block.chunks(&[0, 2, 3, 6]);
    let mut silent = Silent(block.leaves());
    let mut some = sources(&mut others[..3]);
    some.push(Source {
        chunk: 5,
        leaves: &mut silent,
    });
    let error = restore(&block, &mut some).unwrap_err();
    assert_eq!(error.to_string(), "chunk 5: custodian: timed out");
    let extents = [block.encoded.manifest.extent(0).unwrap()];
    let mut some = sources(&mut others);
    some.push(Source {
        chunk: 5,
        leaves: &mut silent,
    });
    some.swap(0, 4);
    let error = liars(&block.codec, block.leaves(), &extents, &mut some).unwrap_err();
    assert_eq!(error.to_string(), "chunk 5: custodian: timed out");
}

#[test]
fn records_that_cannot_be_coded() {
    let codec = ReedSolomon::new(Shape::new(2, 3).unwrap()).unwrap();
    let mut encoder = Encoder::new(&codec, vec![Vec::new(); 3]).unwrap();
    // An empty record is refused, and changes nothing.
    let error = encoder.record(&mut &[][..]).unwrap_err();
    assert!(error.to_string().contains("record 0 is empty"), "{error}");
    let record = bytes(1, 10_000);
    encoder.record(&mut Dribble(&record)).unwrap();
    let error = encoder.record(&mut Failing(5_000)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("reading record 1: the disk is gone"),
        "{error}"
    );
    // Half a record is in the chunks: this is no block.
    assert!(matches!(
        encoder.record(&mut &record[..]),
        Err(Error::Broken)
    ));
    assert!(matches!(encoder.finish(), Err(Error::Broken)));

    let none = Encoder::new(&codec, vec![Vec::new(); 3]).unwrap();
    assert!(matches!(
        none.finish(),
        Err(Error::Manifest(InvalidManifest::NoSuchRecord { .. }))
    ));
    let outputs = Encoder::new(&codec, vec![Vec::<u8>::new(); 2])
        .err()
        .unwrap();
    assert_eq!(outputs.to_string(), "2 outputs for 3 chunks");
}

#[test]
fn full_disks() {
    let codec = ReedSolomon::new(Shape::new(2, 3).unwrap()).unwrap();
    let record = bytes(1, 1_000_000);
    let outputs = vec![Full(usize::MAX), Full(usize::MAX), Full(300_000)];
    let mut encoder = Encoder::new(&codec, outputs).unwrap();
    let error = encoder.record(&mut &record[..]).unwrap_err();
    assert!(
        error.to_string().starts_with("writing chunk 2: "),
        "{error}"
    );

    let block = Block::sized(2, 3, &[1_000_000]);
    let mut two = block.chunks(&[1, 2]);
    let manifest = &block.encoded.manifest;
    let error = restore_record(
        &block.codec,
        manifest,
        0,
        &mut sources(&mut two),
        &mut Full(9_999),
    );
    assert!(error
        .unwrap_err()
        .to_string()
        .starts_with("writing record 0: "));
    let error = rebuild_chunk(
        &block.codec,
        manifest,
        0,
        &[],
        &mut sources(&mut two),
        &mut Full(9_999),
    );
    assert!(error
        .unwrap_err()
        .to_string()
        .starts_with("writing chunk 0: "));
}

#[test]
fn codes_are_asked_properly() {
    let codec = ReedSolomon::new(Shape::new(3, 5).unwrap()).unwrap();
    for have in [&[0u8, 1][..], &[0, 1, 1], &[2, 1, 0], &[0, 1, 2, 3]] {
        assert!(
            matches!(
                codec.rebuild(have, &[4]),
                Err(Error::TooFew { need: 3, .. })
            ),
            "{have:?}"
        );
    }
    assert!(matches!(
        codec.rebuild(&[0, 1, 2], &[5]),
        Err(Error::Code(_))
    ));
    let (short, long) = ([0; 4], [0; 5]);
    let (mut a, mut b) = ([0; 5], [0; 5]);
    let error = codec.encode(&[&long, &long, &short], &mut [&mut a, &mut b]);
    assert!(matches!(error, Err(Error::Code(_))));
}
