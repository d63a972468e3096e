//! The loop on made-up rules: each test gives a function from the text to fixes.

use super::*;
use crate::diagnostic::Severity;
use crate::model::Model;
use crate::syntax::{Dockerfile, Item};

/// A find-and-replace rule: (slug, old, new, applicability).
type Swap = (&'static str, &'static str, &'static str, Applicability);

const ALL: FixWish = FixWish { applicability: Applicability::Unsafe, rewrites: true };

/// Each line is an item; every occurrence of `old` is a finding whose fix writes `new`; `!` in the text is an error.
fn checked(source: SourceFile, swaps: &[Swap]) -> Checked {
    let items = (0..source.line_count()).map(|line| Item::Blank(source.line_span(line))).collect();
    let mut diagnostics = Vec::new();
    for (rule, old, new, applicability) in swaps {
        for (at, _) in source.text.match_indices(old) {
            let span = Span::new(at as u32, (at + old.len()) as u32);
            let edits = vec![Edit::replace(span, *new)];
            let found = Diagnostic::at(span, "found");
            let mut found = match rule.starts_with("rewrite") {
                true => found.rewrite(*applicability, "Rewrite", edits),
                false => found.fix(*applicability, "Swap", edits),
            };
            found.rule = rule;
            diagnostics.push(found);
        }
    }
    for (at, _) in source.text.match_indices('!') {
        let mut found = Diagnostic::at(Span::at(at as u32), "an exclamation mark");
        (found.rule, found.severity) = ("exclamation", Severity::Error);
        diagnostics.push(found);
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    let dockerfile = Dockerfile { items, errors: Vec::new(), escape: '\\' };
    Checked {
        source,
        dockerfile,
        model: Model::default(),
        diagnostics,
        size: Default::default(),
        suppressed: Vec::new(),
        plan: None,
    }
}

fn run(text: &str, wish: FixWish, swaps: &[Swap]) -> Fixed {
    until_stable(SourceFile::new("Dockerfile", text), wish, &|source| checked(source, swaps))
}

#[test]
fn a_pass_takes_one_fix_per_line() {
    let fixed = run("a a\na\n", ALL, &[("swap", "a", "b", Applicability::Safe)]);
    assert_eq!(fixed.checked.source.text, "b b\nb\n");
    assert_eq!(fixed.outcome, Outcome::Stable { passes: 2 });
    let passes: Vec<usize> = fixed.applied.iter().map(|applied| applied.pass).collect();
    assert_eq!(passes, [1, 1, 2]);
    assert_eq!(fixed.applied[1].line, 2);
}

#[test]
fn unsafe_and_display_only_fixes_wait_for_the_wish() {
    let swaps = [("one", "a", "x", Applicability::Unsafe), ("two", "b", "y", Applicability::DisplayOnly)];
    let safe = FixWish { applicability: Applicability::Safe, rewrites: true };
    assert!(!run("a b\n", safe, &swaps).changed());
    assert_eq!(run("a b\n", ALL, &swaps).checked.source.text, "x b\n");
    let display = FixWish { applicability: Applicability::DisplayOnly, rewrites: true };
    assert_eq!(run("a b\n", display, &swaps).checked.source.text, "x b\n");
}

#[test]
fn a_rewrite_waits_until_no_edit_is_left_and_comes_alone() {
    let swaps = [("rewrite", "r", "s", Applicability::Safe), ("swap", "a", "b", Applicability::Safe)];
    let fixed = run("r\nr\na\n", ALL, &swaps);
    let order: Vec<(&str, usize)> = fixed.applied.iter().map(|applied| (applied.rule, applied.pass)).collect();
    assert_eq!(order, [("swap", 1), ("rewrite", 2), ("rewrite", 3)]);
    let edits = FixWish { applicability: Applicability::Safe, rewrites: false };
    assert_eq!(run("r\na\n", edits, &swaps).checked.source.text, "r\nb\n");
}

#[test]
fn two_rules_that_undo_each_other_are_a_cycle() {
    let swaps = [("one", "a", "b", Applicability::Safe), ("two", "b", "a", Applicability::Safe)];
    let fixed = run("a\n", ALL, &swaps);
    assert_eq!(fixed.outcome, Outcome::Cycle { rules: vec!["two"] });
    assert_eq!(fixed.checked.source.text, "b\n");
}

#[test]
fn a_text_that_always_grows_ends_after_a_hundred_passes() {
    let fixed = run("a\n", ALL, &[("grow", "a", "xa", Applicability::Safe)]);
    assert_eq!(fixed.outcome, Outcome::TooManyPasses);
}

#[test]
fn the_guilty_fix_is_dropped_and_the_others_stay() {
    let swaps = [("bad", "a", "!", Applicability::Safe), ("good", "b", "c", Applicability::Safe)];
    let fixed = run("a\nb\n", ALL, &swaps);
    assert_eq!(fixed.checked.source.text, "a\nc\n");
    assert_eq!(fixed.outcome, Outcome::Stable { passes: 1 });
    assert_eq!(fixed.dropped.len(), 1);
    assert_eq!(fixed.dropped[0].rule, "bad");
    assert_eq!(fixed.dropped[0].why, "it brings an error of exclamation: an exclamation mark");
}

#[test]
fn a_fix_that_changes_nothing_is_dropped() {
    let fixed = run("a\n", ALL, &[("idle", "a", "a", Applicability::Safe)]);
    assert_eq!(fixed.outcome, Outcome::Stable { passes: 0 });
    assert_eq!(fixed.dropped[0].why, "it changes nothing");
}
