//! Servers that have been switched off.

use super::support::instructions::all;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Keyword;
use crate::text::Span;

pub static RULE: Rule = Rule {
    slug: "dead-host",
    aliases: &[],
    summary: "the build fetches from a server that is gone",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/dead-host.md"),
    check,
};

/// The name of the server, since when it is gone, and what to use.
const GONE: &[(&str, &str, &str)] = &[
    ("sks-keyservers.net", "2021", "use keys.openpgp.org or keyserver.ubuntu.com"),
    ("keys.gnupg.net", "2021", "use keys.openpgp.org or keyserver.ubuntu.com"),
    ("dl.bintray.com", "2021", "the project has moved: see where it publishes now"),
    ("api.bintray.com", "2021", "the project has moved: see where it publishes now"),
    ("mirrorlist.centos.org", "2024", "use vault.centos.org, or better a release that is maintained"),
];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for instruction in all(cx) {
        if !matches!(instruction.keyword, Keyword::Run | Keyword::Add | Keyword::Env | Keyword::Arg) {
            continue;
        }
        let span = Span::new(instruction.content.start, instruction.args.end.max(instruction.content.start));
        let text = cx.source.slice(span);
        for (host, year, help) in GONE {
            let Some(at) = text.match_indices(host).map(|(at, _)| at).find(|at| used(text, *at, host)) else {
                continue;
            };
            let start = span.start + at as u32;
            let found =
                Diagnostic::at(Span::new(start, start + host.len() as u32), format!("{host} is gone since {year}"));
            out.push(found.help(*help));
        }
    }
}

/// It is the end of a host name, outside of comments, and not what a sed replaces.
fn used(text: &str, at: usize, host: &str) -> bool {
    let line = text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let after = text.get(at + host.len()..).unwrap_or_default();
    let command = line.rsplit([';', '&', '|']).next().unwrap_or(line);
    !line.trim_start().starts_with('#')
        && !command.contains("sed ")
        && !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
}
