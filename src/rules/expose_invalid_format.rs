//! EXPOSE with an address or a port of the host.

use super::support::instructions::all;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::Body;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "expose-invalid-format",
    aliases: &["ExposeInvalidFormat"],
    summary: "EXPOSE holds an address or a port of the host",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/expose-invalid-format.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for instruction in all(cx) {
        let Body::Expose(ports) = &instruction.body else { continue };
        for port in ports {
            // `${PORT:-80}` has a colon of another kind.
            if port.text.contains('$') || !port.text.contains(':') {
                continue;
            }
            let found = Diagnostic::at(port.span, format!("`{}` names more than a port of the container", port.text))
                .help("name the container's port; what it is published as is said at `docker run -p`");
            let last = port.text.rsplit(':').next().unwrap_or_default();
            let plain = last.split('/').next().is_some_and(|number| number.parse::<u16>().is_ok());
            out.push(match plain && cx.source.slice(port.span) == port.text {
                true => {
                    found.fix(Applicability::Unsafe, format!("Expose `{last}`"), vec![Edit::replace(port.span, last)])
                }
                false => found,
            });
        }
    }
}
