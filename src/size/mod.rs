//! Waste and model -> bytes, from the tables under rules/tables.
//!
//! What is not known has no number. MB are 10^6 bytes everywhere.

mod base;

pub use base::base;

use crate::diagnostic::{Basis, Cost, Diagnostic, Size, Waste};
use crate::model::{self, Model, tables};

static LEFTOVERS: &str = include_str!("../../rules/tables/leftovers.tsv");
static DEB_SIZES: &str = include_str!("../../rules/tables/deb_sizes.tsv");

/// What the waste weighs in the image that ships; `None` when nothing is known.
pub fn price(_model: &Model, waste: &Waste) -> Option<Cost> {
    match waste {
        Waste::Leftover(key) => leftover(key),
        Waste::Base { from, to } => Some(difference(reference(from)?, reference(to)?)),
        Waste::Rewrite(cost) => Some(*cost),
        Waste::Packages { manager: "apt", names } => packages(names, |row| row.without),
        Waste::Recommends { names } => packages(names, |row| row.with.saturating_sub(row.without)),
        // The size of a layer or of a binary is not to be had from the Dockerfile.
        Waste::Packages { .. } | Waste::Layer(_) | Waste::DebugInfo(_) => None,
    }
}

/// The size of an image by its reference, `golang:1.22` or `scratch`.
pub fn reference(text: &str) -> Option<Cost> {
    if text == "scratch" {
        return Some(Cost { size: Size::default(), basis: Basis::Measured });
    }
    let text = text.split('@').next().unwrap_or(text);
    let slash = text.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match text.get(slash..).unwrap_or("").find(':') {
        Some(colon) => (text.get(..slash + colon).unwrap_or(text), text.get(slash + colon + 1..).unwrap_or("")),
        None => (text, "latest"),
    };
    base(&model::canonical_name(name), tag)
}

/// All findings of a file together: bytes that two findings share count once.
///
/// A rewrite replaces the whole image, so it stands for everything else where it is the larger; of several findings
/// on the same thing only the first counts.
pub fn total<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>) -> Option<Cost> {
    let mut seen: Vec<&Waste> = Vec::new();
    let mut edits: Option<Cost> = None;
    let mut rewrite: Option<Cost> = None;
    for diagnostic in diagnostics {
        let (Some(waste), Some(cost)) = (&diagnostic.waste, diagnostic.cost) else { continue };
        if seen.contains(&waste) {
            continue;
        }
        seen.push(waste);
        let sum = if matches!(waste, Waste::Rewrite(_) | Waste::Base { .. }) { &mut rewrite } else { &mut edits };
        *sum = Some(match (*sum, waste) {
            (None, _) => cost,
            (Some(old), Waste::Rewrite(_) | Waste::Base { .. }) if old.size.likely >= cost.size.likely => old,
            (Some(_), Waste::Rewrite(_) | Waste::Base { .. }) => cost,
            (Some(old), _) => Cost { size: old.size.plus(cost.size), basis: old.basis.min(cost.basis) },
        });
    }
    match (edits, rewrite) {
        (Some(edits), Some(rewrite)) if edits.size.likely > rewrite.size.likely => Some(edits),
        (edits, rewrite) => rewrite.or(edits),
    }
}

/// What is left of `from` when `to` takes its place; never below zero.
pub fn difference(from: Cost, to: Cost) -> Cost {
    Cost {
        size: Size {
            low: from.size.low.saturating_sub(to.size.high),
            likely: from.size.likely.saturating_sub(to.size.likely),
            high: from.size.high.saturating_sub(to.size.low),
        },
        basis: from.basis.min(to.basis),
    }
}

/// A row of leftovers.tsv, such as `apt-lists`.
pub fn leftover(key: &str) -> Option<Cost> {
    let row = tables::lines(LEFTOVERS, key).next()?;
    let number = |at: usize| row.split('\t').nth(at).and_then(|cell| cell.parse().ok());
    Some(Cost { size: Size { low: number(1)?, likely: number(2)?, high: number(3)? }, basis: Basis::Table })
}

/// What these Debian packages add to an image. One that is not in the table counts as the table's median, and at most as
/// its ninth tenth.
pub fn apt_packages(names: &[&str], recommends: bool) -> Size {
    const UNKNOWN: [Size; 2] = [
        Size { low: 0, likely: 24_000_000, high: 280_000_000 },
        Size { low: 0, likely: 40_000_000, high: 479_000_000 },
    ];
    let bytes: fn(&DebSize) -> u64 = if recommends { |row| row.with } else { |row| row.without };
    let (known, unknown): (Vec<&str>, Vec<&str>) =
        names.iter().partition(|name| tables::lines(DEB_SIZES, name).next().is_some());
    let owned: Vec<String> = known.iter().map(|name| name.to_string()).collect();
    let known = packages(&owned, bytes).map_or(Size::default(), |cost| cost.size);
    unknown.iter().fold(known, |sum, _| sum.plus(UNKNOWN[usize::from(recommends)]))
}

/// Bytes that one Debian package adds to a minimal system, its dependencies included.
struct DebSize {
    without: u64,
    with: u64,
}

/// Packages share dependencies: together they weigh at least what the largest one does and at most the sum.
/// `None` when a package is not in the table, for then nothing can be said of the whole.
fn packages(names: &[String], bytes: fn(&DebSize) -> u64) -> Option<Cost> {
    let mut largest = 0;
    let mut sum = 0;
    for name in names {
        let row = tables::lines(DEB_SIZES, name).next()?;
        let number = |at: usize| row.split('\t').nth(at).and_then(|cell| cell.parse().ok());
        let added = bytes(&DebSize { without: number(1)?, with: number(2)? });
        largest = largest.max(added);
        sum += added;
    }
    if sum == 0 {
        return None;
    }
    // Random sets of the most used packages sum to 1.14 times their union (median).
    let likely = if names.len() > 1 { (sum / 114 * 100).max(largest) } else { sum };
    let basis = if names.len() > 1 { Basis::Estimated } else { Basis::Table };
    Some(Cost { size: Size { low: largest, likely, high: sum }, basis })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    #[test]
    fn a_base_costs_the_difference_to_the_smaller_one() {
        let waste = Waste::Base { from: "golang:1.26.8-bookworm".into(), to: "scratch".into() };
        assert_eq!(price(&Model::default(), &waste).unwrap().size, Size::exact(833_490_000));
    }

    #[test]
    fn what_is_not_known_has_no_number() {
        let unknown = [
            Waste::Leftover("no-such-thing"),
            Waste::Base { from: "example.com/x:1".into(), to: "scratch".into() },
            Waste::Packages { manager: "apt", names: vec!["curl".into(), "no-such-package".into()] },
            Waste::Packages { manager: "apk", names: vec!["curl".into()] },
        ];
        for waste in unknown {
            assert_eq!(price(&Model::default(), &waste), None, "{waste:?}");
        }
    }

    #[test]
    fn packages_together_weigh_less_than_their_sum() {
        let names = vec!["curl".into(), "git".into()];
        let cost = price(&Model::default(), &Waste::Packages { manager: "apt", names }).unwrap();
        assert!(cost.size.low <= cost.size.likely && cost.size.likely < cost.size.high);
        assert_eq!(cost.basis, Basis::Estimated);
    }

    #[test]
    fn shared_bytes_count_once() {
        let finding = |waste: Waste| {
            let mut diagnostic = Diagnostic::at(Span::default(), "x").waste(waste.clone());
            diagnostic.cost = price(&Model::default(), &waste);
            diagnostic
        };
        let lists = finding(Waste::Leftover("apt-lists"));
        let one = total([&lists].into_iter()).unwrap();
        let two = total([&lists, &lists.clone()].into_iter()).unwrap();
        assert_eq!(one, two);
        let base = finding(Waste::Base { from: "golang:1.26.8-bookworm".into(), to: "scratch".into() });
        assert_eq!(total([&lists, &base].into_iter()).unwrap().size.likely, 833_490_000);
    }
}
