//! A server as the first process that does not end in good order at SIGTERM.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::Stage;
use crate::text::{Edit, Span};

pub static RULE: Rule = Rule {
    slug: "ungraceful-stop",
    aliases: &[],
    summary: "the server that is started drops its connections at the signal that docker stop sends",
    category: Category::Correctness,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/ungraceful-stop.md"),
    check,
};

/// Program, the signal at which it ends in good order, and what it does at SIGTERM; by the documents of each.
const SERVERS: &[(&str, &str, &str)] = &[
    ("apache2", "SIGWINCH", "ends at once and drops what it is serving"),
    ("httpd", "SIGWINCH", "ends at once and drops what it is serving"),
    ("nginx", "SIGQUIT", "ends at once and drops what it is serving"),
    ("openresty", "SIGQUIT", "ends at once and drops what it is serving"),
    ("php-fpm", "SIGQUIT", "ends at once and drops what it is serving"),
    ("systemd", "SIGRTMIN+3", "does not end, so that docker stop waits and kills"),
];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| stage.ships && !stage.windows) {
        let config = &stage.config;
        let Some(command) = config.entrypoint.as_ref().filter(|it| !it.argv.is_empty()).or(config.cmd.as_ref()) else {
            continue;
        };
        let Some(instruction) = command.inst.and_then(|inst| cx.dockerfile.get(inst)) else { continue };
        let Some((program, signal, what)) = command.argv.first().and_then(|word| server(word)) else { continue };
        // What the base sets is not in the tables; the images of these servers set it.
        if command.shell_form || config.stop_signal.is_some() || !base_sets_none(cx, stage) {
            continue;
        }
        let found = Diagnostic::at(instruction.content, format!("at SIGTERM {program} {what}"))
            .help(format!("add STOPSIGNAL {signal}"));
        let own = stage.steps.iter().any(|step| Some(step.inst) == command.inst);
        let edit = Edit::insert(instruction.content.start, format!("STOPSIGNAL {signal}{}", cx.source.line_ending()));
        let plain = Span::new(instruction.span.start, instruction.content.start).is_empty();
        out.push(match own && plain {
            true => found.fix(Applicability::Unsafe, format!("Add STOPSIGNAL {signal}"), vec![edit]),
            false => found,
        });
    }
}

fn server(word: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let name = word.rsplit('/').next().unwrap_or(word);
    let init = word == "/sbin/init" || word == "/usr/sbin/init";
    let name = if init { "systemd" } else { name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') };
    let mut servers = SERVERS.iter();
    servers.find(|(program, ..)| *program == name || (*program == "apache2" && word.ends_with("/apache2"))).copied()
}

/// The base is a plain system.
fn base_sets_none(cx: &Context<'_>, stage: &Stage) -> bool {
    let lowest = cx.model.chain(stage.id).last().and_then(|lowest| lowest.image().map(|image| image.name()));
    let systems = ["debian", "ubuntu", "alpine", "centos", "fedora", "rockylinux", "almalinux", "amazonlinux"];
    lowest.is_some_and(|name| systems.contains(&name.rsplit('/').next().unwrap_or(&name)))
}
