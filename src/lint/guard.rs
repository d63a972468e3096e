//! Fixes that no rule may offer, whatever it found: where the text cannot be edited without loss, or is not what its
//! author believes it to be.

use crate::diagnostic::{Applicability, Diagnostic};
use crate::model::Model;
use crate::rules::{keyword_as_command, swallowed_keyword};
use crate::syntax::Dockerfile;
use crate::text::{Edit, SourceFile, Span};

/// What stands in `SourceFile::text` for a byte that is not UTF-8.
const STAND_IN: char = '\u{1a}';

pub(super) fn withhold(source: &SourceFile, file: &Dockerfile, model: &Model, diagnostics: &mut [Diagnostic]) {
    if diagnostics.iter().all(|diagnostic| diagnostic.fix.is_none()) {
        return;
    }
    let lossy = source.first_invalid().is_some();
    let swallowing = swallowing(source, file, model);
    let foreign = !known_frontend(file);
    for diagnostic in diagnostics {
        let Some(fix) = &mut diagnostic.fix else { continue };
        let touches = |edit: &Edit| swallowing.iter().any(|span| span.overlaps(edit.span) || span.contains(edit.span));
        if (lossy && fix.edits.iter().any(|edit| edit.text.contains(STAND_IN))) || fix.edits.iter().any(touches) {
            diagnostic.fix = None;
        } else if foreign && fix.applicability == Applicability::Safe {
            fix.applicability = Applicability::Unsafe;
        }
    }
}

/// The RUNs to which a backslash has joined the instruction below: nobody meant what they do.
fn swallowing(source: &SourceFile, file: &Dockerfile, model: &Model) -> Vec<Span> {
    let steps = model.stages.iter().flat_map(|stage| &stage.steps);
    steps
        .filter_map(|step| {
            let instruction = file.get(step.inst)?;
            let script = step.script.as_ref()?;
            let joined = swallowed_keyword(source, instruction, script).is_some() || keyword_as_command(source, script);
            joined.then_some(instruction.span)
        })
        .collect()
}

/// The file is read by BuildKit's own frontend. Another one may give the same words another meaning.
fn known_frontend(file: &Dockerfile) -> bool {
    let Some(value) = file.directive("syntax") else { return true };
    let name = value.text.split([' ', '\t']).next().unwrap_or("");
    let name = name.split('@').next().unwrap_or(name);
    // A mirror keeps the last two parts: `registry.example.com/docker/dockerfile:1`.
    let (path, last) = name.rsplit_once('/').unwrap_or(("", name));
    let owner = path.rsplit('/').next().unwrap_or("");
    let last = last.split(':').next().unwrap_or(last);
    matches!((owner, last), ("docker", "dockerfile" | "dockerfile-upstream"))
}
