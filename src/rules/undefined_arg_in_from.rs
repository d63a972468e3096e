//! A variable in FROM that nobody declares.

use super::support::names::{is_bare, nearest};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::variables;
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "undefined-arg-in-from",
    aliases: &["UndefinedArgInFrom"],
    summary: "FROM uses a variable that no ARG before it declares",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/undefined-arg-in-from.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let mut declared: Vec<&str> = Vec::new();
    let mut in_stage = false;
    for (_, instruction) in cx.dockerfile.instructions() {
        match &instruction.body {
            Body::Arg(args) if !in_stage => declared.extend(args.iter().map(|arg| arg.key.text.as_str())),
            Body::From { image, .. } => {
                in_stage = true;
                let platform = instruction.flag("platform").and_then(|flag| flag.value.as_ref());
                let places =
                    [Some((image.text.as_str(), image.span)), platform.map(|word| (word.text.as_str(), word.span))];
                for (text, span) in places.into_iter().flatten() {
                    // `${NAME:-word}` says itself what to take.
                    for name in variables(text, cx.dockerfile.escape) {
                        let known = declared.contains(&name.as_str()) || PLATFORM.contains(&name.as_str());
                        if known || !is_bare(text, &name) {
                            continue;
                        }
                        let found = Diagnostic::at(span, format!("no ARG before the first FROM declares `{name}`"));
                        out.push(match nearest(&name, declared.iter().copied().chain(PLATFORM.iter().copied())) {
                            Some(near) => found.help(format!("did you mean `{near}`?")),
                            None => found.help(format!("put `ARG {name}` with a default before the first FROM")),
                        });
                    }
                }
            }
            _ => {}
        }
    }
}

/// Set by BuildKit itself.
const PLATFORM: &[&str] = &[
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
];
