//! What is known of each language.

pub mod go;
