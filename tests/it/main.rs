//! One test binary, so that it links once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod builder;
mod cli;
mod comments;
mod corpus;
mod differential;
mod dockerignore;
mod fixtures;
mod go_outputs;
mod labels;
mod model;
mod pages;
mod parse;
mod peers;
mod properties;
mod registry;
mod rewrite;
#[cfg(feature = "shellcheck")]
mod shellcheck;
mod size;
mod tidy;
mod verify;
