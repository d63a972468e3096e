//! unladen: a Dockerfile linter and image-size optimizer.
//!
//! The layers, each using only what stands before it:
//! `text < syntax < shell < context < model < diagnostic < settings < size < rewrite < rules < lint < fix < report < config < cli`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod cli;
pub mod config;
pub mod context;
pub mod diagnostic;
pub mod fix;
pub mod lint;
pub mod model;
pub mod report;
pub mod rewrite;
pub mod rules;
pub mod settings;
pub mod shell;
pub mod size;
pub mod syntax;
pub mod text;
