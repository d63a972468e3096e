//! What text files that come along name: the key in `.env`, the directory in config.yaml, and what the files that they
//! name say in turn. Compose files tell of the environment that the program starts with.

use std::collections::BTreeSet;

use super::compose;
use super::effects::Kind;
use super::entry::Entry;
use super::layout::data_path;
use super::needs::{Claim, Needs, Shown};
use super::paths::{base_name, is_system_dir, join, parent, within};
use super::presence::{Image, Presence};
use crate::context::tree::Origin;

const KINDS: &[&str] =
    &["cfg", "cnf", "conf", "config", "env", "ini", "json", "properties", "toml", "xml", "yaml", "yml"];

/// A larger file is data, and so is what lies in a directory of many files.
const LONGEST: usize = 100_000;
const MOST_FILES: usize = 400;

pub(super) fn named(image: &Image<'_, '_>, entry: &Entry, needs: &mut Needs) {
    let Some(tree) = image.case.tree() else { return };
    let scene = Scene { image, entry, left: needs.left.iter().cloned().collect() };
    let mut found: Vec<(String, Claim)> = composed(&scene);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    loop {
        let roots: Vec<(String, Claim)> = needs.data.iter().chain(&found).cloned().collect();
        let mut new: Vec<(String, Claim)> = Vec::new();
        for (root, claim) in roots {
            let root = data_path(&root);
            if is_system_dir(&root) {
                continue;
            }
            let below = tree.under(&root).map(|(file, _)| file.to_string()).filter(|file| is_config(file));
            for file in below.take(MOST_FILES).chain([root.clone()]) {
                if !is_config(&file) || !seen.insert(file.clone()) {
                    continue;
                }
                let Some(text) = tree.read(&file).filter(|text| text.len() < LONGEST) else { continue };
                for (number, line) in (1..).zip(text.lines()) {
                    let shown = Shown { span: None, file: Some((tree.shown(&file), number)) };
                    let claim = Claim { text: format!("{} names it: {}", base_name(&file), claim.text), shown };
                    let dirs = [entry.workdir.as_str(), parent(&file)];
                    new.extend(
                        words(line).flat_map(|word| scene.places(word, &dirs)).map(|path| (path, claim.clone())),
                    );
                }
            }
        }
        let carried = |path: &str| needs.data.iter().chain(&found).any(|(data, _)| within(path, &data_path(data)));
        new.retain(|(path, _)| !carried(path));
        if new.is_empty() {
            break;
        }
        for (path, claim) in new {
            if !found.iter().any(|(known, _)| *known == path) {
                found.push((path, claim));
            }
        }
    }
    needs.data.extend(found);
    links(image, needs);
}

/// A directory that comes along may have links of the build context in it, which lead out of it.
fn links(image: &Image<'_, '_>, needs: &mut Needs) {
    let case = image.case;
    let (Some(tree), Some(context)) = (case.tree(), case.context) else { return };
    if context.links.is_empty() {
        return;
    }
    let mut seen: BTreeSet<String> = BTreeSet::new();
    loop {
        let mut new: Vec<(String, Claim)> = Vec::new();
        let mut open: Vec<Claim> = Vec::new();
        for (root, claim) in &needs.data {
            for (file, origin) in tree.under(&data_path(root)) {
                let Origin::Context(from) = origin else { continue };
                let Some(target) = context.links.get(from).filter(|_| seen.insert(file.to_string())) else { continue };
                let end = join(parent(file), target);
                let claim = Claim { text: format!("{file} is a link to it: {}", claim.text), ..claim.clone() };
                match image.presence(&end) {
                    Presence::Made(_) => new.push((end, claim)),
                    Presence::Perhaps(why) => {
                        let text = format!("{}, and {}{}", why.text, claim.text, claim.in_file());
                        open.push(Claim { text, ..why });
                    }
                    // It leads nowhere today, or into every image.
                    Presence::Absent | Presence::Everywhere => {}
                }
            }
        }
        needs.gaps.extend(open);
        new.retain(|(path, _)| !needs.data.iter().any(|(data, _)| within(path, &data_path(data))));
        if new.is_empty() {
            return;
        }
        needs.data.extend(new);
    }
}

fn is_config(path: &str) -> bool {
    let name = base_name(path);
    name.starts_with(".env") || name.rsplit_once('.').is_some_and(|(_, extension)| KINDS.contains(&extension))
}

/// What of a line may be a path: each word, and the whole value or quoted text, which may have blanks in it.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let cut = |c: char| c.is_whitespace() || ";=\"'`,:(){}[]<>|&?#".contains(c);
    let values = line.split_once(['=', ':']).map(|(_, value)| value.trim().trim_matches(['"', '\'', ',', ';']));
    let quoted = line.split('"').skip(1).step_by(2).chain(line.split('\'').skip(1).step_by(2));
    let whole = values.into_iter().chain(quoted).filter(|text| text.contains(' '));
    line.split(cut).chain(whole).filter(|word| !word.is_empty())
}

struct Scene<'s, 'c, 'a> {
    image: &'s Image<'c, 'a>,
    entry: &'s Entry,
    /// Files that look like data.
    left: BTreeSet<String>,
}

impl Scene<'_, '_, '_> {
    /// What the word names in the image, seen from any of the directories.
    fn places(&self, word: &str, dirs: &[&str]) -> Vec<String> {
        // `logs/%s.log`, `tpl/*.html`: the part before is a directory.
        let plain = match word.find(['%', '*', '$']) {
            Some(at) => word.get(..at).and_then(|head| head.rfind('/').and_then(|end| head.get(..end))).unwrap_or(""),
            None => word.trim_start_matches("//").trim_end_matches('/'),
        };
        let plain = if word.starts_with("///") { plain.trim_start_matches('/') } else { plain };
        let absolute = word.starts_with('/').then(|| join("/", plain));
        let mut found: Vec<String> = Vec::new();
        if plain.trim_matches('.').is_empty() || plain.len() > 300 {
            return found;
        }
        for path in dirs.iter().map(|dir| join(dir, plain)).chain(absolute) {
            let inside = path != "/" && path != self.image.case.workdir && path != self.entry.workdir;
            if inside && !is_system_dir(&path) && !found.contains(&path) {
                found.extend(self.there(&path, plain.contains('/')));
            }
        }
        found
    }

    /// The path, or the directory that is there for it, where the file put anything there that is no source.
    fn there(&self, path: &str, is_path: bool) -> Option<String> {
        let case = self.image.case;
        let tree = case.tree()?;
        let file = tree.is_file(path)
            && !path.ends_with(".go")
            && base_name(path).contains('.')
            && tree.origin(path) != Some(&Origin::Program);
        if file || self.holds_data(path) {
            return Some(path.to_string());
        }
        // `log: /var/log/app/app.log` and `RUN mkdir -p /var/log/app`; a word alone is no path.
        for dir in [path, parent(path)].into_iter().filter(|_| is_path) {
            let own = dir == "/" || dir == case.workdir || dir == self.entry.workdir || is_system_dir(dir);
            if !own && self.makes(dir) {
                return match self.image.presence(dir) {
                    Presence::Made(made) => Some(made),
                    _ => None,
                };
            }
            if !own && base_name(path).contains('.') && self.holds_data(dir) {
                return Some(dir.to_string());
            }
        }
        None
    }

    fn holds_data(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.left.contains(path) || self.left.range(below.clone()..).next().is_some_and(|file| file.starts_with(&below))
    }

    /// A RUN makes this very file or directory.
    fn makes(&self, path: &str) -> bool {
        self.image.effects.iter().any(|effect| match &effect.kind {
            Kind::Make(paths) | Kind::Write(paths) => !effect.cmd.conditional && paths.iter().any(|made| made == path),
            _ => false,
        })
    }
}

/// Values of `environment:` and of the files of `env_file:` of the services that are built from this file.
fn composed(scene: &Scene<'_, '_, '_>) -> Vec<(String, Claim)> {
    let case = scene.image.case;
    let mut found = Vec::new();
    let Some(context) = case.context else { return found };
    let dirs = [scene.entry.workdir.as_str()];
    let mut files: Vec<(String, String)> = Vec::new();
    for (name, key, line, value) in
        compose::values_of(context, compose::dockerfile_name(case), &["environment", "env_file"])
    {
        if key == "env_file" {
            files.push((value.trim_start_matches("path:").trim().trim_matches(['"', '\'']).to_string(), name));
            continue;
        }
        let claim = Claim {
            text: format!("{name} names it: {}", value.trim()),
            shown: Shown { span: None, file: Some((name.clone(), line)) },
        };
        found.extend(words(&value).flat_map(|word| scene.places(word, &dirs)).map(|path| (path, claim.clone())));
    }
    for (file, name) in files {
        let Some(text) = context.read_beside(file.trim_start_matches("./")) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            let shown = Shown { span: None, file: Some((file.clone(), number)) };
            let claim = Claim { text: format!("{file}, which {name} names, names it"), shown };
            found.extend(words(line).flat_map(|word| scene.places(word, &dirs)).map(|path| (path, claim.clone())));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_its_words_and_its_value() {
        for (line, want) in [
            ("KEY=./key.json", "KEY ./key.json"),
            ("  ca: \"certs/ca.pem\" # x", "ca certs/ca.pem x certs/ca.pem\" # x"),
            ("path = docs/Price List.pdf", "path docs/Price List.pdf docs/Price List.pdf"),
            ("{\"a\": \"b/c\", \"d\": 1}", "a b/c d 1 b/c\", \"d\": 1}"),
        ] {
            let found: Vec<&str> = words(line).filter(|word| !word.trim().is_empty()).collect();
            assert_eq!(found.join(" ").trim(), want.trim(), "{line}");
        }
    }
}
