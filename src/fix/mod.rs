//! The fix engine: check, take fixes, apply, check again, until nothing is left to do; harm is taken back.
//!
//! There are no priorities: one pass takes at most one fix per instruction, the next pass checks the new text.

mod harm;

use std::collections::HashSet;

use crate::context::BuildContext;
use crate::diagnostic::{Applicability, Diagnostic, Fix, FixKind};
use crate::lint::{self, Checked};
use crate::rules::UNUSED;
use crate::settings::Settings;
use crate::text::{Edit, SourceFile, Span};

/// The pass at which the loop gives up.
pub const MAX_PASSES: usize = 100;

/// What may be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixWish {
    /// The least applicability that is taken: `Safe` or `Unsafe`. `DisplayOnly` fixes are never applied.
    pub applicability: Applicability,
    /// Fixes that restructure the file are taken too.
    pub rewrites: bool,
}

/// A file after fixing.
pub struct Fixed {
    /// The new text, checked; what is left to report is in its diagnostics.
    pub checked: Checked,
    /// In the order of application.
    pub applied: Vec<Applied>,
    pub outcome: Outcome,
    /// Fixes that were taken back because they did harm; each is a bug of its rule.
    pub dropped: Vec<Dropped>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub rule: &'static str,
    pub title: String,
    pub applicability: Applicability,
    pub kind: FixKind,
    /// From 1.
    pub pass: usize,
    /// The line of the finding, from 1, in the text that the pass began with.
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    pub rule: &'static str,
    pub title: String,
    /// What was wrong with the fixed text.
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do; `passes` of them changed the text.
    Stable {
        passes: usize,
    },
    /// A text came up a second time: these rules undo each other. The last text before it is kept.
    Cycle {
        rules: Vec<&'static str>,
    },
    TooManyPasses,
}

impl Fixed {
    pub fn changed(&self) -> bool {
        !self.applied.is_empty()
    }
}

pub fn fix(source: SourceFile, context: Option<&BuildContext>, settings: &Settings, wish: FixWish) -> Fixed {
    until_stable(source, wish, &|source| lint::check(source, context, settings))
}

/// A fix that a pass has chosen, with what is needed to report it.
struct Taken {
    rule: &'static str,
    fix: Fix,
    line: u32,
    key: Key,
}

/// What a fix is known by after it was dropped, also when the text before it has moved: rule, replaced texts, new
/// texts, and the lines around the first edit.
type Key = (&'static str, Vec<(String, String)>, String);

fn until_stable(source: SourceFile, wish: FixWish, check: &dyn Fn(SourceFile) -> Checked) -> Fixed {
    let mut now = check(source);
    let mut applied: Vec<Applied> = Vec::new();
    let mut dropped = Vec::new();
    let mut dropped_keys: HashSet<Key> = HashSet::new();
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    let mut passes = 0;
    loop {
        let taken = select(&now, wish, &dropped_keys);
        if taken.is_empty() {
            return Fixed { checked: now, applied, outcome: Outcome::Stable { passes }, dropped };
        }
        if passes == MAX_PASSES {
            return Fixed { checked: now, applied, outcome: Outcome::TooManyPasses, dropped };
        }
        let (next, kept, guilty) = run_pass(&now, taken, check);
        for (fix, why) in guilty {
            dropped.push(Dropped { rule: fix.rule, title: fix.fix.title, why });
            dropped_keys.insert(fix.key);
        }
        let Some(next) = next else { continue };
        seen.insert(now.source.all_bytes().into_owned());
        if seen.contains(next.source.all_bytes().as_ref()) {
            let mut rules: Vec<&'static str> = kept.iter().map(|fix| fix.rule).collect();
            rules.sort_unstable();
            rules.dedup();
            return Fixed { checked: now, applied, outcome: Outcome::Cycle { rules }, dropped };
        }
        passes += 1;
        applied.extend(kept.into_iter().map(|taken| Applied {
            rule: taken.rule,
            title: taken.fix.title,
            applicability: taken.fix.applicability,
            kind: taken.fix.kind,
            pass: passes,
            line: taken.line,
        }));
        now = next;
    }
}

/// The fixes of one pass: at most one per instruction in file order; a rewrite only when no edit is left, and alone.
fn select(checked: &Checked, wish: FixWish, dropped: &HashSet<Key>) -> Vec<Taken> {
    let least = wish.applicability.max(Applicability::Unsafe);
    let open = |kind: FixKind| {
        checked.diagnostics.iter().filter_map(move |diagnostic| {
            let fix = diagnostic.fix.as_ref()?;
            if fix.kind != kind || fix.applicability < least || fix.edits.is_empty() {
                return None;
            }
            let key = key(&checked.source, diagnostic.rule, &fix.edits);
            if dropped.contains(&key) {
                return None;
            }
            Some(take(checked, diagnostic, fix, key))
        })
    };
    let mut touched: HashSet<usize> = HashSet::new();
    let mut taken = Vec::new();
    for fix in open(FixKind::Edit) {
        let items = items_of(checked, &fix.fix.edits);
        if items.iter().all(|item| !touched.contains(item)) {
            touched.extend(items);
            taken.push(fix);
        }
    }
    if taken.is_empty() && wish.rewrites {
        taken.extend(open(FixKind::Rewrite).next());
    }
    taken
}

fn take(checked: &Checked, diagnostic: &Diagnostic, fix: &Fix, key: Key) -> Taken {
    let line = checked.source.line_col(diagnostic.span.start).line;
    Taken { rule: diagnostic.rule, fix: fix.clone(), line, key }
}

/// The items (instructions, comments, blank lines) that the edits touch. An insertion between two items touches both,
/// so two fixes never write at the same place in one pass.
fn items_of(checked: &Checked, edits: &[Edit]) -> HashSet<usize> {
    let items = &checked.dockerfile.items;
    let mut touched = HashSet::new();
    for edit in edits {
        let first = items.partition_point(|item| item.span().end < edit.span.start);
        for (index, item) in items.iter().enumerate().skip(first) {
            if item.span().start > edit.span.end {
                break;
            }
            if edit.span.is_empty() || item.span().overlaps(edit.span) {
                touched.insert(index);
            }
        }
    }
    touched
}

fn key(source: &SourceFile, rule: &'static str, edits: &[Edit]) -> Key {
    let texts = edits.iter().map(|edit| (source.slice(edit.span).to_string(), edit.text.clone())).collect();
    let around = edits.first().map_or(Span::default(), |edit| {
        source.line_span(source.line_of(edit.span.start)).to(source.line_span(source.line_of(edit.span.end)))
    });
    (rule, texts, source.slice(around).to_string())
}

/// Applies the fixes together; when that does harm, one after the other, and the guilty ones come back with the reason.
/// `None` when nothing could be kept.
#[allow(clippy::type_complexity)]
fn run_pass(
    before: &Checked,
    taken: Vec<Taken>,
    check: &dyn Fn(SourceFile) -> Checked,
) -> (Option<Checked>, Vec<Taken>, Vec<(Taken, String)>) {
    let all: Vec<&Taken> = taken.iter().collect();
    if let Ok(after) = attempt(before, &all, check) {
        return (Some(after), taken, Vec::new());
    }
    let mut kept: Vec<Taken> = Vec::new();
    let mut guilty = Vec::new();
    let mut good = None;
    for fix in taken {
        let mut together: Vec<&Taken> = kept.iter().collect();
        together.push(&fix);
        match attempt(before, &together, check) {
            Ok(after) => {
                good = Some(after);
                kept.push(fix);
            }
            Err(why) => guilty.push((fix, why)),
        }
    }
    (good, kept, guilty)
}

/// The text with the fixes made, checked; `Err` says what harm they do.
fn attempt(before: &Checked, taken: &[&Taken], check: &dyn Fn(SourceFile) -> Checked) -> Result<Checked, String> {
    let edits: Vec<Edit> = taken.iter().flat_map(|taken| taken.fix.edits.iter().cloned()).collect();
    let Some(source) = before.source.apply(&edits) else {
        return Err("its edits overlap or do not fit the file".to_string());
    };
    if source.all_bytes() == before.source.all_bytes() {
        return Err("it changes nothing".to_string());
    }
    let after = check(source);
    let all_safe = taken.iter().all(|taken| taken.fix.applicability == Applicability::Safe);
    let rewrite = taken.iter().any(|taken| taken.fix.kind == FixKind::Rewrite);
    // A comment that ignores nothing is to go.
    let idle = taken.iter().filter(|taken| taken.rule == UNUSED.slug).flat_map(|taken| &taken.fix.edits);
    let lines: Vec<&str> = idle.map(|edit| before.source.slice(before.source.lines_of(edit.span)).trim()).collect();
    match harm::harm(before, &after, all_safe, rewrite, &lines) {
        Some(why) => Err(why),
        None => Ok(after),
    }
}

#[cfg(test)]
mod tests;
