//! The protocol of EXPOSE with capital letters.

use super::support::instructions::all;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::Body;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "expose-proto-casing",
    aliases: &["ExposeProtoCasing"],
    summary: "the protocol in EXPOSE has capital letters",
    category: Category::Style,
    severity: Severity::Style,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/expose-proto-casing.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for instruction in all(cx) {
        let Body::Expose(ports) = &instruction.body else { continue };
        for port in ports {
            let Some((number, protocol)) = port.text.split_once('/') else { continue };
            if protocol.contains('$') || !protocol.chars().any(|letter| letter.is_ascii_uppercase()) {
                continue;
            }
            let wanted = format!("{number}/{}", protocol.to_ascii_lowercase());
            let found = Diagnostic::at(port.span, format!("the protocol `{protocol}` is not in lower case"))
                .help(format!("write `{wanted}`"));
            out.push(match cx.source.slice(port.span) == port.text {
                true => {
                    found.fix(Applicability::Safe, format!("Write `{wanted}`"), vec![Edit::replace(port.span, wanted)])
                }
                false => found,
            });
        }
    }
}
