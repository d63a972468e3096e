//! USER by name.

use super::support::instructions::{steps, value};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "user-by-name",
    aliases: &["DL3066"],
    summary: "USER is a name, which Kubernetes cannot tell from root",
    category: Category::Security,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/user-by-name.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (stage, step, instruction) in steps(cx) {
        let Body::User(word) = &instruction.body else { continue };
        // A value that is not known here may be a number.
        let Some(user) = value(cx, &step.env, word).filter(|_| !stage.windows) else { continue };
        let name = user.split(':').next().unwrap_or(&user);
        if !name.is_empty() && !name.bytes().all(|byte| byte.is_ascii_digit()) {
            out.push(
                Diagnostic::at(word.span, format!("the user `{name}` is no number"))
                    .help("Kubernetes' runAsNonRoot only accepts users by number, as in `USER 1000`"),
            );
        }
    }
}
