//! What manifests and indexes say, of OCI and of Docker.

use serde_json::Value;

use crate::model::{platform, runs_on};

pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// The specification lets a registry refuse manifests above 4 MiB.
pub(super) const MOST: u64 = 4 << 20;

pub(super) enum Document {
    Index(Vec<Entry>),
    Manifest { config: String, layers: Vec<Layer> },
}

/// One manifest of an index.
pub(super) struct Entry {
    pub digest: String,
    /// In one spelling; `None` where it is none, as with attestations.
    pub platform: Option<String>,
}

pub(super) struct Layer {
    pub digest: String,
    pub bytes: u64,
    pub media_type: String,
}

pub(super) fn read(bytes: &[u8]) -> Result<Document, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| "the manifest is no JSON".to_string())?;
    if let Some(entries) = value["manifests"].as_array() {
        let entry = |entry: &Value| {
            let digest = digest(&entry["digest"])?;
            Some(Entry { digest, platform: platform_of(&entry["platform"]) })
        };
        return Ok(Document::Index(entries.iter().filter_map(entry).collect()));
    }
    let Some(layers) = value["layers"].as_array() else {
        return Err(match value["schemaVersion"].as_u64() {
            Some(1) => "its manifest is of Docker's schema 1, which tells no sizes".to_string(),
            _ => "the manifest names no layers".to_string(),
        });
    };
    let layer = |layer: &Value| {
        let media_type = layer["mediaType"].as_str().unwrap_or_default().to_string();
        Some(Layer { digest: digest(&layer["digest"])?, bytes: layer["size"].as_u64()?, media_type })
    };
    let layers: Option<Vec<Layer>> = layers.iter().map(layer).collect();
    let layers = layers.ok_or("a layer of the manifest has no size or digest")?;
    let config = digest(&value["config"]["digest"]).ok_or("the manifest names no configuration")?;
    Ok(Document::Manifest { config, layers })
}

/// A digest becomes part of an address: nothing else may stand in it.
fn digest(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let (algorithm, hex) = text.split_once(':')?;
    let plain =
        matches!(algorithm, "sha256" | "sha512") && hex.len() >= 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| text.to_string())
}

/// Of an index's entry or an image's configuration.
pub(super) fn platform_of(value: &Value) -> Option<String> {
    let text = |key: &str| value[key].as_str().filter(|text| !text.is_empty() && *text != "unknown");
    let (os, architecture) = (text("os")?, text("architecture")?);
    match text("variant") {
        Some(variant) => platform(&format!("{os}/{architecture}/{variant}")),
        None => platform(&format!("{os}/{architecture}")),
    }
}

/// The entry that is built on for a platform.
pub(super) fn choose<'e>(entries: &'e [Entry], wanted: &str) -> Option<&'e Entry> {
    let of = |platform: &String| entries.iter().find(|entry| entry.platform.as_ref() == Some(platform));
    runs_on(wanted).iter().find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn chosen(wanted: &str) -> Option<String> {
        let entry =
            |n: usize, platform: &str| format!(r#"{{"digest": "sha256:{n}{}", "platform": {platform}}}"#, &HEX[1..]);
        let text = format!(
            r#"{{"manifests": [{}, {}, {}, {}]}}"#,
            entry(1, r#"{"os": "unknown", "architecture": "unknown"}"#),
            entry(2, r#"{"os": "linux", "architecture": "arm64", "variant": "v8"}"#),
            entry(3, r#"{"os": "linux", "architecture": "arm", "variant": "v6"}"#),
            entry(4, r#"{"os": "linux", "architecture": "amd64"}"#),
        );
        let Ok(Document::Index(entries)) = read(text.as_bytes()) else { panic!("no index") };
        choose(&entries, wanted).map(|entry| entry.digest[7..8].to_string())
    }

    #[test]
    fn the_manifest_of_the_platform_is_chosen() {
        for (wanted, expected) in
            [("linux/amd64", Some("4")), ("linux/arm64", Some("2")), ("linux/arm/v7", Some("3")), ("linux/s390x", None)]
        {
            assert_eq!(chosen(wanted).as_deref(), expected, "{wanted}");
        }
    }

    #[test]
    fn what_is_no_manifest_says_why() {
        let no_digest = r#"{"layers": [{"digest": "sha256:../../x", "size": 1}], "config": {"digest": "x"}}"#;
        for (text, expected) in [
            ("<html>", "no JSON"),
            ("{}", "names no layers"),
            (r#"{"schemaVersion": 1, "fsLayers": []}"#, "schema 1"),
            (no_digest, "no size or digest"),
            (r#"{"layers": []}"#, "no configuration"),
        ] {
            let error = read(text.as_bytes()).err().unwrap_or_default();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
