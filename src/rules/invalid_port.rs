//! EXPOSE of a port that cannot be.

use super::support::instructions::all;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "invalid-port",
    aliases: &["DL3011"],
    summary: "EXPOSE names a port that cannot be",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/invalid-port.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for instruction in all(cx) {
        let Body::Expose(ports) = &instruction.body else { continue };
        let wrong = |port: &str| {
            let port = port.trim_matches(['"', '\'']);
            let number = port.split('/').next().unwrap_or(port);
            // Addresses and mappings are for another rule, variables for the build.
            let judged = !number.contains(['$', ':', '[']) && !number.is_empty();
            judged && number.split('-').any(|end| end.parse::<u32>().map_or(true, |end| end > 65535))
        };
        if let Some(port) = ports.iter().find(|port| wrong(&port.text)) {
            out.push(
                Diagnostic::at(port.span, format!("`{}` is no port", port.text))
                    .help("ports are numbers from 0 to 65535, ranges `first-last`"),
            );
        }
    }
}
