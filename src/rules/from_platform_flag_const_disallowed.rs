//! FROM with a constant platform.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Keyword;

pub static RULE: Rule = Rule {
    slug: "from-platform-flag-const-disallowed",
    aliases: &["FromPlatformFlagConstDisallowed", "DL3029"],
    summary: "FROM names one platform, so the build cannot be for another",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/from-platform-flag-const-disallowed.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (id, from) in cx.dockerfile.instructions().filter(|(_, inst)| inst.keyword == Keyword::From) {
        let Some(flag) = from.flag("platform") else { continue };
        let value = flag.value.as_ref().map_or("", |value| value.text.as_str());
        // A variable decides.
        if value.contains('$') || value.is_empty() {
            continue;
        }
        let name = cx.model.stage_of(id).and_then(|stage| stage.name.as_ref());
        let name = name.map(|name| name.text.to_ascii_lowercase()).unwrap_or_default();
        // A stage for this one platform says so in its name.
        if value.split('/').take(2).any(|part| !part.is_empty() && name.contains(&part.to_ascii_lowercase())) {
            continue;
        }
        out.push(
            Diagnostic::at(flag.span, format!("the platform `{value}` holds whatever is built for"))
                .help("use $BUILDPLATFORM for a stage that only builds, or leave the flag out"),
        );
    }
}
