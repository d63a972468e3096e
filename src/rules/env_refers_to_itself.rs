//! An ENV that uses what it sets.

use super::support::instructions::steps;
use super::support::names::is_bare;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Origin, variables};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "env-refers-to-itself",
    aliases: &["DL3044"],
    summary: "an ENV uses a variable that the same instruction sets",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/env-refers-to-itself.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, step, instruction) in steps(cx) {
        let Body::Env(pairs) = &instruction.body else { continue };
        let set_before = |name: &str| {
            let origin = step.env.get(name).map(|variable| variable.origin);
            matches!(origin, Some(Origin::Env(_) | Origin::Arg(_) | Origin::Declared(_)))
        };
        let found = pairs.pairs.iter().enumerate().find_map(|(index, pair)| {
            let value = pair.value.as_ref()?;
            let used = variables(&value.text, cx.dockerfile.escape);
            // In its own value a variable is the old one, and everybody knows; not so when it is set twice.
            let others = || pairs.pairs.iter().enumerate().filter(move |(other, _)| *other != index);
            let hit = used.iter().find_map(|name| {
                let (_, other) = others().find(|(_, other)| other.key.text == *name)?;
                // The base image's own value may well be what another variable is to have.
                let of_base = name == "PATH" || step.env.get(name).is_some_and(|known| known.origin == Origin::Base);
                let meant = set_before(name) || !is_bare(&value.text, name) || (of_base && pair.key.text != *name);
                (!meant).then_some((name.clone(), other))
            })?;
            Some((value, hit))
        });
        if let Some((value, (name, other))) = found {
            out.push(
                Diagnostic::at(value.span, format!("`${name}` is not yet what this ENV sets"))
                    .label(other.span, "set in the same instruction")
                    .help("all values of one ENV are taken before any is set; use two instructions"),
            );
        }
    }
}
