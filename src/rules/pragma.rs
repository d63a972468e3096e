//! Comments that switch findings off: ours, and those of hadolint, BuildKit, tally, Checkov, Trivy, ShellCheck,
//! dockerfile-utils, dockerfile_lint and buddy's linter, with the names that they use.

use super::{foreign, named, profile};
use crate::text::Span;

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pragma {
    pub scope: Scope,
    pub names: Vec<Name>,
    /// One of ours: a name that is no rule is a mistake, while other programs have rules that we do not know.
    pub ours: bool,
}

/// What a comment speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The instruction that it stands above or in.
    Next,
    /// The stage whose FROM it stands above.
    Stage,
    File,
}

/// One name in the list of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub span: Span,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Slugs; none when no rule here is called so.
    Rules(Vec<&'static str>),
    /// Everything.
    All,
    /// BuildKit's checks.
    AllOfBuildkit,
}

impl What {
    pub fn holds(&self, slug: &str) -> bool {
        match self {
            What::Rules(slugs) => slugs.contains(&slug),
            What::All => true,
            What::AllOfBuildkit => profile::is_buildkits(slug),
        }
    }
}

/// Reads a comment line that begins at `start` of the file, blanks and all; `None` for any other comment.
pub fn read(line: &str, start: u32) -> Option<Pragma> {
    let text = line.trim_start().strip_prefix('#')?.trim_start();
    // Offsets are counted from the end: `text` and what is cut from it are tails of the line.
    let tail = Tail { line, start };
    let blank = |rest: &str| rest.starts_with([' ', '\t']);
    if let Some(value) = value_of(text, "check") {
        return pragma(Scope::Next, check_options(value, "skip", &tail), false);
    }
    let tools = ["unladen", "hadolint", "tally"];
    if let Some((tool, rest)) = tools.iter().find_map(|tool| Some((*tool, text.strip_prefix(tool)?))) {
        if !blank(rest) {
            return None;
        }
        let rest = rest.trim_start();
        let scopes = [("file", Scope::File), ("global", Scope::File), ("stage", Scope::Stage)];
        let scoped = scopes.into_iter().find_map(|(word, scope)| {
            let rest = rest.strip_prefix(word)?;
            blank(rest).then(|| (scope, rest.trim_start()))
        });
        let (scope, rest) = scoped.unwrap_or((Scope::Next, rest));
        let names = list(value_of(rest, "ignore")?, &tail);
        // hadolint reads codes only; anything else voids its whole comment.
        let code = |name: &Name| tail.text(name.span).bytes().all(|b| b.is_ascii_digit() || b"DLSC".contains(&b));
        if tool == "hadolint" && !names.iter().all(code) {
            return None;
        }
        return pragma(scope, names, tool == "unladen");
    }
    if let Some(rest) = ["checkov:skip=", "bridgecrew:skip=", "cortex:skip="].iter().find_map(|p| text.strip_prefix(p))
    {
        return pragma(Scope::File, list(rest, &tail), false);
    }
    if let Some(rest) = text.strip_prefix("trivy:ignore:") {
        return pragma(Scope::Next, list(rest, &tail), false);
    }
    if let Some(rest) = text.strip_prefix("shellcheck").filter(|rest| blank(rest)) {
        return pragma(Scope::Next, list(value_of(rest.trim_start(), "disable")?, &tail), false);
    }
    if let Some(rest) = text.strip_prefix("linter").filter(|rest| blank(rest)) {
        return pragma(Scope::Next, list(value_of(rest.trim_start(), "ignore")?, &tail), false);
    }
    let everything = ["dockerfile-utils:", "dockerfile_lint"].iter().find_map(|tool| text.strip_prefix(tool))?;
    let word = everything.trim_start_matches([' ', '\t', '-', '=']).trim_end();
    let names = (word == "ignore").then(|| vec![Name { span: tail.span(word), what: What::All }]);
    pragma(Scope::Next, names?, false)
}

fn pragma(scope: Scope, names: Vec<Name>, ours: bool) -> Option<Pragma> {
    (!names.is_empty()).then_some(Pragma { scope, names, ours })
}

/// The names of `skip=A,B` (or another key) in the value of BuildKit's `check`, which begins at `start` of the file.
pub fn check_names(value: &str, key: &str, start: u32) -> Vec<Name> {
    check_options(value, key, &Tail { line: value, start })
}

/// BuildKit is to fail where it finds something: `error=true`.
pub fn check_is_error(value: &str) -> bool {
    let mut values = value.split(';').rev().filter_map(|option| value_of(option.trim_start(), "error"));
    values.next().is_some_and(|value| matches!(value.trim(), "true" | "1" | "t" | "T" | "TRUE" | "True"))
}

/// A text and where it begins, to tell the place of its parts.
struct Tail<'a> {
    line: &'a str,
    start: u32,
}

impl Tail<'_> {
    fn text(&self, span: Span) -> &str {
        let offset = |at: u32| at.saturating_sub(self.start) as usize;
        self.line.get(offset(span.start)..offset(span.end)).unwrap_or("")
    }

    /// The place of a part of the text.
    fn span(&self, part: &str) -> Span {
        let offset = (part.as_ptr() as usize).saturating_sub(self.line.as_ptr() as usize) as u32;
        let start = self.start + offset;
        Span::new(start, start + part.len() as u32)
    }
}

/// What follows `name =`.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.trim_start().strip_prefix('=')
}

fn check_options(value: &str, key: &str, tail: &Tail<'_>) -> Vec<Name> {
    let mut names = Vec::new();
    for list_of in value.split(';').filter_map(|option| value_of(option.trim_start(), key)) {
        for mut name in list(list_of, tail) {
            if name.what == What::All {
                name.what = What::AllOfBuildkit;
            }
            names.push(name);
        }
    }
    names
}

/// Names with commas between them; the list ends where a name is followed by anything else, such as a reason.
fn list(text: &str, tail: &Tail<'_>) -> Vec<Name> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '*' | '/');
    let mut names = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let end = rest.find(|letter: char| !is_part(letter)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            return names;
        }
        names.push(Name { span: tail.span(name), what: what(name) });
        match after.trim_start().strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return names,
        }
    }
}

fn what(name: &str) -> What {
    // tally writes `hadolint/DL3006` and `shellcheck/*`.
    let (space, name) = name.rsplit_once('/').map_or(("", name), |(space, name)| (space, name));
    if name == "*" || name.eq_ignore_ascii_case("all") {
        return match space {
            "buildkit" => What::AllOfBuildkit,
            "hadolint" | "shellcheck" | "tally" => What::Rules(profile::of_namespace(space)),
            _ => What::All,
        };
    }
    let known: Vec<&'static str> = named(name).map(|rule| rule.slug).collect();
    What::Rules(if known.is_empty() { foreign::rules(name) } else { known })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        let slugs = |pragma: &Pragma| {
            let words = pragma.names.iter().map(|name| match &name.what {
                What::Rules(slugs) => slugs.join("+"),
                What::All => "ALL".to_string(),
                What::AllOfBuildkit => "BUILDKIT".to_string(),
            });
            words.collect::<Vec<_>>().join(",")
        };
        let cases: &[(&str, Option<(Scope, &str)>)] = &[
            ("# unladen ignore=latest-base,root-user", Some((Scope::Next, "latest-base,root-user"))),
            ("#unladen ignore = DL3007 , DL3002 -- because", Some((Scope::Next, "latest-base,root-user"))),
            ("# unladen file ignore=DL3006", Some((Scope::File, "untagged-base"))),
            ("# unladen global ignore=all", Some((Scope::File, "ALL"))),
            ("# unladen stage ignore=*", Some((Scope::Stage, "ALL"))),
            ("# hadolint ignore=DL3006,SC2086 # why", Some((Scope::Next, "untagged-base,SC2086"))),
            ("# hadolint ignore=DL3025", Some((Scope::Next, "healthcheck-shell-form+json-args-recommended"))),
            ("# hadolint ignore=crazy,DL3002", None),
            ("# hadolint\tglobal ignore=DL3006", Some((Scope::File, "untagged-base"))),
            ("# hadolint stage ignore=DL3006,DL1", Some((Scope::Stage, "untagged-base,"))),
            ("# check=skip=JSONArgsRecommended // why", Some((Scope::Next, "json-args-recommended"))),
            ("# check = error=true;skip=all", Some((Scope::Next, "BUILDKIT"))),
            (
                "# tally ignore=hadolint/DL3006,buildkit/StageNameCasing;reason=x",
                Some((Scope::Next, "untagged-base,stage-name-casing")),
            ),
            ("# tally global ignore=DL3006", Some((Scope::File, "untagged-base"))),
            ("# tally ignore=buildkit/*", Some((Scope::Next, "BUILDKIT"))),
            ("#checkov:skip=CKV_DOCKER_2:reason", Some((Scope::File, "missing-healthcheck"))),
            (
                "# checkov:skip=CKV_DOCKER_7,CKV_DOCKER_11:x",
                Some((Scope::File, "latest-base+untagged-base,duplicate-stage-name")),
            ),
            ("# bridgecrew:skip=CKV2_DOCKER_1", Some((Scope::File, "sudo-in-run"))),
            ("#trivy:ignore:DS002", Some((Scope::Next, "missing-user+root-user"))),
            ("# trivy:ignore:AVD-DS-0026 reason", Some((Scope::Next, "missing-healthcheck"))),
            ("# trivy:ignore:ds-0013", Some((Scope::Next, "cd-in-run"))),
            ("# shellcheck disable=SC2086,SC2046", Some((Scope::Next, "SC2086,SC2046"))),
            ("# dockerfile-utils: ignore", Some((Scope::Next, "ALL"))),
            ("# dockerfile_lint - ignore", Some((Scope::Next, "ALL"))),
            ("# linter ignore=DL3006", Some((Scope::Next, "untagged-base"))),
            ("# check the result=1", None),
            ("# unladen is a linter", None),
            ("# hadolint ignore=", None),
            ("# ignore=DL3006", None),
            ("# unladenignore=a", None),
            ("# dockerfile_lint ignores nothing", None),
        ];
        for (comment, expected) in cases {
            let found = read(comment, 0);
            let found = found.as_ref().map(|pragma| (pragma.scope, slugs(pragma)));
            assert_eq!(found, expected.map(|(scope, slugs)| (scope, slugs.to_string())), "{comment}");
        }
    }

    #[test]
    fn names_know_their_place() {
        let line = "  # hadolint ignore= DL3006 ,SC2086";
        let pragma = read(line, 100).unwrap();
        let places: Vec<&str> = pragma
            .names
            .iter()
            .map(|name| &line[name.span.start as usize - 100..name.span.end as usize - 100])
            .collect();
        assert_eq!(places, ["DL3006", "SC2086"]);
    }

    #[test]
    fn error_is_a_switch() {
        for (value, expected) in
            [("skip=A;error=true", true), ("error=false", false), ("skip=A", false), ("error = 1", true)]
        {
            assert_eq!(check_is_error(value), expected, "{value}");
        }
    }
}
