//! A rewrite plan or a refusal, printed: what is built, what ships, on which base and why, what that rests on, what is
//! lost, and the sizes.

use std::io::{self, Write};

use colored::Color;
use serde::Serialize;

use super::human::Paint;
use super::json::{JsonEdit, JsonWaste, Range, edit, range, waste};
use super::view::plain;
use super::{Style, cost_text, megabytes};
use crate::diagnostic::{Cost, Diagnostic};
use crate::lint::Checked;
use crate::rewrite::explain::Lever;
use crate::rewrite::{Artifact, Obligation, Refusal, RewritePlan, RuledOut, Tier};
use crate::text::SourceFile;

/// What `unladen rewrite` found out about a file.
pub struct Outcome<'a> {
    pub source: &'a SourceFile,
    /// What `check` says of the file as it is.
    pub checked: &'a Checked,
    /// The plan and the file that it makes.
    pub plan: Result<(&'a RewritePlan, &'a SourceFile), &'a Refusal>,
    /// What could be stated, where somebody asked for it.
    pub levers: Option<&'a [Lever]>,
    pub written: bool,
}

pub fn write(outcome: &Outcome<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if style.color {
        colored::control::set_override(true);
    }
    let paint = Paint(style.color);
    match outcome.plan {
        Ok((plan, _)) => pretty(outcome, plan, style, paint, out),
        Err(refusal) => {
            refused(outcome.source, refusal, paint, out)?;
            if let Some(levers) = outcome.levers.filter(|levers| !levers.is_empty()) {
                stated("What you could state", levers, paint, out)?;
            }
            Ok(())
        }
    }
}

fn pretty(
    outcome: &Outcome<'_>,
    plan: &RewritePlan,
    style: Style,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let path = plain(&outcome.source.path);
    let sizes = match (plan.before, plan.after) {
        (Some(before), Some(after)) => format!(": {}", shrink(before, after, style)),
        _ => String::new(),
    };
    writeln!(out, "{}{sizes}", paint.bold(&format!("{path} becomes a multi-stage build"), Color::Green))?;

    found(outcome.checked, paint, out)?;
    heading("Built", paint, out)?;
    let steps = if plan.keep.len() == 1 { "instruction" } else { "instructions" };
    writeln!(out, "    in stage `{}`, by {} {steps} of the file", plain(&plan.build_stage), plan.keep.len())?;

    heading("Ships", paint, out)?;
    let arrow = if style.unicode { "←" } else { "<-" };
    for Artifact { from, to, why } in &plan.artifacts {
        let (from, to, why) = (plain(from), plain(to), paint.dim(&plain(why)));
        if from == to { writeln!(out, "    {to}  {why}")? } else { writeln!(out, "    {to} {arrow} {from}  {why}")? }
    }

    heading("Base", paint, out)?;
    writeln!(out, "    {} ({})", paint.bold(&plain(&plan.base), Color::Cyan), tier(plan.tier))?;
    writeln!(out, "    {}", plain(&plan.why_base))?;

    if !plan.obligations.is_empty() {
        heading("Rests on", paint, out)?;
        for obligation in &plan.obligations {
            obligation_line(outcome.source, obligation, style, paint, out)?;
        }
    }
    if !plan.lost.is_empty() {
        heading("Lost", paint, out)?;
        let lost: Vec<String> = plan.lost.iter().map(|lost| plain(lost)).collect();
        writeln!(out, "    {}", lost.join(", "))?;
    }
    if let Some(way_in) = &plan.way_in {
        heading("A way in", paint, out)?;
        writeln!(out, "    {}", plain(way_in))?;
    }
    if let Some(levers) = outcome.levers {
        explained(outcome.source, plan, levers, paint, out)?;
    }
    if let (Some(before), Some(after)) = (plan.before, plan.after) {
        heading("Size", paint, out)?;
        writeln!(out, "    before  {}", cost_text(before))?;
        writeln!(out, "    after   {}", cost_text(after))?;
    }
    writeln!(out)
}

/// Why the image is no smaller, and what would make it so.
fn explained(
    source: &SourceFile,
    plan: &RewritePlan,
    levers: &[Lever],
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    const MOST: usize = 8;
    heading("Why not smaller", paint, out)?;
    if plan.ruled_out.is_empty() {
        let text = match plan.tier {
            Tier::Scratch => "it is the smallest there is",
            Tier::Distroless => "nothing stands against it; scratch is taken only where you ask for it",
            Tier::SameDistro | Tier::SameDistroTree => "you asked for this base",
        };
        writeln!(out, "    {text}")?;
    }
    for RuledOut { text, span, file, most } in plan.ruled_out.iter().take(MOST) {
        let places = paint.dim(&places(source, *span, file.as_ref()));
        let short = match most {
            Tier::SameDistroTree => "needs the whole tree:",
            Tier::SameDistro => "needs a distribution:",
            Tier::Distroless | Tier::Scratch => "needs glibc:",
        };
        writeln!(out, "    {} {}{places}", paint.bold(short, Color::Yellow), plain(text))?;
    }
    if let more @ 1.. = plan.ruled_out.len().saturating_sub(MOST) {
        writeln!(out, "    and {more} more, see `--format json`")?;
    }
    if levers.is_empty() { Ok(()) } else { stated("What you could state", levers, paint, out) }
}

fn stated(title: &str, levers: &[Lever], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    heading(title, paint, out)?;
    for Lever { holds, flags, keys, gives } in levers {
        let gives = match gives {
            Some(gives) => {
                let size =
                    gives.after.map_or(String::new(), |after| format!(", about {}", megabytes(after.size.likely)));
                format!(" gives {} ({}{size})", gives.base, tier(gives.tier))
            }
            None if flags.starts_with("--runtime-file") => " settles what stays behind".into(),
            None => " lets them be read".into(),
        };
        let keys = if keys.is_empty() { String::new() } else { format!("  {}", paint.dim(&format!("({keys})"))) };
        writeln!(out, "    {}{}{keys}", paint.bold(flags, Color::Cyan), plain(&gives))?;
        writeln!(out, "        if {}", plain(holds))?;
    }
    Ok(())
}

fn places(source: &SourceFile, span: Option<crate::text::Span>, file: Option<&(String, u32)>) -> String {
    let mut places = Vec::new();
    if let Some(span) = span {
        places.push(format!("line {}", source.line_col(span.start).line));
    }
    if let Some((path, line)) = file {
        places.push(format!("{}:{line}", plain(path)));
    }
    if places.is_empty() { String::new() } else { format!("  ({})", places.join(", ")) }
}

/// What is wrong with the file as it is, dearest first.
fn found(checked: &Checked, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    const MOST: usize = 10;
    let bytes = |diagnostic: &&Diagnostic| diagnostic.cost.map_or(0, |cost| cost.size.likely);
    let mut findings: Vec<&Diagnostic> = checked.diagnostics.iter().collect();
    findings.sort_by_key(|diagnostic| std::cmp::Reverse(bytes(diagnostic)));
    if findings.is_empty() {
        return Ok(());
    }
    heading("Found", paint, out)?;
    for diagnostic in findings.iter().take(MOST) {
        let line = checked.source.line_col(diagnostic.span.start).line;
        let cost = diagnostic.cost.map_or(String::new(), |cost| format!(", about {}", megabytes(cost.size.likely)));
        let place = paint.dim(&format!("(line {line}, {}{cost})", diagnostic.rule));
        writeln!(out, "    {} {place}", plain(&diagnostic.message))?;
    }
    match findings.len().saturating_sub(MOST) {
        0 => Ok(()),
        more => writeln!(out, "    and {more} more, see `unladen check {}`", plain(&checked.source.path)),
    }
}

/// `872 MB → 9.4 MB, 92 times smaller`.
fn shrink(before: Cost, after: Cost, style: Style) -> String {
    let (before, after) = (before.size.likely, after.size.likely);
    let arrow = if style.unicode { "→" } else { "->" };
    let times = match before.checked_div(after) {
        Some(times) if times >= 2 => format!(", {times} times smaller"),
        _ => String::new(),
    };
    format!("about {} {arrow} {}{times}", megabytes(before), megabytes(after))
}

fn heading(text: &str, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  {}", paint.bold(text, Color::Blue))
}

fn obligation_line(
    source: &SourceFile,
    obligation: &Obligation,
    style: Style,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mark = match (obligation.proved, style.unicode) {
        (true, true) => paint.bold("✔ proved:", Color::Green),
        (true, false) => paint.bold("proved:", Color::Green),
        (false, true) => paint.bold("? open:  ", Color::Yellow),
        (false, false) => paint.bold("open:  ", Color::Yellow),
    };
    let places = places(source, obligation.span, obligation.file.as_ref());
    writeln!(out, "    {mark} {}{}", plain(&obligation.text), paint.dim(&places))
}

fn refused(source: &SourceFile, refusal: &Refusal, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let at = source.line_col(refusal.span.start);
    let place = format!("{}:{}:{}", plain(&source.path), at.line, at.column);
    let verdict = paint.bold(&format!("not rewritten[{}]", refusal.reason), Color::Yellow);
    writeln!(out, "{place}: {verdict} {}", plain(&refusal.message))?;
    if !refusal.help.is_empty() {
        writeln!(out, "  {} {}", paint.color("help:", Color::Cyan), plain(&refusal.help))?;
    }
    Ok(())
}

/// What to do next; after the diff.
pub fn write_next(outcome: &Outcome<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Ok((plan, _)) = outcome.plan else { return Ok(()) };
    let paint = Paint(style.color);
    let path = plain(&outcome.source.path);
    let open = plan.obligations.iter().filter(|obligation| !obligation.proved).count();
    let open = match open {
        0 => paint.bold("every assumption is proved", Color::Green),
        1 => paint.bold("1 assumption is open", Color::Yellow),
        open => paint.bold(&format!("{open} assumptions are open"), Color::Yellow),
    };
    let why = match outcome.levers {
        None if plan.ruled_out.is_empty() => String::new(),
        None => format!("; why it is no smaller: `unladen rewrite {path} --explain`"),
        Some(_) => String::new(),
    };
    if outcome.written {
        return writeln!(out, "{} {path}; {open}", paint.bold("written:", Color::Green));
    }
    writeln!(out, "\n{open}; write the file with `unladen rewrite {path} --write`{why}")
}

fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::SameDistroTree => "the same distribution, with the whole working tree",
        Tier::SameDistro => "the same distribution",
        Tier::Distroless => "distroless",
        Tier::Scratch => "scratch",
    }
}

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    path: &'a str,
    plan: Option<JsonPlan<'a>>,
    refusal: Option<JsonRefusal<'a>>,
    /// With `--explain`.
    could_state: Option<Vec<JsonLever<'a>>>,
    written: bool,
}

#[derive(Serialize)]
struct JsonPlan<'a> {
    tier: &'static str,
    base: &'a str,
    why_base: &'a str,
    build_stage: &'a str,
    /// Every obligation is.
    proved: bool,
    artifacts: Vec<JsonArtifact<'a>>,
    obligations: Vec<JsonObligation<'a>>,
    lost: &'a [String],
    ruled_out: Vec<JsonRuledOut<'a>>,
    way_in: Option<&'a str>,
    before: Option<JsonWaste>,
    after: Option<JsonWaste>,
    edits: Vec<JsonEdit<'a>>,
    /// The whole new file; bytes that are not UTF-8 are replaced here, and kept by `edits`.
    text: &'a str,
}

#[derive(Serialize)]
struct JsonArtifact<'a> {
    from: &'a str,
    to: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct JsonObligation<'a> {
    text: &'a str,
    proved: bool,
    range: Option<Range>,
    file: Option<JsonPlace<'a>>,
}

/// Why no smaller base was taken.
#[derive(Serialize)]
struct JsonRuledOut<'a> {
    text: &'a str,
    /// The smallest tier that it still allows.
    at_most: &'static str,
    range: Option<Range>,
    file: Option<JsonPlace<'a>>,
}

#[derive(Serialize)]
struct JsonLever<'a> {
    holds: &'a str,
    flags: &'a str,
    keys: &'a str,
    tier: Option<&'static str>,
    base: Option<&'a str>,
    after: Option<JsonWaste>,
}

#[derive(Serialize)]
struct JsonPlace<'a> {
    path: &'a str,
    line: u32,
}

#[derive(Serialize)]
struct JsonRefusal<'a> {
    reason: &'a str,
    message: &'a str,
    help: &'a str,
    range: Range,
}

fn json_tier(tier: Tier) -> &'static str {
    match tier {
        Tier::SameDistroTree => "same-distro-tree",
        Tier::SameDistro => "same-distro",
        Tier::Distroless => "distroless",
        Tier::Scratch => "scratch",
    }
}

pub fn write_json(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    let source = outcome.source;
    let plan = outcome.plan.ok().map(|(plan, after)| JsonPlan {
        tier: json_tier(plan.tier),
        base: &plan.base,
        why_base: &plan.why_base,
        build_stage: &plan.build_stage,
        proved: plan.obligations.iter().all(|obligation| obligation.proved),
        artifacts: plan.artifacts.iter().map(|Artifact { from, to, why }| JsonArtifact { from, to, why }).collect(),
        obligations: plan
            .obligations
            .iter()
            .map(|obligation| JsonObligation {
                text: &obligation.text,
                proved: obligation.proved,
                range: obligation.span.map(|span| range(source, span)),
                file: obligation.file.as_ref().map(|(path, line)| JsonPlace { path, line: *line }),
            })
            .collect(),
        lost: &plan.lost,
        ruled_out: plan
            .ruled_out
            .iter()
            .map(|ruled| JsonRuledOut {
                text: &ruled.text,
                at_most: json_tier(ruled.most),
                range: ruled.span.map(|span| range(source, span)),
                file: ruled.file.as_ref().map(|(path, line)| JsonPlace { path, line: *line }),
            })
            .collect(),
        way_in: plan.way_in.as_deref(),
        before: plan.before.map(waste),
        after: plan.after.map(waste),
        edits: plan.edits.iter().map(|change| edit(source, change)).collect(),
        text: &after.text,
    });
    let refusal = outcome.plan.err().map(|refusal| JsonRefusal {
        reason: refusal.reason,
        message: &refusal.message,
        help: &refusal.help,
        range: range(source, refusal.span),
    });
    let could_state = outcome.levers.map(|levers| {
        levers
            .iter()
            .map(|Lever { holds, flags, keys, gives }| JsonLever {
                holds,
                flags,
                keys,
                tier: gives.as_ref().map(|gives| json_tier(gives.tier)),
                base: gives.as_ref().map(|gives| gives.base.as_str()),
                after: gives.as_ref().and_then(|gives| gives.after).map(waste),
            })
            .collect()
    });
    let root = Root { version: 1, path: &source.path, plan, refusal, could_state, written: outcome.written };
    serde_json::to_writer_pretty(&mut *out, &root)?;
    writeln!(out)
}
