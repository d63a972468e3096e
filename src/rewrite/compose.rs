//! What a compose file beside the Dockerfile says of the image: what its services start in it.

use super::artifacts::Found;
use super::case::Case;
use super::needs::{Claim, Needs, Shown, shipped};
use super::packages::{Provided, is_toolchain, provider};
use super::paths::base_name;
use super::presence::Image;
use super::releases::Ground;
use crate::context::BuildContext;

/// What the services of a compose file that are built from this file start beside the program: scripts, a shell, curl.
/// The whole working directory comes along then, on a base with a shell.
pub(super) fn composed(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let case = image.case;
    let Some(context) = case.context else { return };
    let own: Vec<&str> = shipped(found).map(|built| base_name(&built.path)).collect();
    let alpine = image.ground.is_some_and(Ground::alpine);
    let file = dockerfile_name(case);
    let texts = files(context);
    let known = known(&texts, file);
    for (name, text) in &texts {
        if let Some((line, key)) = not_followed(text, file, &known) {
            let text = format!("{name} starts nothing else in the image: its `{key}` is not followed");
            needs.open.push(Claim { text, shown: Shown { span: None, file: Some((name.to_string(), line)) } });
        }
        for started in started_by(text, file, &known, &own) {
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
    }
}

struct Started {
    line: u32,
    /// The key and its value.
    what: String,
    /// The words that may be programs.
    programs: Vec<String>,
}

/// The compose files of the context's top, the base files and all others beside them: overrides, those for tests.
fn files(context: &BuildContext) -> Vec<(String, String)> {
    let is_compose = |name: &str| {
        let stem = name.strip_prefix("docker-").unwrap_or(name);
        stem.starts_with("compose") && (name.ends_with(".yml") || name.ends_with(".yaml"))
    };
    let names = context.files.keys().filter(|path| !path.contains('/') && is_compose(path));
    names.filter_map(|name| Some((name.to_string(), context.read(name)?))).collect()
}

/// Names and images of the services that are built from the file: another compose file, or another service, may mean
/// the same image by them.
#[derive(Default)]
struct Known {
    names: Vec<String>,
    images: Vec<String>,
}

fn known(texts: &[(String, String)], dockerfile: &str) -> Known {
    let mut known = Known::default();
    for (_, text) in texts {
        for service in services(text, dockerfile, &Known::default()) {
            let name = service.first().and_then(|(_, line)| line.trim().split(':').next());
            known.names.extend(name.map(String::from));
            known.images.extend(value(&service, "image").map(String::from));
        }
    }
    known
}

/// A key that takes from elsewhere what the image starts, or where.
fn not_followed(text: &str, dockerfile: &str, known: &Known) -> Option<(u32, &'static str)> {
    const KEYS: [&str; 5] = ["<<", "extends", "post_start", "pre_stop", "working_dir"];
    let key_of = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ");
        KEYS.into_iter().find(|key| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
    };
    let included =
        || (1..).zip(text.lines()).find(|(_, line)| line.starts_with("include:")).map(|(at, _)| (at, "include"));
    let of_service = |service: Vec<(u32, &str)>| service.iter().find_map(|(at, line)| Some((*at, key_of(line)?)));
    services(text, dockerfile, known).into_iter().find_map(of_service).or_else(included)
}

/// The name under which a compose file knows the Dockerfile.
pub(super) fn dockerfile_name<'a>(case: &Case<'a>) -> &'a str {
    let named = base_name(&case.source.path);
    if named.to_lowercase().contains("dockerfile") { named } else { "Dockerfile" }
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The value of a key of a service, wherever in it.
fn value<'t>(service: &[(u32, &'t str)], key: &str) -> Option<&'t str> {
    let found = service.iter().find_map(|(_, line)| line.trim_start().strip_prefix(key)?.strip_prefix(':'));
    found.map(|value| value.split(" #").next().unwrap_or("").trim().trim_matches(['"', '\'']))
}

/// The lines of the services that are built from the top of the context and `dockerfile`. Lines and their indentation
/// are all that is read of the YAML.
fn services<'t>(text: &'t str, dockerfile: &str, known: &Known) -> Vec<Vec<(u32, &'t str)>> {
    let lines: Vec<(u32, &str)> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .collect();
    let Some(start) = lines.iter().position(|(_, line)| line.trim_end() == "services:") else { return Vec::new() };
    let inside: Vec<(u32, &str)> =
        lines.iter().skip(start + 1).take_while(|(_, line)| depth(line) > 0).copied().collect();
    let Some(top) = inside.first().map(|(_, line)| depth(line)) else { return Vec::new() };
    let ours = |service: &&[(u32, &str)]| {
        let here = |dir: &str| matches!(dir, "" | "." | "./") || dir.contains('$');
        let same = value(service, "dockerfile").map_or("Dockerfile", base_name).eq_ignore_ascii_case(dockerfile);
        let name = service.first().and_then(|(_, line)| line.trim().split(':').next()).unwrap_or("");
        match value(service, "build") {
            Some(build) => same && here(build) && here(value(service, "context").unwrap_or("")),
            None => {
                let image = value(service, "image");
                image.is_some_and(|image| known.images.iter().any(|of| of == image))
                    || image.is_none() && known.names.iter().any(|of| of == name)
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
    let all = texts
        .iter()
        .flat_map(|(name, text)| services(text, dockerfile, &known).into_iter().map(move |service| (name, service)));
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
fn started_by(text: &str, dockerfile: &str, known: &Known, own: &[&str]) -> Vec<Started> {
    let mut all = Vec::new();
    for service in services(text, dockerfile, known) {
        for (at, (number, line)) in service.iter().enumerate() {
            let Some((key, value)) = line.trim_start().split_once(':') else { continue };
            if !matches!(key, "command" | "entrypoint" | "test") {
                continue;
            }
            let below = service.iter().skip(at + 1).take_while(|(_, next)| depth(next) > depth(line));
            let items = below.map(|(_, next)| next.trim_start().trim_start_matches("- "));
            let whole = std::iter::once(value).chain(items).collect::<Vec<_>>().join(" ");
            let words: Vec<&str> = whole
                .split(|c: char| c.is_whitespace() || "[]\"',".contains(c))
                .filter(|word| !word.is_empty() && !matches!(*word, "CMD" | "|" | ">" | "|-" | ">-"))
                .collect();
            let first = words.first().copied().unwrap_or("NONE");
            let shell = whole.contains(['&', '$', '`', ';']) || matches!(first, "CMD-SHELL" | "sh" | "bash");
            if shell || !(first == "NONE" || first.starts_with('-') || own.contains(&base_name(first))) {
                // `sh -c "curl …"`: a shell's first word may be any of them.
                let words = if shell { &words[..] } else { words.get(..1).unwrap_or(&[]) };
                let programs = words.iter().filter(|word| **word != "CMD-SHELL" && !word.starts_with(['.', '-', '$']));
                let programs = programs.map(|word| base_name(word).to_string()).collect();
                all.push(Started { line: *number, what: format!("{key}: {}", whole.trim()), programs });
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("    healthcheck:\n      test: [\"CMD\", \"curl\", \"-f\", \"http://localhost\"]\n", "5 curl"),
            ("    healthcheck:\n      test: [\"CMD-SHELL\", \"./app health\"]\n", "5 health"),
            ("    healthcheck:\n      test: [\"NONE\"]\n", ""),
            ("    command: ./a.sh\n    healthcheck:\n      test: curl -f api\n", "4,6 curl"),
        ] {
            let found = started_by(&service(rest), "Dockerfile", &Known::default(), &["app"]);
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
            ("build: .", "prod.Dockerfile", 0),
            ("build:\n      context: .\n      dockerfile: docker/prod.Dockerfile", "prod.Dockerfile", 1),
            ("build:\n      context: .\n      dockerfile: Dockerfile.dev # hot reload", "Dockerfile", 0),
            ("build:\n      context: ../other", "Dockerfile", 0),
            ("image: app", "Dockerfile", 0),
        ] {
            let text = format!("services:\n  api:\n    {build}\n    command: ./wait.sh\n");
            assert_eq!(started_by(&text, file, &Known::default(), &["app"]).len(), want, "{build} {file}");
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
            ("include:\n  - common.yml\nservices:\n  db:\n    image: postgres\n", 0, Some("include")),
        ] {
            let texts = [("a".to_string(), built.to_string()), ("b".to_string(), rest.to_string())];
            let known = known(&texts, "Dockerfile");
            assert_eq!(started_by(rest, "Dockerfile", &known, &["app"]).len(), want, "{rest}");
            assert_eq!(not_followed(rest, "Dockerfile", &known).map(|(_, key)| key), open, "{rest}");
        }
    }
}
