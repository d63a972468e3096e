//! The edits inside the builder: `CGO_ENABLED=0` where the program is pure, and the flags that leave debug information
//! out where the user asks for it.

use super::artifacts::Found;
use super::case::Case;
use super::effects::Effect;
use super::link::{Link, cgo_place};
use super::needs::{Needs, shipped};
use super::toolchains::go::build::before_flags;
use super::toolchains::go::{GoBuild, GoKind};
use crate::shell::ShellCommand;
use crate::text::{Edit, Span};

pub(super) fn edits(
    case: &Case<'_>,
    found: &Found,
    links: &[Link],
    effects: &[Effect<'_>],
    needs: &Needs,
) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut done: Vec<usize> = Vec::new();
    for (built, link) in shipped(found).zip(links) {
        let Some((index, go)) = built.build.and_then(|index| Some((index, case.walk.builds.get(index)?))) else {
            continue;
        };
        if done.contains(&index) {
            continue;
        }
        done.push(index);
        if let (Link::Static { add_cgo: true, .. }, Some(at)) = (link, cgo_place(go, effects)) {
            let edit = Edit::insert(at, "CGO_ENABLED=0 ");
            // One make may build several programs.
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
        if case.options.strip
            && !needs.own_symbols
            && let Some(effect) = effects.iter().find(|effect| effect.cmd.span == go.span)
        {
            edits.extend(strip(case, go, effect.cmd));
        }
    }
    edits
}

fn strip(case: &Case<'_>, go: &GoBuild, cmd: &ShellCommand) -> Vec<Edit> {
    let kind = matches!(go.kind, GoKind::Build | GoKind::Install);
    if !kind || go.in_json || go.within.is_some() || go.unsure.is_some() || is_debug_build(cmd) {
        return Vec::new();
    }
    let Some(before) = before_flags(cmd) else {
        return Vec::new();
    };
    // Inside a quoted script (`sh -c "go build"`) a quote of ours would end theirs.
    if cmd.depth > 0 {
        return Vec::new();
    }
    // Not -trimpath: loggers print where in the sources they were called, and it is worth a few kilobytes.
    match &go.ldflags {
        None => vec![Edit::insert(before.span.end, " -ldflags=\"-s -w\"")],
        Some(_) => merge(case, go).into_iter().collect(),
    }
}

/// `-gcflags="all=-N -l"` is a build for a debugger.
fn is_debug_build(cmd: &ShellCommand) -> bool {
    cmd.args.iter().any(|arg| arg.text.contains("-gcflags"))
}

/// Puts `-s -w` into the flags that are there: a second -ldflags would replace the first.
fn merge(case: &Case<'_>, go: &GoBuild) -> Option<Edit> {
    let flags = go.ldflags.as_ref()?;
    let missing = match (flags.strip_s, flags.strip_w) {
        (true, _) => return None,
        (false, true) => "-s",
        (false, false) => "-s -w",
    };
    if flags.span.is_empty() || !flags.takes_more() {
        return None;
    }
    let text = case.source.slice(flags.span);
    let value = text
        .find('=')
        .filter(|_| text.trim_start_matches(['"', '\'']).starts_with('-') && text.contains("ldflags="))
        .map_or(0, |at| at + 1);
    let rest = text.get(value..)?;
    let start = flags.span.start + value as u32;
    match rest.chars().next() {
        Some('"' | '\'') => {
            let inner = rest.get(1..)?;
            let space = if inner.starts_with(['"', '\'']) { "" } else { " " };
            Some(Edit::insert(start + 1, format!("{missing}{space}")))
        }
        // Without quotes: one flag alone, or the quote stands before the dash.
        Some(_) if text.starts_with(['"', '\'']) => Some(Edit::insert(start, format!("{missing} "))),
        Some(_) if flags.literal && !rest.contains(['\\', '$', '`']) => {
            Some(Edit::replace(Span::new(start, flags.span.end), format!("\"{missing} {rest}\"")))
        }
        _ => None,
    }
}
