//! What the fuzz targets share: an input as objects and questions, mutations that know lines of YAML, and what has to be equal.

pub mod agree;
mod case;
mod mutate;
mod question;

pub use case::Case;
pub use mutate::mutate;
pub use question::Question;

/// Mutates manifests line by line, see [`mutate()`].
#[macro_export]
macro_rules! mutate_manifests {
    () => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate(data, size, max_size, seed)
        });
    };
}
