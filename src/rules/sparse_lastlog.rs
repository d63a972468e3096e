//! useradd with a high user id and without -l.

use super::support::calls::{all_runs, commands, editable, resolved};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::shell::ShellCommand;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "sparse-lastlog",
    aliases: &["DL3046"],
    summary: "useradd with a high user id makes a huge lastlog",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/sparse-lastlog.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx) {
        for cmd in commands(&run).filter(|cmd| cmd.name.text == "useradd" && is_high(&resolved(&run, cmd))) {
            if cmd.has_flag(&["--no-log-init"]) || cmd.has_short('l') {
                continue;
            }
            let found =
                Diagnostic::at(cmd.span, "the user id makes /var/log/lastlog gigabytes long").help("add --no-log-init");
            out.push(match editable(&run, cmd) {
                true => {
                    let edit = Edit::insert(cmd.name.span.end, " --no-log-init");
                    found.fix(Applicability::Safe, "Add --no-log-init", vec![edit])
                }
                false => found,
            });
        }
    }
}

/// A user id of more than five digits.
fn is_high(cmd: &ShellCommand) -> bool {
    let high = |text: &str| text.len() > 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut args = cmd.args.iter().map(|arg| arg.text.as_str()).peekable();
    while let Some(arg) = args.next() {
        let long = arg.strip_prefix("--uid=").or_else(|| arg.strip_prefix("-u"));
        let bundle = arg == "--uid" || (arg.starts_with('-') && !arg.starts_with("--") && arg.ends_with('u'));
        if long.is_some_and(high) || (bundle && args.peek().is_some_and(|next| high(next))) {
            return true;
        }
    }
    false
}
