//! `--format json`, version 1: names that others build on. More may be added, none renamed.

use std::io::{self, Write};

use serde::Serialize;

use super::{Entry, FileReport, Report, aliases, category_name, entries, url};
use crate::diagnostic::{Cost, Diagnostic, Fix, FixKind, Size};
use crate::fix::Outcome;
use crate::rules;
use crate::size::{Savings, Weight};
use crate::text::{Edit, SourceFile, Span};

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    files: Vec<JsonFile<'a>>,
    /// Files and configurations that could not be used.
    problems: Vec<JsonProblem<'a>>,
    summary: JsonSummary,
}

#[derive(Serialize)]
struct JsonFile<'a> {
    path: &'a str,
    /// Bytes of the file, as it is checked: after fixing.
    size: u32,
    /// What the image weighs that ships; null in a file without a stage.
    image: Option<JsonImage>,
    /// What the findings would save together: bytes that several share count once.
    saves: JsonSaves,
    /// The image is above the limit.
    overweight: Option<JsonOverweight>,
    diagnostics: Vec<JsonDiagnostic<'a>>,
    errors: Vec<JsonError<'a>>,
    /// What `--fix` did.
    fixed: Vec<JsonApplied<'a>>,
    /// What `--fix` took back because it did harm.
    dropped: Vec<JsonDropped<'a>>,
    /// `stable`, `cycle` or `too-many-passes`; null without `--fix`.
    outcome: Option<&'static str>,
}

#[derive(Serialize)]
struct JsonDiagnostic<'a> {
    rule: &'a str,
    aliases: &'static [&'static str],
    category: Option<&'static str>,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    url: Option<String>,
    range: Range,
    labels: Vec<JsonLabel<'a>>,
    waste: Option<JsonWaste>,
    fix: Option<JsonFix<'a>>,
}

#[derive(Serialize)]
struct JsonImage {
    low: u64,
    likely: u64,
    /// null: parts are not known, `low` is a lower bound.
    high: Option<u64>,
    basis: &'static str,
}

#[derive(Serialize)]
struct JsonSaves {
    findings: JsonSize,
    safe_fixes: JsonSize,
    all_fixes: JsonSize,
    rewrite: Option<JsonSize>,
}

#[derive(Serialize)]
struct JsonOverweight {
    limit: u64,
    over: u64,
    message: String,
    help: String,
}

#[derive(Serialize)]
struct JsonLabel<'a> {
    range: Range,
    message: &'a str,
}

#[derive(Serialize)]
pub(super) struct JsonWaste {
    low: u64,
    likely: u64,
    high: u64,
    basis: &'static str,
}

#[derive(Serialize)]
struct JsonFix<'a> {
    title: &'a str,
    applicability: &'static str,
    kind: &'static str,
    /// What the fix saves; null when nothing is known.
    saves: Option<JsonWaste>,
    edits: Vec<JsonEdit<'a>>,
}

#[derive(Serialize)]
pub(super) struct JsonEdit<'a> {
    range: Range,
    text: &'a str,
}

#[derive(Serialize)]
struct JsonError<'a> {
    message: &'a str,
    range: Range,
}

#[derive(Serialize)]
struct JsonApplied<'a> {
    rule: &'a str,
    title: &'a str,
    applicability: &'static str,
    kind: &'static str,
    /// In the text that the fix was made for, from 1.
    line: u32,
}

#[derive(Serialize)]
struct JsonDropped<'a> {
    rule: &'a str,
    title: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct JsonProblem<'a> {
    path: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    message: &'a str,
}

#[derive(Serialize)]
struct JsonSummary {
    files: usize,
    findings: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    styles: usize,
    syntax_errors: usize,
    fixable: usize,
    fixable_unsafe: usize,
    fixed: usize,
    waste: JsonSize,
    image: JsonImage,
    saves: JsonSaves,
}

#[derive(Serialize)]
struct JsonSize {
    low: u64,
    likely: u64,
    high: u64,
}

#[derive(Serialize)]
pub(super) struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
    byte: u32,
}

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary();
    let root = Root {
        version: 1,
        files: report.files.iter().map(file).collect(),
        problems: report
            .problems
            .iter()
            .map(|problem| JsonProblem {
                path: problem.path.as_deref(),
                line: problem.at.map(|(line, _)| line),
                column: problem.at.map(|(_, column)| column),
                message: &problem.message,
            })
            .collect(),
        summary: JsonSummary {
            files: summary.files,
            findings: summary.findings(),
            errors: summary.errors,
            warnings: summary.warnings,
            infos: summary.infos,
            styles: summary.styles,
            syntax_errors: summary.syntax_errors,
            fixable: summary.fixable,
            fixable_unsafe: summary.fixable_unsafe,
            fixed: summary.fixed,
            waste: size(summary.waste),
            image: image(&summary.weight),
            saves: JsonSaves {
                findings: size(summary.waste),
                safe_fixes: size(summary.safe),
                all_fixes: size(summary.all_fixes),
                rewrite: (summary.rewrite.likely > 0).then(|| size(summary.rewrite)),
            },
        },
    };
    serde_json::to_writer_pretty(&mut *out, &root)?;
    writeln!(out)
}

fn file(file: &FileReport) -> JsonFile<'_> {
    let source = &file.checked.source;
    let mut diagnostics = Vec::new();
    let mut errors = Vec::new();
    for entry in entries(&file.checked) {
        match entry {
            Entry::Finding(finding) => diagnostics.push(diagnostic(source, finding)),
            Entry::Syntax(error) => {
                errors.push(JsonError { message: &error.message, range: range(source, error.span) })
            }
        }
    }
    JsonFile {
        path: &source.path,
        size: source.len(),
        image: file.weight().map(|weight| image(&weight)),
        saves: saves(&file.savings()),
        overweight: file.overweight().map(|over| JsonOverweight {
            limit: over.limit,
            over: over.weight.size.likely.saturating_sub(over.limit),
            message: over.message(),
            help: over.help(),
        }),
        diagnostics,
        errors,
        fixed: file
            .applied
            .iter()
            .map(|applied| JsonApplied {
                rule: applied.rule,
                title: &applied.title,
                applicability: applied.applicability.name(),
                kind: kind(applied.kind),
                line: applied.line,
            })
            .collect(),
        dropped: file
            .dropped
            .iter()
            .map(|dropped| JsonDropped { rule: dropped.rule, title: &dropped.title, why: &dropped.why })
            .collect(),
        outcome: file.outcome.as_ref().map(|outcome| match outcome {
            Outcome::Stable { .. } => "stable",
            Outcome::Cycle { .. } => "cycle",
            Outcome::TooManyPasses => "too-many-passes",
        }),
    }
}

fn diagnostic<'a>(source: &SourceFile, finding: &'a Diagnostic) -> JsonDiagnostic<'a> {
    JsonDiagnostic {
        rule: finding.rule,
        aliases: aliases(finding),
        category: rules::find(finding.rule).map(|rule| category_name(rule.category)),
        severity: finding.severity.name(),
        message: &finding.message,
        help: finding.help.as_deref(),
        url: url(finding.rule),
        range: range(source, finding.span),
        labels: finding
            .labels
            .iter()
            .map(|label| JsonLabel { range: range(source, label.span), message: &label.text })
            .collect(),
        waste: finding.cost.map(waste),
        fix: finding.fix.as_ref().map(|fix| json_fix(source, fix, finding.cost)),
    }
}

fn json_fix<'a>(source: &SourceFile, fix: &'a Fix, cost: Option<Cost>) -> JsonFix<'a> {
    let edits = fix.edits.iter().map(|change| edit(source, change)).collect();
    JsonFix {
        title: &fix.title,
        applicability: fix.applicability.name(),
        kind: kind(fix.kind),
        saves: cost.map(waste),
        edits,
    }
}

pub(super) fn edit<'a>(source: &SourceFile, edit: &'a Edit) -> JsonEdit<'a> {
    JsonEdit { range: range(source, edit.span), text: &edit.text }
}

pub(super) fn waste(cost: Cost) -> JsonWaste {
    let Size { low, likely, high } = cost.size;
    JsonWaste { low, likely, high, basis: cost.basis.name() }
}

fn image(weight: &Weight) -> JsonImage {
    let Size { low, likely, high } = weight.size;
    JsonImage { low, likely, high: (weight.unknown == 0).then_some(high), basis: weight.basis_name() }
}

fn saves(savings: &Savings) -> JsonSaves {
    JsonSaves {
        findings: size(savings.findings),
        safe_fixes: size(savings.safe),
        all_fixes: size(savings.fixes),
        rewrite: savings.rewrite.map(size),
    }
}

fn size(size: Size) -> JsonSize {
    JsonSize { low: size.low, likely: size.likely, high: size.high }
}

fn kind(kind: FixKind) -> &'static str {
    match kind {
        FixKind::Edit => "edit",
        FixKind::Rewrite => "rewrite",
    }
}

pub(super) fn range(source: &SourceFile, span: Span) -> Range {
    let position = |offset| {
        let at = source.line_col(offset);
        Position { line: at.line, column: at.column, byte: offset }
    };
    Range { start: position(span.start), end: position(span.end) }
}
