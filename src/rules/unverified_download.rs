//! Switches that turn off the checks of what is downloaded.

use super::support::calls::{all_runs, commands};
use super::support::instructions::steps;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::{Script, ShellCommand};
use crate::syntax::Body;

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

const CERTIFICATE: &str = "give the image the certificate that is missing (ca-certificates), and leave the switch out";
const SIGNATURE: &str = "give the image the key that is missing, and leave the switch out";

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx) {
        // What is compared with a checksum or a signature behind it has been checked.
        if checks(run.script) {
            continue;
        }
        if let Some((cmd, what, help)) =
            commands(&run).find_map(|cmd| switched_off(cmd).map(|(what, help)| (cmd, what, help)))
        {
            out.push(Diagnostic::at(cmd.span, what).help(help));
        }
    }
    for (_, _, instruction) in steps(cx) {
        let pairs = match &instruction.body {
            Body::Env(pairs) => &pairs.pairs,
            Body::Arg(pairs) => pairs,
            _ => continue,
        };
        for pair in pairs {
            let value = pair.value.as_ref().map_or("", |value| value.text.as_str()).trim_matches(['"', '\'']);
            if is_switch(&pair.key.text, value) {
                out.push(
                    Diagnostic::at(pair.span, format!("{} has programs take whatever a server sends", pair.key.text))
                        .help(CERTIFICATE),
                );
            }
        }
    }
}

fn checks(script: &Script) -> bool {
    script.commands.iter().any(|cmd| {
        let name = cmd.name.text.as_str();
        (name.ends_with("sum") && (cmd.has_short('c') || cmd.has_flag(&["--check"])))
            || (matches!(name, "gpg" | "gpg2") && cmd.has_flag(&["--verify"]))
            || name == "gpgv"
            || name == "cosign"
    })
}

fn switched_off(cmd: &ShellCommand) -> Option<(String, &'static str)> {
    let name = cmd.name.text.as_str();
    let local = || cmd.args.iter().any(|arg| arg.text.contains("//localhost") || arg.text.contains("//127."));
    let concerns = |variable: &str| match variable.to_ascii_uppercase().as_str() {
        "NODE_TLS_REJECT_UNAUTHORIZED" | "NPM_CONFIG_STRICT_SSL" => {
            matches!(name, "node" | "npm" | "npx" | "yarn" | "pnpm" | "corepack")
        }
        "PYTHONHTTPSVERIFY" => name.starts_with("python") || name.starts_with("pip"),
        _ => name == "git",
    };
    let switch = cmd.assignments.iter().find(|it| is_switch(&it.name, &it.value.text) && concerns(&it.name));
    if let Some(variable) = switch {
        return Some((format!("{} has {name} take whatever a server sends", variable.name), CERTIFICATE));
    }
    let off = FLAGS.iter().find(|(programs, flags, _)| {
        programs.contains(&name) && (cmd.has_flag(flags) || (flags.contains(&"-k") && cmd.has_short('k')))
    });
    match off.map(|(_, _, what)| what) {
        None => strict_ssl(cmd),
        Some(Checks::Certificate) if local() => None,
        Some(Checks::Certificate) => {
            Some((format!("{name} takes whatever a server sends, whoever it is"), CERTIFICATE))
        }
        Some(Checks::Signature) => {
            Some((format!("{name} installs packages without a look at their signature"), SIGNATURE))
        }
    }
}

/// `npm config set strict-ssl false`
fn strict_ssl(cmd: &ShellCommand) -> Option<(String, &'static str)> {
    let words: Vec<&str> = cmd.args.iter().map(|arg| arg.text.as_str()).collect();
    let set = matches!(cmd.name.text.as_str(), "npm" | "yarn" | "pnpm")
        && (words.windows(2).any(|pair| pair == ["strict-ssl", "false"]) || words.contains(&"strict-ssl=false"));
    let git = cmd.name.text == "git" && words.windows(2).any(|pair| pair == ["http.sslVerify", "false"]);
    (set || git).then(|| (format!("{} takes whatever a server sends, whoever it is", cmd.name.text), CERTIFICATE))
}

fn is_switch(name: &str, value: &str) -> bool {
    let off = matches!(value, "0" | "false" | "no" | "off");
    let on = matches!(value, "1" | "true" | "yes" | "on");
    match name.to_ascii_uppercase().as_str() {
        "NODE_TLS_REJECT_UNAUTHORIZED" | "PYTHONHTTPSVERIFY" | "NPM_CONFIG_STRICT_SSL" => off,
        "GIT_SSL_NO_VERIFY" => on,
        _ => false,
    }
}

#[derive(Clone, Copy)]
enum Checks {
    Certificate,
    Signature,
}

const FLAGS: &[(&[&str], &[&str], Checks)] = &[
    (&["curl"], &["-k", "--insecure"], Checks::Certificate),
    (&["wget"], &["--no-check-certificate"], Checks::Certificate),
    (&["pip", "pip3"], &["--trusted-host"], Checks::Certificate),
    (&["apt-get", "apt"], &["--allow-unauthenticated", "--force-yes"], Checks::Signature),
    (&["apk"], &["--allow-untrusted"], Checks::Signature),
    (&["yum", "dnf", "microdnf", "tdnf"], &["--nogpgcheck"], Checks::Signature),
    (&["zypper"], &["--no-gpg-checks"], Checks::Signature),
    (&["rpm"], &["--nosignature", "--nodigest"], Checks::Signature),
];
