//! CMD or ENTRYPOINT in shell form: signals go to the shell.

use super::support::exec_form::{exec_form, looks_like_json, why_no_json};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::{Base, Stage, Step};
use crate::settings::Profile;
use crate::shell::Joiner;
use crate::syntax::{Body, Command, Keyword};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "json-args-recommended",
    aliases: &["JSONArgsRecommended", "DL3025"],
    summary: "CMD or ENTRYPOINT in shell form, so that the program does not get signals",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/json-args-recommended.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| !stage.windows) {
        for step in stage.steps.iter().filter(|step| !step.onbuild) {
            let Some(instruction) = cx.dockerfile.get(step.inst) else { continue };
            let (Body::Cmd(Command::Shell(span)) | Body::Entrypoint(Command::Shell(span))) = &instruction.body else {
                continue;
            };
            // A SHELL instruction says that the author wants this shell; `exec` hands the signals on.
            if step.shell.set_by.is_some() || ends_in_exec(step) || span.is_empty() {
                continue;
            }
            let name = instruction.name.text.to_ascii_uppercase();
            let text = cx.source.slice(*span).trim();
            if looks_like_json(text) {
                if !brackets_are_reported(cx) {
                    let why = why_no_json(text);
                    let message =
                        format!("{name} is no JSON, since {why}: the shell is given the text, brackets and all");
                    let help = format!("write {name} [\"program\", \"argument\"]");
                    out.push(Diagnostic::at(instruction.content, message).help(help));
                }
                continue;
            }
            let replaced = takes_the_shells_place(stage, step);
            if replaced && cx.settings.profile == Profile::Default && cx.settings.select.is_none() {
                continue;
            }
            let message = match replaced {
                true => format!("{name} is in shell form: a shell is needed to start the program"),
                false => format!("{name} is in shell form: the shell gets the signals, not the program"),
            };
            let found = Diagnostic::at(instruction.content, message);
            let Some(json) = exec_form(cx, step, instruction) else {
                out.push(
                    found.help(
                        "use the exec form, or begin the last command with exec so that it takes the shell's place",
                    ),
                );
                continue;
            };
            let keyword = &instruction.name.text;
            out.push(match keeps_meaning(stage, instruction.keyword) {
                true => found
                    .help(match replaced {
                        true => format!("write {keyword} {json}: then no shell is needed"),
                        false => format!("write {keyword} {json}: the program is then PID 1 and gets SIGTERM itself"),
                    })
                    .fix(Applicability::Unsafe, "Use the exec form", vec![Edit::replace(*span, json)]),
                false => found.help(format!(
                    "use {keyword} {json} when ENTRYPOINT and CMD together still mean the same: the form of one changes what the other does"
                )),
            });
        }
    }
}

/// `broken-json-form` is on, which says the same of RUN too.
fn brackets_are_reported(cx: &Context<'_>) -> bool {
    match &cx.settings.select {
        Some(selected) => selected.contains(&"broken-json-form"),
        None => matches!(cx.settings.profile, Profile::Default | Profile::All),
    }
}

/// Where sh is bash, one plain command is run in its place: tried with bash 5.2; dash 0.5.12 stays.
fn takes_the_shells_place(stage: &Stage, step: &Step) -> bool {
    let Some(script) = &step.script else { return false };
    let [cmd] = script.commands.as_slice() else { return false };
    let plain = script.opaque.is_none() && cmd.depth == 0 && !cmd.negated && !cmd.opaque;
    plain && stage.facts().is_some_and(|facts| facts.sh_is_bash())
}

/// The last command takes the place of the shell.
fn ends_in_exec(step: &Step) -> bool {
    step.script.as_ref().and_then(|script| script.commands.last()).is_some_and(|last| {
        last.depth == 0
            && last.joiner != Joiner::Pipe
            && last.wrappers.first().is_some_and(|wrapper| wrapper.text == "exec")
    })
}

/// CMD and ENTRYPOINT speak to each other: in shell form ENTRYPOINT hides CMD, and a CMD in shell form reaches the
/// entrypoint as `/bin/sh -c …`. Where both are there, or may be, changing the form changes what runs.
fn keeps_meaning(stage: &Stage, keyword: Keyword) -> bool {
    let known = matches!(stage.base, Base::Scratch) || stage.facts().is_some();
    let entrypoint = stage.config.entrypoint.as_ref().is_some_and(|command| !command.argv.is_empty());
    let cmd = stage.config.cmd.as_ref().is_some_and(|command| command.inst.is_some());
    stage.children.is_empty()
        && match keyword {
            Keyword::Cmd => known && !entrypoint,
            _ => !cmd,
        }
}
