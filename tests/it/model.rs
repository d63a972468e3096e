//! The model's image configs against those of BuildKit's own frontend (tests/oracle/config), over the corpus.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};
use unladen::model::{self, ImageConfig, ModelOptions, Stage};
use unladen::syntax;
use unladen::text::SourceFile;

use crate::differential::base64;
use crate::parse::corpus_files;

/// Answers of the oracle by id. It has many dependencies and takes minutes to build, so it is built by hand:
/// `cd tests/oracle/config && go build -o /tmp/config-oracle .`, then UNLADEN_CONFIG_ORACLE=/tmp/config-oracle.
fn oracle(requests: &[Value]) -> Option<BTreeMap<String, Value>> {
    let Some(binary) = std::env::var_os("UNLADEN_CONFIG_ORACLE") else {
        eprintln!("skipped: UNLADEN_CONFIG_ORACLE does not name the program built from tests/oracle/config");
        return None;
    };
    let mut child = Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines: Vec<String> = requests.iter().map(Value::to_string).collect();
    let writer = std::thread::spawn(move || {
        for line in lines {
            writeln!(stdin, "{line}").unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let answers = answers.map(|line| serde_json::from_slice::<Value>(line).unwrap());
    Some(answers.map(|answer| (answer["id"].as_str().unwrap().to_string(), answer)).collect())
}

/// The config of a base image as the table has it, for the oracle to start from.
fn base_config(reference: &syntax::ImageRef) -> Option<Value> {
    let facts = model::facts_for(reference)?;
    let known = facts.env.iter().map(|(name, value)| format!("{name}={value}"));
    let unknown = facts.env_unknown.iter().map(|name| format!("{name}=unknown"));
    let user = if facts.user == "root" { "" } else { &facts.user };
    Some(json!({
        "Env": known.chain(unknown).collect::<Vec<_>>(),
        "User": user,
        "WorkingDir": facts.working_dir,
        "Entrypoint": facts.entrypoint,
        "Cmd": facts.cmd,
    }))
}

/// What differs, as `field: ours / theirs`.
fn differences(ours: &ImageConfig, theirs: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |field: &str, ours: Value, theirs: Value| {
        if ours != theirs {
            found.push(format!("{field}: {ours} / {theirs}"));
        }
    };
    let list = |value: &Value| match value {
        Value::Null => json!([]),
        value => value.clone(),
    };
    let keys = |value: &Value| -> Value {
        value.as_object().map(|map| map.keys().cloned().map(Value::from).collect()).unwrap_or(json!([]))
    };
    let written = |text: &str| text.contains('$');

    let mut env = Map::new();
    for pair in theirs["Env"].as_array().into_iter().flatten() {
        let (name, value) = pair.as_str().unwrap().split_once('=').unwrap();
        env.insert(name.to_string(), value.into());
    }
    let mut own = Map::new();
    for (name, value) in &ours.env {
        // A value that is not known to us is whatever it is.
        let value = match value {
            Some(value) => value.as_str().into(),
            None => env.get(name).cloned().unwrap_or(Value::Null),
        };
        own.insert(name.clone(), value);
    }
    // BuildKit adds a PATH where the base sets none; a base with facts that are not complete may well set one.
    if !ours.base_known || !own.contains_key("PATH") {
        env.shift_remove("PATH");
        own.shift_remove("PATH");
    }
    let names = |env: &Map<String, Value>| env.keys().filter(|name| *name != "PATH").cloned().collect::<Vec<_>>();
    compare("Order of Env", json!(names(&own)), json!(names(&env)));
    compare("Env", Value::Object(own), Value::Object(env));

    let argv = |command: &Option<model::ConfigCommand>| json!(command.as_ref().map_or(vec![], |c| c.argv.clone()));
    compare("Entrypoint", argv(&ours.entrypoint), list(&theirs["Entrypoint"]));
    compare("Cmd", argv(&ours.cmd), list(&theirs["Cmd"]));
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    if !written(&text(&ours.user)) {
        compare("User", text(&ours.user).into(), theirs["User"].as_str().unwrap_or_default().into());
    }
    match &ours.working_dir {
        Some(path) if path.starts_with('/') && !written(path) => {
            let path = if path == "/" { "/" } else { path.trim_end_matches('/') };
            // BuildKit leaves an absolute path as it is written; ours is cleaned.
            let mut cleaned = Vec::new();
            for part in theirs["WorkingDir"].as_str().unwrap_or_default().split('/') {
                match part {
                    "" | "." => {}
                    ".." => drop(cleaned.pop()),
                    part => cleaned.push(part),
                }
            }
            compare("WorkingDir", path.into(), format!("/{}", cleaned.join("/")).into());
        }
        _ => {}
    }
    if !ours.exposed_ports.iter().any(|port| written(port)) {
        compare("ExposedPorts", json!(ours.exposed_ports), keys(&theirs["ExposedPorts"]));
    }
    if !ours.volumes.iter().any(|volume| written(volume)) {
        compare("Volumes", json!(ours.volumes), keys(&theirs["Volumes"]));
    }
    if !ours.labels.iter().any(|(name, value)| written(name) || written(value)) {
        let labels: Map<String, Value> =
            ours.labels.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let theirs = theirs["Labels"].as_object().cloned().unwrap_or_default();
        compare("Labels", Value::Object(labels), Value::Object(theirs));
    }
    compare("StopSignal", text(&ours.stop_signal).into(), theirs["StopSignal"].as_str().unwrap_or_default().into());
    let test = match &ours.healthcheck {
        None => json!([]),
        Some(check) if check.shell_form => json!(["CMD-SHELL", check.argv.last()]),
        Some(check) if check.argv == ["NONE"] => json!(["NONE"]),
        Some(check) => json!(["CMD"].into_iter().map(str::to_string).chain(check.argv.clone()).collect::<Vec<_>>()),
    };
    compare("Healthcheck", test, list(&theirs["Healthcheck"]["Test"]));
    compare("OnBuild", json!(ours.onbuild), list(&theirs["OnBuild"]));
    compare("Shell", json!(ours.shell.clone().unwrap_or_default()), list(&theirs["Shell"]));
    found
}

/// The stages that the oracle can be asked for, with the requests.
#[derive(Default)]
struct Cases {
    requests: Vec<Value>,
    ours: BTreeMap<String, Stage>,
}

impl Cases {
    fn add(&mut self, id: &str, text: &[u8], build_args: &[(String, String)]) {
        let source = SourceFile::from_bytes(id, text.to_vec());
        let file = syntax::parse(&source);
        let options = ModelOptions { target: None, build_args: build_args.to_vec() };
        let model = model::build(&source, &file, &options);
        // The oracle builds for Linux.
        if model.stages.iter().any(|stage| stage.windows) {
            return;
        }
        let images = model.stages.iter().filter_map(|stage| stage.image());
        let bases: Map<String, Value> =
            images.filter_map(|image| Some((image.text.to_string(), base_config(image)?))).collect();
        let build_args: Map<String, Value> =
            build_args.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let last = model.stages.len().saturating_sub(1);
        for stage in &model.stages {
            let name = stage.name.as_ref().map_or(String::new(), |name| name.text.to_string());
            let found = model.find_stage(&name).map(|stage| stage.id);
            if stage.id.0 != last && found != Some(stage.id) {
                continue;
            }
            let target = if stage.id.0 == last { String::new() } else { name };
            let key = format!("{id} {}", stage.id.0);
            self.requests.push(json!({
                "id": key, "text": base64(text), "target": target, "bases": bases, "build_args": build_args,
            }));
            self.ours.insert(key, stage.clone());
        }
    }

    /// Prints what differs. Returns how many stages are the same; `None` without the oracle.
    fn check(&self) -> Option<usize> {
        let answers = oracle(&self.requests)?;
        let (mut same, mut wrong, mut refused) = (0, 0, 0);
        for (key, stage) in &self.ours {
            let answer = answers.get(key).unwrap();
            if answer["error"].is_string() {
                refused += 1;
                continue;
            }
            let found = differences(&stage.config, &answer["config"]);
            for difference in &found {
                eprintln!("{key}: {difference}");
            }
            if found.is_empty() { same += 1 } else { wrong += 1 }
        }
        eprintln!("{same} stages the same, {wrong} different, {refused} that BuildKit refuses");
        assert_eq!(wrong, 0);
        Some(same)
    }
}

fn platform_args() -> Vec<(String, String)> {
    let names = ["BUILDPLATFORM", "TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT"];
    let values = ["linux/amd64", "linux/amd64", "linux", "amd64", ""];
    names.iter().zip(values).map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

#[test]
fn image_configs_are_those_of_buildkit() {
    let Some(files) = corpus_files() else { return };
    let mut cases = Cases::default();
    for (id, text) in &files {
        cases.add(id, text, &platform_args());
    }
    if let Some(same) = cases.check() {
        assert!(same > 3500);
    }
}

/// A small generator, so that a failure can be had again from its number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }

    fn name(&mut self) -> &'static str {
        self.pick(&["A", "B", "C", "G", "X", "TARGETARCH", "PATH", "GOPATH", "1"])
    }

    /// A word with quotes, escapes and substitutions.
    fn word(&mut self, depth: usize) -> String {
        let mut word = String::new();
        for _ in 0..1 + self.roll(3) {
            let name = self.name();
            let inner = if depth > 0 { self.word(depth - 1) } else { "z".to_string() };
            word += &match self.roll(16) {
                0 => format!("${name}"),
                1 => format!("${{{name}}}"),
                2 => format!("${{{name}:-{inner}}}"),
                3 => format!("${{{name}-{inner}}}"),
                4 => format!("${{{name}:+{inner}}}"),
                5 => format!("${{{name}+{inner}}}"),
                6 => format!(
                    "${{{name}{}{}}}",
                    self.pick(&["#", "##", "%", "%%"]),
                    self.pick(&["*", "a*", "*b", "?", "x*y", "\\*", "v"])
                ),
                7 => format!(
                    "${{{name}{}{}/{}}}",
                    self.pick(&["/", "//"]),
                    self.pick(&["a", "*", "?b", "x", "\\/"]),
                    self.pick(&["", "q", "\\/"])
                ),
                8 => format!("'{}'", self.pick(&["a", "$A", "\\", "x"])),
                9 => format!("\"{}\"", self.pick(&["a", "$A", "\\$B", "${G:-x}", "\\\\", "'"])),
                10 => self.pick(&["\\$A", "\\\\", "\\x", "/", "."]).to_string(),
                _ => self.pick(&["a", "b", "xay", "v1.2.3", "ab/ba"]).to_string(),
            };
        }
        word
    }

    fn line(&mut self) -> String {
        let (word, other, name) = (self.word(2), self.word(1), self.name());
        match self.roll(20) {
            0..=3 => format!("ENV {name}={word} {}={other}", self.name()),
            4 => format!("ENV {name} {word} {other}"),
            5 | 6 => format!("ARG {name}={word}"),
            7 => format!("ARG {name}"),
            8 => format!("ARG {name}={word} {}={other}", self.name()),
            9 => format!("LABEL l{word}={other} b={word}"),
            10 => format!("WORKDIR {word}"),
            11 => format!("WORKDIR {}/{word}", self.pick(&["", "..", "./a", "/r/../s"])),
            12 => format!("USER {word}"),
            13 => format!("EXPOSE {}", self.pick(&["80", "$A", "8000-8003/udp", "53/UDP 1", "${X:-70}"])),
            14 => format!("CMD {}", self.pick(&["run $A", "[\"a\", \"$B\"]", "[]", "[broken", "a \\\n  b"])),
            15 => format!("ENTRYPOINT {}", self.pick(&["go $A", "[\"e\"]", "[\"e\", \"f\"]"])),
            16 => format!("SHELL {}", self.pick(&["[\"/bin/bash\", \"-c\"]", "[\"/bin/sh\", \"-ec\"]"])),
            17 => format!("VOLUME {}", self.pick(&["/a /b", "[\"/c\"]", "$A"])),
            18 => format!(
                "ONBUILD {}",
                self.pick(&[
                    "ENV A=on",
                    "WORKDIR on",
                    "USER on",
                    "ARG B=on",
                    "CMD [\"on\"]",
                    "ENTRYPOINT [\"on\"]",
                    "LABEL a=$A"
                ])
            ),
            _ => self
                .pick(&[
                    "HEALTHCHECK NONE",
                    "HEALTHCHECK CMD x $A",
                    "HEALTHCHECK --interval=3s CMD [\"y\"]",
                    "STOPSIGNAL SIGINT",
                    "RUN true",
                ])
                .to_string(),
        }
    }

    fn file(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.roll(3) {
            text += &format!("ARG {}={}\n", self.pick(&["G", "A", "X"]), self.word(1));
        }
        text += "ARG N\n";
        for stage in 0..1 + self.roll(3) {
            let base = match self.roll(3) {
                0 if stage > 0 => format!("s{}", self.roll(stage)),
                1 => self.pick(&["golang:1.22", "node:20.1.0", "debian:12"]).to_string(),
                _ => "scratch".to_string(),
            };
            text += &format!("FROM {base} AS s{stage}\n");
            for _ in 0..self.roll(9) {
                text += &self.line();
                text.push('\n');
            }
        }
        text
    }
}

#[test]
fn generated_files_have_buildkits_configs() {
    let mut cases = Cases::default();
    for number in 0..4000_u64 {
        let text = Dice(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).file();
        let mut build_args = platform_args();
        if number % 3 == 0 {
            build_args.push(("G".to_string(), "given".to_string()));
        }
        if std::env::var_os("UNLADEN_VERBOSE").is_some_and(|wanted| wanted == *number.to_string()) {
            eprintln!("{text}");
        }
        cases.add(&number.to_string(), text.as_bytes(), &build_args);
    }
    if let Some(same) = cases.check() {
        assert!(same > 1000);
    }
}
