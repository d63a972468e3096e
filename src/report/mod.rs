//! What a run found, printed: for people, one line each, as JSON, and in hadolint's formats.
//!
//! Formats convert by hand into their own structs; nothing below this module knows them.

mod concise;
pub mod hadolint;
mod human;
mod json;
pub mod merge;
pub mod plan;
pub mod size;
mod view;

use std::io::{self, Write};

use crate::diagnostic::{Applicability, Basis, Cost, Diagnostic, Severity, Size};
use crate::fix::{Applied, Dropped, Outcome};
use crate::lint::Checked;
use crate::rules::{self, Category};
use crate::size::{Savings, Weight, savings};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Pretty,
    Concise,
    Json,
    /// One of hadolint's.
    Hadolint(hadolint::Shape),
}

/// The least severity that makes the run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    At(Severity),
    /// Findings never make the run fail.
    Never,
}

impl Default for FailOn {
    /// As hadolint does it: findings of style do not fail.
    fn default() -> FailOn {
        FailOn::At(Severity::Info)
    }
}

impl FailOn {
    pub fn reached_by(self, severity: Severity) -> bool {
        match self {
            FailOn::At(least) => severity >= least,
            FailOn::Never => false,
        }
    }
}

/// How the terminal wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Box-drawing characters, or ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
    /// The summary alone, or nothing where there is nothing to say.
    pub quiet: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style { color: false, unicode: true, width: 120, quiet: false }
    }
}

impl Style {
    /// For a place that is no terminal.
    pub fn plain(self) -> Style {
        Style { color: false, ..self }
    }
}

/// A whole run.
#[derive(Default)]
pub struct Report {
    /// In the order of their paths.
    pub files: Vec<FileReport>,
    /// What could not be read, found or written.
    pub problems: Vec<Problem>,
    /// Stands in place of the path in those of hadolint's formats that other machines read.
    pub path_in_report: Option<String>,
}

/// One file, after fixing where that was asked for.
pub struct FileReport {
    pub checked: Checked,
    pub applied: Vec<Applied>,
    /// Fixes that were taken back because they did harm.
    pub dropped: Vec<Dropped>,
    /// `None` where no fix was asked for.
    pub outcome: Option<Outcome>,
    pub fail_on: FailOn,
    /// The most that the image may weigh.
    pub max_size: Option<u64>,
}

/// The image weighs more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overweight {
    pub limit: u64,
    pub weight: Weight,
    pub savings: Savings,
}

impl Overweight {
    /// `the image likely weighs 868 MB, 818 MB above the limit of 50 MB`.
    pub fn message(&self) -> String {
        let likely = self.weight.size.likely;
        let over = megabytes(likely - self.limit);
        let known = if self.weight.unknown > 0 { "likely weighs more than" } else { "likely weighs" };
        format!("the image {known} {}, {over} above the limit of {}", megabytes(likely), megabytes(self.limit))
    }

    /// What would bring it below.
    pub fn help(&self) -> String {
        let likely = self.weight.size.likely;
        let Savings { safe, fixes, rewrite, .. } = self.savings;
        let left = |saved: Size| likely.saturating_sub(saved.likely);
        let rewrite = rewrite.unwrap_or_default();
        for (saved, way) in [(safe, "--fix=edits"), (fixes, "--fix=edits --unsafe-fixes"), (rewrite, "unladen rewrite")]
        {
            if saved.likely > 0 && left(saved) <= self.limit {
                return format!("{way} brings it to {}", megabytes(left(saved)));
            }
        }
        match [safe, fixes, rewrite].into_iter().max_by_key(|saved| saved.likely) {
            Some(most) if most.likely > 0 => {
                format!("no fix brings it below; all that is known would leave {}", megabytes(left(most)))
            }
            _ => "no fix is known; `unladen size` shows where the bytes come from".to_string(),
        }
    }
}

/// A file or configuration that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub path: Option<String>,
    /// Line and column in `path`, from 1.
    pub at: Option<(u32, u32)>,
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.path, self.at) {
            (Some(path), Some((line, column))) => write!(f, "{path}:{line}:{column}: {}", self.message),
            (Some(path), None) => write!(f, "{path}: {}", self.message),
            (None, _) => f.write_str(&self.message),
        }
    }
}

impl FileReport {
    pub fn new(checked: Checked, fail_on: FailOn) -> FileReport {
        let max_size = None;
        FileReport { checked, applied: Vec::new(), dropped: Vec::new(), outcome: None, fail_on, max_size }
    }

    /// A syntax error counts as a finding of severity error.
    pub fn fails(&self) -> bool {
        if self.overweight().is_some() {
            return true;
        }
        let errors = !self.checked.dockerfile.errors.is_empty() && self.fail_on.reached_by(Severity::Error);
        errors || self.checked.diagnostics.iter().any(|diagnostic| self.fail_on.reached_by(diagnostic.severity))
    }

    /// What the image that ships weighs; `None` in a file without a stage.
    pub fn weight(&self) -> Option<Weight> {
        self.checked.size.shipped().map(|stage| stage.total)
    }

    /// By the likely size, or where parts are not known by what is known.
    pub fn overweight(&self) -> Option<Overweight> {
        let (limit, weight) = (self.max_size?, self.weight()?);
        (weight.size.likely > limit).then(|| Overweight { limit, weight, savings: self.savings() })
    }

    /// The limit, where nothing of the image has a known size.
    pub fn unweighed(&self) -> Option<u64> {
        let weight = self.weight()?;
        self.max_size.filter(|_| weight.unknown > 0 && weight.size.likely == 0)
    }

    /// What the findings would save.
    pub fn savings(&self) -> Savings {
        let Checked { dockerfile, model, size, diagnostics, .. } = &self.checked;
        savings(dockerfile, model, size, diagnostics)
    }
}

impl Report {
    pub fn fails(&self) -> bool {
        self.files.iter().any(FileReport::fails)
    }

    pub fn summary(&self) -> Summary {
        let mut summary = Summary { files: self.files.len(), ..Summary::default() };
        for file in &self.files {
            summary.syntax_errors += file.checked.dockerfile.errors.len();
            summary.fixed += file.applied.len();
            summary.files_fixed += usize::from(!file.applied.is_empty());
            let savings = file.savings();
            summary.waste = summary.waste.plus(savings.findings);
            summary.safe = summary.safe.plus(savings.safe);
            summary.all_fixes = summary.all_fixes.plus(savings.fixes);
            if let Some(rewrite) = savings.rewrite {
                summary.rewrite = summary.rewrite.plus(rewrite);
            }
            if let Some(weight) = file.weight() {
                summary.weight = summary.weight.plus(weight);
                summary.images += 1;
            }
            for diagnostic in &file.checked.diagnostics {
                match diagnostic.severity {
                    Severity::Error => summary.errors += 1,
                    Severity::Warning => summary.warnings += 1,
                    Severity::Info => summary.infos += 1,
                    Severity::Style => summary.styles += 1,
                }
                match diagnostic.fix.as_ref().map(|fix| fix.applicability) {
                    Some(Applicability::Safe) => summary.fixable += 1,
                    Some(Applicability::Unsafe) => summary.fixable_unsafe += 1,
                    _ => {}
                }
            }
        }
        summary
    }
}

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub files: usize,
    pub errors: usize,
    pub warnings: usize,
    pub infos: usize,
    pub styles: usize,
    pub syntax_errors: usize,
    /// Findings with a Safe fix.
    pub fixable: usize,
    /// Findings with an Unsafe fix.
    pub fixable_unsafe: usize,
    /// Fixes that were applied.
    pub fixed: usize,
    pub files_fixed: usize,
    pub waste: Size,
    /// What the images weigh that ship, together.
    pub weight: Weight,
    pub images: usize,
    /// What Safe fixes save without a rewrite, what all fixes save without one, and what rewrites save.
    pub safe: Size,
    pub all_fixes: Size,
    pub rewrite: Size,
}

impl Summary {
    /// Findings, without syntax errors.
    pub fn findings(&self) -> usize {
        self.errors + self.warnings + self.infos + self.styles
    }
}

pub fn write(format: Format, style: Style, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Pretty => human::write(report, style, out),
        Format::Concise => concise::write(report, out),
        Format::Json => json::write(report, out),
        Format::Hadolint(shape) => hadolint::write(shape, style, report, out),
    }
}

/// Bytes for people: decimal megabytes as Docker counts them, one decimal below ten.
pub fn megabytes(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    if bytes < 50_000 {
        return format!("{:.1} kB", bytes as f64 / 1e3);
    }
    // What rounds to 10.0 is shown without the decimal.
    if bytes < 9_950_000 { format!("{:.1} MB", bytes as f64 / 1e6) } else { format!("{:.0} MB", bytes as f64 / 1e6) }
}

/// `about 20 MB (table)`; a range where the estimate is a wide one.
pub fn cost_text(cost: Cost) -> String {
    let Size { low, likely, high } = cost.size;
    let basis = match cost.basis {
        Basis::Estimated => "estimate",
        Basis::Table => "table",
        Basis::Measured => "measured",
    };
    if cost.basis == Basis::Measured && low == high {
        return format!("{} ({basis})", megabytes(likely));
    }
    if high > 2 * low.max(1) {
        return format!("about {} ({basis}: {} to {})", megabytes(likely), megabytes(low), megabytes(high));
    }
    format!("about {} ({basis})", megabytes(likely))
}

/// The page of a rule on the web; `None` while the package names no repository. ShellCheck's codes have theirs.
pub fn url(slug: &str) -> Option<String> {
    if rules::shellcheck::number(slug).is_some() {
        return Some(format!("https://www.shellcheck.net/wiki/{slug}"));
    }
    let repository = env!("CARGO_PKG_REPOSITORY");
    (!repository.is_empty()).then(|| format!("{repository}/blob/main/rules/{slug}.md"))
}

pub fn category_name(category: Category) -> &'static str {
    match category {
        Category::Size => "size",
        Category::Correctness => "correctness",
        Category::Security => "security",
        Category::Cache => "cache",
        Category::Reproducibility => "reproducibility",
        Category::Style => "style",
    }
}

/// hadolint's and BuildKit's names of a rule.
fn aliases(diagnostic: &Diagnostic) -> &'static [&'static str] {
    rules::find(diagnostic.rule).map_or(&[], |rule| rule.aliases)
}

/// `DL3009` or `SC2086`, where the rule has such a name.
fn hadolint_code(diagnostic: &Diagnostic) -> Option<&'static str> {
    aliases(diagnostic).iter().copied().find(|alias| crate::rules::is_hadolint(alias))
}

/// A finding or a syntax error, in one order.
enum Entry<'a> {
    Finding(&'a Diagnostic),
    Syntax(&'a crate::syntax::SyntaxError),
}

impl Entry<'_> {
    fn start(&self) -> u32 {
        match self {
            Entry::Finding(diagnostic) => diagnostic.span.start,
            Entry::Syntax(error) => error.span.start,
        }
    }
}

/// Syntax errors and findings by place; the error first where both stand at the same one.
fn entries(checked: &Checked) -> Vec<Entry<'_>> {
    let errors = checked.dockerfile.errors.iter().map(Entry::Syntax);
    let mut all: Vec<Entry<'_>> = errors.chain(checked.diagnostics.iter().map(Entry::Finding)).collect();
    all.sort_by_key(Entry::start);
    all
}

#[cfg(test)]
mod tests;
