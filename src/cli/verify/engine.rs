//! The container engines that can build and run: docker with BuildKit, podman, and buildah, which builds only.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::process::{self, Failed, Limits, Said};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Docker,
    Podman,
    Buildah,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Docker => "docker",
            Kind::Podman => "podman",
            Kind::Buildah => "buildah",
        }
    }
}

#[derive(Debug)]
pub(super) struct Engine {
    pub kind: Kind,
    program: PathBuf,
    version: String,
    buildx: bool,
}

/// What everything but a build has to do within.
const SHORT: Duration = Duration::from_secs(60);

impl Engine {
    /// The first that answers; or the one that is named, by its name or path.
    pub(super) fn find(named: Option<&str>) -> Result<Engine, String> {
        let mut reasons = Vec::new();
        for (kind, program) in candidates(named)? {
            match Engine::ask(kind, &program) {
                Ok(engine) => return Ok(engine),
                Err(Reason::Interrupted) => return Err("interrupted".into()),
                Err(Reason::Not(reason)) => reasons.push(format!("{}: {reason}", program.display())),
            }
        }
        let what =
            named.map_or("no container engine answers".to_string(), |name| format!("--engine {name}: does not answer"));
        let tried = if reasons.is_empty() {
            "neither docker, podman nor buildah is on PATH".into()
        } else {
            reasons.join("; ")
        };
        Err(format!("{what} ({tried})"))
    }

    fn ask(kind: Kind, program: &Path) -> Result<Engine, Reason> {
        let limits = Limits { time: Duration::from_secs(20), to_the_end: false };
        let said = |args: &[&str]| -> Result<Said, Reason> {
            let said = process::run(Command::new(program).args(args), None, &limits, &mut |_| {});
            match said {
                Ok(said) if said.ok() => Ok(said),
                Ok(said) => Err(Reason::Not(said.complaint())),
                Err(Failed::Interrupted) => Err(Reason::Interrupted),
                Err(failed) => Err(Reason::Not(failed.to_string())),
            }
        };
        let mut engine = Engine { kind, program: program.to_path_buf(), version: String::new(), buildx: false };
        match kind {
            Kind::Docker => {
                let versions = said(&["version", "--format", "{{.Client.Version}} {{.Server.Version}}"])?.out();
                let (client, server) = versions.trim().split_once(' ').unwrap_or((versions.trim(), ""));
                // podman under the name of docker has no such server.
                engine.version = if server.is_empty() { client.to_string() } else { server.to_string() };
                engine.buildx = said(&["buildx", "version"]).is_ok();
                if !engine.buildx && !(18..23).contains(&major(client)) {
                    return Err(Reason::Not(format!(
                        "client {client} has no buildx, so it cannot build with BuildKit"
                    )));
                }
            }
            Kind::Podman => {
                engine.version = said(&["version", "--format", "{{.Client.Version}}"])?.out().trim().to_string()
            }
            Kind::Buildah => {
                let version = said(&["--version"])?.out();
                engine.version = version.split_whitespace().nth(2).unwrap_or_default().to_string();
            }
        }
        Ok(engine)
    }

    /// `docker 26.1.5`.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.kind.name(), self.version)
    }

    pub(super) fn runs(&self) -> bool {
        self.kind != Kind::Buildah
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env("DOCKER_BUILDKIT", "1").env("DOCKER_CLI_HINTS", "false").env("BUILDKIT_PROGRESS", "plain");
        command
    }

    fn call(&self, args: &[&str], stdin: Option<&[u8]>, time: Duration) -> Result<Said, Failed> {
        process::run(self.command().args(args), stdin, &Limits { time, to_the_end: false }, &mut |_| {})
    }

    /// As `call`; what fails is an error.
    fn must(&self, args: &[&str], time: Duration) -> Result<Said, String> {
        let what = args.first().copied().unwrap_or_default();
        match self.call(args, None, time) {
            Ok(said) if said.ok() => Ok(said),
            Ok(said) => Err(format!("{} {what}: {}", self.kind.name(), said.complaint())),
            Err(failed) => Err(failed.to_string()),
        }
    }

    /// Builds an image under `tag`. The error holds the last lines of the log.
    pub(super) fn build(
        &self,
        build: &Build<'_>,
        tag: &str,
        label: &str,
        time: Duration,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), String> {
        let mut command = self.command();
        match self.kind {
            Kind::Docker => {
                command.args(["build", "--progress", "plain"]);
                if self.buildx {
                    command.arg("--load");
                }
            }
            // OCI's format has no HEALTHCHECK; without layers no other images are left behind.
            Kind::Podman => {
                command.args(["build", "--format", "docker", "--layers=false"]);
            }
            Kind::Buildah => {
                command.args(["bud", "--format", "docker", "--layers=false"]);
            }
        }
        command
            .args(["--tag", tag, "--label", label, "--file"])
            .arg(build.dockerfile)
            .args(build.options)
            .arg(build.context);
        let start = Instant::now();
        let mut told = 0;
        let mut watch = |log: &[u8]| {
            let seconds = start.elapsed().as_secs();
            if seconds >= told + 15 {
                told = seconds;
                tell(&format!("{seconds} s: {}", step(&String::from_utf8_lossy(log))));
            }
        };
        match process::run(&mut command, None, &Limits { time, to_the_end: false }, &mut watch) {
            Ok(said) if said.ok() => Ok(()),
            Ok(said) => {
                let log = said.err() + &said.out();
                let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
                let last = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default();
                Err(format!("does not build:\n  {}", last.join("\n  ")))
            }
            Err(failed @ Failed::TimedOut(_)) => Err(format!("the build {failed} (--timeout)")),
            Err(failed) => Err(failed.to_string()),
        }
    }

    /// Whether the engine has an image of that name.
    pub(super) fn has(&self, image: &str) -> bool {
        let args: &[&str] = match self.kind {
            Kind::Buildah => &["inspect", "--type", "image", image],
            _ => &["image", "inspect", image],
        };
        self.call(args, None, SHORT).is_ok_and(|said| said.ok())
    }

    /// What `image inspect` says: Docker's shape with all engines.
    pub(super) fn inspect(&self, image: &str) -> Result<Value, String> {
        let parse = |said: Said| serde_json::from_slice::<Value>(&said.out).map_err(|error| error.to_string());
        if self.kind == Kind::Buildah {
            return Ok(parse(self.must(&["inspect", "--type", "image", image], SHORT)?)?["Docker"].take());
        }
        Ok(parse(self.must(&["image", "inspect", image], SHORT)?)?[0].take())
    }

    /// Bytes of all layers; 0 where it is not known. buildah tells it in words only, with three digits.
    pub(super) fn size(&self, image: &str, inspected: &Value) -> u64 {
        let told = || {
            let said = self.must(&["images", "--json", image], SHORT).ok()?;
            let rows: Value = serde_json::from_slice(&said.out).ok()?;
            bytes(rows[0]["size"].as_str()?)
        };
        inspected["Size"].as_u64().or_else(told).unwrap_or(0)
    }

    /// What `layers` cannot tell.
    pub(super) fn layers_unknown(&self) -> Option<&'static str> {
        (self.kind == Kind::Buildah).then_some("sizes layer by layer: buildah tells the total only")
    }

    /// The layers that hold bytes, from the lowest up.
    pub(super) fn layers(&self, image: &str) -> Result<Vec<(u64, String)>, String> {
        let format = if self.kind == Kind::Docker { "{{json .}}" } else { "json" };
        let human = if self.kind == Kind::Docker { "--human=false" } else { "--human=true" };
        let text = self.must(&["history", "--no-trunc", human, "--format", format, image], SHORT)?.out();
        let rows: Vec<Value> = if self.kind == Kind::Docker {
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
        } else {
            serde_json::from_str(&text).map_err(|error| error.to_string())?
        };
        let layer = |row: &Value| {
            let size = [&row["Size"], &row["size"]]
                .into_iter()
                .find_map(|size| size.as_u64().or_else(|| size.as_str().and_then(|text| text.parse().ok())))?;
            let by = row["CreatedBy"].as_str().unwrap_or_default();
            // Built without intermediate layers, all of the file is in one, which the last instruction names.
            let ours = self.kind != Kind::Docker && by.contains("\"unladen.verify\"");
            (size > 0).then(|| (size, if ours { "all instructions of the Dockerfile".into() } else { instruction(by) }))
        };
        Ok(rows.iter().rev().filter_map(layer).collect())
    }

    pub(super) fn save(&self, image: &str, to: &Path, time: Duration) -> Result<(), String> {
        let path = to.display().to_string();
        match self.kind {
            Kind::Docker => self.must(&["image", "save", "--output", &path, image], time)?,
            Kind::Podman => {
                self.must(&["image", "save", "--format", "docker-archive", "--output", &path, image], time)?
            }
            Kind::Buildah => self.must(&["push", "--quiet", image, &format!("docker-archive:{path}")], time)?,
        };
        Ok(())
    }

    /// Makes a container that has no network; it is not started yet.
    pub(super) fn create(
        &self,
        name: &str,
        label: &str,
        image: &str,
        options: &[String],
        args: &[String],
    ) -> Result<(), String> {
        // So that what it wrote can be read, whatever the engine is set to.
        let driver = if self.kind == Kind::Podman { "k8s-file" } else { "json-file" };
        let mut all = vec![
            "create",
            "--name",
            name,
            "--label",
            label,
            "--network",
            "none",
            "--hostname",
            "unladen",
            "--log-driver",
            driver,
        ];
        all.extend(options.iter().map(String::as_str));
        all.push(image);
        all.extend(args.iter().map(String::as_str));
        self.must(&all, SHORT).map(|_| ())
    }

    /// `Err` is what the engine says when the container cannot start.
    pub(super) fn start(&self, name: &str) -> Result<(), String> {
        match self.call(&["start", name], None, SHORT) {
            Ok(said) if said.ok() => Ok(()),
            Ok(said) => {
                let text = said.err();
                let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                Err(line.trim_start_matches("Error response from daemon: ").to_string())
            }
            Err(failed) => Err(failed.to_string()),
        }
    }

    pub(super) fn container(&self, name: &str) -> Result<Value, String> {
        let said = self.must(&["container", "inspect", name], SHORT)?;
        let mut value: Value = serde_json::from_slice(&said.out).map_err(|error| error.to_string())?;
        Ok(value[0].take())
    }

    pub(super) fn logs(&self, name: &str) -> Result<Said, String> {
        self.must(&["logs", name], SHORT)
    }

    /// SIGTERM, and SIGKILL when the time is over.
    pub(super) fn stop(&self, name: &str, seconds: u64) -> Result<(), String> {
        self.must(&["stop", "-t", &seconds.to_string(), name], SHORT).map(|_| ())
    }

    /// Runs a shell command of `image` in the network of a container, with this input.
    pub(super) fn beside(
        &self,
        own: &str,
        label: &str,
        container: &str,
        image: &str,
        script: &str,
        input: &[u8],
    ) -> Option<Said> {
        let network = format!("container:{container}");
        let args = [
            "run",
            "--rm",
            "-i",
            "--name",
            own,
            "--label",
            label,
            "--network",
            &network,
            "--user",
            "0",
            "--entrypoint",
            "/bin/sh",
            image,
            "-c",
            script,
        ];
        self.call(&args, Some(input), Duration::from_secs(30)).ok()
    }

    /// Removal goes on after an interrupt, and what is not there is no trouble.
    fn remove(&self, args: &[&str]) -> Result<(), String> {
        let limits = Limits { time: SHORT, to_the_end: true };
        match process::run(self.command().args(args), None, &limits, &mut |_| {}) {
            Ok(said) if said.ok() || said.err().to_lowercase().contains("no such") => Ok(()),
            Ok(said) if said.err().contains("image not known") => Ok(()),
            Ok(said) => Err(said.complaint()),
            Err(failed) => Err(failed.to_string()),
        }
    }

    pub(super) fn remove_container(&self, name: &str) -> Result<(), String> {
        self.remove(&["rm", "--force", "--volumes", name])
    }

    pub(super) fn remove_image(&self, tag: &str) -> Result<(), String> {
        match self.kind {
            Kind::Docker => self.remove(&["rmi", "--no-prune", tag]),
            _ => self.remove(&["rmi", tag]),
        }
    }
}

/// What a build is given.
pub(super) struct Build<'a> {
    pub dockerfile: &'a Path,
    pub context: &'a Path,
    pub options: &'a [String],
}

enum Reason {
    Not(String),
    Interrupted,
}

fn candidates(named: Option<&str>) -> Result<Vec<(Kind, PathBuf)>, String> {
    let kinds = [Kind::Docker, Kind::Podman, Kind::Buildah];
    let Some(named) = named else {
        return Ok(kinds
            .into_iter()
            .flat_map(|kind| on_path(kind.name()).into_iter().map(move |path| (kind, path)))
            .collect());
    };
    let last = Path::new(named).file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = kinds.into_iter().find(|kind| last.starts_with(kind.name()));
    let Some(kind) = kind else {
        return Err(format!("--engine: `{named}` is none of docker, podman and buildah"));
    };
    if named.contains(['/', '\\']) {
        return Ok(vec![(kind, PathBuf::from(named))]);
    }
    match on_path(named) {
        paths if paths.is_empty() => Err(format!("--engine: `{named}` is not on PATH")),
        paths => Ok(paths.into_iter().map(|path| (kind, path)).collect()),
    }
}

/// All of them: the first docker may lack BuildKit where the second has it.
fn on_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = [name.to_string(), format!("{name}{}", std::env::consts::EXE_SUFFIX)];
    let mut found: Vec<PathBuf> = Vec::new();
    for directory in std::env::split_paths(&path) {
        let file = names.iter().map(|name| directory.join(name)).find(|file| file.is_file());
        if let Some(file) = file
            && !found.contains(&file)
        {
            found.push(file);
        }
    }
    found
}

/// `5.32 MB` as buildah writes it, in steps of 1000.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let factor = match unit {
        "B" => 1e0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| (number * factor).round() as u64)
}

fn major(version: &str) -> u32 {
    version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0)
}

/// The last line of a log that a person can read.
fn step(log: &str) -> String {
    let says = |line: &&str| !line.trim().is_empty() && !line.contains("sha256:") && !line.contains(" DONE ");
    log.lines().rev().find(says).unwrap_or_default().chars().take(100).collect()
}

/// `RUN /bin/sh -c go build # buildkit` as it stood in the Dockerfile, on one line.
fn instruction(created_by: &str) -> String {
    let text = created_by.trim().trim_end_matches("# buildkit");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.strip_prefix("/bin/sh -c #(nop) ").map(str::to_string).unwrap_or(text);
    let text = text.replacen("RUN /bin/sh -c ", "RUN ", 1);
    match text.strip_prefix("/bin/sh -c ") {
        Some(command) => format!("RUN {command}"),
        None if text.is_empty() => "(imported)".to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_shown_as_in_the_dockerfile() {
        for (by, want) in [
            ("RUN /bin/sh -c go build main.go # buildkit", "RUN go build main.go"),
            ("COPY /app/main /app/main # buildkit", "COPY /app/main /app/main"),
            ("/bin/sh -c #(nop) ADD file:1 in / ", "ADD file:1 in /"),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("RUN /bin/sh -c a \\\n   b", "RUN a \\ b"),
            ("", "(imported)"),
        ] {
            assert_eq!(instruction(by), want, "{by}");
        }
    }

    #[test]
    fn sizes_in_words_are_read() {
        for (text, want) in [
            ("5.32 MB", Some(5_320_000)),
            ("1.02 GB", Some(1_020_000_000)),
            ("874 KB", Some(874_000)),
            ("0 B", Some(0)),
            ("much", None),
            ("5 MiB", None),
        ] {
            assert_eq!(bytes(text), want, "{text}");
        }
    }

    #[test]
    fn progress_names_the_step() {
        let log = "#3 [1/4] FROM golang\n#3 DONE 0.0s\n\n#4 [2/4] RUN go build\n#4 sha256:c3206e\n";
        assert_eq!(step(log), "#4 [2/4] RUN go build");
        assert_eq!(step(""), "");
    }

    #[test]
    fn an_engine_is_named_by_its_name_or_path() {
        let path = candidates(Some("/opt/x/podman-remote")).unwrap();
        assert_eq!(path, [(Kind::Podman, PathBuf::from("/opt/x/podman-remote"))]);
        assert!(candidates(Some("nerdctl")).unwrap_err().contains("none of docker, podman and buildah"));
        let error = Engine::find(Some("/nowhere/docker")).unwrap_err();
        assert!(
            error.starts_with("--engine /nowhere/docker: does not answer (/nowhere/docker: cannot be started"),
            "{error}"
        );
    }
}
