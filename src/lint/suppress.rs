//! Ignore comments: ours, hadolint's and BuildKit's, each with slugs or aliases.
//!
//! `# unladen ignore=a,b -- reason` and `# hadolint ignore=…` speak for the next instruction, also from a comment line
//! inside it; `stage ignore=` above FROM for its stage; `file ignore=` and `global ignore=` for the file.
//! `# check=skip=…` speaks for the file as a parser directive and for the next instruction anywhere else.

use crate::diagnostic::Diagnostic;
use crate::rules;
use crate::syntax::{Dockerfile, Item, Keyword};
use crate::text::{SourceFile, Span};

/// What the comments of one file switch off.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    file: Names,
    /// The spans of instructions and stages, each with what is off inside.
    spans: Vec<(Span, Names)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    all: bool,
    /// Slugs.
    slugs: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Next,
    Stage,
    File,
}

impl Names {
    fn read(names: &[&str]) -> Names {
        let all = names.iter().any(|name| *name == "*" || name.eq_ignore_ascii_case("all"));
        let slugs = names.iter().flat_map(|name| rules::named(name)).map(|rule| rule.slug).collect();
        Names { all, slugs }
    }

    fn merge(&mut self, other: &Names) {
        self.all |= other.all;
        self.slugs.extend(&other.slugs);
    }

    fn is_empty(&self) -> bool {
        !self.all && self.slugs.is_empty()
    }

    pub(super) fn hold(&self, slug: &str) -> bool {
        self.all || self.slugs.contains(&slug)
    }
}

impl Suppressions {
    /// `check` holds the options of BuildKit's directive for the file.
    pub(super) fn read(source: &SourceFile, file: &Dockerfile, check: Option<&str>) -> Suppressions {
        let mut found = Suppressions::default();
        found.file.merge(&Names::read(&skipped(check.unwrap_or_default())));
        let (mut next, mut stage) = (Names::default(), Names::default());
        let mut open_stage: Option<(u32, Names)> = None;
        for item in &file.items {
            match item {
                Item::Blank(_) => {}
                Item::Comment(span) => {
                    for line in source.slice(*span).lines() {
                        found.take(line, &mut next, &mut stage);
                    }
                }
                Item::Directive(_) => {}
                Item::Instruction(instruction) => {
                    for comment in &instruction.comments {
                        found.take(source.slice(*comment), &mut next, &mut stage);
                    }
                    if instruction.keyword == Keyword::From {
                        found.close(open_stage.take(), instruction.span.start);
                        if !stage.is_empty() {
                            open_stage = Some((instruction.span.start, std::mem::take(&mut stage)));
                        }
                    }
                    if !next.is_empty() {
                        found.spans.push((instruction.span, std::mem::take(&mut next)));
                    }
                    stage = Names::default();
                }
            }
        }
        found.close(open_stage, source.len());
        found
    }

    fn take(&mut self, comment: &str, next: &mut Names, stage: &mut Names) {
        if let Some((scope, names)) = pragma(comment) {
            let names = Names::read(&names);
            match scope {
                Scope::Next => next.merge(&names),
                Scope::Stage => stage.merge(&names),
                Scope::File => self.file.merge(&names),
            }
        }
    }

    fn close(&mut self, open_stage: Option<(u32, Names)>, end: u32) {
        if let Some((start, names)) = open_stage {
            self.spans.push((Span::new(start, end.max(start)), names));
        }
    }

    pub(super) fn hide(&self, diagnostic: &Diagnostic) -> bool {
        self.file.hold(diagnostic.rule)
            || self.spans.iter().any(|(span, names)| {
                span.start <= diagnostic.span.start && diagnostic.span.start < span.end && names.hold(diagnostic.rule)
            })
    }
}

/// The scope and the names of an ignore comment; `None` for any other comment.
fn pragma(comment: &str) -> Option<(Scope, Vec<&str>)> {
    let text = comment.trim().strip_prefix('#')?.trim_start();
    if let Some(value) = value_of(text, "check") {
        let names = skipped(value);
        return (!names.is_empty()).then_some((Scope::Next, names));
    }
    let rest = text.strip_prefix("unladen").or_else(|| text.strip_prefix("hadolint"))?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let scopes = [("file", Scope::File), ("global", Scope::File), ("stage", Scope::Stage)];
    let (scope, rest) = scopes
        .into_iter()
        .find_map(|(word, scope)| Some((scope, rest.strip_prefix(word)?.strip_prefix([' ', '\t'])?.trim_start())))
        .unwrap_or((Scope::Next, rest));
    let names = list(value_of(rest, "ignore")?);
    // hadolint reads codes only; anything else voids its whole comment.
    let code = |name: &&str| name.bytes().all(|byte| byte.is_ascii_digit() || b"DLSC".contains(&byte));
    let void = text.starts_with("hadolint") && !names.iter().all(code);
    (!names.is_empty() && !void).then_some((scope, names))
}

/// What follows `name =`.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.trim_start().strip_prefix('=')
}

/// The rules of `experimental=A,B` in the value of a `check` directive.
pub(super) fn experimental(value: &str) -> Names {
    let names = value.split(';').filter_map(|option| value_of(option.trim_start(), "experimental")).flat_map(list);
    Names::read(&names.collect::<Vec<_>>())
}

/// The names of `skip=A,B` in the value of a `check` directive: `skip=A,B;error=true`.
fn skipped(value: &str) -> Vec<&str> {
    value.split(';').filter_map(|option| value_of(option.trim_start(), "skip")).flat_map(list).collect()
}

/// Names with commas between them; the list ends where a name is followed by anything else, such as a reason.
fn list(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let end = rest
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '*')))
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            return names;
        }
        names.push(name);
        match after.trim_start().strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        type Expected = Option<(Scope, &'static [&'static str])>;
        let cases: &[(&str, Expected)] = &[
            ("# unladen ignore=a,b", Some((Scope::Next, &["a", "b"]))),
            ("#unladen ignore = a , b -- because", Some((Scope::Next, &["a", "b"]))),
            ("# unladen file ignore=DL3006", Some((Scope::File, &["DL3006"]))),
            ("# unladen global ignore=all", Some((Scope::File, &["all"]))),
            ("# unladen stage ignore=*", Some((Scope::Stage, &["*"]))),
            ("# hadolint ignore=DL3006,SC2086 # why", Some((Scope::Next, &["DL3006", "SC2086"]))),
            ("# hadolint\tglobal ignore=DL3006", Some((Scope::File, &["DL3006"]))),
            ("# check=skip=JSONArgsRecommended // why", Some((Scope::Next, &["JSONArgsRecommended"]))),
            ("# check = error=true;skip=all", Some((Scope::Next, &["all"]))),
            ("# check the result=1", None),
            ("# unladen is a linter", None),
            ("# hadolint ignore=", None),
            ("# hadolint ignore=crazy,DL3002", None),
            ("# ignore=DL3006", None),
            ("# unladenignore=a", None),
        ];
        for (comment, expected) in cases {
            let found = pragma(comment);
            assert_eq!(
                found.as_ref().map(|(scope, names)| (*scope, names.as_slice())),
                expected.as_ref().map(|(scope, names)| (*scope, *names)),
                "{comment}"
            );
        }
    }
}
