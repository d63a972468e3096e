//! STOPSIGNAL that stops nothing, or kills.

use super::support::instructions::{steps, value};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "unusable-stopsignal",
    aliases: &[],
    summary: "STOPSIGNAL is no signal, or one that no program can handle",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/unusable-stopsignal.md"),
    check,
};

const SIGNALS: &[&str] = &[
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
    "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
    "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, step, instruction) in steps(cx) {
        let Body::StopSignal(word) = &instruction.body else { continue };
        let Some(text) = value(cx, &step.env, word) else { continue };
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let real = name.strip_prefix("RTMIN").or_else(|| name.strip_prefix("RTMAX"));
        let real_time = real.is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix(['+', '-']).is_some_and(|number| number.parse::<u8>().is_ok())
        });
        let number = name.parse::<u32>().ok();
        let known = real_time || SIGNALS.contains(&name) || number.is_some_and(|number| (1..=64).contains(&number));
        if !known {
            out.push(
                Diagnostic::at(word.span, format!("`{text}` is no signal"))
                    .help("use a name such as SIGTERM or SIGQUIT"),
            );
        } else if matches!(name, "KILL" | "STOP") || matches!(number, Some(9 | 19)) {
            let signal = if name == "STOP" || number == Some(19) { "SIGSTOP" } else { "SIGKILL" };
            out.push(
                Diagnostic::at(word.span, format!("no program can handle {signal}, so none ends in good order"))
                    .help("use SIGTERM, SIGINT or SIGQUIT; Docker sends SIGKILL anyway when the program does not end"),
            );
        }
    }
}
