//! A download over plain http.

use super::support::calls::{all_runs, commands};
use super::support::instructions::all;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::{Script, ShellCommand};
use crate::text::Span;

pub static RULE: Rule = Rule {
    slug: "http-download",
    aliases: &[],
    summary: "a file is fetched over plain http and not checked",
    category: Category::Security,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/http-download.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx).filter(|run| !checks(run.script)) {
        let found = commands(&run).find_map(|cmd| plain_http(cmd).map(|host| (cmd.span, host)));
        out.extend(found.map(|(span, host)| report(span, &host)));
    }
    for instruction in all(cx).filter(|instruction| instruction.flag("checksum").is_none()) {
        let sources = instruction.transfer().map_or(&[][..], |transfer| &transfer.sources);
        let found = sources.iter().find_map(|word| host_of(&word.text).map(|host| (word.span, host)));
        out.extend(found.map(|(span, host)| report(span, &host)));
    }
}

fn report(span: Span, host: &str) -> Diagnostic {
    Diagnostic::at(span, format!("anybody between here and {host} can hand in another file"))
        .help("use https, or compare the file with a checksum")
}

fn plain_http(cmd: &ShellCommand) -> Option<String> {
    matches!(cmd.name.text.as_str(), "curl" | "wget" | "aria2c")
        .then(|| cmd.args.iter().find_map(|arg| host_of(&arg.text)))
        .flatten()
}

/// The host of an http URL; none of this machine or network.
fn host_of(text: &str) -> Option<String> {
    let rest = text.strip_prefix("http://")?;
    let host = rest.split(['/', ':', '?']).next()?;
    let near = host.starts_with("127.") || host.starts_with("10.") || host.starts_with("192.168.");
    let local = host == "localhost" || !host.contains('.') || host.ends_with(".local") || host.ends_with(".internal");
    (!near && !local && !host.contains('$')).then(|| host.to_string())
}

fn checks(script: &Script) -> bool {
    script.commands.iter().any(|cmd| {
        let name = cmd.name.text.as_str();
        name.ends_with("sum") || matches!(name, "gpg" | "gpg2" | "gpgv" | "cosign" | "openssl" | "minisign")
    })
}
