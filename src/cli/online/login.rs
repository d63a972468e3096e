//! The user's docker credentials: config.json with its `auths`, `credsStore` and `credHelpers`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::verify::process::{self, Limits};

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    Password {
        user: String,
        secret: String,
    },
    /// For the token server alone.
    Identity(String),
}

impl Login {
    /// The value of `Authorization` for HTTP's own way; an identity has none.
    pub(super) fn basic(&self) -> Option<String> {
        match self {
            Login::Password { user, secret } => Some(format!("Basic {}", STANDARD.encode(format!("{user}:{secret}")))),
            Login::Identity(_) => None,
        }
    }
}

/// The directory of docker's configuration.
fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("DOCKER_CONFIG").or_else(|| Some(set("HOME").or_else(|| set("USERPROFILE"))?.join(".docker")))
}

/// What docker would log in with at a registry. An error is for the user: the file or the helper is broken.
pub(super) fn find(registry: &str, time: Duration) -> Result<Option<Login>, String> {
    match folder() {
        Some(folder) => find_in(&folder.join("config.json"), registry, time),
        None => Ok(None),
    }
}

fn find_in(path: &Path, registry: &str, time: Duration) -> Result<Option<Login>, String> {
    let Ok(bytes) = std::fs::read(path) else { return Ok(None) };
    let config: Value =
        serde_json::from_slice(&bytes).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let keys = keys(registry);
    let named = keys.iter().find_map(|key| config["credHelpers"][key].as_str());
    if let Some(helper) = named.or_else(|| config["credsStore"].as_str()).filter(|helper| !helper.is_empty()) {
        let key = keys.first().map_or(registry, String::as_str);
        if let Some(login) = ask_helper(helper, key, time)? {
            return Ok(Some(login));
        }
    }
    let found = keys.iter().find_map(|key| config["auths"].get(key));
    found.map_or(Ok(None), |entry| from_entry(entry).map_err(|error| format!("{}: {error}", path.display())))
}

/// The names under which docker keeps the credentials of a registry; the first is the one that helpers know.
fn keys(registry: &str) -> Vec<String> {
    match registry {
        "docker.io" => ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"]
            .map(String::from)
            .to_vec(),
        host => ["", "https://", "http://"]
            .iter()
            .flat_map(|scheme| ["", "/", "/v1/", "/v2/"].map(|end| format!("{scheme}{host}{end}")))
            .collect(),
    }
}

fn from_entry(entry: &Value) -> Result<Option<Login>, String> {
    let text = |key: &str| entry[key].as_str().filter(|text| !text.is_empty());
    if let Some(token) = text("identitytoken") {
        return Ok(Some(Login::Identity(token.to_string())));
    }
    if let (Some(user), Some(secret)) = (text("username"), text("password")) {
        return Ok(Some(Login::Password { user: user.to_string(), secret: secret.to_string() }));
    }
    let Some(auth) = text("auth") else { return Ok(None) };
    let decoded = STANDARD.decode(auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or("`auth` is not base64")?;
    let (user, secret) = decoded.split_once(':').ok_or("`auth` holds no user and password")?;
    let secret = secret.trim_end_matches('\0');
    Ok(Some(Login::Password { user: user.to_string(), secret: secret.to_string() }))
}

/// `docker-credential-NAME get`: the registry on its standard input, JSON on its output.
fn ask_helper(helper: &str, key: &str, time: Duration) -> Result<Option<Login>, String> {
    let name = format!("docker-credential-{helper}");
    if !helper.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err(format!("`{helper}` can be no credential helper"));
    }
    let limits = Limits { time, to_the_end: false };
    let said = process::run(Command::new(&name).arg("get"), Some(key.as_bytes()), &limits, &mut |_| {})
        .map_err(|failed| format!("{name} {failed}"))?;
    if !said.ok() {
        // That it has none is said on either output; docker then goes on without.
        let (out, err) = (said.out(), said.err());
        return match (out + &err).to_ascii_lowercase().contains("not found") {
            true => Ok(None),
            false => Err(format!("{name} ended with {}", said.code)),
        };
    }
    let answer: Value = serde_json::from_slice(&said.out).map_err(|_| format!("{name} answers no JSON"))?;
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_string();
    Ok(match (text("Username"), text("Secret")) {
        (_, secret) if secret.is_empty() => None,
        (user, secret) if user == "<token>" => Some(Login::Identity(secret)),
        (user, secret) => Some(Login::Password { user, secret }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `user secret`, `identity TOKEN`, `-` for none, or the error.
    fn found(config: &str, registry: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        std::fs::write(&path, config).unwrap();
        match find_in(&path, registry, Duration::from_secs(5)) {
            Ok(None) => "-".to_string(),
            Ok(Some(Login::Password { user, secret })) => format!("{user} {secret}"),
            Ok(Some(Login::Identity(token))) => format!("identity {token}"),
            Err(error) => error.rsplit_once("config.json").map_or(error.clone(), |(_, rest)| rest.to_string()),
        }
    }

    #[test]
    fn credentials_are_found_as_docker_finds_them() {
        let auth = STANDARD.encode("me:pass:word");
        let hub = format!(r#"{{"auths": {{"https://index.docker.io/v1/": {{"auth": "{auth}"}}}}}}"#);
        let own = format!(r#"{{"auths": {{"localhost:5000": {{"auth": "{auth}"}}}}}}"#);
        for (config, registry, expected) in [
            (hub.as_str(), "docker.io", "me pass:word"),
            (&hub, "ghcr.io", "-"),
            (&own, "localhost:5000", "me pass:word"),
            (&own, "localhost", "-"),
            (r#"{"auths": {"https://r.io/v2/": {"username": "a", "password": "b"}}}"#, "r.io", "a b"),
            (r#"{"auths": {"r.io": {"identitytoken": "x"}}}"#, "r.io", "identity x"),
            (r#"{"auths": {"r.io": {}}}"#, "r.io", "-"),
            (r#"{"auths": {"r.io": {"auth": "!"}}}"#, "r.io", ": `auth` is not base64"),
            (r#"{"credsStore": "../../bin/sh"}"#, "r.io", "`../../bin/sh` can be no credential helper"),
            ("{}", "r.io", "-"),
        ] {
            assert_eq!(found(config, registry), expected, "{config}");
        }
        assert!(found("{", "r.io").contains("cannot be read"));
        assert_eq!(
            find_in(Path::new("/nowhere/config.json"), "r.io", Duration::ZERO).map(|login| login.is_none()),
            Ok(true)
        );
        assert!(found(r#"{"credsStore": "unladen-has-no-such"}"#, "r.io").contains("cannot be started"));
    }
}
