//! One pass over the tree: stages, scopes, and what is in force at every step.
//! The rules are those of BuildKit's frontend/dockerfile/dockerfile2llb/convert.go.

use std::sync::Arc;

use super::config::ConfigCommand;
use super::scope::{expand, expand_words};
use super::state::{State, dialect_of, script_of};
use super::transfers;
use super::{
    Base, Env, ImageConfig, Model, ModelOptions, Origin, Source, Stage, StageId, Step, StepRef, Variable, images,
};
use crate::syntax::{Body, Dockerfile, InstId, Instruction, Item, KeyValue, Keyword};
use crate::text::{SourceFile, Span};

/// ARGs that BuildKit sets in the global scope; their values depend on the machine and the command line.
const PLATFORM_ARGS: [&str; 11] = [
    "BUILDARCH",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDPLATFORM",
    "BUILDVARIANT",
    "TARGETARCH",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETPLATFORM",
    "TARGETSTAGE",
    "TARGETVARIANT",
];

const PROXY_ARGS: [&str; 5] = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"];

pub fn build(source: &SourceFile, file: &Dockerfile, options: &ModelOptions) -> Model {
    let mut builder = Builder { source, file, options, model: Model::default(), state: State::default(), ends: vec![] };
    for name in PLATFORM_ARGS {
        let value = builder.build_arg(name).map(str::to_string);
        builder.model.global_args.set(name, Variable { value, origin: Origin::Predefined });
    }
    for (index, item) in file.items.iter().enumerate() {
        match item {
            Item::Comment(span) => builder.comment(*span),
            Item::Instruction(inst) => builder.instruction(InstId(index as u32), inst),
            Item::Blank(_) | Item::Directive(_) => {}
        }
    }
    builder.finish()
}

pub(super) struct Builder<'a> {
    pub source: &'a SourceFile,
    pub file: &'a Dockerfile,
    options: &'a ModelOptions,
    pub model: Model,
    /// Of the stage that is being read, the last of `model.stages`.
    pub state: State,
    /// The state at the end of each stage before it.
    ends: Vec<State>,
}

impl Builder<'_> {
    fn build_arg(&self, name: &str) -> Option<&str> {
        self.options.build_args.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The word expanded in the state in force; `None` when a variable without a value stands in it.
    pub fn value(&self, word: &str) -> Option<String> {
        expand(word, self.file.escape, &self.state.env).ok()
    }

    fn value_or_written(&self, word: &str) -> String {
        self.value(word).unwrap_or_else(|| word.to_string())
    }

    /// `# hadolint shell=powershell` says what the shell of the base image is.
    fn comment(&mut self, span: Span) {
        let text = self.source.slice(span).trim_start_matches(['#', ' ', '\t']);
        let Some(pragma) = text.strip_prefix("hadolint") else { return };
        let Some((_, value)) = pragma.split_once("shell=") else { return };
        let value = value.split([' ', '\t', ';', ',', '\r', '\n']).next().unwrap_or_default();
        if !value.is_empty() && !self.model.stages.is_empty() {
            self.state.shell.dialect = dialect_of(&[value.to_string()]);
        }
    }

    fn instruction(&mut self, id: InstId, inst: &Instruction) {
        if inst.keyword == Keyword::From {
            return self.from(id, inst);
        }
        if self.model.stages.is_empty() {
            match &inst.body {
                Body::Arg(args) => self.global_args(id, args),
                _ => self.model.stray.push(id),
            }
            return;
        }
        self.step(id, inst);
        if let Body::Onbuild(inner) = &inst.body {
            // BuildKit keeps the joined line: continuations and comments are gone.
            let line = Span::new(inner.content.start, inner.args.end.max(inner.content.start));
            let mut trigger = crate::syntax::shell_text(self.source, inner, line).text;
            for heredoc in &inner.heredocs {
                trigger.push('\n');
                trigger.push_str(self.source.slice(heredoc.body));
                trigger.push_str(&heredoc.name);
            }
            self.state.config.onbuild.push(trigger);
        } else {
            self.apply(id, inst);
        }
    }

    fn global_args(&mut self, id: InstId, args: &[KeyValue]) {
        for arg in args {
            let name = &arg.key.text;
            let given = self.build_arg(name).map(str::to_string);
            let value = match (&given, &arg.value) {
                (Some(_), _) => given,
                (None, Some(word)) => expand(&word.text, self.file.escape, &self.model.global_args).ok(),
                // `ARG NAME` again changes nothing.
                (None, None) if self.model.global_args.get(name).is_some() => continue,
                (None, None) => None,
            };
            self.model.global_args.set(name, Variable { value, origin: Origin::Arg(id) });
        }
    }

    fn from(&mut self, id: InstId, inst: &Instruction) {
        self.close_stage();
        let index = self.model.stages.len();
        let (image, alias) = match &inst.body {
            Body::From { image, alias } => (Some(image), alias.clone()),
            _ => (None, None),
        };
        let platform = inst.flag("platform").and_then(|flag| flag.value.as_ref()).map(|value| value.text.clone());
        let written = image.map_or(self.source.slice(inst.args), |image| image.text.as_str());
        let name = image.and_then(|image| expand(&image.text, self.file.escape, &self.model.global_args).ok());
        let base = match (image, &name) {
            (Some(image), Some(name)) => {
                if name == "scratch" {
                    Base::Scratch
                } else if let Some(stage) = self.earlier_stage(name) {
                    Base::Stage(stage)
                } else if *name == image.text && !image.repository.text.is_empty() {
                    Base::Image { reference: image.clone() }
                } else if let Some(reference) = images::reference(name, image.span) {
                    Base::Image { reference }
                } else {
                    Base::Unresolved(written.to_string())
                }
            }
            _ => Base::Unresolved(written.to_string()),
        };
        let parent = match &base {
            Base::Stage(parent) => Some(*parent),
            _ => None,
        };
        let windows_platform = platform.as_deref().is_some_and(|platform| platform.starts_with("windows"));
        self.state = match &base {
            Base::Stage(parent) => {
                self.ends.get(parent.0).map(State::of_child).unwrap_or_else(|| State::unknown(windows_platform))
            }
            Base::Scratch => State::of_image(images::scratch(), windows_platform),
            Base::Image { reference } => match images::facts_for(reference) {
                Some(facts) => State::of_image(facts, windows_platform),
                None => {
                    // Only Windows files have a reason to change the escape character.
                    let hint = self.file.escape == '`' || images::names_windows(reference);
                    State::unknown(windows_platform || hint)
                }
            },
            Base::Unresolved(_) => State::unknown(windows_platform || self.file.escape == '`'),
        };
        self.model.stages.push(Stage {
            id: StageId(index),
            name: alias,
            from: id,
            base,
            platform,
            steps: Vec::new(),
            config: ImageConfig::default(),
            children: Vec::new(),
            used_by: Vec::new(),
            ships: false,
            facts: self.state.facts.clone(),
            uses: Vec::new(),
            built: false,
            windows: self.state.windows,
        });
        if let Some(parent) = parent {
            self.run_triggers(parent);
        }
    }

    /// The ONBUILD instructions of the parent stage run at the start of this one.
    fn run_triggers(&mut self, parent: StageId) {
        let Some(stage) = self.model.stages.get(parent.0) else { return };
        let triggers: Vec<InstId> = stage.steps.iter().filter(|step| step.onbuild).map(|step| step.inst).collect();
        for id in triggers {
            let Some(Body::Onbuild(inner)) = self.file.get(id).map(|inst| &inst.body) else { continue };
            if let Some(copied) = transfers::copied(self, inner) {
                self.link(&copied.from);
            }
            for mount in transfers::mounts(self, inner) {
                self.link(&mount.from);
            }
            self.apply(id, inner);
        }
    }

    /// The last stage of that name, without case, among those that are complete or just being read.
    pub fn stage_named(&self, name: &str) -> Option<StageId> {
        let named = |stage: &&Stage| stage.name.as_ref().is_some_and(|word| word.text.eq_ignore_ascii_case(name));
        self.model.stages.iter().rev().find(named).map(|stage| stage.id)
    }

    fn earlier_stage(&self, name: &str) -> Option<StageId> {
        self.stage_named(name)
    }

    /// True when a stage anywhere in the file has the name.
    pub fn names_a_stage(&self, name: &str) -> bool {
        self.file.instructions().any(|(_, inst)| match &inst.body {
            Body::From { alias: Some(alias), .. } => alias.text.eq_ignore_ascii_case(name),
            _ => false,
        })
    }

    fn link(&mut self, from: &Source) {
        let (Source::Stage(source), Some(user)) = (from, self.model.stages.last_mut()) else { return };
        let (source, user_id) = (*source, user.id);
        if !user.uses.contains(&source) {
            user.uses.push(source);
        }
        if let Some(stage) = self.model.stages.get_mut(source.0)
            && !stage.used_by.contains(&user_id)
        {
            stage.used_by.push(user_id);
        }
    }

    fn step(&mut self, id: InstId, inst: &Instruction) {
        let (onbuild, inner) = match &inst.body {
            Body::Onbuild(inner) => (true, inner.as_ref()),
            _ => (false, inst),
        };
        let copied = transfers::copied(self, inner);
        let mounts = transfers::mounts(self, inner);
        let script = script_of(self.source, inner, self.state.shell.dialect);
        let step = Step {
            inst: id,
            workdir: self.state.workdir.clone(),
            user: self.state.user.clone(),
            shell: self.state.shell.clone(),
            env: Arc::clone(&self.state.env),
            installs: Vec::new(),
            script,
            onbuild,
            copied,
            mounts,
        };
        if !onbuild {
            if let Some(copied) = &step.copied {
                self.link(&copied.from);
            }
            for mount in &step.mounts {
                self.link(&mount.from);
            }
        }
        let Some(stage) = self.model.stages.last_mut() else { return };
        let at = StepRef { stage: stage.id, step: stage.steps.len() };
        if inst.keyword == Keyword::Run
            && let Some(script) = &step.script
        {
            for (index, command) in script.commands.iter().enumerate() {
                let name = command.name.text.as_str();
                if name.is_empty() {
                    continue;
                }
                match self.model.by_command.get_mut(name) {
                    Some(places) => places.push((at, index)),
                    None => {
                        self.model.by_command.insert(name.to_string(), vec![(at, index)]);
                    }
                }
            }
        }
        stage.steps.push(step);
    }

    /// What the instruction changes for those after it.
    fn apply(&mut self, id: InstId, inst: &Instruction) {
        match &inst.body {
            Body::Env(pairs) => {
                // All pairs of one instruction see the values from before it.
                let expanded: Vec<_> = pairs
                    .pairs
                    .iter()
                    .map(|pair| {
                        let value = pair.value.as_ref().and_then(|value| self.value(&value.text));
                        (self.value(&pair.key.text), value)
                    })
                    .collect();
                let env = Arc::make_mut(&mut self.state.env);
                for (name, value) in expanded {
                    let Some(name) = name else {
                        env.set_open(true);
                        continue;
                    };
                    self.state.config.set_env(&name, value.clone());
                    env.set(name, Variable { value, origin: Origin::Env(id) });
                }
            }
            Body::Arg(args) => self.stage_args(id, args),
            Body::Label(pairs) => {
                for pair in &pairs.pairs {
                    let name = self.value_or_written(&pair.key.text);
                    let value =
                        pair.value.as_ref().map_or_else(String::new, |value| self.value_or_written(&value.text));
                    self.state.config.set_label(name, value);
                }
            }
            Body::Workdir(path) => {
                let value = self.value(&path.text);
                self.state.set_workdir(value.as_deref(), &path.text);
            }
            Body::User(user) => {
                let user = self.value_or_written(&user.text);
                self.state.config.user = Some(user.clone()).filter(|user| !user.is_empty());
                self.state.user = Some(user);
            }
            Body::Shell(words) => {
                let words: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
                self.state.shell.dialect = dialect_of(&words);
                self.state.config.shell = Some(words.clone());
                self.state.shell.words = words;
                self.state.shell.set_by = Some(id);
            }
            Body::Cmd(command) => {
                self.state.config.cmd = Some(self.state.command(self.source, id, inst, command));
                self.state.cmd_set = true;
            }
            Body::Entrypoint(command) => {
                self.state.config.entrypoint = Some(self.state.command(self.source, id, inst, command));
                if !self.state.cmd_set {
                    self.state.config.cmd = None;
                }
            }
            Body::Expose(ports) => {
                for port in ports {
                    match expand_words(&port.text, self.file.escape, &self.state.env) {
                        Ok(words) => words.iter().for_each(|word| self.state.config.expose(word)),
                        Err(_) => self.state.config.expose(&port.text),
                    }
                }
            }
            Body::Volume { paths, .. } => {
                for path in paths {
                    let path = self.value_or_written(path.text.trim());
                    self.state.config.add_volume(path);
                }
            }
            Body::StopSignal(signal) => {
                let signal = self.value_or_written(&signal.text);
                self.state.config.stop_signal = Some(signal);
            }
            Body::HealthcheckNone(_) => {
                let argv = vec!["NONE".to_string()];
                self.state.config.healthcheck = Some(ConfigCommand { inst: Some(id), argv, shell_form: false });
                self.state.config.healthcheck_flags.clear();
            }
            Body::HealthcheckCmd { command, .. } => {
                self.state.config.healthcheck = Some(self.state.command(self.source, id, inst, command));
                let mut flags: Vec<(String, String)> = inst
                    .flags
                    .iter()
                    .filter_map(|flag| Some((flag.name.text.clone(), flag.value.as_ref()?.text.clone())))
                    .collect();
                flags.sort();
                self.state.config.healthcheck_flags = flags;
            }
            Body::Run(_)
            | Body::Copy(_)
            | Body::Add(_)
            | Body::Maintainer(_)
            | Body::From { .. }
            | Body::Onbuild(_)
            | Body::Invalid => {}
        }
    }

    fn stage_args(&mut self, id: InstId, args: &[KeyValue]) {
        for arg in args {
            let name = arg.key.text.as_str();
            let mut origin = Origin::Arg(id);
            let given = self.build_arg(name).map(str::to_string);
            let value = match (given, &arg.value) {
                (Some(given), _) => Some(given),
                (None, Some(word)) => self.value(&word.text),
                (None, None) => match self.model.global_args.get(name) {
                    Some(global) => {
                        if global.origin == Origin::Predefined {
                            origin = Origin::Predefined;
                        }
                        // A global ARG without a value leaves what ENV says.
                        if global.value.is_none() && origin != Origin::Predefined && self.state.env.get(name).is_some()
                        {
                            continue;
                        }
                        global.value.clone()
                    }
                    None if self.state.env.get(name).is_some() => continue,
                    None => {
                        if PROXY_ARGS.iter().any(|proxy| proxy.eq_ignore_ascii_case(name)) {
                            origin = Origin::Predefined;
                        }
                        None
                    }
                },
            };
            Arc::make_mut(&mut self.state.env).set(name, Variable { value, origin });
        }
    }

    fn close_stage(&mut self) {
        if let Some(stage) = self.model.stages.last_mut() {
            let state = std::mem::take(&mut self.state);
            stage.config = state.config.clone();
            self.ends.push(state);
        }
    }

    fn finish(mut self) -> Model {
        self.close_stage();
        let model = &mut self.model;
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
        model.target = match &self.options.target {
            Some(name) => model.find_stage(name).map(|stage| stage.id),
            None => model.stages.last().map(|stage| stage.id),
        };
        let target = model.target;
        for stage in &mut model.stages {
            stage.ships = Some(stage.id) == target || (stage.children.is_empty() && stage.used_by.is_empty());
        }
        mark_built(model);
        self.model
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
    let (before, after) = (before.to_ascii_lowercase(), after.to_ascii_lowercase());
    let fits = |stage: &&Stage| {
        stage.name.as_ref().is_some_and(|name| {
            let name = name.text.to_ascii_lowercase();
            name.len() >= before.len() + after.len() && name.starts_with(&before) && name.ends_with(&after)
        })
    };
    stages.iter().take(index).filter(fits).map(|stage| stage.id.0).collect()
}

fn mark_built(model: &mut Model) {
    let mut waiting: Vec<usize> = model.target.into_iter().map(|id| id.0).collect();
    while let Some(index) = waiting.pop() {
        let earlier = possible_or_known_parents(&model.stages, index);
        let Some(stage) = model.stages.get_mut(index) else { continue };
        if stage.built {
            continue;
        }
        stage.built = true;
        waiting.extend(stage.uses.iter().map(|id| id.0));
        waiting.extend(earlier);
    }
}

fn possible_or_known_parents(stages: &[Stage], index: usize) -> Vec<usize> {
    stages.iter().filter(|stage| stage.children.contains(&StageId(index))).map(|stage| stage.id.0).collect()
}

/// The variables of an image whose facts are known.
pub(super) fn base_env(facts: &super::ImageFacts, windows: bool) -> Env {
    let mut env = Env::default();
    for (name, value) in &facts.env {
        env.set(name.as_str(), Variable { value: Some(value.clone()), origin: Origin::Base });
    }
    for name in &facts.env_unknown {
        env.set(name.as_str(), Variable { value: None, origin: Origin::Base });
    }
    env.set_open(!facts.env_complete || windows);
    env
}
