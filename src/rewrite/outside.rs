//! What no source of the program names and what is still there for it: files that COPY and ADD put outside of the
//! places of the build, libraries that are loaded at run time, locales, and a compose file beside the Dockerfile.

use super::artifacts::Found;
use super::case::Case;
use super::effects::{Effect, Kind, LOCALES};
use super::needs::{Claim, Needs, Shown, shipped};
use super::packages::{Provided, is_toolchain, provider};
use super::paths::{base_name, is_system_dir, join, within};
use super::presence::{Image, Presence};
use super::releases::Ground;
use super::toolchains::go::Program;

/// The directories of the build: where its commands are run, and where sources lie.
pub(super) struct Places<'i, 'c, 'a> {
    image: &'i Image<'c, 'a>,
    dirs: Vec<String>,
}

impl<'i, 'c, 'a> Places<'i, 'c, 'a> {
    pub fn of(image: &'i Image<'c, 'a>) -> Self {
        let case = image.case;
        let mut dirs: Vec<String> = case.steps().filter_map(|(step, _)| step.workdir.clone()).collect();
        dirs.push(case.workdir.clone());
        for effect in image.effects.iter().filter(|effect| effect.cmd.name.text == "cd") {
            let args = effect.cmd.args.iter().filter(|arg| !arg.text.starts_with('-'));
            dirs.extend(args.filter_map(|arg| super::effects::absolute(case, effect.step, effect.cmd, &arg.text)));
        }
        dirs.retain(|place| place != "/" && place != "/etc" && place != "/root");
        Places { image, dirs }
    }

    pub fn holds_sources(&self, path: &str) -> bool {
        self.image.case.tree().is_some_and(|tree| tree.under(path).any(|(file, _)| is_source(file)))
    }

    /// It lies in none of these directories, and none of them in it.
    pub fn is_elsewhere(&self, path: &str) -> bool {
        !self.dirs.iter().any(|place| within(path, place) || within(place, path))
    }

    /// Neither sources nor a program, nor one of these directories or of those that the build or the system has.
    pub fn is_for_running(&self, path: &str, found: &Found) -> bool {
        !self.dirs.iter().any(|place| within(place, path))
            && !is_system_dir(path)
            && !is_of_build(path)
            && !is_source(path)
            && !self.holds_sources(path)
            && !shipped(found).any(|built| within(&built.path, path))
            && found.script.as_deref() != Some(path)
    }
}

fn is_source(path: &str) -> bool {
    path.ends_with(".go") || matches!(base_name(path), "go.mod" | "go.sum" | "go.work")
}

/// Nobody copies a file to /root/.aws or /etc/nats for the build: what stands outside of it is for the running program.
pub(super) fn copied(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let case = image.case;
    if !needs.read || case.options.stated.runtime_files.is_some() {
        return;
    }
    let places = Places::of(image);
    let mut paths = Vec::new();
    for (step, inst) in case.steps().filter(|(_, inst)| inst.flag("from").is_none()) {
        // What cannot be told is told elsewhere, where something may read it.
        for placed in super::placed::of_transfer(case, step, inst).unwrap_or_default() {
            let text = "COPY puts it outside of the places of the build";
            let gone = super::placed::removed_later(case, image.effects, inst.span.start, &placed.path);
            if places.is_elsewhere(&placed.path) && places.is_for_running(&placed.path, found) && !gone {
                let claim = Claim::at(text, inst.content);
                match image.presence(&placed.path) {
                    Presence::Made(made) => paths.push((made, claim)),
                    // A directory that the base may have, too: the files that came are told by their names.
                    Presence::Perhaps(_) => {
                        let files = case.tree().into_iter().flat_map(|tree| tree.under(&placed.path));
                        let files: Vec<String> = files.map(|(file, _)| file.to_string()).take(12).collect();
                        let few = !files.is_empty() && files.len() < 12;
                        let whole = if few { files } else { vec![placed.path.clone()] };
                        paths.extend(whole.into_iter().map(|path| (path, claim.clone())));
                    }
                    _ => {}
                }
            }
        }
    }
    paths.retain(|(path, _)| !needs.data.iter().any(|(data, _)| within(path, data) || within(data, path)));
    needs.data.extend(paths);
}

/// Places whose files only the build or the package manager reads, and those of programs.
pub(super) fn is_of_build(path: &str) -> bool {
    const FILES: &[&str] = &[
        ".bash_profile",
        ".bashrc",
        ".condarc",
        ".dockerignore",
        ".gitconfig",
        ".gitignore",
        ".netrc",
        ".npmrc",
        ".profile",
        ".vimrc",
        ".wgetrc",
        ".curlrc",
        ".yarnrc",
        ".yarnrc.yml",
        "Dockerfile",
        "Makefile",
        "gitconfig",
        "pip.conf",
    ];
    const DIRS: &[&str] = &[
        "/bin",
        "/sbin",
        "/lib",
        "/usr/bin",
        "/usr/sbin",
        "/usr/lib",
        "/usr/include",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/usr/local/lib",
        "/usr/local/include",
        "/usr/local/share/ca-certificates",
        "/usr/src",
        "/usr/share/ca-certificates",
        "/etc/apt",
        "/etc/apk",
        "/etc/ssl",
        "/etc/ca-certificates",
        "/etc/pki",
        "/etc/yum.repos.d",
        "/go",
        "/src",
        "/build",
        "/root/.ssh",
        "/root/.config/go",
        "/root/.config/git",
        "/etc/ssh",
        "/root/.m2",
        "/root/.gradle",
        "/root/.cargo",
        "/root/.vim",
        "/root/.config/pip",
        "/root/.pip",
        "/run/secrets",
    ];
    FILES.contains(&base_name(path)) || DIRS.iter().any(|dir| within(path, dir)) || super::placed::is_build_place(path)
}

/// Packages that load shared libraries whose names the program gives them.
const LOADERS: &[&str] = &[
    "github.com/ThalesIgnite/crypto11",
    "github.com/ThalesGroup/crypto11",
    "github.com/ebitengine/purego",
    "github.com/godror/godror",
    "github.com/miekg/pkcs11",
    "github.com/rainycape/dl",
    "github.com/yalue/onnxruntime_go",
];

/// Shared libraries that are loaded at run time: packages bring them, and nothing in the program lists them.
pub(super) fn loaded(program: &Program, needs: &mut Needs) {
    let imported = |name: &str| program.packages.iter().chain(&program.unread).any(|path| within(path, name));
    if let Some(loader) = LOADERS.iter().find(|name| imported(name)) {
        let text = format!("{loader} loads shared libraries, and which of them is not known");
        needs.program_gaps.push(Claim::new(text));
    }
    for (text, place) in &program.paths {
        if base_name(text).ends_with(".so") || base_name(text).contains(".so.") {
            let shown = Shown { span: None, file: super::needs::place(Some(place)) };
            let text = format!("the string {text:?} names a shared library, and what it needs is not known");
            needs.program_gaps.push(Claim { text, shown });
        }
    }
}

/// Extensions of SQLite are loaded by a name that need not be a path.
pub(super) fn extensions(image: &Image<'_, '_>, needs: &mut Needs) {
    for effect in image.effects {
        let Kind::Install(install) = &effect.kind else { continue };
        for package in install.packages.iter().filter(|package| package.name.starts_with("libsqlite3-mod-")) {
            let text = format!("the program loads what the package {} brings", package.name);
            needs.program_gaps.push(Claim::at(text, effect.cmd.span));
        }
    }
}

/// Programs of another language look for the locales that the file makes.
pub(super) fn locales(image: &Image<'_, '_>, needs: &mut Needs) {
    if needs.programs.is_empty() && needs.shell.is_none() {
        return;
    }
    let makes =
        |effect: &&Effect<'_>| matches!(&effect.kind, Kind::Write(paths) if paths.iter().any(|path| path == LOCALES));
    if let Some(effect) = image.effects.iter().find(makes) {
        let text = format!("started programs may want the locales that {} makes", effect.cmd.name.text);
        needs.data.push((LOCALES.into(), Claim::at(text, effect.cmd.span)));
    }
}

/// What configuration that a started program reads names of the image: `root /app/www;`.
pub(super) fn configured(image: &Image<'_, '_>, needs: &mut Needs) {
    let Some(tree) = image.case.tree() else { return };
    if needs.programs.is_empty() {
        return;
    }
    let mut named = Vec::new();
    for (config, claim) in needs.data.iter().filter(|(path, _)| within(path, "/etc")) {
        let below = tree.under(config).map(|(file, _)| file.to_string());
        for file in below.chain([config.clone()]) {
            let Some(text) = tree.read(&file).filter(|text| text.len() < 100_000) else { continue };
            let words = text.split(|c: char| c.is_whitespace() || ";=\"',:(){}[]<>".contains(c));
            for word in words.filter(|word| word.starts_with('/') && word.len() > 1) {
                let path = join("/", word);
                let there = tree.is_file(&path) || tree.under(&path).next().is_some();
                if there && !is_system_dir(&path) && !path.ends_with(".go") {
                    named.push((path, Claim { text: format!("{file} names it"), ..claim.clone() }));
                }
            }
        }
    }
    named.retain(|(path, _)| !needs.data.iter().any(|(data, _)| within(path, data)));
    needs.data.extend(named);
}

/// What the services of a compose file that are built from this file start beside the program: scripts, a shell, curl.
/// The whole working directory comes along then, on a base with a shell.
pub(super) fn composed(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let case = image.case;
    let Some(context) = case.context else { return };
    let own: Vec<&str> = shipped(found).map(|built| base_name(&built.path)).collect();
    let alpine = image.ground.is_some_and(Ground::alpine);
    let file = dockerfile_name(case);
    for name in COMPOSE {
        let Some(text) = context.read(name) else { continue };
        for started in started_by(&text, file, &own) {
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

pub(super) const COMPOSE: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// The name under which a compose file knows the Dockerfile.
pub(super) fn dockerfile_name<'a>(case: &Case<'a>) -> &'a str {
    let named = base_name(&case.source.path);
    if named.to_lowercase().contains("dockerfile") { named } else { "Dockerfile" }
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The lines of the services that are built from the top of the context and `dockerfile`. Lines and their indentation
/// are all that is read of the YAML.
fn services<'t>(text: &'t str, dockerfile: &str) -> Vec<Vec<(u32, &'t str)>> {
    let lines: Vec<(u32, &str)> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .collect();
    let Some(start) = lines.iter().position(|(_, line)| line.trim_end() == "services:") else { return Vec::new() };
    let inside: Vec<(u32, &str)> =
        lines.iter().skip(start + 1).take_while(|(_, line)| depth(line) > 0).copied().collect();
    let Some(top) = inside.first().map(|(_, line)| depth(line)) else { return Vec::new() };
    let ours = |service: &&[(u32, &str)]| {
        let value = |key: &str| {
            let found = service.iter().find_map(|(_, line)| line.trim_start().strip_prefix(key)?.strip_prefix(':'));
            found.map(|value| value.split(" #").next().unwrap_or("").trim().trim_matches(['"', '\'']))
        };
        let here = |dir: &str| matches!(dir, "" | "." | "./") || dir.contains('$');
        let same = value("dockerfile").map_or("Dockerfile", base_name).eq_ignore_ascii_case(dockerfile);
        same && value("build").is_some_and(here) && here(value("context").unwrap_or(""))
    };
    inside.chunk_by(|_, (_, next)| depth(next) > top).filter(ours).map(<[_]>::to_vec).collect()
}

/// What these keys of the services hold, line by line: the key, the line and its text.
pub(super) fn values_of(text: &str, dockerfile: &str, keys: &[&str]) -> Vec<(String, u32, String)> {
    let mut found = Vec::new();
    for service in services(text, dockerfile) {
        for (at, (number, line)) in service.iter().enumerate() {
            let Some((key, value)) = line.trim().split_once(':').filter(|(key, _)| keys.contains(key)) else {
                continue;
            };
            let mut add = |number: u32, text: &str| {
                let text = text.trim().trim_start_matches("- ").trim();
                if !text.is_empty() {
                    found.push((key.to_string(), number, text.to_string()));
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
fn started_by(text: &str, dockerfile: &str, own: &[&str]) -> Vec<Started> {
    let mut all = Vec::new();
    for service in services(text, dockerfile) {
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
            let found = started_by(&service(rest), "Dockerfile", &["app"]);
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
            assert_eq!(started_by(&text, file, &["app"]).len(), want, "{build} {file}");
        }
    }
}
