//! What the fuzz targets share: an input as objects and questions, and mutations that know lines of YAML.

mod case;
mod mutate;
mod question;

pub use case::Case;
pub use mutate::mutate;
pub use question::{Head, Question};

/// Mutates manifests line by line, see [`mutate()`].
#[macro_export]
macro_rules! mutate_manifests {
    () => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate(data, size, max_size, seed)
        });
    };
}
