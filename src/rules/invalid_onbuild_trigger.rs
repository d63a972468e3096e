//! ONBUILD with an instruction that cannot be triggered.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::{Body, Keyword};

pub static RULE: Rule = Rule {
    slug: "invalid-onbuild-trigger",
    aliases: &["DL3043"],
    summary: "ONBUILD cannot trigger ONBUILD, FROM or MAINTAINER",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/invalid-onbuild-trigger.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, instruction) in cx.dockerfile.instructions() {
        let Body::Onbuild(inner) = &instruction.body else { continue };
        if matches!(inner.keyword, Keyword::Onbuild | Keyword::From | Keyword::Maintainer) {
            let name = inner.name.text.to_ascii_uppercase();
            out.push(
                Diagnostic::at(inner.name.span, format!("{name} cannot stand behind ONBUILD"))
                    .help("the build of every image that starts from this one would fail"),
            );
        }
    }
}
