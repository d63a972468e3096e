//! Findings for people: the place with its lines, the reason, the cost and the fix, by miette; the summary by colored.

use std::fmt;
use std::io::{self, Write};

use colored::{Color, Colorize};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, ThemeCharacters, ThemeStyles};

use super::view::{View, plain};
use super::{Entry, FileReport, Report, Style, Summary, aliases, cost_text, entries, megabytes, url};
use crate::diagnostic::{Applicability, Diagnostic, FixKind, Severity};
use crate::fix::Outcome;
use crate::text::{SourceFile, Span};

pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if style.color {
        colored::control::set_override(true);
    }
    let paint = Paint(style.color);
    let handler = handler(style);
    if !style.quiet {
        for file in &report.files {
            for entry in entries(&file.checked) {
                match entry {
                    Entry::Finding(diagnostic) => finding(file, diagnostic, &handler, style, out)?,
                    Entry::Syntax(error) => {
                        writeln!(out, "{}", paint.bold("error[syntax]", Color::Red))?;
                        let source = &file.checked.source;
                        let shown = Shown::new(source, style, &error.message, Severity::Error, error.span, &[]);
                        render(&handler, &shown, out)?;
                        writeln!(out)?;
                    }
                }
            }
        }
    }
    for file in &report.files {
        fixes(file, style, paint, out)?;
    }
    summary(report, style, paint, out)
}

fn handler(style: Style) -> GraphicalReportHandler {
    let theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .with_context_lines(1)
        .tab_width(4)
        .without_cause_chain()
        .without_syntax_highlighting()
}

fn finding(
    file: &FileReport,
    diagnostic: &Diagnostic,
    handler: &GraphicalReportHandler,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint(style.color);
    let color = color(diagnostic.severity);
    write!(out, "{}", paint.bold(&format!("{}[{}]", diagnostic.severity.name(), diagnostic.rule), color))?;
    for alias in aliases(diagnostic) {
        write!(out, " {}", paint.dim(alias))?;
    }
    if let Some(cost) = diagnostic.cost {
        write!(out, "  {}", paint.bold(&cost_text(cost), Color::Magenta))?;
    }
    writeln!(out)?;
    let source = &file.checked.source;
    let labels: Vec<(Span, &str)> = diagnostic.labels.iter().map(|label| (label.span, label.text.as_str())).collect();
    let mut shown = Shown::new(source, style, &diagnostic.message, diagnostic.severity, diagnostic.span, &labels);
    shown.help = diagnostic.help.as_deref().map(plain);
    render(handler, &shown, out)?;
    if let Some(fix) = &diagnostic.fix {
        let name = match (fix.applicability, fix.kind) {
            (Applicability::DisplayOnly, _) => paint.color("suggestion:", Color::Blue),
            (Applicability::Safe, FixKind::Edit) => paint.color("fix (safe):", Color::Green),
            (Applicability::Safe, FixKind::Rewrite) => paint.color("rewrite (safe):", Color::Green),
            (Applicability::Unsafe, FixKind::Edit) => paint.color("fix (unsafe):", Color::Yellow),
            (Applicability::Unsafe, FixKind::Rewrite) => paint.color("rewrite (unsafe):", Color::Yellow),
        };
        // As wide as miette sets the help above it.
        let width = style.width.saturating_sub(10);
        writeln!(out, "  {name} {}", wrapped(&plain(&fix.title), width).join("\n        "))?;
    }
    if let Some(url) = url(diagnostic.rule) {
        writeln!(out, "  {} {}", paint.color("see:", Color::Cyan), paint.dim(&url))?;
    }
    writeln!(out)
}

/// Lines of at most so many characters, but for words that are longer. The first line is shorter: its name stands there.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    const NAME: usize = 10;
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let room = if lines.len() == 1 { width.saturating_sub(NAME) } else { width };
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push(word.to_string());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// What was fixed in a file, and what went wrong on the way.
fn fixes(file: &FileReport, style: Style, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let path = plain(&file.checked.source.path);
    if !style.quiet {
        for applied in &file.applied {
            let title = plain(&applied.title);
            let place = paint.dim(&format!("{path}:{}", applied.line));
            writeln!(out, "{} {place} {title} [{}]", paint.bold("fixed", Color::Green), applied.rule)?;
        }
    }
    for dropped in &file.dropped {
        let (title, why) = (plain(&dropped.title), plain(&dropped.why));
        let taken = paint.bold("taken back", Color::Yellow);
        writeln!(out, "{taken} {path} {title} [{}]: {why} (please report this)", dropped.rule)?;
    }
    match &file.outcome {
        Some(Outcome::Cycle { rules }) => {
            let rules = rules.join(", ");
            let stopped = paint.bold("stopped", Color::Yellow);
            writeln!(out, "{stopped} {path}: the fixes of {rules} undo each other (please report this)")
        }
        Some(Outcome::TooManyPasses) => {
            writeln!(
                out,
                "{} {path}: the fixes come to no end (please report this)",
                paint.bold("stopped", Color::Yellow)
            )
        }
        _ => Ok(()),
    }
}

fn summary(report: &Report, style: Style, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary();
    let dot = if style.unicode { "·" } else { "-" };
    if summary.files == 0 {
        return Ok(());
    }
    if summary.fixed > 0 {
        let fixed = count(summary.fixed, "fix", "fixes");
        let text = format!("{fixed} applied in {}", count(summary.files_fixed, "file", "files"));
        writeln!(out, "{}", paint.bold(&text, Color::Green))?;
    }
    let files = count(summary.files, "file", "files");
    if summary.findings() + summary.syntax_errors == 0 {
        if !style.quiet {
            writeln!(out, "{} in {files}", paint.bold("no findings", Color::Green))?;
        }
        return overweight(report, paint, out);
    }
    let total = count(summary.findings() + summary.syntax_errors, "finding", "findings");
    write!(out, "{} in {files}: {}", paint.bold(&total, worst(&summary)), by_severity(&summary))?;
    if summary.waste.likely > 0 {
        let saved = format!("about {}", megabytes(summary.waste.likely));
        write!(out, " {dot} {} could be saved", paint.bold(&saved, Color::Magenta))?;
    }
    writeln!(out)?;
    weight(&summary, paint, out)?;
    fixable(&summary, paint, out)?;
    overweight(report, paint, out)?;
    if style.quiet {
        return Ok(());
    }
    if let Some(file) = report.files.iter().find(|file| rewritable(file)) {
        let command = format!("unladen rewrite {}", plain(&file.checked.source.path));
        writeln!(out, "the plan of a rewrite: {}", paint.color(&command, Color::Cyan))?;
    }
    let rule = report.files.iter().flat_map(|file| &file.checked.diagnostics).next();
    if let Some(rule) = rule.filter(|rule| url(rule.rule).is_none()) {
        let command = format!("unladen rule {}", rule.rule);
        writeln!(out, "what a rule is about: {}", paint.color(&command, Color::Cyan))?;
    }
    Ok(())
}

/// Files whose images are above their limit.
fn overweight(report: &Report, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    for file in &report.files {
        if let Some(over) = file.overweight() {
            let name = paint.bold("error[max-size]", Color::Red);
            writeln!(out, "{name} {}: {}; {}", plain(&file.checked.source.path), over.message(), over.help())?;
        }
        if let Some(limit) = file.unweighed() {
            let (name, limit) = (paint.bold("note[max-size]", Color::Cyan), megabytes(limit));
            let path = plain(&file.checked.source.path);
            writeln!(out, "{name} {path}: what the image weighs is unknown, so the limit of {limit} is not checked")?;
        }
    }
    Ok(())
}

/// `the image weighs 868 MB; safe fixes save 20 MB, all fixes 120 MB, the rewrite 860 MB`.
fn weight(summary: &Summary, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let weight = &summary.weight;
    if summary.images == 0 || weight.size.likely == 0 {
        return Ok(());
    }
    let name = if summary.images == 1 { "the image weighs" } else { "the images weigh" };
    write!(out, "{name} {}", paint.bold(&super::size::weight_text(weight), Color::Magenta))?;
    let saves = [("safe fixes save", summary.safe), ("all fixes", summary.all_fixes), ("the rewrite", summary.rewrite)];
    let saves: Vec<String> = saves
        .iter()
        .filter(|(_, size)| size.likely > 0)
        .map(|(name, size)| format!("{name} {}", megabytes(size.likely)))
        .collect();
    if let Some((first, rest)) = saves.split_first() {
        let first = if first.contains("save") {
            first.clone()
        } else {
            first.replacen("fixes", "fixes save", 1).replacen("rewrite", "rewrite saves", 1)
        };
        let rest: String = rest.iter().map(|part| format!(", {part}")).collect();
        write!(out, "; {first}{rest}")?;
    }
    writeln!(out)
}

fn rewritable(file: &FileReport) -> bool {
    let fixes = file.checked.diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref());
    fixes.into_iter().any(|fix| fix.kind == FixKind::Rewrite && fix.applicability != Applicability::DisplayOnly)
}

fn fixable(summary: &Summary, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let word = if summary.fixable > 0 { "more" } else { "fixable" };
    let mut parts = Vec::new();
    if summary.fixable > 0 {
        parts.push(format!("{} fixable with {}", summary.fixable, paint.color("--fix", Color::Green)));
    }
    if summary.fixable_unsafe > 0 {
        let option = paint.color("--fix --unsafe-fixes", Color::Yellow);
        parts.push(format!("{} {word} with {option}", summary.fixable_unsafe));
    }
    if !parts.is_empty() {
        writeln!(out, "{}", parts.join(", "))?;
    }
    Ok(())
}

fn by_severity(summary: &Summary) -> String {
    let parts = [
        (summary.errors + summary.syntax_errors, "error", "errors"),
        (summary.warnings, "warning", "warnings"),
        (summary.infos, "info", "infos"),
        (summary.styles, "style", "style"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(number, ..)| *number > 0).map(|(number, one, many)| count(*number, one, many)).collect();
    parts.join(", ")
}

fn worst(summary: &Summary) -> Color {
    let severities = [
        (summary.errors + summary.syntax_errors, Severity::Error),
        (summary.warnings, Severity::Warning),
        (summary.infos, Severity::Info),
    ];
    let worst = severities.iter().find(|(number, _)| *number > 0);
    color(worst.map_or(Severity::Style, |(_, severity)| *severity))
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn color(severity: Severity) -> Color {
    match severity {
        Severity::Error => Color::Red,
        Severity::Warning => Color::Yellow,
        Severity::Info => Color::Cyan,
        Severity::Style => Color::Blue,
    }
}

/// Colours where they are wanted.
#[derive(Clone, Copy)]
pub(super) struct Paint(pub bool);

impl Paint {
    pub(super) fn color(self, text: &str, color: Color) -> String {
        if self.0 { text.color(color).to_string() } else { text.to_string() }
    }

    pub(super) fn bold(self, text: &str, color: Color) -> String {
        if self.0 { text.color(color).bold().to_string() } else { text.to_string() }
    }

    pub(super) fn dim(self, text: &str) -> String {
        if self.0 { text.dimmed().to_string() } else { text.to_string() }
    }
}

fn render(handler: &GraphicalReportHandler, shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    handler.render_report(&mut text, shown).map_err(io::Error::other)?;
    // miette pads the lines of its boxes with blanks.
    for line in text.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A finding in miette's terms.
struct Shown<'a> {
    message: String,
    severity: Severity,
    view: View<'a>,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
}

impl<'a> Shown<'a> {
    fn new(
        source: &'a SourceFile,
        style: Style,
        message: &str,
        severity: Severity,
        span: Span,
        labels: &[(Span, &str)],
    ) -> Shown<'a> {
        let spans: Vec<Span> = std::iter::once(span).chain(labels.iter().map(|(span, _)| *span)).collect();
        let view = View::new(source, &spans, style.width.saturating_sub(10).max(40));
        let primary = LabeledSpan::new_primary_with_span(None, view.span(span));
        let others = labels.iter().map(|(span, text)| LabeledSpan::new_with_span(Some(plain(text)), view.span(*span)));
        let labels = std::iter::once(primary).chain(others).collect();
        Shown { message: plain(message), severity, labels, view, help: None }
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info | Severity::Style => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.view)
    }
}
