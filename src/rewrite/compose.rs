//! What a compose file beside the Dockerfile says of the image: what its services start in it.

use super::artifacts::Found;
use super::case::Case;
use super::needs::{Claim, Needs, Shown, shipped};
use super::packages::{Provided, is_toolchain, provider};
use super::paths::{STANDARD_PATH, base_name, join, parent};
use super::presence::Image;
use super::releases::Ground;
use crate::context::BuildContext;

/// What the services of a compose file that are built from this file start beside the program: scripts, a shell, curl.
/// The whole working directory comes along then, on a base with a shell.
pub(super) fn composed(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let case = image.case;
    let Some(context) = case.context else { return };
    let own = Own::of(case, found);
    let file = dockerfile_name(case);
    let texts = files(context);
    let known = known(&texts, file);
    for compose in &texts {
        let name = &compose.path;
        if let Some((line, key)) = not_followed(compose, file, &known) {
            let text = format!("{name} starts nothing else in the image: its `{key}` is not followed");
            needs.open.push(Claim { text, shown: Shown { span: None, file: Some((name.to_string(), line)) } });
        }
        for started in started_by(compose, file, &known, &own) {
            add(image, name, started, needs);
        }
    }
}

/// The image has to have what a file beside the Dockerfile starts in it.
pub(super) fn add(image: &Image<'_, '_>, name: &str, started: Started, needs: &mut Needs) {
    let alpine = image.ground.is_some_and(Ground::alpine);
    let shown = Shown { span: None, file: Some((name.to_string(), started.line)) };
    let text = format!("the new image has what {name} starts in it: {}", started.what);
    for program in &started.programs {
        // Another one is in the working directory or a package of the file, or not in the old image either.
        if is_toolchain(program) || matches!(provider(program, alpine), Provided::By(_)) {
            let text = format!("{name} starts {program}");
            needs.start(program, Claim { text, shown: shown.clone() });
        }
    }
    needs.gaps.push(Claim { text, shown });
}

/// What a file beside the Dockerfile starts in the image.
pub(super) struct Started {
    pub line: u32,
    /// The key and its value.
    pub what: String,
    /// The words that may be programs.
    pub programs: Vec<String>,
}

/// The programs of the build, as somebody outside of the image may name them.
#[derive(Default)]
pub(super) struct Own {
    names: Vec<String>,
    paths: Vec<String>,
    workdir: String,
}

impl Own {
    pub(super) fn of(case: &Case<'_>, found: &Found) -> Own {
        let programs = || shipped(found);
        // What PATH has to find may stand elsewhere in the new image.
        let moves = |path: &str| {
            let dir = parent(path);
            let found_there = found.by_path.iter().any(|(_, path)| parent(path) == dir);
            found_there && !STANDARD_PATH.contains(&dir) && !super::layout::stays_in_path(case, dir)
        };
        Own {
            names: programs().map(|built| base_name(&built.path).to_string()).collect(),
            paths: programs()
                .filter(|built| !moves(&built.path))
                .flat_map(|built| [Some(built.path.clone()), built.link_to.clone()])
                .flatten()
                .collect(),
            workdir: case.workdir.clone(),
        }
    }

    pub(super) fn has(&self, word: &str) -> bool {
        match word.contains('/') {
            true => self.paths.contains(&join(&self.workdir, word)),
            false => self.names.iter().any(|name| name == word),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// A compose file: its path as seen from the context, the directory that it lies in and that of the context as absolute
/// paths, and its text.
struct Compose {
    path: String,
    dir: String,
    context: String,
    text: String,
}

/// The compose files of the context's top and of the directories in it: the base files and all others beside them,
/// overrides, those for tests. That `.dockerignore` hides them changes nothing.
fn files(context: &BuildContext) -> Vec<Compose> {
    let is_compose = |path: &str| {
        let name = base_name(path);
        let stem = name.strip_prefix("docker-").unwrap_or(name);
        let depth = path.matches('/').count();
        let other = ["examples/", "node_modules/", "testdata/", "vendor/"].iter().any(|dir| path.starts_with(dir));
        depth <= 2 && !other && stem.starts_with("compose") && (name.ends_with(".yml") || name.ends_with(".yaml"))
    };
    let names = context.files.keys().chain(&context.ignored).filter(|path| is_compose(path));
    let read = |path: &String| {
        let dir = join(&context.place, path.rsplit_once('/').map_or(".", |(dir, _)| dir));
        Some(Compose { path: path.clone(), dir, context: context.place.clone(), text: context.read_beside(path)? })
    };
    let own = names.filter_map(read);
    // `repo/docker-compose.yml` beside `repo/api/Dockerfile`: nobody lists these directories, so the usual names are tried.
    let above = (1..=context.above).flat_map(|levels| usual_names().map(move |name| (levels, name)));
    let above = above.filter_map(|(levels, name)| {
        let up = "../".repeat(levels);
        let dir = join(&context.place, &up);
        let text = context.read_above(levels, &name)?;
        Some(Compose { path: format!("{up}{name}"), dir, context: context.place.clone(), text })
    });
    own.chain(above).collect()
}

/// The texts of all compose files.
pub(super) fn texts(context: &BuildContext) -> impl Iterator<Item = String> {
    files(context).into_iter().map(|compose| compose.text)
}

fn usual_names() -> impl Iterator<Item = String> {
    let kinds = ["", ".override", ".dev", ".local", ".prod", ".production", ".test"];
    let stems =
        ["docker-compose", "compose"].into_iter().flat_map(move |stem| kinds.map(|kind| format!("{stem}{kind}")));
    stems.flat_map(|stem| ["yml", "yaml"].map(|end| format!("{stem}.{end}")))
}

/// Names and images of the services that are built from the file: another compose file of the same directory, or another
/// service, may mean the same image by them.
#[derive(Default)]
pub(super) struct Known {
    names: Vec<(String, String)>,
    pub images: Vec<String>,
}

/// The images that compose files make of the Dockerfile.
pub(super) fn images(context: &BuildContext, dockerfile: &str) -> Vec<String> {
    known(&files(context), dockerfile).images
}

/// The services of compose files that run the image.
pub(super) fn service_names(context: &BuildContext, dockerfile: &str) -> Vec<String> {
    known(&files(context), dockerfile).names.into_iter().map(|(_, name)| name).collect()
}

fn known(texts: &[Compose], dockerfile: &str) -> Known {
    let mut known = Known::default();
    for compose in texts {
        for service in services(compose, dockerfile, &Known::default()) {
            let name = service.first().and_then(|(_, line)| line.trim().split(':').next());
            known.names.extend(name.map(|name| (compose.dir.clone(), name.to_string())));
            known.images.extend(value(&service, "image").map(String::from));
        }
    }
    known
}

/// A key that takes from elsewhere what the image starts, or where.
fn not_followed(compose: &Compose, dockerfile: &str, known: &Known) -> Option<(u32, &'static str)> {
    const KEYS: [&str; 5] = ["<<", "extends", "post_start", "pre_stop", "working_dir"];
    let key_of = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ");
        KEYS.into_iter().find(|key| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
    };
    let included = || {
        (1..).zip(compose.text.lines()).find(|(_, line)| line.starts_with("include:")).map(|(at, _)| (at, "include"))
    };
    let of_service = |service: Vec<(u32, &str)>| service.iter().find_map(|(at, line)| Some((*at, key_of(line)?)));
    // What a directory below includes is its own matter.
    let top = compose.dir == compose.context;
    services(compose, dockerfile, known).into_iter().find_map(of_service).or_else(|| included().filter(|_| top))
}

/// The name under which a compose file knows the Dockerfile.
pub(super) fn dockerfile_name<'a>(case: &Case<'a>) -> &'a str {
    let named = base_name(&case.source.path);
    if named.to_lowercase().contains("dockerfile") { named } else { "Dockerfile" }
}

pub(super) fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The value of a key of a service, wherever in it.
pub(super) fn value<'t>(service: &[(u32, &'t str)], key: &str) -> Option<&'t str> {
    let found = service.iter().find_map(|(_, line)| line.trim_start().strip_prefix(key)?.strip_prefix(':'));
    // `api: {build: ., image: acme/api}`
    let inside = || {
        let (_, map) = service.first()?.1.split_once('{')?;
        let rest = map.split([',', '{', '}']).find_map(|pair| pair.trim().strip_prefix(key)?.strip_prefix(':'))?;
        (service.len() == 1).then_some(rest)
    };
    found.or_else(inside).map(|value| value.split(" #").next().unwrap_or("").trim().trim_matches(['"', '\'']))
}

/// Lines with their numbers, without comments and empty ones.
pub(super) fn numbered(text: &str) -> Vec<(u32, &str)> {
    let is_text = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    (1..).zip(text.lines()).filter(|(_, line)| is_text(line)).collect()
}

/// What the alias of a service stands for: the lines under its anchor.
fn anchored<'t>(lines: &[(u32, &'t str)], service: &[(u32, &str)]) -> Vec<(u32, &'t str)> {
    let alias = value(service, "<<").and_then(|value| value.split_once('*')).map(|(_, name)| name);
    let name = alias.map(|name| name.split([',', ']', ' ']).next().unwrap_or(name));
    let is_anchor = |line: &str| {
        let anchor = line.split_whitespace().find_map(|word| word.strip_prefix('&'));
        anchor.is_some() && anchor == name
    };
    let Some(at) = lines.iter().position(|(_, line)| is_anchor(line)) else { return Vec::new() };
    let top = lines.get(at).map_or(0, |(_, line)| depth(line));
    lines.iter().skip(at + 1).take_while(|(_, line)| depth(line) > top).copied().collect()
}

/// The lines of the services that are built from the top of the context and `dockerfile`. Lines and their indentation
/// are all that is read of the YAML.
fn services<'t>(compose: &'t Compose, dockerfile: &str, known: &Known) -> Vec<Vec<(u32, &'t str)>> {
    let lines = numbered(&compose.text);
    let Some(start) = lines.iter().position(|(_, line)| line.trim_end() == "services:") else { return Vec::new() };
    let inside: Vec<(u32, &str)> =
        lines.iter().skip(start + 1).take_while(|(_, line)| depth(line) > 0).copied().collect();
    let Some(top) = inside.first().map(|(_, line)| depth(line)) else { return Vec::new() };
    let builds = |service: &[(u32, &str)]| {
        let build = value(service, "build")?;
        let dir = if build.is_empty() { value(service, "context").unwrap_or("") } else { build };
        let top = compose.dir == compose.context;
        let here = dir.contains('$') && top || join(&compose.dir, dir) == compose.context;
        let same = value(service, "dockerfile").map_or("Dockerfile", base_name).eq_ignore_ascii_case(dockerfile);
        Some(same && here)
    };
    let ours = |service: &&[(u32, &str)]| {
        let name = service.first().and_then(|(_, line)| line.trim().split(':').next()).unwrap_or("");
        let image = value(service, "image");
        let of_another = anchored(&lines, service);
        match builds(service).or_else(|| builds(&of_another).filter(|_| image.is_none())) {
            Some(ours) => ours,
            None => {
                let image = image.or_else(|| value(&of_another, "image"));
                // Of a file that it extends nothing is known.
                let extends = || service.iter().any(|(_, line)| line.trim_start().starts_with("extends:"));
                let same = || known.names.iter().any(|(dir, of)| *dir == compose.dir && of == name);
                image.is_some_and(|image| known.images.iter().any(|of| of == image))
                    || image.is_none() && (same() || extends())
            }
        }
    };
    inside.chunk_by(|_, (_, next)| depth(next) > top).filter(ours).map(<[_]>::to_vec).collect()
}

/// What these keys of the services hold, line by line: the file, the key, the line and its text.
pub(super) fn values_of(context: &BuildContext, dockerfile: &str, keys: &[&str]) -> Vec<(String, String, u32, String)> {
    let texts = files(context);
    let known = known(&texts, dockerfile);
    let mut found = Vec::new();
    let all = texts.iter().flat_map(|compose| {
        services(compose, dockerfile, &known).into_iter().map(move |service| (&compose.path, service))
    });
    for (name, service) in all {
        for (at, (number, line)) in service.iter().enumerate() {
            let Some((key, value)) = line.trim().split_once(':').filter(|(key, _)| keys.contains(key)) else {
                continue;
            };
            let mut add = |number: u32, text: &str| {
                let text = text.trim().trim_start_matches("- ").trim();
                if !text.is_empty() {
                    found.push((name.clone(), key.to_string(), number, text.to_string()));
                }
            };
            add(*number, value);
            let below = service.iter().skip(at + 1).take_while(|(_, next)| {
                depth(next) > depth(line) || depth(next) == depth(line) && next.trim_start().starts_with("- ")
            });
            below.for_each(|(number, text)| add(*number, text));
        }
    }
    found
}

/// The commands of the services that are built from the top of the context and `dockerfile`, as far as they do not
/// simply start one of `own`.
fn started_by(compose: &Compose, dockerfile: &str, known: &Known, own: &Own) -> Vec<Started> {
    let all = services(compose, dockerfile, known);
    all.iter().flat_map(|service| commands(service, &["command", "entrypoint", "test"], own)).collect()
}

/// The commands under these keys, as far as they do not simply start one of `own`: on the line of the key, or as a list
/// below it.
pub(super) fn commands(lines: &[(u32, &str)], keys: &[&str], own: &Own) -> Vec<Started> {
    let mut all = Vec::new();
    for (at, (number, line)) in lines.iter().enumerate() {
        let Some((key, value)) = line.trim_start().trim_start_matches("- ").split_once(':') else { continue };
        if !keys.contains(&key) {
            // `healthcheck: {test: [CMD, curl, localhost]}`
            let inside = keys.iter().find_map(|key| {
                let rest = value.trim_start().strip_prefix('{')?.split_once(&format!("{key}:"))?.1;
                Some((key, rest.trim().trim_end_matches('}').split("}").next().unwrap_or("")))
            });
            all.extend(inside.and_then(|(key, whole)| {
                let programs = started(whole, own)?;
                Some(Started { line: *number, what: format!("{key}: {whole}"), programs })
            }));
            continue;
        }
        let column = depth(line) + if line.trim_start().starts_with("- ") { 2 } else { 0 };
        let below = lines.iter().skip(at + 1).take_while(|(_, next)| {
            depth(next) > column || depth(next) == column && next.trim_start().starts_with("- ")
        });
        let items = below.map(|(_, next)| next.trim_start().trim_start_matches("- "));
        let whole = std::iter::once(value).chain(items).collect::<Vec<_>>().join(" ");
        all.extend(started(&whole, own).map(|programs| Started {
            line: *number,
            what: format!("{key}: {}", whole.trim()),
            programs,
        }));
    }
    all
}

/// The programs that a command starts beside one of `own`; `None` when that is all.
fn started(whole: &str, own: &Own) -> Option<Vec<String>> {
    let words: Vec<&str> = whole
        .split(|c: char| c.is_whitespace() || "[]\"',".contains(c))
        .filter(|word| !word.is_empty() && !matches!(*word, "CMD" | "|" | ">" | "|-" | ">-"))
        .collect();
    let first = words.first().copied().unwrap_or("NONE");
    let shell = whole.contains(['&', '$', '`', ';'])
        || matches!(first, "CMD-SHELL")
        || matches!(base_name(first), "sh" | "ash" | "bash");
    if !shell && (first == "NONE" || first.starts_with('-') || own.has(first)) {
        return None;
    }
    // `sh -c "curl …"`: a shell's first word may be any of them.
    let words = if shell { &words[..] } else { words.get(..1).unwrap_or(&[]) };
    let programs = words.iter().filter(|word| **word != "CMD-SHELL" && !word.starts_with(['.', '-', '$']));
    Some(programs.map(|word| base_name(word).to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Own {
        Own { names: vec!["app".into()], paths: vec!["/app/app".into()], workdir: "/app".into() }
    }

    fn at(dir: &str, text: &str) -> Compose {
        let dir = join("/repo/api", dir);
        Compose { path: "compose.yml".into(), dir, context: "/repo/api".into(), text: text.into() }
    }

    #[test]
    fn what_a_compose_file_starts() {
        let service = |rest: &str| {
            format!("services:\n  api:\n    build: .\n{rest}  db:\n    image: postgres\n    command: sh\n")
        };
        for (rest, want) in [
            ("", ""),
            ("    command: ./app serve\n", ""),
            ("    command: [\"/app/app\", \"-v\"]\n", ""),
            ("    command: [\"--port\", \"80\"]\n", ""),
            ("    command: sh -c ./app\n", "4 sh"),
            ("    command: bash -c 'curl -f db && ./app'\n", "4 bash curl db"),
            ("    entrypoint:\n      - ./wait.sh\n      - ./app\n", "4"),
            ("    command: go run .\n", "4 go"),
            ("    command: /srv/app\n", "4 app"),
            ("    healthcheck:\n      test: [\"CMD\", \"curl\", \"-f\", \"http://localhost\"]\n", "5 curl"),
            ("    healthcheck:\n      test: [\"CMD-SHELL\", \"./app health\"]\n", "5 health"),
            ("    healthcheck:\n      test: [\"NONE\"]\n", ""),
            ("    healthcheck: {test: [\"CMD\", \"curl\", \"localhost\"]}\n", "4 curl"),
            ("    command: ./a.sh\n    healthcheck:\n      test: curl -f api\n", "4,6 curl"),
        ] {
            let found = started_by(&at("", &service(rest)), "Dockerfile", &Known::default(), &own());
            let line = |one: &Started| {
                let programs: Vec<&str> = one.programs.iter().map(String::as_str).take(3).collect();
                format!("{} {}", one.line, programs.join(" ")).trim().to_string()
            };
            assert_eq!(found.iter().map(line).collect::<Vec<_>>().join(","), want, "{rest}");
        }
    }

    #[test]
    fn services_of_other_files_and_contexts_count_for_nothing() {
        for (build, file, want) in [
            ("build: .", "Dockerfile", 1),
            ("build: ./", "dockerfile", 1),
            ("build: ./web", "Dockerfile", 0),
            ("{build: .}", "Dockerfile", 0),
            ("build: .", "prod.Dockerfile", 0),
            ("build:\n      context: .\n      dockerfile: docker/prod.Dockerfile", "prod.Dockerfile", 1),
            ("build:\n      context: .\n      dockerfile: Dockerfile.dev # hot reload", "Dockerfile", 0),
            ("build:\n      context: ../other", "Dockerfile", 0),
            ("image: app", "Dockerfile", 0),
        ] {
            let text = format!("services:\n  api:\n    {build}\n    command: ./wait.sh\n");
            assert_eq!(started_by(&at("", &text), file, &Known::default(), &own()).len(), want, "{build} {file}");
        }
    }

    #[test]
    fn services_of_directories_below_name_the_context_from_there() {
        for (dir, build, want) in [
            ("deploy", "build: ..", 1),
            ("deploy", "build: .", 0),
            ("deploy/dev", "build:\n      context: ../../", 1),
            ("deploy", "build:\n      context: ../\n      dockerfile: deploy/Dockerfile.dev", 0),
            ("..", "build: ./api", 1),
            ("..", "build: ./web", 0),
            ("..", "build: .", 0),
            ("../..", "build: repo/api/", 1),
        ] {
            let text = format!("services:\n  api:\n    {build}\n    command: ./wait.sh\n");
            let found = started_by(&at(dir, &text), "Dockerfile", &Known::default(), &own());
            assert_eq!(found.len(), want, "{dir} {build}");
        }
    }

    #[test]
    fn another_file_and_another_service_mean_the_same_image() {
        let built = "services:\n  api:\n    build: .\n    image: acme/api\n";
        for (rest, want, open) in [
            ("services:\n  api:\n    command: sh -c ./app\n", 1, None),
            ("services:\n  job:\n    image: acme/api\n    command: ./migrate.sh\n", 1, None),
            ("services:\n  db:\n    image: postgres\n    command: sh\n    working_dir: /x\n", 0, None),
            ("services:\n  api:\n    working_dir: /app/conf\n", 0, Some("working_dir")),
            ("services:\n  api:\n    <<: *base\n", 0, Some("<<")),
            ("x-a: &a\n  build: .\n  command: sh\nservices:\n  job:\n    <<: *a\n", 0, Some("<<")),
            ("x-a: &a\n  image: redis\nservices:\n  job:\n    <<: *a\n", 0, None),
            ("services:\n  job:\n    extends:\n      file: common.yml\n", 0, Some("extends")),
            ("include:\n  - common.yml\nservices:\n  db:\n    image: postgres\n", 0, Some("include")),
        ] {
            let texts = [at("", built), at("", rest)];
            let known = known(&texts, "Dockerfile");
            assert_eq!(started_by(&texts[1], "Dockerfile", &known, &own()).len(), want, "{rest}");
            assert_eq!(not_followed(&texts[1], "Dockerfile", &known).map(|(_, key)| key), open, "{rest}");
        }
    }
}
