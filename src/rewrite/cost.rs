//! What the image weighs before and after: the bases from the table, the rest estimated.

use super::Tier;
use super::base::Choice;
use super::case::Case;
use crate::diagnostic::{Basis, Cost, Size};
use crate::size;

/// Compiler cache and module cache of a first build: 64 MB for the standard library alone (Go 1.21.13), 96 MB for a
/// small web server (Go 1.27.3), both measured on 2026-11-20; large programs fetch hundreds.
const CACHES: Size = Size { low: 64_000_000, likely: 100_000_000, high: 800_000_000 };
/// The program: 1.6 MB for a line of text, 5 to 7 MB for a web server, all measured; 60 MB for the clients of a cloud.
const PROGRAM: Size = Size { low: 1_500_000, likely: 8_000_000, high: 60_000_000 };
/// Sources and data of a working directory.
const TREE: Size = Size { low: 0, likely: 1_000_000, high: 100_000_000 };

pub(super) fn before(case: &Case<'_>) -> Option<Cost> {
    let base = size::reference(&case.stage.image()?.text)?;
    Some(Cost { size: base.size.plus(CACHES).plus(PROGRAM), basis: Basis::Estimated })
}

pub(super) fn after(case: &Case<'_>, choice: &Choice) -> Option<Cost> {
    let prefix = case.options.stated.base_prefix.as_deref().unwrap_or("");
    let name = choice.base.strip_prefix(prefix).unwrap_or(&choice.base);
    // A base that is written with variables is the builder's own.
    let base = match size::reference(name) {
        Some(base) => base,
        None if name.contains('$') => size::reference(&case.stage.image()?.text)?,
        None => return None,
    };
    let size = base.size.plus(PROGRAM);
    let size = if choice.tier == Tier::SameDistroTree { size.plus(TREE) } else { size };
    Some(Cost { size, basis: Basis::Estimated })
}
