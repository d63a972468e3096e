//! The edits: `AS build` on FROM, what moves out of the builder, and the text of the final stage.
//!
//! The builder stays byte for byte; a moved instruction takes its comments and blank lines along.

use std::collections::BTreeSet;

use super::case::Case;
use crate::syntax::{InstId, Item};
use crate::text::{Edit, Span};

/// `COPY --from=build from to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StageCopy {
    pub from: String,
    pub to: String,
    pub chown: Option<String>,
    pub chmod: Option<String>,
}

/// One instruction of the final stage.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// Leaves the builder, with its comments; `text` replaces it from the keyword on.
    Move {
        inst: InstId,
        text: Option<String>,
    },
    /// Stays in the builder and stands in the final stage, too.
    Repeat {
        inst: InstId,
        text: Option<String>,
    },
    /// Written by us.
    New(String),
    Copy(StageCopy),
}

/// Everything that render needs to know of the result.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {
    pub build_stage: String,
    /// ` AS build` has to be added.
    pub add_alias: bool,
    pub base: String,
    pub platform: Option<String>,
    pub lines: Vec<Line>,
    /// Edits inside the builder: CGO_ENABLED=0 and stripping.
    pub inside: Vec<Edit>,
    /// One more line at the end of the builder.
    pub tail: Option<String>,
    pub debug: Option<DebugStage>,
}

/// A stage beside the one that ships: the same image with a shell to look around in.
#[derive(Clone, Debug)]
pub(super) struct DebugStage {
    /// The name that the final stage then needs.
    pub ship: String,
    pub name: String,
    /// The image that the shell comes from.
    pub image: String,
}

/// How the author writes.
pub(super) struct Style {
    pub lower: bool,
    pub eol: &'static str,
    pub escape: char,
}

impl Style {
    pub fn of(case: &Case<'_>) -> Style {
        let name = case.file.get(case.stage.from).map_or("FROM", |inst| inst.name.text.as_str());
        let escape = if case.file.escape == '`' { '`' } else { '\\' };
        Style { lower: name.chars().all(|letter| letter.is_lowercase()), eol: case.source.line_ending(), escape }
    }

    pub fn keyword(&self, keyword: &str) -> String {
        if self.lower { keyword.to_lowercase() } else { keyword.to_string() }
    }
}

/// A name for the build stage that nothing else uses.
pub(super) fn free_name(case: &Case<'_>, names: &[&str]) -> String {
    let text = case.source.text.to_lowercase();
    let taken = |name: &str| {
        case.model
            .stages
            .iter()
            .any(|stage| stage.name.as_ref().is_some_and(|word| word.text.eq_ignore_ascii_case(name)))
            || text.contains(&format!("--from={name}"))
            || text.contains(&format!("from={name},"))
    };
    let first = names.first().copied().unwrap_or("build");
    names
        .iter()
        .map(|name| name.to_string())
        .chain((2..).map(|number| format!("{first}{number}")))
        .find(|name| !taken(name))
        .unwrap_or_else(|| first.into())
}

/// A moved instruction with the blank lines and comments before it.
fn block(case: &Case<'_>, inst: InstId) -> (Span, Span) {
    let items = &case.file.items;
    let index = inst.0 as usize;
    let own = items.get(index).map_or(Span::default(), Item::span);
    let mut start = own.start;
    let mut at = index;
    let mut after_blank = false;
    while let Some(item) = at.checked_sub(1).and_then(|before| items.get(before)) {
        match item {
            // Comments above a blank line speak of something else; they stay.
            Item::Comment(span) if !after_blank => start = span.start,
            Item::Blank(span) => {
                after_blank = true;
                start = span.start;
            }
            _ => break,
        }
        at -= 1;
    }
    (Span::new(start, own.start), own)
}

pub(super) fn edits(case: &Case<'_>, outline: &Outline) -> Vec<Edit> {
    let style = Style::of(case);
    let eol = style.eol;
    let moved: BTreeSet<InstId> = outline
        .lines
        .iter()
        .filter_map(|line| match line {
            Line::Move { inst, .. } => Some(*inst),
            _ => None,
        })
        .collect();
    // The last instruction that stays with the builder: everything behind it belongs to the final stage.
    let last_kept = case.file.instructions().map(|(id, _)| id).filter(|id| !moved.contains(id)).last();
    let last_kept = last_kept.unwrap_or(case.stage.from);
    let end = case.file.items.get(last_kept.0 as usize).map_or(case.source.len(), |item| item.span().end);

    let mut edits = outline.inside.clone();
    if outline.add_alias {
        let from = case.file.get(case.stage.from).map_or(Span::default(), |inst| inst.content);
        edits.push(Edit::insert(from.end, format!(" {} {}", style.keyword("AS"), outline.build_stage)));
    }
    for inst in &moved {
        if *inst < last_kept {
            let (lead, own) = block(case, *inst);
            edits.push(Edit::delete(lead.to(own)));
        }
    }

    let mut text = String::new();
    let kept_text = case.source.slice(Span::new(0, end));
    if !kept_text.ends_with('\n') {
        text.push_str(eol);
    }
    if let Some(tail) = &outline.tail {
        text.push_str(tail);
        text.push_str(eol);
    }
    text.push_str(eol);
    text.push_str(&style.keyword("FROM"));
    if let Some(platform) = &outline.platform {
        text.push_str(&format!(" --platform={platform}"));
    }
    text.push_str(&format!(" {}", outline.base));
    if let Some(debug) = &outline.debug {
        text.push_str(&format!(" {} {}", style.keyword("AS"), debug.ship));
    }
    text.push_str(eol);
    // Free comments and blank lines behind the last builder instruction go along, in order.
    let mut at = end;
    for line in &outline.lines {
        match line {
            Line::Move { inst, text: new } => {
                let (lead, own) = block(case, *inst);
                let lead = if lead.start >= end && at <= lead.start { Span::new(at, lead.end) } else { lead };
                if own.start >= end {
                    at = own.end;
                }
                text.push_str(case.source.slice(lead));
                push_instruction(case, *inst, new.as_deref(), eol, &mut text);
            }
            Line::Repeat { inst, text: new } => push_instruction(case, *inst, new.as_deref(), eol, &mut text),
            Line::New(line) => {
                text.push_str(line);
                text.push_str(eol);
            }
            Line::Copy(copy) => {
                text.push_str(&copy_line(&style, &outline.build_stage, copy));
                text.push_str(eol);
            }
        }
    }
    let tail_start = case
        .file
        .instructions()
        .filter(|(id, _)| moved.contains(id) && *id > last_kept)
        .map(|(_, inst)| inst.span.end)
        .max()
        .unwrap_or(end);
    text.push_str(case.source.slice(Span::new(tail_start, case.source.len())));
    if let Some(debug) = &outline.debug {
        debug_stage(debug, &style, &mut text);
    }
    if !case.source.text.ends_with('\n') {
        // The author's last line has no line ending: neither has ours.
        let trimmed = text.trim_end_matches(['\r', '\n']).len();
        text.truncate(trimmed);
    }
    let squeezed = squeeze_start(&text, eol);
    edits.push(Edit::replace(Span::new(end, case.source.len()), squeezed));
    edits
}

/// The stage with the shell, and behind it the one that ships: an empty stage on top of it is the same image, and a
/// build without `--target` still makes that.
fn debug_stage(debug: &DebugStage, style: &Style, text: &mut String) {
    let DebugStage { ship, name, image } = debug;
    let (from, alias, copy, env) =
        (style.keyword("FROM"), style.keyword("AS"), style.keyword("COPY"), style.keyword("ENV"));
    if !text.ends_with('\n') {
        text.push_str(style.eol);
    }
    for line in [
        "",
        &format!("# The same image with a shell, /busybox/sh; made only by `docker build --target {name}`"),
        &format!("{from} {ship} {alias} {name}"),
        &format!("{copy} --from={image} /busybox /busybox"),
        &format!("{env} PATH=$PATH:/busybox"),
        "",
        &format!("{from} {ship}"),
    ] {
        text.push_str(line);
        text.push_str(style.eol);
    }
}

/// One blank line between the stages, however many stood there.
fn squeeze_start(text: &str, eol: &str) -> String {
    let doubled = format!("{eol}{eol}{eol}");
    let mut text = text.to_string();
    while text.starts_with(&doubled) {
        text = text.get(eol.len()..).unwrap_or("").to_string();
    }
    text
}

fn push_instruction(case: &Case<'_>, inst: InstId, new: Option<&str>, eol: &str, out: &mut String) {
    let Some(instruction) = case.file.get(inst) else { return };
    match new {
        Some(text) => {
            out.push_str(text);
            out.push_str(eol);
        }
        None => {
            out.push_str(case.source.slice(instruction.span));
            if !out.ends_with('\n') {
                out.push_str(eol);
            }
        }
    }
}

fn copy_line(style: &Style, stage: &str, copy: &StageCopy) -> String {
    let mut line = format!("{} --from={stage}", style.keyword("COPY"));
    if let Some(owner) = &copy.chown {
        line.push_str(&format!(" --chown={owner}"));
    }
    if let Some(mode) = &copy.chmod {
        line.push_str(&format!(" --chmod={mode}"));
    }
    let plain = |path: &str| !path.contains([' ', '\t', '"', '\'', '#']);
    if plain(&copy.from) && plain(&copy.to) {
        line.push_str(&format!(" {} {}", copy.from, copy.to));
    } else {
        line.push_str(&format!(" {}", super::entry::json(&[copy.from.clone(), copy.to.clone()])));
    }
    line
}
