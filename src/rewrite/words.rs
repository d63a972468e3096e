//! What the words of shell text name of the image. No table says which argument of which program is a file: every word
//! that names something which is there counts, with the defaults of variables, the lists of loops and heredocs.

use super::artifacts::Found;
use super::entry::BUILTINS;
use super::needs::{Claim, Needs, shipped};
use super::paths::{STANDARD_PATH, base_name, is_system_dir, join, parent, within};
use super::presence::{Image, Presence};
use crate::context::tree::Origin;

/// A part of a word that may be a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Word {
    /// As it stands.
    Whole(String),
    /// What stands before a variable or a pattern: `sql/` of `sql/$name.sql`, `conf.` of `conf.$env.yml`.
    Begins(String),
}

/// The parts of a text that may be paths, each with its line.
pub(super) fn words(text: &str) -> Vec<(Word, u32)> {
    const KEYWORDS: &[&str] = &[
        "if", "then", "else", "elif", "fi", "for", "in", "do", "done", "while", "until", "case", "esac", "select",
        "function",
    ];
    let mut found: Vec<(Word, u32)> = Vec::new();
    let mut add = |word: Word, line: u32| {
        let text = match &word {
            Word::Whole(text) | Word::Begins(text) => text.as_str(),
        };
        let plain = !matches!(text.trim_matches('.'), "" | "/") && text.len() < 300 && !text.contains("//");
        let command = KEYWORDS.contains(&text) || BUILTINS.contains(&text);
        if plain && !command && !found.iter().any(|(known, _)| *known == word) {
            found.push((word, line));
        }
    };
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let line = &apart_from_default(line);
        let apart = |c: char| c.is_whitespace() || "\"'();|&<>`{}\\".contains(c);
        for token in line.split(apart).take_while(|token| !token.starts_with('#')) {
            for (index, part) in token.split(['=', ':', ',', '@']).enumerate() {
                // `${X:-file}` leaves `-file`, `-ffile` is a flag with its value.
                let bare = part.trim_start_matches(['-', '+', '?']);
                let value = part.strip_prefix('-').filter(|rest| index == 0 && !rest.starts_with('-'));
                let value = value.and_then(|rest| rest.char_indices().nth(1)).and_then(|(at, _)| bare.get(at..));
                for word in [Some(bare), value].into_iter().flatten() {
                    match word.find(['$', '*', '?', '[']) {
                        None => add(Word::Whole(word.to_string()), number),
                        // `$DIR/sql/x.sql`
                        Some(0) => {
                            let behind = word.split_once('/').map_or("", |(_, rest)| rest);
                            if word.starts_with('$') && !behind.contains(['$', '*', '?', '[']) {
                                add(Word::Whole(behind.to_string()), number);
                            } else if let Some((dir, _)) = behind.rsplit_once('/').filter(|_| word.starts_with('$')) {
                                let end = dir.find(['$', '*', '?', '[']).unwrap_or(dir.len());
                                add(
                                    Word::Begins(format!("{}/", dir.get(..end).unwrap_or("").trim_end_matches('/'))),
                                    number,
                                );
                            }
                        }
                        Some(at) => add(Word::Begins(word.get(..at).unwrap_or("").to_string()), number),
                    }
                }
            }
        }
    }
    found
}

/// `${NAME-file}` with a blank in place of the sign, as `${NAME:-file}` has a colon.
fn apart_from_default(line: &str) -> String {
    let mut text = line.to_string();
    for (at, _) in line.match_indices("${") {
        let rest = line.get(at + 2..).unwrap_or("");
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
        if end > 0 && rest.get(end..).is_some_and(|rest| rest.starts_with(['-', '+', '?'])) {
            text.replace_range(at + 2 + end..at + 3 + end, " ");
        }
    }
    text
}

/// What the words of a text name of the image comes along. `dirs` are those that a relative path may start from.
pub(super) fn carry(
    image: &Image<'_, '_>,
    found: &Found,
    text: &str,
    dirs: &[&str],
    claim: &dyn Fn(u32) -> Claim,
    needs: &mut Needs,
) {
    let Some(tree) = image.case.tree() else { return };
    let own = |path: &str| shipped(found).any(|built| built.path == path) || found.script.as_deref() == Some(path);
    let source = |path: &str| {
        let name = base_name(path);
        name.ends_with(".go")
            || matches!(name, "go.mod" | "go.sum" | "go.work")
            || name.to_lowercase().contains("dockerfile")
    };
    // Programs come along where they are started.
    let wanted = |path: &str| {
        !own(path)
            && !STANDARD_PATH.contains(&parent(path))
            && !source(path)
            && !is_system_dir(path)
            && !dirs.iter().any(|dir| within(dir, path))
    };
    let data_in = |dir: &str| tree.under(dir).any(|(file, origin)| *origin != Origin::Program && !source(file));
    for (word, line) in words(text).into_iter().flat_map(behind_variable) {
        for dir in dirs {
            let mut paths: Vec<String> = Vec::new();
            match &word {
                Word::Whole(text) => {
                    let path = join(dir, text);
                    let file = tree.is_file(&path) && tree.origin(&path) != Some(&Origin::Program);
                    // A plain word is only taken for a name of what is surely there.
                    let made = || text.contains(['/', '.']) && matches!(image.presence(&path), Presence::Made(_));
                    if file || data_in(&path) || tree.under(&path).next().is_none() && made() {
                        paths.push(path);
                    }
                }
                Word::Begins(text) => match text.rsplit_once('/') {
                    Some((inner, _)) if !inner.is_empty() => {
                        let path = join(dir, inner);
                        if data_in(&path)
                            || tree.under(&path).next().is_none() && matches!(image.presence(&path), Presence::Made(_))
                        {
                            paths.push(path);
                        }
                    }
                    Some(_) => {}
                    None => {
                        let start = join(dir, text);
                        let files = tree.files_in(dir).map(|(name, _)| join(dir, name));
                        paths
                            .extend(files.filter(|path| {
                                path.starts_with(&start) && tree.origin(path) != Some(&Origin::Program)
                            }));
                    }
                },
            }
            for path in paths.into_iter().filter(|path| wanted(path)) {
                if !needs.data.iter().any(|(data, _)| within(&path, data)) {
                    needs.data.push((path, claim(line)));
                }
            }
        }
    }
}

/// `${DIR}/sql/x.sql` and `$(pwd)/sql/x.sql` leave `/sql/x.sql`, which may lie below the working directory as well.
fn behind_variable((word, line): (Word, u32)) -> Vec<(Word, u32)> {
    let below = match &word {
        Word::Whole(text) => text.strip_prefix('/').map(|text| Word::Whole(text.to_string())),
        Word::Begins(text) => text.strip_prefix('/').map(|text| Word::Begins(text.to_string())),
    };
    let below = below.filter(|word| !matches!(word, Word::Whole(text) | Word::Begins(text) if text.is_empty()));
    [Some(word), below].into_iter().flatten().map(|word| (word, line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_word_may_be_a_path() {
        for (text, want) in [
            ("psql -f \"${SCHEMA:-schema/init.sql}\"", "psql f $.. SCHEMA schema/init.sql"),
            ("for f in sql/*.sql; do psql -f \"$f\"; done", "f sql/.. psql"),
            ("psql -fsql/1.sql", "psql fsql/1.sql sql/1.sql"),
            ("curl -d @body.json --cacert certs/ca.pem", "curl d body.json cacert certs/ca.pem"),
            ("cat \"$DIR/sql/x.sql\" # notes.txt", "cat sql/x.sql"),
            ("cat conf.$ENV.yml ${A}", "cat conf... A"),
            ("\\i sql/1.sql", "i sql/1.sql"),
            ("# all/of.it", ""),
            ("find ./migrations -name \"*.sql\"", "find ./migrations name ame"),
        ] {
            let shown = |(word, _): &(Word, u32)| match word {
                Word::Whole(text) => text.clone(),
                Word::Begins(text) => format!("{text}.."),
            };
            let found: Vec<String> = words(text).iter().map(shown).collect();
            assert_eq!(found.join(" "), want.replace("$.. ", ""), "{text}");
        }
    }
}
