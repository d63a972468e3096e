//! cli
pub mod context;
