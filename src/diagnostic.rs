//! What a rule says: a finding with its place, its cost and its fix.

use crate::syntax::InstId;
use crate::text::{Edit, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Style,
    Info,
    Warning,
    Error,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Style => "style",
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// How far a fix can be trusted; ordered, so that "at least Safe" is one comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// Roughly what to write; never applied.
    DisplayOnly,
    /// May change what the image does.
    Unsafe,
    /// The built image has the same config and runs the same command, which finds the same files and packages.
    Safe,
}

impl Applicability {
    pub fn name(self) -> &'static str {
        match self {
            Applicability::DisplayOnly => "display-only",
            Applicability::Unsafe => "unsafe",
            Applicability::Safe => "safe",
        }
    }
}

/// One finding. `rule` and `severity` are stamped by `lint`; a rule leaves them as `Diagnostic::at` sets them.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The slug.
    pub rule: &'static str,
    pub severity: Severity,
    /// What is wrong: one clause, lower case, no full stop.
    pub message: String,
    pub span: Span,
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
    /// What is wasted; `size` says how much.
    pub waste: Option<Waste>,
    /// The price of `waste`, stamped by `lint`.
    pub cost: Option<Cost>,
    pub fix: Option<Fix>,
}

/// A second place, with what it has to do with the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Imperative: "Add --no-install-recommends".
    pub title: String,
    pub kind: FixKind,
    pub applicability: Applicability,
    pub edits: Vec<Edit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixKind {
    Edit,
    /// Restructures the file; taken only when no edit is left, and not by `--fix=edits`.
    Rewrite,
}

/// What a finding wastes in the image that ships.
#[derive(Clone, Debug, PartialEq)]
pub enum Waste {
    /// Packages that need not be there, by the name of their manager (`apt`).
    Packages { manager: &'static str, names: Vec<String> },
    /// What apt installs beside the named packages because it recommends it.
    Recommends { names: Vec<String> },
    /// A known left-over: the key of a row in rules/tables/leftovers.tsv, such as `apt-lists`, `go-build-cache`.
    Leftover(&'static str),
    /// Files written a second time by a later layer: what the instruction made.
    Layer(InstId),
    /// Another base would do: image references.
    Base { from: String, to: String },
    /// The whole difference of a rewrite, in bytes, worked out by the rewriter.
    Rewrite(Cost),
    /// The debug information of a Go program built by the instruction.
    DebugInfo(InstId),
}

/// Bytes: at least, most likely, at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    pub low: u64,
    pub likely: u64,
    pub high: u64,
}

/// How a size is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    Estimated,
    /// From a table of measured sizes.
    Table,
    Measured,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub size: Size,
    pub basis: Basis,
}

impl Basis {
    pub fn name(self) -> &'static str {
        match self {
            Basis::Estimated => "estimated",
            Basis::Table => "table",
            Basis::Measured => "measured",
        }
    }
}

impl Size {
    pub fn exact(bytes: u64) -> Size {
        Size { low: bytes, likely: bytes, high: bytes }
    }

    pub fn plus(self, other: Size) -> Size {
        Size { low: self.low + other.low, likely: self.likely + other.likely, high: self.high + other.high }
    }
}

impl Diagnostic {
    pub fn at(span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            rule: "",
            severity: Severity::Warning,
            message: message.into(),
            span,
            labels: Vec::new(),
            help: None,
            waste: None,
            cost: None,
            fix: None,
        }
    }

    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    pub fn waste(mut self, waste: Waste) -> Diagnostic {
        self.waste = Some(waste);
        self
    }

    pub fn fix(mut self, applicability: Applicability, title: impl Into<String>, edits: Vec<Edit>) -> Diagnostic {
        self.fix = Some(Fix { title: title.into(), kind: FixKind::Edit, applicability, edits });
        self
    }

    pub fn rewrite(mut self, applicability: Applicability, title: impl Into<String>, edits: Vec<Edit>) -> Diagnostic {
        self.fix = Some(Fix { title: title.into(), kind: FixKind::Rewrite, applicability, edits });
        self
    }
}
