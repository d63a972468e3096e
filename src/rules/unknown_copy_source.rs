//! COPY from a stage that is not there.

use super::support::instructions::{steps, value};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::facts_for;
use crate::syntax::{Body, ImageRef};

pub static RULE: Rule = Rule {
    slug: "unknown-copy-source",
    aliases: &["DL3022"],
    summary: "COPY --from names no earlier stage and no image that is known",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/unknown-copy-source.md"),
    check,
};

/// Images without a path that people copy programs from, beside those whose contents are known.
const OFFICIAL: &[&str] = &["composer", "docker", "registry", "swift", "traefik", "vault"];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (stage, step, instruction) in steps(cx) {
        let Body::Copy(_) = &instruction.body else { continue };
        let Some(word) = instruction.flag("from").and_then(|flag| flag.value.as_ref()) else { continue };
        let Some(from) = value(cx, &step.env, word) else { continue };
        let earlier = || cx.model.stages.iter().take(stage.id.0).filter_map(|stage| stage.name.as_ref());
        let named = earlier().any(|name| name.text.eq_ignore_ascii_case(&from));
        let own = stage.name.as_ref().is_some_and(|name| name.text.eq_ignore_ascii_case(&from));
        // A tag, a digest or a path can only be an image. The stage itself is another rule's.
        if named || own || from.is_empty() || from.contains([':', '@', '/']) {
            continue;
        }
        let later = cx.model.stages.iter().skip(stage.id.0 + 1).filter_map(|stage| stage.name.as_ref());
        let later = later.into_iter().find(|name| name.text.eq_ignore_ascii_case(&from));
        let (message, help) = match (from.parse::<usize>(), later) {
            (Ok(index), _) if index < stage.id.0 => continue,
            (Ok(_), _) => (format!("there is no stage {from} before this one"), "stages count from 0"),
            (_, Some(_)) => (format!("the stage `{from}` comes later"), "move it before this one"),
            _ if OFFICIAL.contains(&from.as_str()) || facts_for(&ImageRef::from_text(&from)).is_some() => continue,
            _ => (
                format!("`{from}` is no earlier stage, so it is pulled as an image"),
                "check the name of the stage, or name the image with its tag",
            ),
        };
        let found = Diagnostic::at(word.span, message).help(help);
        out.push(match later {
            Some(name) => found.label(name.span, "begins here"),
            None => found,
        });
    }
}
