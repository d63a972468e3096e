//! Who builds on whom, what ships, and what the target needs.

use super::{Base, Model, Stage, StageId};

/// Writes the stages that start from each stage.
pub fn link_parents(model: &mut Model) {
    for index in 0..model.stages.len() {
        let Some(stage) = model.stages.get(index) else { continue };
        let parents: Vec<usize> = match &stage.base {
            Base::Stage(parent) => vec![parent.0],
            Base::Unresolved(written) => possible_parents(&model.stages, index, written),
            _ => Vec::new(),
        };
        for parent in parents {
            if let Some(parent) = model.stages.get_mut(parent) {
                parent.children.push(StageId(index));
            }
        }
    }
}

/// Marks what ships and what is built; the target is known, and whether somebody chose it.
pub fn mark(model: &mut Model, chosen: bool) {
    let target = model.target;
    let tested = if chosen { None } else { tested(model) };
    for stage in &mut model.stages {
        let last = Some(stage.id) == target || (stage.children.is_empty() && stage.used_by.is_empty());
        stage.ships = match tested {
            Some((test, tested)) => stage.id == tested || (last && stage.id != test),
            None => last,
        };
    }
    let mut waiting: Vec<StageId> = target.into_iter().collect();
    while let Some(id) = waiting.pop() {
        let Some(stage) = model.stages.get_mut(id.0) else { continue };
        if std::mem::replace(&mut stage.built, true) {
            continue;
        }
        waiting.extend(&stage.uses);
        waiting.extend(model.stages.iter().filter(|parent| parent.children.contains(&id)).map(|parent| parent.id));
    }
}

/// `FROM app AS test` at the end only tries what stands above it: that is what ships. With the stage that it tries. In the
/// corpus 117 files end so, and nobody ships the tests of any of them.
fn tested(model: &Model) -> Option<(StageId, StageId)> {
    let last = model.stages.last()?;
    let name = last.name.as_ref()?.text.to_ascii_lowercase();
    let test = matches!(name.as_str(), "test" | "tests" | "unit-test" | "unit-tests" | "lint" | "check");
    match last.base {
        Base::Stage(parent) if test => Some((last.id, parent)),
        _ => None,
    }
}

/// `FROM base-${TARGETARCH}` may be each of the earlier stages whose name fits.
fn possible_parents(stages: &[Stage], index: usize, written: &str) -> Vec<usize> {
    let Some((before, rest)) = written.split_once('$') else { return Vec::new() };
    let after = match rest.strip_prefix('{') {
        Some(braced) => braced.rsplit_once('}').map_or("", |(_, after)| after),
        None => rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_'),
    };
    // More variables in the tail may be anything.
    let after = if after.contains('$') { "" } else { after };
    // A name that is all variable fits every stage and says nothing: it is an image from outside until shown otherwise.
    if before.is_empty() && after.is_empty() {
        return Vec::new();
    }
    let (before, after) = (before.to_ascii_lowercase(), after.to_ascii_lowercase());
    let fits = |stage: &&Stage| {
        stage.name.as_ref().is_some_and(|name| {
            let name = name.text.to_ascii_lowercase();
            name.len() >= before.len() + after.len() && name.starts_with(&before) && name.ends_with(&after)
        })
    };
    stages.iter().take(index).filter(fits).map(|stage| stage.id.0).collect()
}
