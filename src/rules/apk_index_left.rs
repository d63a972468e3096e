//! `apk add` without `--no-cache` in a layer that ships.

use super::support::caches::{Cache, Left, subcommand};
use super::support::{Run, known, merge, runs, too_old_for_flag};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::shell::{Joiner, ShellCommand};
use crate::text::{Edit, Span};

pub static RULE: Rule = Rule {
    slug: "apk-index-left",
    aliases: &["DL3019"],
    summary: "the apk index stays in a layer that ships",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/apk-index-left.md"),
    check,
};

static CACHE: Cache = Cache {
    programs: &["apk"],
    fills: &["add", "update", "upgrade"],
    unless: &["--no-cache", "--no-network"],
    dirs: &["/var/cache/apk", "/etc/apk/cache"],
    cleans: &[("apk", &["cache"])],
    update_installs: false,
    message: "the package index that apk downloads stays in this layer",
    help: "add --no-cache to apk add, and leave out apk update",
    idle: None,
    leftover: Some("apk-index"),
    append: None,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for left in CACHE.left(cx) {
        let found = CACHE.found(&left);
        out.push(match edits(cx, &left) {
            Some(edits) => found.fix(Applicability::Safe, "Add --no-cache", edits),
            None => found,
        });
    }
}

/// `--no-cache` for every command that would leave the index, and no `apk update` any more.
fn edits(cx: &Context<'_>, left: &Left<'_>) -> Option<Vec<Edit>> {
    let run = &left.run;
    if !run.editable() || CACHE.looked_at_later(cx, run) || reads_index(cx, run) || too_old_for_flag(cx, run.stage) {
        return None;
    }
    let mut edits = Vec::new();
    for (index, cmd) in run.script.commands.iter().enumerate().filter(|(_, cmd)| CACHE.is_filled_by(cmd)) {
        let verb = cmd.args.iter().find(|arg| !arg.text.starts_with('-')).filter(|verb| verb.literal && !cmd.opaque)?;
        edits.push(match verb.text.as_str() {
            // One command alone beside another RUN is the next finding.
            "update" if run.script.commands.len() > 2 || !beside_another(cx, run) => {
                without(cx, cmd, run.next(index)?)?
            }
            "update" => return None,
            _ => Edit::insert(verb.span.end, " --no-cache"),
        });
    }
    Some(edits)
}

/// A command of the RUN needs the index that `apk update` fetched: only what installs fetches one itself.
fn reads_index(cx: &Context<'_>, run: &Run<'_>) -> bool {
    let mut all = run.script.commands.iter().chain(&run.script.substitutions);
    let updates = run.script.commands.iter().any(|cmd| cmd.name.text == "apk" && subcommand(cmd) == Some("update"));
    let named = cx.source.slice(run.instruction.content).contains("cache/apk");
    named
        || (updates
            && (!known::all(run.script, known::plain_or_builder)
                || all.any(|cmd| {
                    cmd.name.text == "apk"
                        && (cmd.has_flag(&["--no-network"])
                            || !matches!(subcommand(cmd), Some("add" | "del" | "upgrade" | "update" | "cache")))
                })))
}

/// Takes `apk update && ` away.
fn without(cx: &Context<'_>, cmd: &ShellCommand, next: &ShellCommand) -> Option<Edit> {
    let plain = cmd.depth == 0 && !cmd.conditional && next.depth == 0 && !next.conditional && !cmd.negated;
    let joined = matches!(next.joiner, Joiner::And | Joiner::Semi) && cmd.redirects.is_empty();
    let span = Span::new(cmd.span.start, next.span.start.max(cmd.span.start));
    (plain
        && joined
        && !cx.source.slice(span).contains('#')
        && matches!(cmd.joiner, Joiner::Start | Joiner::And | Joiner::Semi))
    .then(|| Edit::delete(span))
}

/// The instruction before or behind is a RUN of one command too.
fn beside_another(cx: &Context<'_>, run: &Run<'_>) -> bool {
    runs(cx, run.stage).any(|other| {
        let adjacent = merge::adjacent(cx, &other, run) || merge::adjacent(cx, run, &other);
        adjacent && other.script.commands.len() <= 1
    })
}
