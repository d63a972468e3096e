//! A password of an account, set to a text that stands in the file.

use super::support::calls::{all_runs, unknown};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::{Joiner, ShellCommand};

pub static RULE: Rule = Rule {
    slug: "password-in-image",
    aliases: &[],
    summary: "an account gets a password that stands in the file",
    category: Category::Security,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/password-in-image.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx) {
        let commands = &run.script.commands;
        let found = commands.iter().enumerate().find(|(index, cmd)| {
            let before = index.checked_sub(1).and_then(|before| commands.get(before));
            let piped = before.filter(|_| cmd.joiner == Joiner::Pipe);
            let body = cmd.redirects.iter().find_map(|redirect| match redirect.operator.as_str() {
                "<<<" => Some(redirect.target.text.as_str()),
                operator if operator.starts_with("<<") => redirect.body.map(|body| cx.source.slice(body)),
                _ => None,
            });
            let said = |text: &str| text.contains(':') && !unknown(text);
            match cmd.name.text.as_str() {
                "chpasswd" => body.is_some_and(said) || piped.is_some_and(|piped| echoes(piped, said)),
                "passwd" => {
                    cmd.has_flag(&["--stdin"]) && piped.is_some_and(|piped| echoes(piped, |text| !unknown(text)))
                }
                "useradd" | "usermod" => {
                    let flag = cmd.args.iter().position(|arg| matches!(arg.text.as_str(), "-p" | "--password"));
                    // `!` and `*` lock the account.
                    let hash = flag.and_then(|flag| cmd.args.get(flag + 1));
                    hash.is_some_and(|hash| hash.literal && hash.text.len() > 2)
                }
                _ => false,
            }
        });
        if let Some((_, cmd)) = found {
            // The text itself is not repeated: reports are kept and shown around.
            out.push(
                Diagnostic::at(cmd.span, "the password stands in the history of the image, for everybody to read")
                    .help("leave the account without one, let people in by their keys, or set it when the container starts"),
            );
        }
    }
}

/// `echo 'root:secret'`, `printf 'root:%s' secret`
fn echoes(cmd: &ShellCommand, said: impl Fn(&str) -> bool) -> bool {
    matches!(cmd.name.text.as_str(), "echo" | "printf")
        && cmd.args.iter().all(|arg| arg.literal)
        && cmd.args.iter().any(|arg| said(&arg.text))
}
