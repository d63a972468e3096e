//! What the comments of a file switch off, and which of them switch nothing off.
//!
//! A comment speaks for the next instruction, also from a comment line inside of it, for the stage whose FROM it stands
//! above, or for the file. BuildKit's `check` speaks for the file as a parser directive, for an instruction elsewhere.

use crate::diagnostic::{Applicability, Diagnostic};
use crate::rules::pragma::{self, Name, Pragma, Scope, What};
use crate::syntax::{Dockerfile, Item, Keyword};
use crate::text::{Edit, SourceFile, Span};

/// What the comments of one file switch off.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: Name,
    /// Where it speaks; `None`: everywhere.
    range: Option<Span>,
    /// The line that it stands in; `None` for what the command line says.
    comment: Option<Span>,
    ours: bool,
    used: bool,
}

/// A comment that waits for its instruction.
struct Waiting {
    pragma: Pragma,
    comment: Span,
}

impl Suppressions {
    /// `check` holds the options of BuildKit's directive for the file; `given` when they come from the command line.
    pub(super) fn read(source: &SourceFile, file: &Dockerfile, check: Option<&str>, given: bool) -> Suppressions {
        let mut found = Suppressions::default();
        let directive = file.directive("check").filter(|_| !given);
        let start = directive.map_or(0, |value| value.span.start);
        let comment = directive.map(|value| source.line_span(source.line_of(value.span.start)));
        for name in pragma::check_names(check.unwrap_or_default(), "skip", start) {
            found.entries.push(Entry { name, range: None, comment, ours: false, used: false });
        }
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut open: Vec<(u32, Waiting)> = Vec::new();
        for item in &file.items {
            match item {
                Item::Blank(_) | Item::Directive(_) => {}
                Item::Comment(span) => found.take(source, *span, &mut waiting),
                Item::Instruction(instruction) => {
                    instruction.comments.iter().for_each(|span| found.take(source, *span, &mut waiting));
                    let is_from = instruction.keyword == Keyword::From;
                    if is_from {
                        found.close(&mut open, instruction.span.start);
                    }
                    for waiting in waiting.drain(..) {
                        match waiting.pragma.scope {
                            Scope::Stage if is_from => open.push((instruction.span.start, waiting)),
                            Scope::Next => found.add(waiting, Some(instruction.span)),
                            // Above anything but FROM it speaks for nothing.
                            Scope::Stage | Scope::File => found.add(waiting, Some(Span::at(0))),
                        }
                    }
                }
            }
        }
        found.close(&mut open, source.len());
        for waiting in waiting {
            found.add(waiting, Some(Span::at(0)));
        }
        found
    }

    /// One item may hold several lines.
    fn take(&mut self, source: &SourceFile, span: Span, waiting: &mut Vec<Waiting>) {
        let mut at = span.start;
        for line in source.slice(span).split_inclusive('\n') {
            if let Some(pragma) = pragma::read(line, at) {
                let comment = source.line_span(source.line_of(at));
                match pragma.scope {
                    Scope::File => self.add(Waiting { pragma, comment }, None),
                    Scope::Next | Scope::Stage => waiting.push(Waiting { pragma, comment }),
                }
            }
            at += line.len() as u32;
        }
    }

    fn add(&mut self, waiting: Waiting, range: Option<Span>) {
        let Waiting { pragma, comment } = waiting;
        for name in pragma.names {
            self.entries.push(Entry { name, range, comment: Some(comment), ours: pragma.ours, used: false });
        }
    }

    fn close(&mut self, open: &mut Vec<(u32, Waiting)>, end: u32) {
        for (start, waiting) in open.drain(..) {
            self.add(waiting, Some(Span::new(start, end.max(start))));
        }
    }

    /// True when a comment switches the finding off; each one that does is used.
    pub(super) fn hide(&mut self, diagnostic: &Diagnostic) -> bool {
        let mut hidden = false;
        for entry in &mut self.entries {
            let at = diagnostic.span.start;
            let inside = entry.range.is_none_or(|range| range.start <= at && at < range.end);
            if inside && entry.name.what.holds(diagnostic.rule) {
                entry.used = true;
                hidden = true;
            }
        }
        hidden
    }

    /// The rules that comments name.
    pub(super) fn named(&self) -> Vec<&'static str> {
        let slugs = self.entries.iter().filter_map(|entry| match &entry.name.what {
            What::Rules(slugs) => Some(slugs.iter().copied()),
            What::All | What::AllOfBuildkit => None,
        });
        slugs.flatten().collect()
    }

    /// A finding for each name that switched nothing off. What other programs may mean is left alone: their own rules,
    /// and their word for all of them.
    pub(super) fn unused(&self, source: &SourceFile) -> Vec<Diagnostic> {
        let idle = |entry: &Entry| {
            !entry.used
                && match &entry.name.what {
                    What::Rules(slugs) => entry.ours || !slugs.is_empty(),
                    What::All | What::AllOfBuildkit => entry.ours,
                }
        };
        let mut found = Vec::new();
        for entry in self.entries.iter().filter(|entry| idle(entry)) {
            let Some(comment) = entry.comment else { continue };
            let name = source.slice(entry.name.span);
            let unknown = matches!(&entry.name.what, What::Rules(slugs) if slugs.is_empty());
            let message = match unknown {
                true => format!("no rule is called `{name}`"),
                false => format!("`{name}` is not found here, so nothing is ignored"),
            };
            // Another program may find there what a rule here is silent about.
            let (applicability, help) = match entry.ours {
                true => (Applicability::Safe, "take it out"),
                false => {
                    (Applicability::Unsafe, "take it out, unless the program that it speaks to still finds it here")
                }
            };
            let diagnostic = Diagnostic::at(entry.name.span, message).help(help);
            let line: Vec<&Entry> = self.entries.iter().filter(|other| other.comment == Some(comment)).collect();
            let (edit, title) = if line.iter().all(|entry| idle(entry)) {
                (Edit::delete(comment), "Delete the comment".to_string())
            } else {
                (Edit::delete(with_comma(&line, entry.name.span)), format!("Take {name} out"))
            };
            found.push(diagnostic.fix(applicability, title, vec![edit]));
        }
        found
    }
}

/// A name of a list with the comma that goes with it.
fn with_comma(line: &[&Entry], name: Span) -> Span {
    let places = || line.iter().map(|entry| entry.name.span);
    match places().filter(|place| place.start > name.start).min() {
        Some(next) => Span::new(name.start, next.start),
        None => {
            let before = places().filter(|place| place.start < name.start).max();
            Span::new(before.map_or(name.start, |before| before.end), name.end)
        }
    }
}
