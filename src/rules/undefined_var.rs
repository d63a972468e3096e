//! A variable that nothing sets.

use super::support::instructions::steps;
use super::support::names::{is_bare, nearest};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Origin, Step, variables};
use crate::syntax::{Body, Instruction, Word};

pub static RULE: Rule = Rule {
    slug: "undefined-var",
    aliases: &["UndefinedVar"],
    summary: "a variable is used that nothing sets",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/undefined-var.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (stage, step, instruction) in steps(cx) {
        // What a trigger sees is for the image that starts from this one.
        if step.onbuild || stage.windows {
            continue;
        }
        let mut told: Vec<String> = Vec::new();
        let mut declared_here: Vec<&str> = Vec::new();
        for (word, own) in words(instruction) {
            for name in variables(&word.text, cx.dockerfile.escape) {
                let appended = own.is_some_and(|own| own == name);
                if appended
                    || declared_here.contains(&name.as_str())
                    || told.contains(&name)
                    || !is_bare(&word.text, &name)
                {
                    continue;
                }
                if let Some(help) = undefined(cx, step, &name) {
                    out.push(Diagnostic::at(word.span, format!("nothing sets `${name}` before")).help(help));
                    told.push(name);
                }
            }
            if let (Body::Arg(_), Some(own)) = (&instruction.body, own) {
                declared_here.push(own);
            }
        }
    }
}

/// What to do about a variable that surely has no value; `None` for the others.
fn undefined(cx: &Context<'_>, step: &Step, name: &str) -> Option<String> {
    if step.env.get(name).is_some() || !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let global = cx.model.global_args.get(name);
    if global.is_some_and(|variable| matches!(variable.origin, Origin::Arg(_) | Origin::Declared(_))) {
        return Some(format!("an ARG before FROM does not reach into stages: put `ARG {name}` into this one"));
    }
    // The base may set what is not known here.
    if step.env.is_open() {
        return None;
    }
    if global.is_some() {
        return Some(format!("put `ARG {name}` into the stage: BuildKit then sets it"));
    }
    let known = step.env.iter().map(|(known, _)| known);
    Some(match nearest(name, known) {
        Some(near) => format!("did you mean `${near}`?"),
        None => "set it with ENV or ARG, or write ${NAME:-default}".to_string(),
    })
}

/// The words that BuildKit expands, and the name that the word is the value of. RUN, CMD and their like are the shell's.
fn words(instruction: &Instruction) -> Vec<(&Word, Option<&str>)> {
    let mut found: Vec<(&Word, Option<&str>)> = Vec::new();
    match &instruction.body {
        Body::Copy(transfer) | Body::Add(transfer) => {
            found.extend(
                transfer.sources.iter().filter(|source| !source.text.starts_with("<<")).map(|word| (word, None)),
            );
            found.push((&transfer.dest, None));
            let flags = instruction.flags.iter().filter(|flag| matches!(flag.name.text.as_str(), "chown" | "chmod"));
            found.extend(flags.filter_map(|flag| Some((flag.value.as_ref()?, None))));
        }
        Body::Env(pairs) | Body::Label(pairs) => {
            found.extend(
                pairs.pairs.iter().filter_map(|pair| Some((pair.value.as_ref()?, Some(pair.key.text.as_str())))),
            );
        }
        Body::Arg(pairs) => {
            for pair in pairs {
                found.push((pair.value.as_ref().unwrap_or(&pair.key), Some(pair.key.text.as_str())));
            }
        }
        Body::Workdir(word) | Body::User(word) | Body::StopSignal(word) => found.push((word, None)),
        Body::Expose(all) | Body::Volume { paths: all, .. } => found.extend(all.iter().map(|word| (word, None))),
        _ => {}
    }
    found
}
