//! --platform with the platform that is taken anyway.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::{Body, Keyword};
use crate::text::{Edit, Span};

pub static RULE: Rule = Rule {
    slug: "redundant-target-platform",
    aliases: &["RedundantTargetPlatform", "DL3065"],
    summary: "--platform=$TARGETPLATFORM says what holds anyway",
    category: Category::Style,
    severity: Severity::Style,
    fix: FixAvailability::Always,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/redundant-target-platform.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, from) in cx.dockerfile.instructions().filter(|(_, inst)| inst.keyword == Keyword::From) {
        let Some(flag) = from.flag("platform") else { continue };
        let value = flag.value.as_ref().map_or("", |value| value.text.trim_matches('"'));
        if value != "$TARGETPLATFORM" && value != "${TARGETPLATFORM}" || !matches!(from.body, Body::From { .. }) {
            continue;
        }
        if has_default(cx) {
            return;
        }
        let rest = cx.source.slice(Span::new(flag.span.end, from.args.start.max(flag.span.end)));
        let blanks = rest.chars().take_while(|c| matches!(c, ' ' | '\t')).count() as u32;
        let edit = Edit::delete(Span::new(flag.span.start, flag.span.end + blanks));
        out.push(
            Diagnostic::at(flag.span, "the target platform is what FROM takes anyway").help("leave the flag out").fix(
                Applicability::Safe,
                "Leave --platform out",
                vec![edit],
            ),
        );
    }
}

/// `ARG TARGETPLATFORM=linux/amd64` before the first FROM wins over what BuildKit sets.
fn has_default(cx: &Context<'_>) -> bool {
    let global = cx.dockerfile.instructions().map(|(_, inst)| inst).take_while(|inst| inst.keyword != Keyword::From);
    global.into_iter().any(|inst| match &inst.body {
        Body::Arg(args) => args.iter().any(|arg| arg.key.text == "TARGETPLATFORM" && arg.value.is_some()),
        _ => false,
    })
}
