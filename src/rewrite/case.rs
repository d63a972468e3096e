//! What every step of the rewriter looks at: the file, its one stage, the build context, and the questions that all ask.

use super::effects::Scope;
use super::toolchains::go::walk::Walk;
use crate::context::BuildContext;
use crate::context::tree::ImageTree;
use crate::model::{Model, Stage, Step};
use crate::settings::RewriteOptions;
use crate::syntax::{Body, Dockerfile, InstId, Instruction};
use crate::text::{SourceFile, Span};

pub(super) struct Case<'a> {
    pub source: &'a SourceFile,
    pub file: &'a Dockerfile,
    pub model: &'a Model,
    pub stage: &'a Stage,
    pub context: Option<&'a BuildContext>,
    pub options: &'a RewriteOptions,
    /// The working directory at the end of the stage, absolute.
    pub workdir: String,
    /// The build stage at its end: files, `go` commands and the programs that they left.
    pub walk: Walk<'a>,
}

impl<'a> Case<'a> {
    pub fn step(&self, id: InstId) -> Option<&'a Step> {
        self.stage.steps.iter().find(|step| step.inst == id)
    }

    /// The known files; `None` without a build context.
    pub fn tree(&self) -> Option<&ImageTree<'a>> {
        self.walk.has_context.then_some(&self.walk.tree)
    }

    pub fn scope(&self) -> Scope<'a> {
        Scope { escape: self.file.escape, stage: self.stage }
    }

    /// Keyword to last byte of an instruction.
    pub fn content(&self, id: InstId) -> Span {
        self.file.get(id).map_or(Span::default(), |inst| inst.content)
    }

    pub fn base_span(&self) -> Span {
        self.content(self.stage.from)
    }

    /// The instruction that holds the offset.
    pub fn inst_at(&self, offset: u32) -> Option<InstId> {
        self.file.instructions().find(|(_, inst)| inst.span.start <= offset && offset < inst.span.end).map(|(id, _)| id)
    }

    /// Steps with their instruction, in file order.
    pub fn steps(&self) -> impl Iterator<Item = (&'a Step, &'a Instruction)> + use<'a> {
        let file = self.file;
        self.stage.steps.iter().filter_map(move |step| Some((step, file.get(step.inst)?)))
    }

    pub fn runs(&self) -> impl Iterator<Item = (&'a Step, &'a Instruction)> + use<'a> {
        self.steps().filter(|(_, inst)| matches!(inst.body, Body::Run(_)))
    }

    /// The image of FROM as written.
    pub fn base_text(&self) -> String {
        match self.file.get(self.stage.from).map(|inst| &inst.body) {
            Some(Body::From { image, .. }) => self.source.slice(image.span).to_string(),
            _ => String::new(),
        }
    }
}
