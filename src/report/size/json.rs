//! `unladen size --format json`, version 1: names that others build on. More may be added, none renamed.

use std::io::{self, Write};

use serde::Serialize;

use super::{Built, Finds, Found, SizeReport, fleet, instruction, rows, ships, total};
use crate::lint::Checked;
use crate::size::{Part, Weight};

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    path: &'a str,
    /// The image that ships.
    image: JsonWeight,
    stages: Vec<JsonStage<'a>>,
    after: Vec<JsonAfter>,
    not_rewritten: Option<&'a str>,
    max_size: Option<u64>,
    fleet: Option<JsonFleet>,
    built: Option<JsonBuilt<'a>>,
}

#[derive(Serialize)]
struct JsonWeight {
    low: u64,
    likely: u64,
    /// null: nobody can tell, `low` is a lower bound.
    high: Option<u64>,
    basis: &'static str,
    compressed: u64,
}

#[derive(Serialize)]
struct JsonStage<'a> {
    name: Option<&'a str>,
    ships: bool,
    size: JsonWeight,
    layers: Vec<JsonLayer<'a>>,
}

#[derive(Serialize)]
struct JsonLayer<'a> {
    line: u32,
    instruction: String,
    size: JsonWeight,
    parts: Vec<JsonPart<'a>>,
    /// Bytes of the built image.
    #[serde(skip_serializing_if = "Option::is_none")]
    built: Option<u64>,
}

#[derive(Serialize)]
struct JsonPart<'a> {
    kind: &'static str,
    what: &'a str,
    size: JsonWeight,
}

#[derive(Serialize)]
struct JsonAfter {
    way: &'static str,
    fixes: usize,
    image: JsonWeight,
    saves: u64,
}

#[derive(Serialize)]
struct JsonFleet {
    services: u64,
    deploys_a_day: u64,
    months: Vec<JsonMonth>,
}

#[derive(Serialize)]
struct JsonMonth {
    way: &'static str,
    storage: u64,
    transfer: u64,
    on_hosts: u64,
}

#[derive(Serialize)]
struct JsonBuilt<'a> {
    name: &'a str,
    bytes: u64,
    layers: Vec<JsonBuiltLayer<'a>>,
    /// The largest; `…_bytes` is the sum of all.
    stored_twice: Vec<JsonFile<'a>>,
    stored_twice_bytes: u64,
    deleted_later: Vec<JsonFile<'a>>,
    deleted_later_bytes: u64,
    caches: Vec<JsonFile<'a>>,
    cache_bytes: u64,
    biggest: Vec<JsonFile<'a>>,
}

#[derive(Serialize)]
struct JsonBuiltLayer<'a> {
    created_by: &'a str,
    bytes: u64,
    line: Option<u32>,
}

#[derive(Serialize)]
struct JsonFile<'a> {
    path: &'a str,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

fn files(finds: &Finds) -> Vec<JsonFile<'_>> {
    fn one(found: &Found) -> JsonFile<'_> {
        let Found { path, bytes, note } = found;
        JsonFile { path, bytes: *bytes, note: Some(note.as_str()).filter(|note| !note.is_empty()) }
    }
    finds.list.iter().map(one).collect()
}

fn weight(weight: &Weight) -> JsonWeight {
    let size = weight.size;
    JsonWeight {
        low: size.low,
        likely: size.likely,
        high: (weight.unknown == 0).then_some(size.high),
        basis: weight.basis_name(),
        compressed: weight.compressed,
    }
}

fn part(part: &Part) -> JsonPart<'_> {
    JsonPart { kind: part.kind.name(), what: &part.what, size: weight(&Weight::of([part])) }
}

fn stages<'a>(checked: &'a Checked, built: Option<&Built>) -> Vec<JsonStage<'a>> {
    let stage = |stage| {
        let name = |id| checked.model.stage(id)?.name.as_ref().map(|word| word.text.as_str());
        let stage: &crate::size::StageSize = stage;
        JsonStage {
            name: name(stage.id),
            ships: ships(checked, stage),
            size: weight(&stage.total),
            layers: rows(checked, stage, built)
                .into_iter()
                .map(|row| JsonLayer {
                    line: row.line,
                    size: weight(&row.weight),
                    parts: row.parts.iter().map(|found| part(found)).collect(),
                    built: built.and_then(|built| built.made_by(row.inst)),
                    instruction: row.text,
                })
                .collect(),
        }
    };
    checked.size.stages.iter().map(stage).collect()
}

pub(super) fn write(report: &SizeReport, out: &mut dyn Write) -> io::Result<()> {
    let whole = total(&report.now.size);
    let after = report.after.iter().map(|after| {
        let weighed = total(&after.checked.size);
        JsonAfter {
            way: after.way.key(),
            fixes: after.fixes,
            image: weight(&weighed),
            saves: whole.size.likely.saturating_sub(weighed.size.likely),
        }
    });
    let built = report.built.as_ref().map(|built| JsonBuilt {
        name: &built.name,
        bytes: built.bytes(),
        layers: built
            .layers
            .iter()
            .map(|layer| JsonBuiltLayer {
                created_by: &layer.created_by,
                bytes: layer.bytes,
                line: layer.inst.map(|inst| instruction(&report.now, inst).0),
            })
            .collect(),
        stored_twice: files(&built.twice),
        stored_twice_bytes: built.twice.bytes,
        deleted_later: files(&built.deleted),
        deleted_later_bytes: built.deleted.bytes,
        caches: files(&built.caches),
        cache_bytes: built.caches.bytes,
        biggest: files(&built.biggest),
    });
    let root = Root {
        version: 1,
        path: &report.now.source.path,
        image: weight(&whole),
        stages: stages(&report.now, report.built.as_ref()),
        after: after.collect(),
        not_rewritten: report.not_rewritten.as_deref(),
        max_size: report.max_size,
        fleet: fleet::of(report).map(|fleets| JsonFleet {
            services: fleets.fleet.services,
            deploys_a_day: fleets.fleet.deploys,
            months: fleets
                .months
                .iter()
                .map(|(way, month)| JsonMonth {
                    way: way.map_or("now", super::Way::key),
                    storage: month.storage,
                    transfer: month.transfer,
                    on_hosts: month.on_hosts,
                })
                .collect(),
        }),
        built,
    };
    serde_json::to_writer_pretty(&mut *out, &root)?;
    writeln!(out)
}

#[derive(Serialize)]
struct JsonTable {
    name: &'static str,
    holds: &'static str,
    rows: usize,
    oldest: &'static str,
    newest: &'static str,
}

pub(super) fn tables(out: &mut dyn Write) -> io::Result<()> {
    let tables: Vec<JsonTable> = crate::size::tables()
        .into_iter()
        .map(|table| JsonTable {
            name: table.name,
            holds: table.about,
            rows: table.rows,
            oldest: table.oldest,
            newest: table.newest,
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &tables)?;
    writeln!(out)
}
