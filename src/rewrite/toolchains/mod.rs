//! What is known of each language.

pub mod detect;
pub mod go;
