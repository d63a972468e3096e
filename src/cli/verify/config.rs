//! The config of an image as an engine prints it, and how two of them compare: what a split into stages changes by
//! itself is told apart from what a user would miss.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::report::{Item, Verdict};
use crate::rewrite::is_build_only;

#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub env: BTreeMap<String, String>,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    pub user: String,
    pub working_dir: String,
    pub ports: BTreeSet<String>,
    pub volumes: BTreeSet<String>,
    pub labels: BTreeMap<String, String>,
    pub stop_signal: String,
    pub healthcheck: Value,
    pub architecture: String,
}

impl Config {
    /// From one entry of `image inspect` (Docker and podman) or the Docker part of `buildah inspect`.
    /// `own_label` is what we put on the image ourselves.
    pub(super) fn parse(image: &Value, own_label: &str) -> Config {
        let config = if image["Config"].is_object() { &image["Config"] } else { &image["config"] };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let list = |value: &Value| -> Vec<String> { value.as_array().into_iter().flatten().map(text).collect() };
        let keys = |value: &Value| -> BTreeSet<String> {
            value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
        };
        let env = list(&config["Env"]).into_iter().map(|entry| match entry.split_once('=') {
            Some((name, value)) => (name.to_string(), value.to_string()),
            None => (entry, String::new()),
        });
        let labels = config["Labels"].as_object().into_iter().flatten();
        // buildah adds its version to every image that it makes.
        let foreign = |name: &str| name != own_label && name != "io.buildah.version";
        let healthcheck = [&config["Healthcheck"], &image["Healthcheck"]].into_iter().find(|value| value.is_object());
        let architecture = [&image["Architecture"], &image["architecture"]].into_iter().find(|value| value.is_string());
        Config {
            env: env.collect(),
            entrypoint: list(&config["Entrypoint"]),
            cmd: list(&config["Cmd"]),
            user: text(&config["User"]),
            working_dir: text(&config["WorkingDir"]),
            ports: keys(&config["ExposedPorts"]),
            volumes: keys(&config["Volumes"]),
            labels: labels.filter(|(name, _)| foreign(name)).map(|(name, value)| (name.clone(), text(value))).collect(),
            stop_signal: text(&config["StopSignal"]),
            healthcheck: healthcheck.cloned().unwrap_or(Value::Null),
            architecture: architecture.map(text).unwrap_or_default(),
        }
    }

    /// What a container starts without arguments.
    pub(super) fn command(&self) -> Vec<String> {
        self.entrypoint.iter().chain(&self.cmd).cloned().collect()
    }

    /// What the health check starts; None where there is none.
    pub(super) fn health_command(&self) -> Option<Vec<String>> {
        let test = self.healthcheck["Test"].as_array()?;
        let words: Vec<String> = test.iter().filter_map(|word| word.as_str().map(str::to_string)).collect();
        match words.split_first() {
            Some((kind, rest)) if kind == "CMD" => Some(rest.to_vec()),
            Some((kind, rest)) if kind == "CMD-SHELL" => {
                Some(["/bin/sh", "-c"].into_iter().map(str::to_string).chain(rest.iter().cloned()).collect())
            }
            _ => None,
        }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str)
    }

    /// A path as seen from the working directory.
    pub(super) fn absolute(&self, path: &str) -> String {
        let directory = self.working_dir.trim_end_matches('/');
        let path = path.strip_prefix("./").unwrap_or(path);
        if path.starts_with('/') { path.to_string() } else { format!("{directory}/{path}") }
    }
}

/// `texts` are the two Dockerfiles, empty where an image came from elsewhere: what neither names comes from a base.
pub(super) fn compare(before: &Config, after: &Config, texts: (&str, &str)) -> Vec<Item> {
    let mut items = Vec::new();
    commands(before, after, &mut items);
    variables(before, after, &mut items);
    let user =
        |user: &str| if matches!(user, "" | "root" | "0:0" | "root:root") { "0".to_string() } else { user.to_string() };
    let root = |path: &str| if path.is_empty() { "/".to_string() } else { path.to_string() };
    let shown = |text: &str, empty: &str| if text.is_empty() { empty.to_string() } else { text.to_string() };
    plain(
        "User",
        (user(&before.user), user(&after.user)),
        (shown(&before.user, "root"), shown(&after.user, "root")),
        &mut items,
    );
    let directories = (root(&before.working_dir), root(&after.working_dir));
    plain("WorkingDir", directories.clone(), directories, &mut items);
    plain_set("ExposedPorts", &before.ports, &after.ports, &mut items);
    plain_set("Volumes", &before.volumes, &after.volumes, &mut items);
    labels(before, after, texts, &mut items);
    let signal = |config: &Config| shown(&config.stop_signal, "SIGTERM");
    plain("StopSignal", (signal(before), signal(after)), (signal(before), signal(after)), &mut items);
    items.push(health(&before.healthcheck, &after.healthcheck));
    let machine = |config: &Config| config.architecture.clone();
    plain("Architecture", (machine(before), machine(after)), (machine(before), machine(after)), &mut items);
    items
}

/// `HEALTHCHECK CMD /app health` needs no shell either: the same words in exec form are the same check.
fn health(before: &Value, after: &Value) -> Item {
    let what = "Healthcheck";
    let words = |value: &Value| -> Vec<String> {
        let test = value["Test"].as_array().into_iter().flatten();
        test.filter_map(|word| word.as_str().map(String::from)).collect()
    };
    let rest = |value: &Value| {
        let mut rest = value.clone();
        if let Some(rest) = rest.as_object_mut() {
            rest.remove("Test");
        }
        rest
    };
    if before == after {
        return Item::new(Verdict::Same, what, "");
    }
    let item = match (words(before).as_slice(), words(after).as_slice()) {
        ([old, script], [new, argv @ ..])
            if old == "CMD-SHELL"
                && new == "CMD"
                && plain_words(script).as_deref() == Some(argv)
                && rest(before) == rest(after) =>
        {
            Item::new(Verdict::Expected, what, "shell form -> exec form: no shell in between")
        }
        _ => Item::new(Verdict::Different, what, ""),
    };
    let shown = |value: &Value| if value.is_null() { "none".to_string() } else { value.to_string() };
    item.both(shown(before), shown(after))
}

fn plain(what: &str, compared: (String, String), shown: (String, String), items: &mut Vec<Item>) {
    items.push(if compared.0 == compared.1 {
        Item::new(Verdict::Same, what, "")
    } else {
        Item::new(Verdict::Different, what, "").both(shown.0, shown.1)
    });
}

fn plain_set(what: &str, before: &BTreeSet<String>, after: &BTreeSet<String>, items: &mut Vec<Item>) {
    let shown = |set: &BTreeSet<String>| match set.len() {
        0 => "none".to_string(),
        _ => set.iter().cloned().collect::<Vec<_>>().join(" "),
    };
    plain(what, (shown(before), shown(after)), (shown(before), shown(after)), items);
}

fn commands(before: &Config, after: &Config, items: &mut Vec<Item>) {
    for (what, old, new) in [("Entrypoint", &before.entrypoint, &after.entrypoint), ("Cmd", &before.cmd, &after.cmd)] {
        if old == new {
            items.push(Item::new(Verdict::Same, what, ""));
            continue;
        }
        let (shown_old, shown_new) = (exec_form(old), exec_form(new));
        let item = if script_of(old).and_then(plain_words).as_ref() == Some(new) {
            let why = "shell form -> exec form: no shell in between, the program gets the signals";
            Item::new(Verdict::Expected, what, why)
        } else {
            Item::new(Verdict::Different, what, "")
        };
        items.push(item.both(shown_old, shown_new));
    }
}

fn variables(before: &Config, after: &Config, items: &mut Vec<Item>) {
    let names: BTreeSet<&String> = before.env.keys().chain(after.env.keys()).collect();
    let mut gone = Vec::new();
    let mut same = 0;
    for name in names {
        let what = format!("Env {name}");
        match (before.variable(name), after.variable(name)) {
            (Some(old), Some(new)) if old == new => same += 1,
            (Some(_), None) if is_build_only(name) => gone.push(name.as_str()),
            (Some(old), Some(new)) if name == "PATH" => items.push(search_path(old, new, before)),
            (None, Some(new)) if name == "PATH" => {
                items.push(Item::new(Verdict::Note, what, "set by the new base").both("not set", new));
            }
            (None, Some(new)) if name == "SSL_CERT_FILE" && new == "/etc/ssl/certs/ca-certificates.crt" => {
                let why = "set by the new base, to the place where programs look anyway";
                items.push(Item::new(Verdict::Expected, what, why).both("not set", new));
            }
            (old, new) => {
                let shown = |value: Option<&str>| value.unwrap_or("not set").to_string();
                items.push(Item::new(Verdict::Different, what, "").both(shown(old), shown(new)));
            }
        }
    }
    if !gone.is_empty() {
        items.push(Item::new(
            Verdict::Expected,
            "Env",
            format!("{} gone: the toolchain's, read by builds only", gone.join(", ")),
        ));
    }
    if same > 0 {
        items.push(Item::new(Verdict::Same, "Env", format!("{same} equal")));
    }
}

/// The directories of the toolchain may go, and nothing else.
fn search_path(old: &str, new: &str, before: &Config) -> Item {
    let gopath = before.variable("GOPATH").unwrap_or("/go");
    let toolchain = |directory: &str| {
        ["/usr/local/go/bin", "/go/bin", "/root/go/bin", "/usr/lib/go/bin"].contains(&directory)
            || gopath.split(':').any(|root| directory == format!("{root}/bin"))
    };
    let (kept, gone): (Vec<&str>, Vec<&str>) = old.split(':').partition(|directory| !toolchain(directory));
    if kept.join(":") == new {
        let text = format!("without {}, where the toolchain was", gone.join(" and "));
        return Item::new(Verdict::Expected, "Env PATH", text);
    }
    Item::new(Verdict::Different, "Env PATH", "").both(old, new)
}

fn labels(before: &Config, after: &Config, texts: (&str, &str), items: &mut Vec<Item>) {
    let names: BTreeSet<&String> = before.labels.keys().chain(after.labels.keys()).collect();
    let mut same = true;
    for name in names {
        let (old, new) = (before.labels.get(name), after.labels.get(name));
        if old == new {
            continue;
        }
        same = false;
        // Without the text nobody knows where a label comes from.
        let of_base = !texts.0.is_empty() && !texts.1.is_empty() && !texts.0.contains(name) && !texts.1.contains(name);
        let (verdict, why) =
            if of_base { (Verdict::Expected, "a label of the base image") } else { (Verdict::Different, "") };
        let shown = |value: Option<&String>| value.cloned().unwrap_or_else(|| "not set".into());
        items.push(Item::new(verdict, format!("Labels {name}"), why).both(shown(old), shown(new)));
    }
    if same {
        items.push(Item::new(Verdict::Same, "Labels", ""));
    }
}

pub(super) fn exec_form(words: &[String]) -> String {
    if words.is_empty() { "none".into() } else { serde_json::to_string(words).unwrap_or_default() }
}

/// The text that a shell runs, where nothing but the text says what happens: `/bin/bash -o pipefail -c TEXT`. A shell
/// that reads its profile or prints what it runs is none of these.
pub(super) fn script_of(command: &[String]) -> Option<&str> {
    let (script, head) = command.split_last()?;
    let (shell, flags) = head.split_first()?;
    if !matches!(shell.rsplit('/').next()?, "ash" | "bash" | "dash" | "sh") {
        return None;
    }
    let mut runs = false;
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        let letters = flag.strip_prefix('-').filter(|letters| letters.chars().all(|one| "ceou".contains(one)))?;
        runs |= letters.contains('c');
        if letters.contains('o') && !matches!(flags.next()?.as_str(), "errexit" | "nounset" | "pipefail") {
            return None;
        }
    }
    runs.then_some(script)
}

/// The words of a shell command that is nothing but words; a leading `exec` is dropped.
pub(super) fn plain_words(script: &str) -> Option<Vec<String>> {
    if script.contains(['$', '`', '\\', '|', '&', ';', '<', '>', '(', ')', '*', '?', '[', '~', '#', '{', '!', '\n']) {
        return None;
    }
    let mut words = split_words(script)?;
    if words.first().is_some_and(|first| first == "exec") {
        words.remove(0);
    }
    if words.first().is_none_or(|first| first.contains('=')) { None } else { Some(words) }
}

/// Words as a shell splits them, with quotes and without any expansion; None where a quote is not closed.
pub(super) fn split_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        end if end == char => break,
                        '\\' if char == '"' => word.push(chars.next()?),
                        inner => word.push(inner),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            char if char.is_whitespace() => words.extend(word.take()),
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    Some(words)
}

/// Words that a shell answers itself.
pub(super) fn is_builtin(word: &str) -> bool {
    [
        ".", ":", "cd", "command", "echo", "eval", "exit", "export", "false", "if", "set", "test", "true", "umask",
        "while", "for",
    ]
    .contains(&word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(before: Value, after: Value) -> Vec<String> {
        let parse =
            |config: Value| Config::parse(&json!({ "Config": config, "Architecture": "amd64" }), "unladen.verify");
        let items = compare(&parse(before), &parse(after), ("LABEL ours=1", "FROM x"));
        let differs = items.iter().filter(|item| item.verdict != Verdict::Same);
        differs.map(|item| format!("{} {}", item.verdict.name(), item.what)).collect()
    }

    #[test]
    fn what_a_rewrite_changes_by_itself_is_expected() {
        let golang = json!({
            "Env": ["PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/bin", "GOLANG_VERSION=1.27.3", "GOTOOLCHAIN=local", "GOPATH=/go", "A=1"],
            "Cmd": ["/bin/sh", "-c", "exec ./main 'a b'"], "WorkingDir": "/app", "User": "",
            "Labels": {"of.the.base": "x", "unladen.verify": "1"},
        });
        let static_base = json!({
            "Env": ["PATH=/usr/local/sbin:/usr/bin", "A=1", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
            "Cmd": ["./main", "a b"], "WorkingDir": "/app", "User": "0", "Labels": {"unladen.verify": "2"},
        });
        assert_eq!(
            said(golang, static_base),
            [
                "expected Cmd",
                "expected Env PATH",
                "expected Env SSL_CERT_FILE",
                "expected Env",
                "expected Labels of.the.base"
            ]
        );
    }

    #[test]
    fn what_a_user_would_miss_is_different() {
        let base = json!({"Cmd": ["./main"], "Env": ["PATH=/opt/x:/usr/bin", "GODEBUG=1", "GOLANG_VERSION=1"]});
        for (change, want) in [
            (json!({"Cmd": ["./other"]}), "different Cmd"),
            (json!({"Cmd": ["./main"], "Entrypoint": ["/tini"]}), "different Entrypoint"),
            (json!({"Cmd": ["./main"], "User": "1000"}), "different User"),
            (json!({"Cmd": ["./main"], "WorkingDir": "/app"}), "different WorkingDir"),
            (json!({"Cmd": ["./main"], "ExposedPorts": {"80/tcp": {}}}), "different ExposedPorts"),
            (json!({"Cmd": ["./main"], "Volumes": {"/data": {}}}), "different Volumes"),
            (json!({"Cmd": ["./main"], "Labels": {"ours": "1"}}), "different Labels ours"),
            (json!({"Cmd": ["./main"], "StopSignal": "SIGINT"}), "different StopSignal"),
            (json!({"Cmd": ["./main"], "Healthcheck": {"Test": ["CMD", "/x"]}}), "different Healthcheck"),
            (
                json!({"Cmd": ["./main"], "Env": ["PATH=/usr/bin", "GODEBUG=1", "GOLANG_VERSION=1"]}),
                "different Env PATH",
            ),
            (json!({"Cmd": ["./main"], "Env": ["PATH=/opt/x:/usr/bin"]}), "different Env GODEBUG"),
            (json!({"Cmd": ["./main"], "Env": ["PATH=/opt/x:/usr/bin", "GODEBUG=1", "NEW=1"]}), "different Env NEW"),
        ] {
            let mut after = change.clone();
            if after["Env"].is_null() {
                after["Env"] = base["Env"].clone();
            }
            let said = said(base.clone(), after);
            assert!(said.contains(&want.to_string()), "{change}: {said:?}");
            assert_eq!(said.iter().filter(|line| line.starts_with("different")).count(), 1, "{change}: {said:?}");
        }
        let health = |test: Value| json!({"Cmd": ["./main"], "Healthcheck": {"Test": test, "Retries": 3}});
        let shell = health(json!(["CMD-SHELL", "/app/main health"]));
        let exec = said(shell.clone(), health(json!(["CMD", "/app/main", "health"])));
        assert!(!exec.iter().any(|line| line.starts_with("different")), "{exec:?}");
        assert_eq!(said(shell.clone(), health(json!(["CMD", "/app/main", "other"]))), ["different Healthcheck"]);
        assert_eq!(
            said(health(json!(["CMD-SHELL", "/app/main $A"])), health(json!(["CMD", "/app/main"]))),
            ["different Healthcheck"]
        );
        assert_eq!(said(json!({"Cmd": ["/bin/sh", "-c", "./main $A"]}), json!({"Cmd": ["./main"]})), ["different Cmd"]);
        assert_eq!(said(base.clone(), base), [""; 0]);
    }

    #[test]
    fn arguments_are_split_at_blanks_outside_of_quotes() {
        assert_eq!(split_words(r#"-a 'b c' "d \" $e" f\ g *"#).unwrap(), ["-a", "b c", "d \" $e", "f g", "*"]);
        assert_eq!(split_words("a 'b"), None);
        assert_eq!(split_words("").unwrap(), [""; 0]);
    }

    #[test]
    fn a_shell_with_a_profile_or_a_trace_is_not_left_out() {
        for (command, expected) in [
            (&["/bin/sh", "-c", "./a b"][..], true),
            (&["/bin/bash", "-o", "pipefail", "-c", "./a b"], true),
            (&["/bin/ash", "-eo", "pipefail", "-c", "./a b"], true),
            (&["bash", "-euc", "./a b"], true),
            (&["/bin/bash", "-lc", "./a b"], false),
            (&["/bin/bash", "-xc", "./a b"], false),
            (&["/bin/bash", "-o", "posix", "-c", "./a b"], false),
            (&["/bin/bash", "-e", "./a b"], false),
            (&["/bin/zsh", "-c", "./a b"], false),
            (&["/bin/bash", "-c", "./a $B"], false),
        ] {
            let said = said(json!({ "Cmd": command }), json!({"Cmd": ["./a", "b"]}));
            assert_eq!(said, [if expected { "expected Cmd" } else { "different Cmd" }], "{command:?}");
        }
    }

    #[test]
    fn only_plain_words_are_words() {
        for (script, want) in [
            ("./main", Some("./main")),
            ("exec ./main  -a 'b c' \"d\"e", Some("./main|-a|b c|de")),
            ("./main ''", Some("./main|")),
            ("./main $PORT", None),
            ("./main && x", None),
            ("A=1 ./main", None),
            ("./main \"$X\"", None),
            ("./main 'x", None),
            ("", None),
        ] {
            assert_eq!(plain_words(script).map(|words| words.join("|")).as_deref(), want, "{script}");
        }
    }
}
