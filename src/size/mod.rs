//! Waste and model -> bytes, from the tables under rules/tables.

use crate::diagnostic::{Cost, Waste};
use crate::model::Model;

/// What the waste weighs in the image that ships; `None` when nothing is known.
pub fn price(_model: &Model, _waste: &Waste) -> Option<Cost> {
    None
}
