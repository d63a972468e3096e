//! Flags that switch checks of downloads off.

use super::support::calls::once_per_run;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "unverified-download",
    aliases: &[],
    summary: "a download is not checked",
    category: Category::Security,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/unverified-download.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    once_per_run(cx, out, is_one, |cmd| {
        (
            format!("{} takes whatever the server sends, checked or not", cmd.name.text),
            "leave the flag out, and give the image the certificate or key that is missing",
        )
    });
}

fn is_one(cmd: &ShellCommand) -> bool {
    FLAGS.iter().any(|(programs, flags)| {
        programs.contains(&cmd.name.text.as_str())
            && (cmd.has_flag(flags) || (flags.contains(&"-k") && cmd.has_short('k')))
    })
}

const FLAGS: &[(&[&str], &[&str])] = &[
    (&["curl"], &["-k", "--insecure"]),
    (&["wget"], &["--no-check-certificate"]),
    (&["apt-get", "apt"], &["--allow-unauthenticated", "--force-yes"]),
    (&["yum", "dnf", "microdnf", "tdnf"], &["--nogpgcheck"]),
    (&["zypper"], &["--no-gpg-checks"]),
    (&["rpm"], &["--nosignature", "--nodigest"]),
];
