//! USER by name in an image made from scratch.

use super::support::chain;
use super::support::instructions::value;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Base, Source, SourceKind, Step};
use crate::syntax::{Body, InstId};

pub static RULE: Rule = Rule {
    slug: "user-without-passwd",
    aliases: &[],
    summary: "a user is named in an image that has no /etc/passwd",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/user-without-passwd.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| !stage.windows) {
        let below = chain(cx, stage);
        if !below.first().is_some_and(|lowest| matches!(lowest.base, Base::Scratch)) {
            continue;
        }
        for step in stage.steps.iter().filter(|step| !step.onbuild) {
            let Some(instruction) = cx.dockerfile.get(step.inst) else { continue };
            let word = match &instruction.body {
                Body::User(word) => word,
                Body::Copy(_) | Body::Add(_) => match instruction.flag("chown").and_then(|flag| flag.value.as_ref()) {
                    Some(word) => word,
                    None => continue,
                },
                _ => continue,
            };
            let Some(user) = value(cx, &step.env, word) else { continue };
            let name = user.split(':').next().unwrap_or(&user).to_string();
            let number = name.bytes().all(|byte| byte.is_ascii_digit());
            let earlier = below.iter().flat_map(|stage| &stage.steps).filter(|other| other.inst < step.inst);
            if number || name.is_empty() || name == "root" || earlier.into_iter().any(|other| may_bring(cx, other)) {
                continue;
            }
            let what = match instruction.body {
                Body::User(_) => "the container does not start",
                _ => "the build fails",
            };
            out.push(
                Diagnostic::at(word.span, format!("{what}: no /etc/passwd says who `{name}` is"))
                    .help("use the number of the user, as in 65532, or copy an /etc/passwd"),
            );
        }
    }
}

/// The step may bring /etc/passwd.
fn may_bring(cx: &Context<'_>, step: &Step) -> bool {
    let run = |inst: InstId| cx.dockerfile.get(inst).is_some_and(|inst| matches!(inst.body, Body::Run(_)));
    let Some(copied) = &step.copied else { return run(step.inst) };
    let Some(dest) = copied.dest.as_deref() else { return true };
    (0..copied.sources.len()).any(|index| {
        let Some(source) = copied.sources.get(index) else { return false };
        let Some(path) = source.path.as_deref() else { return true };
        let archive = path.contains(".tar") || path.ends_with(".tgz") || path.ends_with(".gz") || path.ends_with(".xz");
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
        match dest {
            "/etc/passwd" => true,
            "/etc" => {
                source.kind != SourceKind::Path
                    || matches!(name, "passwd" | "etc")
                    || name.contains('*')
                    || copied.parents
            }
            // A file of its own name lands in the root; a directory or an archive may hold anything.
            "/" => {
                let single = name.contains('.') && !archive && !name.starts_with('.')
                    || copied.from != Source::Context
                        && !path.ends_with('/')
                        && matches!(path.matches('/').count(), 2..)
                        && !matches!(name, "rootfs" | "root" | "out" | "install" | "dist" | "image");
                copied.parents || archive || !single
            }
            _ => false,
        }
    })
}
