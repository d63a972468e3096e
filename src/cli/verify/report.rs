//! What a comparison found out, as plain data that is printed in one way or another.

/// How a part of the image, or of what it does, compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    /// Differs as it must when a build is split into stages.
    Expected,
    /// Differs, and is no reason to say that the images are different.
    Note,
    Different,
}

impl Verdict {
    pub(super) fn name(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Expected => "expected",
            Verdict::Note => "note",
            Verdict::Different => "different",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub verdict: Verdict,
    /// `Env PATH`, `program`, `GET /`.
    pub what: String,
    pub text: String,
    /// Where the two are shown one below the other.
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Item {
    pub(super) fn new(verdict: Verdict, what: impl Into<String>, text: impl Into<String>) -> Item {
        Item { verdict, what: what.into(), text: text.into(), before: None, after: None }
    }

    pub(super) fn both(mut self, before: impl Into<String>, after: impl Into<String>) -> Item {
        self.before = Some(before.into());
        self.after = Some(after.into());
        self
    }
}

/// One of the two images.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// The Dockerfile or the reference.
    pub name: String,
    pub size: u64,
    /// From the lowest up; those without bytes are left out.
    pub layers: Vec<(u64, String)>,
    pub build_seconds: Option<f64>,
}

/// A way in which both were started.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub name: String,
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    pub engine: String,
    pub before: Side,
    pub after: Side,
    pub config: Vec<Item>,
    /// What was found in the files of the second image.
    pub files: Vec<Item>,
    pub cases: Vec<Case>,
    pub not_compared: Vec<String>,
    /// The first image could not be used as a measure; says why.
    pub unusable: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Same,
    Different,
    Unknown,
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Outcome::Same => "same",
            Outcome::Different => "different",
            Outcome::Unknown => "unknown",
        }
    }
}

impl Report {
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.config.iter().chain(&self.files).chain(self.cases.iter().flat_map(|case| &case.items))
    }

    pub(super) fn outcome(&self) -> Outcome {
        if self.items().any(|item| item.verdict == Verdict::Different) {
            Outcome::Different
        } else if self.unusable.is_some() {
            Outcome::Unknown
        } else {
            Outcome::Same
        }
    }
}
