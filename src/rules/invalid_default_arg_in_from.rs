//! FROM without a valid default.

use super::support::names::is_reference;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Env, Origin, Variable, expand, variables};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "invalid-default-arg-in-from",
    aliases: &["InvalidDefaultArgInFrom"],
    summary: "without --build-arg a FROM has no valid image",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/invalid-default-arg-in-from.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // What the global scope is when nothing is given on the command line.
    let mut env = Env::default();
    for (id, instruction) in cx.dockerfile.instructions() {
        match &instruction.body {
            Body::Arg(args) => {
                for arg in args {
                    let value = match &arg.value {
                        Some(word) => expand(&word.text, cx.dockerfile.escape, &env).ok(),
                        None if env.get(&arg.key.text).is_some() => continue,
                        None => Some(String::new()),
                    };
                    env.set(arg.key.text.as_str(), Variable { value, origin: Origin::Arg(id), changeable: true });
                }
            }
            _ => break,
        }
    }
    for (_, instruction) in cx.dockerfile.instructions() {
        let Body::From { image, .. } = &instruction.body else { continue };
        let names = variables(&image.text, cx.dockerfile.escape);
        // Platforms have a value always; what nobody declares is another rule's.
        if names.is_empty() || names.iter().any(|name| env.get(name).is_none_or(|variable| variable.value.is_none())) {
            continue;
        }
        let Ok(name) = expand(&image.text, cx.dockerfile.escape, &env) else { continue };
        if !is_reference(&name) {
            let written = if name.is_empty() { "nothing".to_string() } else { format!("`{name}`") };
            out.push(
                Diagnostic::at(image.span, format!("without build arguments this is {written}, which is no image"))
                    .help("give the ARG a default, or write ${NAME:-default}"),
            );
        }
    }
}
