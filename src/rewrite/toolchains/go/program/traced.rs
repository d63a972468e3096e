//! Needs of the program's own files whose argument is computed, and what stands for them once it is followed.

use super::super::reach::Source;
use super::super::trace::{self, Tracer};
use super::super::{Argument, Need, Usage, needs};
use super::Reader;

impl Reader<'_> {
    /// Paths that are computed in the program's own files and can be followed to what they are made of.
    pub(super) fn trace_paths(&mut self) {
        if !self.program.needs.iter().any(|need| need.argument.is_some()) {
            return;
        }
        let own = self.sources.iter().filter(|(_, path, ..)| !self.is_foreign(crate::rewrite::paths::parent(path)));
        let source = |(package, path, shown, whole): &(String, String, String, bool)| {
            Some(Source { package: package.clone(), shown: shown.clone(), text: self.text_of(path)?, whole: *whole })
        };
        let sources: Vec<Source> = own.filter_map(source).collect();
        // `../x` behind a directory leads out of it.
        let climbs = self.strings.keys().any(|text| text.contains("../"));
        let tracer = Tracer::new(&sources);
        let needs = std::mem::take(&mut self.program.needs);
        for need in needs {
            match traced(&tracer, &need, climbs) {
                Some(found) => self.program.needs.extend(found),
                None => self.program.needs.push(need),
            }
        }
    }
}

/// What stands for a need whose path is computed, when everything is known that the path can be.
fn traced(tracer: &Tracer<'_>, need: &Need, climbs: bool) -> Option<Vec<Need>> {
    let place = need.place.as_ref()?;
    let mut found = Vec::new();
    let (values, usage) = match need.argument.as_ref()? {
        // What a function of the program's own does is read in it.
        Argument::Of(package) => return tracer.has(package).then(Vec::new),
        Argument::Program { name, index, args } => {
            // What nobody calls has no values at all.
            let values = tracer.argument(&place.file, place.line, name, *index).filter(|values| !values.is_empty())?;
            for value in values.iter().filter(|value| !matches!(value.text.as_str(), trace::SELF | "/proc/self/exe")) {
                for (kind, why) in needs::of_program(&value.text, value.exact, args.as_deref())? {
                    // That it was followed stays with it.
                    found.push(Need { kind, why, literal: true, is_path: false, ..need.clone() });
                }
            }
            return Some(found);
        }
        Argument::Path { name, index, usage } => (tracer.argument(&place.file, place.line, name, *index)?, *usage),
    };
    for value in values {
        // Its own file is there to be read; one that replaces it is not followed.
        match value.text == trace::SELF {
            true if usage == Usage::Reads => continue,
            true => return None,
            false => {}
        }
        for (kind, literal, shown) in needs::of_value(&value, usage, climbs)? {
            let why = format!("{}({shown:?})", need.why.split('(').next().unwrap_or(""));
            found.push(Need { kind, why, literal, is_path: false, argument: None, ..need.clone() });
        }
    }
    Some(found)
}
