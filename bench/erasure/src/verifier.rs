//! The verifier as the runtime has it, in a module without host functions: hashes, which the runtime
//! takes from the node, are computed in wasm too, so that the time is an upper bound.

#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
mod wasm {
    extern crate alloc;

    use alloc::vec::Vec;
    use codec::Decode;
    use core::{
        alloc::{GlobalAlloc, Layout},
        cell::UnsafeCell,
        hint::black_box,
        panic::PanicInfo,
    };
    use hash256_std_hasher::Hash256StdHasher;
    use hash_db::Hasher;
    use primitive_types::H256;
    use salus_erasure::{verify, Proof};

    struct Blake2b256;

    impl Hasher for Blake2b256 {
        type Out = H256;
        type StdHasher = Hash256StdHasher;
        const LENGTH: usize = 32;

        fn hash(bytes: &[u8]) -> H256 {
            let hash = blake2b_simd::Params::new().hash_length(32).hash(bytes);
            H256::from_slice(hash.as_bytes())
        }
    }

    const HEAP: usize = 4 << 20;
    const INPUT: usize = 1 << 16;

    /// Gives memory in a row; all of it is taken back before each verification.
    struct Heap(UnsafeCell<([u8; HEAP], usize)>);

    // SAFETY: the module has one thread.
    unsafe impl Sync for Heap {}

    // SAFETY: places are handed out once, aligned and within the array; null when it is full.
    unsafe impl GlobalAlloc for Heap {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let (memory, next) = &mut *self.0.get();
            let start = memory.as_mut_ptr();
            let skip = start.add(*next).align_offset(layout.align());
            let from = *next + skip;
            if layout.size() > HEAP - from.min(HEAP) {
                return core::ptr::null_mut();
            }
            *next = from + layout.size();
            start.add(from)
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }

    #[global_allocator]
    static MEMORY: Heap = Heap(UnsafeCell::new(([0; HEAP], 0)));

    struct Input(UnsafeCell<[u8; INPUT]>);

    // SAFETY: the module has one thread.
    unsafe impl Sync for Input {}

    static ASKED: Input = Input(UnsafeCell::new([0; INPUT]));

    #[panic_handler]
    fn panic(_: &PanicInfo) -> ! {
        core::arch::wasm32::unreachable()
    }

    /// Where the question is written.
    #[no_mangle]
    extern "C" fn input() -> *mut u8 {
        ASKED.0.get().cast()
    }

    /// Decodes the question, SCALE of root, leaves, the leaves asked for and the proof, and verifies
    /// it, `rounds` times. How often the proof was good.
    #[no_mangle]
    extern "C" fn verify_rounds(length: usize, rounds: u32) -> u32 {
        // SAFETY: one thread; nothing that was allocated outlives a round.
        let bytes = unsafe { &*ASKED.0.get() };
        let mut good = 0;
        for _ in 0..rounds {
            unsafe { (*MEMORY.0.get()).1 = 0 };
            let mut question = black_box(&bytes[..length]);
            let Ok((root, leaves, asked, proof)) =
                <(H256, u32, Vec<u32>, Proof)>::decode(&mut question)
            else {
                return good;
            };
            good += u32::from(verify::<Blake2b256>(&root, leaves, &asked, &proof).is_ok());
        }
        good
    }
}
