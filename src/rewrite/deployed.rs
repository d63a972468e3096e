//! What files beside the Dockerfile, other than those of compose, start in the image: manifests of Kubernetes, the files of
//! hosts such as Heroku, workflows and Makefiles with `docker run`, development containers.

use super::artifacts::Found;
use super::compose::{self, Own, Started, commands, depth, numbered};
use super::needs::{Claim, Needs, Shown};
use super::paths::{base_name, join};
use super::presence::Image;
use crate::context::BuildContext;

/// Larger files are no manifests that somebody wrote.
const MOST_BYTES: u64 = 100_000;
/// So many of them are looked at.
const MOST_FILES: usize = 200;

pub(super) fn started(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let case = image.case;
    let Some(context) = case.context else { return };
    let own = Own::of(case, found);
    let dockerfile = compose::dockerfile_name(case);
    let names = names(context, dockerfile, &own);
    // Without an ENTRYPOINT the arguments of a container are its command.
    let bare = case.stage.config.entrypoint.as_ref().is_none_or(|entrypoint| entrypoint.inst.is_none());
    for (path, kind) in files(context) {
        let Some(text) = context.read_beside(&path) else { continue };
        match kind {
            Kind::Manifest => {
                let keys: &[&str] = match bare {
                    true => &["args", "command", "entrypoint", "test"],
                    false => &["command", "entrypoint", "test"],
                };
                for block in containers(&numbered(&text), &names) {
                    for started in commands(&block, keys, &own) {
                        compose::add(image, &path, started, needs);
                    }
                }
            }
            Kind::Host(keys) => {
                for started in commands(&numbered(&as_yaml(&text)), keys, &own) {
                    compose::add(image, &path, started, needs);
                }
            }
            Kind::Json(keys) => {
                for started in of_json(&text, keys, &own) {
                    compose::add(image, &path, started, needs);
                }
            }
            Kind::Runs => {
                let services = compose::service_names(context, dockerfile);
                let runs = docker_runs(&numbered(&text), dockerfile, &services, &own, bare);
                needs.open.extend(runs.into_iter().map(|started| claim(&path, &started)));
            }
            Kind::DevContainer => {
                let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
                let named = numbered(&text).into_iter().find_map(|(line, text)| Some((line, dockerfile_of(text)?)));
                let at_top = |name: &str| join(&format!("/{dir}"), name) == format!("/{dockerfile}");
                if let Some((line, name)) = named.filter(|(_, name)| at_top(name)) {
                    let what = format!("\"dockerfile\": \"{name}\", with a shell and the toolchain");
                    needs.open.push(claim(&path, &Started { line, what, programs: Vec::new() }));
                }
            }
        }
    }
}

fn claim(path: &str, started: &Started) -> Claim {
    let text = format!("the new image has what {path} starts in it: {}", started.what);
    Claim { text, shown: Shown { span: None, file: Some((path.to_string(), started.line)) } }
}

enum Kind {
    Manifest,
    /// The keys under which a host is told what to start.
    Host(&'static [&'static str]),
    /// The same in JSON.
    Json(&'static [&'static str]),
    /// Lines with `docker run`.
    Runs,
    DevContainer,
}

/// What is looked at, by its name alone.
fn kind(path: &str) -> Option<Kind> {
    const DIRS: &[&str] = &["chart", "deploy", "helm", "k8s", "kube", "kustomize", "manifest", "openshift", "overlays"];
    let name = base_name(path);
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    let other = ["examples/", "node_modules/", "testdata/", "third_party/", "vendor/"];
    if other.iter().any(|dir| path.starts_with(dir) || path.contains(&format!("/{dir}"))) {
        return None;
    }
    Some(match name {
        "heroku.yml" => Kind::Host(&["command"]),
        "fly.toml" => Kind::Host(&["release_command"]),
        "render.yaml" => Kind::Host(&["dockerCommand", "preDeployCommand"]),
        "railway.toml" => Kind::Host(&["preDeployCommand", "startCommand"]),
        "railway.json" => Kind::Json(&["preDeployCommand", "startCommand"]),
        "app.json" => Kind::Json(&["postdeploy", "predeploy", "release"]),
        _ if name.ends_with(".json") && name.contains("task") && name.contains("def") => {
            Kind::Json(&["command", "entryPoint"])
        }
        "devcontainer.json" | ".devcontainer.json" => Kind::DevContainer,
        "Makefile" | "makefile" | ".travis.yml" | "Jenkinsfile" | "justfile" | "Taskfile.yml"
            if !path.contains('/') =>
        {
            Kind::Runs
        }
        ".gitlab-ci.yml" | "bitbucket-pipelines.yml" if !path.contains('/') => Kind::Runs,
        _ if yaml && (path.starts_with(".github/workflows/") || path.starts_with(".circleci/")) => Kind::Runs,
        _ if yaml && DIRS.iter().any(|dir| path.to_ascii_lowercase().contains(dir)) => Kind::Manifest,
        _ => return None,
    })
}

fn files(context: &BuildContext) -> Vec<(String, Kind)> {
    let small = |path: &&String| context.files.get(*path).is_none_or(|file| file.size < MOST_BYTES);
    let all = context.files.keys().chain(&context.ignored).filter(small);
    all.filter_map(|path| Some((path.clone(), kind(path)?))).take(MOST_FILES).collect()
}

/// How others may call the image: as its program, its module, its directory, or as a compose file does.
fn names(context: &BuildContext, dockerfile: &str, own: &Own) -> Vec<String> {
    let module = context.read("go.mod").and_then(|text| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix("module "))?;
        let version = |part: &&str| part.strip_prefix('v').is_some_and(|rest| rest.parse::<u32>().is_ok());
        line.trim().trim_matches('"').rsplit('/').find(|part| !version(part)).map(String::from)
    });
    let dir = Some(base_name(&context.place).to_string());
    let images = compose::images(context, dockerfile);
    let of_image = images.iter().map(|image| image_name(image).to_string());
    let mut names: Vec<String> = own.names().map(String::from).chain(module).chain(dir).chain(of_image).collect();
    names.retain(|name| !name.is_empty());
    names
}

/// `registry/acme/app:1.2@sha256:…` -> `app`.
fn image_name(image: &str) -> &str {
    let image = image.trim().trim_matches(['"', '\'']);
    let image = image.split('@').next().unwrap_or(image);
    base_name(image).split(':').next().unwrap_or("")
}

/// The lines of the containers that run the image: those around an `image:` that names it, by their indentation.
fn containers<'t>(lines: &[(u32, &'t str)], names: &[String]) -> Vec<Vec<(u32, &'t str)>> {
    let column = |line: &str| depth(line) + if line.trim_start().starts_with("- ") { 2 } else { 0 };
    let is_item = |line: &str| line.trim_start().starts_with("- ");
    let ours = |line: &str| {
        let image = line.trim_start().trim_start_matches("- ").strip_prefix("image:")?.trim();
        // A chart is told the name of its own image.
        let told = image.contains("{{") && image.to_ascii_lowercase().contains(".values.image");
        (told || names.iter().any(|name| image_name(image) == name)).then_some(())
    };
    let mut found = Vec::new();
    // A patch names the container alone.
    let named = |line: &str| {
        let name = line.trim_start().trim_start_matches("- ").strip_prefix("name:").map(|name| name.trim());
        name.is_some_and(|name| names.iter().any(|known| known == name.trim_matches(['"', '\''])))
    };
    let imageless = !lines.iter().any(|(_, line)| line.trim_start().trim_start_matches("- ").starts_with("image:"));
    let wanted = |line: &str| ours(line).is_some() || imageless && named(line);
    for (at, (_, line)) in lines.iter().enumerate().filter(|(_, (_, line))| wanted(line)) {
        let own = column(line);
        let starts = |(_, line): &(u32, &str)| is_item(line) && column(line) == own;
        let inside = |(_, line): &(u32, &str)| column(line) >= own;
        let mut first = at;
        while !lines.get(first).is_none_or(starts)
            && let Some(before) = first.checked_sub(1)
            && lines.get(before).is_some_and(inside)
        {
            first = before;
        }
        let rest = lines.iter().skip(at + 1).take_while(|line| inside(line) && !starts(line));
        found.push(lines.iter().take(at + 1).skip(first).chain(rest).copied().collect());
    }
    found
}

/// `release_command = "./migrate"` as `release_command: "./migrate"`.
fn as_yaml(text: &str) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((key, value)) if !key.contains(':') => format!("{}: {}", key.trim_end(), value.trim_start()),
        _ => line.to_string(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// `"startCommand": "./main migrate && ./main"`, `"command": ["sh", "-c", "./main"]`
fn of_json(text: &str, keys: &[&str], own: &Own) -> Vec<Started> {
    let mut found = Vec::new();
    for key in keys {
        let quoted = format!("\"{key}\"");
        for (at, _) in text.match_indices(&quoted) {
            let rest = text.get(at + quoted.len()..).unwrap_or("").trim_start().trim_start_matches(':').trim_start();
            let value = match rest.strip_prefix('[') {
                Some(list) => list.split(']').next().unwrap_or("").to_string(),
                None => rest.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or("").to_string(),
            };
            let line = text.get(..at).map_or(0, |before| before.matches('\n').count() as u32) + 1;
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            found.extend(commands(&[(line, &format!("{key}: {value}"))], keys, own));
        }
    }
    found
}

/// `"dockerfile": "../Dockerfile"`, also with a capital F.
fn dockerfile_of(line: &str) -> Option<&str> {
    let at = ["\"dockerfile\"", "\"dockerFile\""].iter().find_map(|key| Some(line.find(key)? + key.len()))?;
    line.get(at..)?.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?.split('"').next()
}

/// `docker run` of an image that the same file builds from this Dockerfile, and `docker compose run` of one of `services`,
/// with a command that is none of `own`.
fn docker_runs(lines: &[(u32, &str)], dockerfile: &str, services: &[String], own: &Own, bare: bool) -> Vec<Started> {
    let joined = joined(lines);
    let images: Vec<String> = joined.iter().filter_map(|(_, line)| built(line, dockerfile)).collect();
    let mut found = Vec::new();
    for (number, line) in &joined {
        // The script of a job runs in its image.
        let job = line.trim_start_matches("- ").strip_prefix("image:").map(|image| bare_word(image.trim()));
        if job.is_some_and(|image| images.iter().any(|name| name == without_latest(image))) {
            let what = format!("{}, for the script of a job", line.trim());
            found.push(Started { line: *number, what, programs: Vec::new() });
        }
        for part in line.split(['|', '&', ';']) {
            let words: Vec<&str> = part.split_whitespace().map(bare_word).collect();
            let of_compose = |at: usize| (at, services);
            let Some((at, names)) = docker(&words, "run")
                .map(|at| (at, images.as_slice()))
                .or_else(|| composes(&words, &["exec", "run"]).map(of_compose))
            else {
                continue;
            };
            let words = words.get(at..).unwrap_or(&[]);
            let is_named = |word: &&str| names.iter().any(|name| name == without_latest(word));
            let Some(image) = words.iter().position(is_named) else { continue };
            let entrypoint = words.iter().take(image).enumerate().find_map(|(at, word)| {
                word.strip_prefix("--entrypoint=").or(words.get(at + 1).copied().filter(|_| *word == "--entrypoint"))
            });
            let exec = part.contains(" exec ");
            let given = words.get(image + 1).copied().filter(|_| bare || exec);
            let is_word = |word: &&str| !word.starts_with(['-', '>', '<', '#', '$', '{']) && !word.starts_with("2>");
            // Whoever enters the image with a shell reads in the plan that it is lost.
            let shell = words.get(image + 1).is_some_and(|word| matches!(base_name(word), "sh" | "ash" | "bash"));
            if shell && words.len() == image + 2 {
                continue;
            }
            if let Some(first) =
                entrypoint.or(given).filter(is_word).filter(|first| !first.is_empty() && !own.has(first))
            {
                let what = part.trim().trim_start_matches(['@', '-', ' ']).trim_start_matches("run: ").to_string();
                found.push(Started { line: *number, what, programs: vec![first.to_string()] });
            }
        }
    }
    found
}

/// The name that `docker build` gives the image of this Dockerfile.
fn built(line: &str, dockerfile: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().map(bare_word).collect();
    let words = words.get(docker(&words, "build")?..)?;
    let option = |names: [&str; 2]| {
        words.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
            Some((name, value)) if names.contains(&name) => Some(value),
            _ => words.get(at + 1).copied().filter(|_| names.contains(word)),
        })
    };
    let same = option(["-f", "--file"]).is_none_or(|file| file.trim_start_matches("./") == dockerfile);
    let here = words.iter().any(|word| matches!(*word, "." | "./" | "$(CURDIR)" | "$PWD"));
    option(["-t", "--tag"]).filter(|_| same && here).map(|name| without_latest(name).to_string())
}

fn bare_word(word: &str) -> &str {
    word.trim_matches(['"', '\'', '`'])
}

fn without_latest(image: &str) -> &str {
    image.strip_suffix(":latest").unwrap_or(image)
}

/// Behind `docker compose run`, `docker-compose exec`.
fn composes(words: &[&str], verbs: &[&str]) -> Option<usize> {
    let name = |word: &str| word.trim_start_matches(['@', '-', '(']).to_string();
    let at =
        words.iter().position(|word| matches!(name(word).as_str(), "docker-compose" | "docker" | "podman-compose"))?;
    let compose = words.get(at)?.ends_with("-compose") || words.get(at + 1) == Some(&"compose");
    // Flags may stand before the verb: `-f docker-compose.test.yml`.
    let verb = words.iter().skip(at + 1).position(|word| verbs.contains(word)).filter(|_| compose)?;
    Some(at + 1 + verb + 1)
}

/// Behind `docker run`, `podman build`, `docker buildx build`.
fn docker(words: &[&str], verb: &str) -> Option<usize> {
    let at = words.iter().position(|word| {
        let name = word.trim_start_matches(['@', '-', '(']);
        matches!(name, "docker" | "podman" | "nerdctl" | "$(DOCKER)")
    })?;
    let skipped = usize::from(matches!(words.get(at + 1), Some(&"buildx" | &"image" | &"container")));
    (words.get(at + 1 + skipped) == Some(&verb)).then_some(at + 2 + skipped)
}

/// Lines that end in a backslash with those behind them.
fn joined(lines: &[(u32, &str)]) -> Vec<(u32, String)> {
    let mut found: Vec<(u32, String)> = Vec::new();
    let mut open = false;
    for (number, line) in lines {
        let text = line.trim_end().trim_end_matches('\\');
        match found.last_mut().filter(|_| open) {
            Some((_, whole)) => {
                whole.push(' ');
                whole.push_str(text.trim());
            }
            None => found.push((*number, text.trim().to_string())),
        }
        open = line.trim_end().ends_with('\\');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_of_the_image() {
        let manifest = "spec:\n  initContainers:\n  - name: wait\n    image: busybox\n    command: [sh, -c, wait]\n  \
                        containers:\n  - command: [sh, -c, ./app]\n    name: app\n    image: \"r.io/acme/app:1.2\"\n    \
                        livenessProbe:\n      exec:\n        command:\n        - cat\n        - /tmp/ok\n  - name: x\n    \
                        image: envoy\n    command: [bash]\n";
        let found = containers(&numbered(manifest), &["app".to_string()]);
        let all: Vec<Started> = found.iter().flat_map(|block| commands(block, &["command"], &Own::default())).collect();
        let lines: Vec<u32> = all.iter().map(|started| started.line).collect();
        assert_eq!((found.len(), lines), (1, vec![7, 12]));
        let patch = "containers:\n- name: app\n  command: [sh]\n- name: other\n  command: [sh]\n";
        assert_eq!(containers(&numbered(patch), &["app".to_string()]).len(), 1);
        for (image, want) in [("app", 1), ("{{ .Values.image.repository }}:1", 1), ("other/app-web:1", 0)] {
            let text = format!("containers:\n- image: {image}\n  command: [sh]\n");
            assert_eq!(containers(&numbered(&text), &["app".to_string()]).len(), want, "{image}");
        }
    }

    #[test]
    fn what_docker_run_starts() {
        let build = "docker build -t app .\n";
        for (line, bare, want) in [
            ("- run: docker run app go test ./...", true, "go"),
            ("\t@docker run --rm -v $PWD:/x app:latest sh x.sh", true, "sh"),
            ("docker run -it app sh", true, ""),
            ("docker run app ./app", true, "./app"),
            ("docker run app -v", true, ""),
            ("docker run app migrate", false, ""),
            ("docker run --entrypoint sh app", false, "sh"),
            ("docker run --entrypoint=/bin/ls app -l", false, "/bin/ls"),
            ("docker run -d app > log", true, ""),
            ("docker run redis sh", true, ""),
            ("docker compose -f x.yml run --rm api go test", true, "go"),
            ("docker-compose exec api sh", false, ""),
            ("docker-compose exec api ./seed.sh", false, "./seed.sh"),
            ("docker-compose exec db psql", true, ""),
        ] {
            let text = format!("{build}{line}\n");
            let services = ["api".to_string()];
            let found = docker_runs(&numbered(&text), "Dockerfile", &services, &Own::default(), bare);
            let programs: Vec<&str> = found.iter().flat_map(|one| &one.programs).map(String::as_str).collect();
            assert_eq!(programs.join(" "), want, "{line}");
        }
        let other = "docker build -t app -f Dockerfile.dev .\ndocker run app sh\n";
        assert!(docker_runs(&numbered(other), "Dockerfile", &[], &Own::default(), true).is_empty());
    }

    #[test]
    fn commands_in_json() {
        for (text, want) in [
            ("{\"deploy\": {\"startCommand\": \"./x migrate && ./x\"}}", 1),
            ("{\n\"command\": [\"sh\",\n \"-c\", \"./x\"]}", 1),
            ("{\"command\": [\"-v\"], \"name\": \"command\"}", 0),
        ] {
            assert_eq!(of_json(text, &["command", "startCommand"], &Own::default()).len(), want, "{text}");
        }
    }

    #[test]
    fn files_that_are_looked_at() {
        for (path, want) in [
            ("heroku.yml", true),
            (".github/workflows/ci.yml", true),
            ("k8s/api/deployment.yaml", true),
            ("charts/app/templates/deployment.yaml", true),
            (".devcontainer/devcontainer.json", true),
            ("Makefile", true),
            ("config.yml", false),
            ("vendor/k8s.io/x/deployment.yaml", false),
            ("web/Makefile", false),
        ] {
            assert_eq!(kind(path).is_some(), want, "{path}");
        }
        assert_eq!(
            as_yaml("[deploy]\n  release_command = \"./migrate\""),
            "[deploy]\n  release_command: \"./migrate\""
        );
        assert_eq!(dockerfile_of("  \"build\": {\"dockerfile\": \"../Dockerfile\"}"), Some("../Dockerfile"));
    }
}
