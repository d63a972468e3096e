//! One pass over the tree: stages, scopes, and what is in force at every step.
//! The rules are those of BuildKit's frontend/dockerfile/dockerfile2llb/convert.go.

use std::sync::Arc;

use super::config::ConfigCommand;
use super::scope::{expand, expand_words, variables};
use super::state::{State, dialect_of, script_of};
use super::{
    Base, Env, ImageConfig, Model, ModelOptions, Origin, Source, Stage, StageId, Step, StepRef, Variable, images, names,
};
use super::{graph, transfers};
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
    let nameless = !file.instructions().any(|(_, inst)| inst.keyword == Keyword::From);
    let (model, state) = (Model::default(), State::default());
    let mut builder = Builder { source, file, options, model, state, ends: vec![], nameless };
    for name in PLATFORM_ARGS {
        let value = builder.build_arg(name).map(str::to_string);
        builder.model.global_args.set(name, Variable { value, origin: Origin::Predefined, changeable: false });
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
    /// The file has no FROM.
    nameless: bool,
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
        if self.model.stages.is_empty() && self.nameless {
            // A piece of a file: what stands in it is read as one stage on an image that nobody knows.
            self.open_nameless(id);
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
            let mut origin = Origin::Arg(id);
            let value = match (&given, &arg.value) {
                (Some(_), _) => given,
                (None, Some(word)) => expand(&word.text, self.file.escape, &self.model.global_args).ok(),
                // `ARG NAME` again changes nothing.
                (None, None) if self.model.global_args.get(name).is_some() => continue,
                (None, None) => {
                    origin = Origin::Declared(id);
                    None
                }
            };
            let changeable = self.build_arg(name).is_none();
            self.model.global_args.set(name.as_str(), Variable { value, origin, changeable });
        }
    }

    fn from(&mut self, id: InstId, inst: &Instruction) {
        self.close_stage();
        let index = self.model.stages.len();
        let (image, alias) = match &inst.body {
            Body::From { image, alias } => (Some(image), alias.clone()),
            _ => (None, None),
        };
        let platform = inst.flag("platform").and_then(|flag| flag.value.as_ref()).map(|value| value.text.to_string());
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
                } else if let Some(reference) = names::reference(name, image.span) {
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
                    let hint = self.file.escape == '`' || names::names_windows(reference);
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

    fn open_nameless(&mut self, first: InstId) {
        self.state = State::unknown(self.file.escape == '`');
        self.model.stages.push(Stage {
            id: StageId(0),
            name: None,
            from: first,
            base: Base::Unresolved(String::new()),
            platform: None,
            steps: Vec::new(),
            config: ImageConfig::default(),
            children: Vec::new(),
            used_by: Vec::new(),
            ships: false,
            facts: None,
            uses: Vec::new(),
            built: false,
            windows: self.state.windows,
        });
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
            installs: script.as_ref().map(super::installs::installs).unwrap_or_default(),
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
                        let words = pair.value.as_ref().map_or("", |value| &value.text);
                        let mut names = variables(words, self.file.escape).into_iter();
                        let changeable = names.any(|name| self.state.env.is_changeable(&name));
                        (self.value(&pair.key.text), value, changeable)
                    })
                    .collect();
                let env = Arc::make_mut(&mut self.state.env);
                for (name, value, changeable) in expanded {
                    let Some(name) = name else {
                        env.set_open(true);
                        continue;
                    };
                    self.state.config.set_env(&name, value.clone());
                    env.set(name, Variable { value, origin: Origin::Env(id), changeable });
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
                let words: Vec<String> = words.iter().map(|word| word.text.to_string()).collect();
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
                    .filter_map(|flag| Some((flag.name.text.to_string(), flag.value.as_ref()?.text.to_string())))
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
                        // Without a value it leaves what ENV says.
                        let declared = matches!(global.origin, Origin::Declared(_));
                        if declared && self.state.env.get(name).is_some() {
                            continue;
                        }
                        origin = match global.origin {
                            Origin::Predefined => Origin::Predefined,
                            _ if declared => Origin::Declared(id),
                            _ => origin,
                        };
                        global.value.clone()
                    }
                    None if self.state.env.get(name).is_some() => continue,
                    None => {
                        let proxy = PROXY_ARGS.iter().any(|proxy| proxy.eq_ignore_ascii_case(name));
                        origin = if proxy { Origin::Predefined } else { Origin::Declared(id) };
                        None
                    }
                },
            };
            let changeable = self.build_arg(name).is_none() && origin != Origin::Predefined;
            Arc::make_mut(&mut self.state.env).set(name, Variable { value, origin, changeable });
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
        graph::link_parents(&mut self.model);
        self.model.target = match &self.options.target {
            Some(name) => self.model.find_stage(name).map(|stage| stage.id),
            None => self.model.stages.last().map(|stage| stage.id),
        };
        graph::mark(&mut self.model, self.options.target.is_some());
        self.model
    }
}

/// The variables of an image whose facts are known.
pub(super) fn base_env(facts: &super::ImageFacts, windows: bool) -> Env {
    let mut env = Env::default();
    for (name, value) in &facts.env {
        env.set(name.as_str(), Variable { value: Some(value.clone()), origin: Origin::Base, changeable: false });
    }
    for name in &facts.env_unknown {
        env.set(name.as_str(), Variable { value: None, origin: Origin::Base, changeable: false });
    }
    env.set_open(!facts.env_complete || windows);
    env
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mount, MountKind, SourceKind, StageId};
    use crate::shell::Dialect;
    use crate::syntax::parse;

    #[track_caller]
    fn check_model(text: &str, check: impl Fn(&Model)) {
        check_with(text, &ModelOptions::default(), check);
    }

    #[track_caller]
    fn check_with(text: &str, options: &ModelOptions, check: impl Fn(&Model)) {
        let source = SourceFile::new("Dockerfile", text);
        let file = parse(&source);
        check(&build(&source, &file, options));
    }

    fn build_args(pairs: &[(&str, &str)]) -> ModelOptions {
        let build_args = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        ModelOptions { target: None, build_args }
    }

    /// The bases, one word each: `scratch`, `#0` for a stage, the reference, or `?` and the text as written.
    fn bases(model: &Model) -> String {
        let base = |stage: &Stage| match &stage.base {
            Base::Scratch => "scratch".to_string(),
            Base::Stage(id) => format!("#{}", id.0),
            Base::Image { reference } => reference.text.to_string(),
            Base::Unresolved(text) => format!("?{text}"),
        };
        model.stages.iter().map(base).collect::<Vec<_>>().join(" ")
    }

    fn numbers(ids: &[StageId]) -> Vec<usize> {
        ids.iter().map(|id| id.0).collect()
    }

    fn shipping(model: &Model) -> Vec<usize> {
        model.stages.iter().filter(|stage| stage.ships).map(|stage| stage.id.0).collect()
    }

    /// What the config of the last stage says of its environment.
    fn env_of(model: &Model) -> String {
        let config = &model.stages.last().unwrap().config;
        let pair = |(name, value): &(String, Option<String>)| format!("{name}={}", value.as_deref().unwrap_or("?"));
        config.env.iter().filter(|(name, _)| name != "PATH").map(pair).collect::<Vec<_>>().join(" ")
    }

    /// The last step of the last stage.
    fn last(model: &Model) -> &Step {
        model.stages.last().unwrap().steps.last().unwrap()
    }

    #[test]
    fn bases_are_stages_images_or_unknown() {
        for (text, expected) in [
            ("FROM scratch", "scratch"),
            ("FROM a:1 AS Build\nFROM build\nFROM BUILD AS x\nFROM x", "a:1 #0 #0 #2"),
            ("FROM later\nFROM a AS later", "later a"),
            ("FROM self AS self", "self"),
            ("FROM a AS x\nFROM b AS x\nFROM x", "a b #1"),
            ("ARG V=1.22\nFROM golang:${V}-alpine", "golang:1.22-alpine"),
            ("ARG V\nFROM golang:$V", "?golang:$V"),
            ("ARG V\nFROM golang:${V:-1.20}", "golang:1.20"),
            ("FROM golang:$V", "?golang:$V"),
            ("FROM a AS base-amd64\nFROM base-$TARGETARCH", "a ?base-$TARGETARCH"),
            ("ARG S=x\nFROM a AS x\nFROM $S", "a #0"),
            ("ARG A=1\nARG B=${A}2\nFROM x:$B", "x:12"),
            ("FROM a\nARG V=2\nFROM x:${V:-1}", "a x:1"),
            ("FROM", "?"),
            ("# only a comment\n", ""),
        ] {
            check_model(text, |model| assert_eq!(bases(model), expected, "{text}"));
        }
    }

    #[test]
    fn stages_ship_unless_somebody_builds_on_them() {
        let text =
            "FROM a AS build\nFROM a AS test\nCOPY --from=build /x /x\nFROM b AS base\nFROM base\nCOPY --from=0 /x /\n";
        check_model(text, |model| {
            assert_eq!(shipping(model), [1, 3]);
            assert_eq!(numbers(&model.stages[0].used_by), [1, 3]);
            assert_eq!(numbers(&model.stages[2].children), [3]);
            let built: Vec<bool> = model.stages.iter().map(|stage| stage.built).collect();
            assert_eq!(built, [true, false, true, true]);
            assert_eq!(numbers(&model.chain(StageId(3)).map(|stage| stage.id).collect::<Vec<_>>()), [3, 2]);
        });
        let target = |name: &str| ModelOptions { target: Some(name.into()), build_args: Vec::new() };
        check_with(text, &target("BUILD"), |model| {
            assert_eq!(model.target, Some(StageId(0)));
            assert_eq!(shipping(model), [0, 1, 3]);
        });
        check_with(text, &target("nobody"), |model| assert_eq!(model.target, None));
        let by_name = "FROM a AS x-amd64\nFROM a AS x-arm64\nFROM a AS y\nFROM x-${TARGETARCH}\n";
        check_model(by_name, |model| assert_eq!(shipping(model), [2, 3]));
        let tested = "FROM a AS build\nFROM b AS app\nCOPY --from=build /x /x\nFROM app AS test\nRUN /x --help\n";
        check_model(tested, |model| assert_eq!((shipping(model), model.target), (vec![1], Some(StageId(2)))));
        check_with(tested, &target("test"), |model| assert_eq!(shipping(model), [2]));
        check_model(&tested.replace("app AS test", "c AS test"), |model| assert_eq!(shipping(model), [1, 2]));
        let from_outside = "FROM a AS build\nFROM ${BASE}\nCOPY --from=build /a /b\n";
        check_model(from_outside, |model| {
            assert_eq!(shipping(model), [1]);
            assert!(model.stages[0].children.is_empty());
        });
    }

    #[test]
    fn sources_of_copies_are_stages_images_or_nothing() {
        let text = "FROM a AS x\nCOPY --from=x /a /b\nCOPY --from=later /a /b\nCOPY --from=5 /a /b\n\
                    FROM b AS later\nCOPY --from=X a/../b /c/\nCOPY --from=nginx:1.2 /etc/nginx /\nCOPY --from=$V /a /b\nCOPY . .\n";
        check_model(text, |model| {
            let from = |stage: usize| -> Vec<Source> {
                model.stages[stage].steps.iter().map(|step| step.copied.as_ref().unwrap().from.clone()).collect()
            };
            let unresolved = |text: &str| Source::Unresolved(text.to_string());
            assert_eq!(from(0), [unresolved("x"), unresolved("later"), unresolved("5")]);
            let second = from(1);
            assert_eq!(second[0], Source::Stage(StageId(0)));
            assert!(matches!(&second[1], Source::Image(image) if image.name() == "nginx"));
            assert_eq!(second[2], unresolved("$V"));
            assert_eq!(second[3], Source::Context);
            let first = model.stages[1].steps[0].copied.as_ref().unwrap();
            assert_eq!(first.sources[0].path.as_deref(), Some("/b"));
            assert_eq!(first.dest.as_deref(), Some("/c"));
        });
    }

    #[test]
    fn copies_are_resolved_against_the_working_directory() {
        // (instructions, sources, destination, into a directory, where the first file lands)
        for (text, sources, dest, into_dir, landing) in [
            ("WORKDIR /app\nCOPY main.go .", "main.go", Some("/app"), true, Some("/app/main.go")),
            ("WORKDIR /app\nCOPY ./a/b x", "a/b", Some("/app/x"), false, Some("/app/x")),
            ("WORKDIR /app\nCOPY a /app", "a", Some("/app"), true, Some("/app/a")),
            ("COPY a b /dir", "a b", Some("/dir"), true, Some("/dir/a")),
            ("ENV D=/d\nCOPY a $D/x/", "a", Some("/d/x"), true, Some("/d/x/a")),
            ("COPY a /usr/local/bin", "a", Some("/usr/local/bin"), true, Some("/usr/local/bin/a")),
            ("COPY . /", ".", Some("/"), true, None),
            ("COPY *.go /src/", "*.go", Some("/src"), true, None),
            ("ARG D\nCOPY a $D/x", "a", None, false, None),
            ("ARG F\nCOPY $F /x", "?", Some("/x"), false, Some("/x")),
            ("COPY --parents a/b /x/", "a/b", Some("/x"), true, Some("/x/a/b")),
            ("COPY [\"a b\", \"/x\"]", "a b", Some("/x"), false, Some("/x")),
            ("ADD https://x.y/z/f.tgz /tmp/", "https://x.y/z/f.tgz", Some("/tmp"), true, Some("/tmp/f.tgz")),
        ] {
            check_model(&format!("FROM debian:12\n{text}\n"), |model| {
                let copied = last(model).copied.as_ref().unwrap();
                let shown: Vec<&str> =
                    copied.sources.iter().map(|source| source.path.as_deref().unwrap_or("?")).collect();
                assert_eq!(shown.join(" "), sources, "{text}");
                assert_eq!(copied.dest.as_deref(), dest, "{text}");
                assert_eq!(copied.into_dir, into_dir, "{text}");
                assert_eq!(copied.landing(0).as_deref(), landing, "{text}");
            });
        }
        check_model("FROM a\nCOPY <<EOF /x/\nhi\nEOF\nADD git@h:o/r.git x\n", |model| {
            let kinds: Vec<SourceKind> =
                model.stages[0].steps.iter().map(|step| step.copied.as_ref().unwrap().sources[0].kind).collect();
            assert_eq!(kinds, [SourceKind::Heredoc, SourceKind::Git]);
            assert_eq!(model.stages[0].steps[0].copied.as_ref().unwrap().landing(0).as_deref(), Some("/x/EOF"));
            assert_eq!(last(model).copied.as_ref().unwrap().dest, None, "the working directory of the base is unknown");
        });
    }

    #[test]
    fn scopes_follow_buildkit() {
        for (text, expected) in [
            // All pairs of one instruction see the values from before it.
            ("FROM scratch\nENV A=1\nENV A=2 B=$A\n", "A=2 B=1"),
            ("FROM scratch\nENV A 1 2\nENV B=\"$A\"x\n", "A=1 2 B=1 2x"),
            // The later of ARG and ENV wins inside the build; the config has ENV.
            ("FROM scratch\nARG A=arg\nENV A=env\nENV B=$A\n", "A=env B=env"),
            ("FROM scratch\nENV A=env\nARG A=arg\nENV B=$A\n", "A=env B=arg"),
            ("FROM scratch\nENV A=env\nARG A\nENV B=$A\n", "A=env B=env"),
            // A global ARG is seen only where the stage asks for it.
            ("ARG G=1\nFROM scratch\nENV B=$G\n", "B="),
            ("ARG G=1\nFROM scratch\nARG G\nENV B=$G\n", "B=1"),
            ("ARG G=1\nFROM scratch\nARG G=2\nENV B=$G\n", "B=2"),
            ("ARG G\nFROM scratch\nARG G\nENV B=$G\n", "B=?"),
            // A stage hands its ARGs to those that start from it, but not to others.
            ("FROM scratch AS x\nARG A=1\nFROM x\nENV B=$A\n", "B=1"),
            ("FROM scratch AS x\nARG A=1\nFROM scratch\nENV B=$A\n", "B="),
            ("FROM scratch AS x\nENV A=env\nARG A=arg\nFROM x\nENV B=$A\n", "A=env B=env"),
            ("FROM scratch AS x\nENV A=1\nFROM x\nENV B=$A\n", "A=1 B=1"),
            ("FROM scratch\nARG A=1 B=${A}2\nENV C=$B\n", "C=12"),
            ("FROM scratch\nARG A\nENV B=$A\n", "B=?"),
            ("FROM scratch\nARG A\nENV B=${A:-1}\n", "B=1"),
            ("FROM scratch\nARG TARGETARCH\nENV B=${TARGETARCH:-amd64}\n", "B=?"),
            ("FROM scratch\nENV B=$TARGETARCH\n", "B="),
            ("FROM scratch\nARG HTTP_PROXY\nENV B=$HTTP_PROXY\n", "B=?"),
            ("FROM scratch\nENV B=$NOBODY\n", "B="),
            // An image that is not known may set anything.
            ("FROM someone/image\nENV B=$JAVA_HOME/bin\n", "B=?"),
            (
                "FROM golang:1.22\nENV B=$GOPATH/bin C=$GOLANG_VERSION\n",
                "GOPATH=/go GOTOOLCHAIN=local GOLANG_VERSION=? B=/go/bin C=?",
            ),
            ("FROM scratch\nENV A='$X' B=\\$X C=\"a b\" D=a\\ b\n", "A=$X B=$X C=a b D=a b"),
        ] {
            check_model(text, |model| assert_eq!(env_of(model), expected, "{text}"));
        }
        let text =
            "ARG G=1\nFROM scratch\nARG G\nARG A=2\nENV B=$G-$A-$TARGETARCH\nARG TARGETARCH\nENV C=$TARGETARCH\n";
        let options = build_args(&[("G", "x"), ("A", "y"), ("TARGETARCH", "arm64"), ("B", "no")]);
        check_with(text, &options, |model| assert_eq!(env_of(model), "B=x-y- C=arm64"));
    }

    #[test]
    fn the_environment_of_a_step_is_that_before_it() {
        check_model("FROM scratch\nENV A=1\nRUN x\nENV A=2\nRUN y\n", |model| {
            let values: Vec<Option<&str>> = model.stages[0].steps.iter().map(|step| step.env.value("A")).collect();
            assert_eq!(values, [None, Some("1"), Some("1"), Some("2")]);
            let steps = &model.stages[0].steps;
            assert!(Arc::ptr_eq(&steps[1].env, &steps[2].env), "shared where nothing changes");
        });
    }

    #[test]
    fn working_directories_are_absolute() {
        for (text, expected) in [
            ("FROM debian:12", Some("/")),
            ("FROM golang:1.22", Some("/go")),
            ("FROM golang:1.22\nWORKDIR src/app/", Some("/go/src/app")),
            ("FROM debian:12\nWORKDIR /a\nWORKDIR b\nWORKDIR ../c", Some("/a/c")),
            ("FROM someone/image", None),
            ("FROM someone/image\nWORKDIR app", None),
            ("FROM someone/image\nWORKDIR /app", Some("/app")),
            ("FROM debian:12\nENV D=/d\nWORKDIR $D/x", Some("/d/x")),
            ("FROM debian:12\nARG D\nWORKDIR $D/x", None),
            ("FROM debian:12\nARG D\nWORKDIR $D/x\nWORKDIR /y", Some("/y")),
            ("FROM debian:12 AS a\nWORKDIR /a\nFROM a\nWORKDIR b", Some("/a/b")),
            ("FROM mcr.microsoft.com/windows/nanoserver:1809\nWORKDIR C:\\app\nWORKDIR bin", Some("/app/bin")),
        ] {
            check_model(&format!("{text}\nRUN x\n"), |model| {
                assert_eq!(last(model).workdir.as_deref(), expected, "{text}");
            });
        }
    }

    #[test]
    fn the_shell_in_force_tells_the_language() {
        for (text, dialect, words) in [
            ("FROM debian:12", Dialect::Posix, "/bin/sh -c"),
            (
                "FROM debian:12\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]",
                Dialect::Bash,
                "/bin/bash -o pipefail -c",
            ),
            ("FROM debian:12 AS a\nSHELL [\"/bin/bash\", \"-c\"]\nFROM a", Dialect::Bash, "/bin/bash -c"),
            ("FROM mcr.microsoft.com/windows/servercore:ltsc2022", Dialect::Cmd, "cmd /S /C"),
            ("FROM golang:1.22-nanoserver", Dialect::Cmd, "cmd /S /C"),
            ("FROM --platform=windows/amd64 x", Dialect::Cmd, "cmd /S /C"),
            ("# escape=`\nFROM someone/image", Dialect::Cmd, "cmd /S /C"),
            ("# escape=`\nFROM debian:12", Dialect::Posix, "/bin/sh -c"),
            ("FROM x\n# hadolint shell=powershell", Dialect::PowerShell, "/bin/sh -c"),
            ("FROM x\n# hadolint ignore=DL3006 shell=/bin/bash", Dialect::Bash, "/bin/sh -c"),
            ("FROM x\n# hadolint shell=powershell\nFROM y", Dialect::Posix, "/bin/sh -c"),
        ] {
            check_model(&format!("{text}\nRUN x\n"), |model| {
                let step = last(model);
                assert_eq!((step.shell.dialect, step.shell.words.join(" ").as_str()), (dialect, words), "{text}");
            });
        }
    }

    /// The config of the last stage: `entrypoint | cmd | user | working directory`.
    fn config_of(model: &Model) -> String {
        let config = &model.stages.last().unwrap().config;
        let argv =
            |command: &Option<ConfigCommand>| command.as_ref().map_or("-".into(), |command| command.argv.join("·"));
        let text = |text: &Option<String>| text.clone().unwrap_or("-".into());
        format!(
            "{} | {} | {} | {}",
            argv(&config.entrypoint),
            argv(&config.cmd),
            text(&config.user),
            text(&config.working_dir)
        )
    }

    #[test]
    fn the_config_is_what_buildkit_would_write() {
        for (text, expected) in [
            ("FROM scratch", "- | - | - | /"),
            ("FROM debian:12", "- | bash | - | /"),
            ("FROM node:20", "docker-entrypoint.sh | node | - | /"),
            ("FROM node:20\nENTRYPOINT [\"a\"]", "a | - | - | /"),
            ("FROM node:20\nENTRYPOINT [\"a\"]\nCMD [\"b\", \"c\"]", "a | b·c | - | /"),
            ("FROM node:20\nCMD [\"b\"]\nENTRYPOINT [\"a\"]", "a | b | - | /"),
            ("FROM scratch AS x\nCMD [\"b\"]\nFROM x\nENTRYPOINT [\"a\"]", "a | - | - | /"),
            ("FROM scratch\nCMD ./run  --it", "- | /bin/sh·-c·./run  --it | - | /"),
            ("FROM scratch\nSHELL [\"/bin/bash\", \"-c\"]\nENTRYPOINT exec run", "/bin/bash·-c·exec run | - | - | /"),
            ("FROM scratch\nUSER app\nWORKDIR /x/y/", "- | - | app | /x/y"),
            ("FROM scratch\nARG U\nUSER $U", "- | - | $U | /"),
            ("FROM scratch\nARG U=7\nUSER $U:1", "- | - | 7:1 | /"),
            ("FROM gcr.io/distroless/static-debian12:nonroot", "- | - | 65532 | /home/nonroot"),
            ("FROM someone/image", "- | - | - | -"),
        ] {
            check_model(text, |model| assert_eq!(config_of(model), expected, "{text}"));
        }
    }

    #[test]
    fn the_rest_of_the_config_is_kept_too() {
        let text = "FROM scratch\nEXPOSE 80 53/udp\nARG P=9000\nEXPOSE $P\nVOLUME [\"/b\", \"/a\"]\nVOLUME /a\n\
                    LABEL b=1 a=\"x y\"\nLABEL b=2\nSTOPSIGNAL SIGINT\nHEALTHCHECK --interval=5s CMD curl -f x\n";
        check_model(text, |model| {
            let config = &model.stages[0].config;
            assert_eq!(config.exposed_ports, ["53/udp", "80/tcp", "9000/tcp"]);
            assert_eq!(config.volumes, ["/a", "/b"]);
            assert_eq!(config.labels, [("a".to_string(), "x y".to_string()), ("b".to_string(), "2".to_string())]);
            assert_eq!(config.stop_signal.as_deref(), Some("SIGINT"));
            let check = config.healthcheck.as_ref().unwrap();
            assert_eq!((check.argv.join(" ").as_str(), check.shell_form), ("/bin/sh -c curl -f x", true));
            assert_eq!(config.healthcheck_flags, [("interval".to_string(), "5s".to_string())]);
            assert!(config.base_known);
        });
        check_model("FROM x\nHEALTHCHECK NONE\n", |model| {
            let config = &model.stages[0].config;
            assert_eq!(config.healthcheck.as_ref().unwrap().argv, ["NONE"]);
            assert!(!config.base_known);
        });
    }

    #[test]
    fn onbuild_runs_in_the_child() {
        let text = "FROM debian:12 AS x\nONBUILD RUN apt-get update \\\n  && true\nONBUILD WORKDIR /src\nONBUILD COPY . .\nFROM x\nRUN y\n";
        check_model(text, |model| {
            let (parent, child) = (&model.stages[0], &model.stages[1]);
            assert_eq!(parent.config.onbuild.len(), 3);
            assert!(parent.config.onbuild[0].starts_with("RUN apt-get update "), "{:?}", parent.config.onbuild);
            assert!(!parent.config.onbuild[0].contains('\\'));
            assert!(parent.steps.iter().all(|step| step.onbuild));
            assert!(parent.steps[0].script.as_ref().is_some_and(|script| script.commands.len() == 2));
            assert!(child.config.onbuild.is_empty());
            assert_eq!(child.steps[0].workdir.as_deref(), Some("/src"));
            assert_eq!(model.commands("apt-get").count(), 0, "nothing of it runs here");
            assert_eq!(model.commands("y").count(), 1);
        });
    }

    #[test]
    fn mounts_have_their_defaults() {
        let text = "FROM a AS b\nFROM debian:12\nARG X\nRUN --mount=type=cache,target=/root/.cache --mount=type=bind,from=b,source=x,target=y \
                    --mount=type=secret,id=tok --mount=type=tmpfs,target=/t --mount=target=. --mount=type=cache,id=i,target=/c/$X,from=img:1 x\n";
        check_model(text, |model| {
            let mounts = &last(model).mounts;
            let show = |mount: &Mount| {
                let from = match &mount.from {
                    Source::Context => "context".to_string(),
                    Source::Nothing => "-".to_string(),
                    Source::Stage(id) => format!("#{}", id.0),
                    Source::Image(image) => image.text.to_string(),
                    Source::Unresolved(text) => format!("?{text}"),
                };
                let text = |text: &Option<String>| text.clone().unwrap_or("?".into());
                let access = if mount.read_only { "ro" } else { "rw" };
                format!(
                    "{:?} {from} {} {} {} {access}",
                    mount.kind,
                    text(&mount.source),
                    text(&mount.target),
                    text(&mount.id)
                )
            };
            assert_eq!(
                mounts.iter().map(show).collect::<Vec<_>>(),
                [
                    "Cache - / /root/.cache /root/.cache rw",
                    "Bind #0 /x /y ? ro",
                    "Secret - / /run/secrets/tok tok ro",
                    "Tmpfs - / /t ? rw",
                    "Bind context / / ? ro",
                    "Cache img:1 / ? i rw",
                ]
            );
            assert_eq!(mounts.iter().filter(|mount| mount.kind == MountKind::Cache).count(), 2);
            assert_eq!(numbers(&model.stages[0].used_by), [1]);
        });
    }

    #[test]
    fn instructions_before_the_first_from_are_kept_apart() {
        check_model("RUN x\nARG A=1\nCOPY a b\nFROM a:$A\n", |model| {
            assert_eq!(model.stray.len(), 2);
            assert_eq!(bases(model), "a:1");
        });
        check_model("RUN x\nENV a=b\n", |model| {
            assert_eq!((model.stages.len(), model.stages[0].steps.len(), model.stray.len()), (1, 2, 0));
            assert!(matches!(model.stages[0].base, Base::Unresolved(_)));
        });
        check_model("", |model| assert!(model.stages.is_empty()));
    }

    #[test]
    fn commands_are_found_by_name() {
        let text = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\nCMD apt-get moo\nFROM alpine:3.20\nRUN apk add git\n";
        check_model(text, |model| {
            assert_eq!(model.commands("apt-get").count(), 2, "CMD does not count");
            let (stage, _, command) = model.commands("apk").next().unwrap();
            assert_eq!((stage.id, command.args.len()), (StageId(1), 2));
            assert_eq!(model.commands("nobody").count(), 0);
        });
    }
}
