//! Drops, moves, renames and duplicates columns.

use std::sync::Arc;

use super::{Built, Operator};
use crate::context::{Context, Fault};
use crate::parameters::Block;
use crate::table::{Table, same_name};

#[derive(Debug)]
enum ManageColumns {
    Drop(Vec<String>),
    /// Pairs of an old and a new name.
    Rename(Vec<(String, String)>),
    Duplicate {
        input: String,
        name: String,
    },
    Move {
        columns: Vec<String>,
        to: Target,
    },
}

#[derive(Debug)]
enum Target {
    Start,
    End,
    /// An index among the columns that are not moved.
    Index(usize),
    After(String),
    Before(String),
}

pub(super) fn build(block: &Block) -> Built {
    let operator = block.needed("operator")?;
    Ok(Box::new(match operator {
        "Drop column" => {
            ManageColumns::Drop(block.block("drop_column_parameters")?.columns("column_to_drop")?)
        }
        "Rename column" => {
            ManageColumns::Rename(renames(&block.block("rename_column_parameters")?)?)
        }
        "Duplicate column" => {
            let block = block.block("duplicate_column_parameters")?;
            let (input, name) = renamed(&block)?;
            ManageColumns::Duplicate { input, name }
        }
        "Move column" => move_column(&block.block("move_column_parameters")?)?,
        other => return Err(block.unknown("operator", other)),
    }))
}

fn renamed(block: &Block) -> Result<(String, String), String> {
    let (input, name) = (block.needed("input_column")?, block.needed("new_name")?);
    if input == name {
        return Err(format!("{} is the old name; choose another", block.name("new_name")));
    }
    Ok((input.to_owned(), name.to_owned()))
}

/// Reads pairs of an old and a new name. Newer flows have a list and an optional extra pair.
fn renames(block: &Block) -> Result<Vec<(String, String)>, String> {
    let list = block.list("columns_to_rename")?;
    let mut renames = list.iter().map(renamed).collect::<Result<Vec<_>, _>>()?;
    let one_more = block.get("input_column").is_some() && block.get("new_name").is_some();
    if renames.is_empty() || one_more {
        renames.push(renamed(block)?);
    }
    Ok(renames)
}

fn move_column(block: &Block) -> Result<ManageColumns, String> {
    let (name, target): (_, ReadTarget) = match block.needed("move_type")? {
        "Move to start" => ("move_to_start_parameters", |_| Ok(Target::Start)),
        "Move to end" => ("move_to_end_parameters", |_| Ok(Target::End)),
        "Move to index" => ("move_to_index_parameters", index),
        "Move after" => ("move_after_parameters", |block| Ok(Target::After(target(block)?))),
        "Move before" => ("move_before_parameters", |block| Ok(Target::Before(target(block)?))),
        other => return Err(block.unknown("move_type", other)),
    };
    let block = block.block(name)?;
    let columns = block.columns("column_to_move")?;
    let to = target(&block)?;
    match &to {
        Target::After(target) | Target::Before(target) if columns.contains(target) => {
            Err(format!("{} is itself a column to move", block.name("target_column")))
        }
        _ => Ok(ManageColumns::Move { columns, to }),
    }
}

/// Reads the target of a move.
type ReadTarget = fn(&Block) -> Result<Target, String>;

fn target(block: &Block) -> Result<String, String> {
    block.needed("target_column").map(str::to_owned)
}

fn index(block: &Block) -> Result<Target, String> {
    let index = block.number("index", -1.0)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    if index.fract() == 0.0 && (0.0..1e9).contains(&index) {
        return Ok(Target::Index(index as usize));
    }
    Err(format!("{} must be a whole number from 0", block.name("index")))
}

impl Operator for ManageColumns {
    fn apply(&self, table: Table, context: &Context) -> Result<Table, Fault> {
        match self {
            Self::Drop(columns) => {
                for column in columns {
                    table.column(column)?;
                }
                let dropped = |name: &str| columns.iter().any(|column| same_name(column, name));
                let fields = table.fields.iter().enumerate();
                let kept = fields.filter(|(_, field)| !dropped(&field.name));
                let kept: Vec<_> = kept.map(|(position, _)| position).collect();
                Ok(table.select(&kept))
            }
            Self::Rename(renames) => rename(table, renames),
            Self::Duplicate { input, name } => {
                let position = table.column(input)?;
                let kind = table.fields[position].kind.clone();
                table.set(name, &kind, context, |rows| Ok(Arc::clone(&rows.columns[position])))
            }
            Self::Move { columns, to } => move_columns(table, columns, to),
        }
    }
}

fn rename(mut table: Table, renames: &[(String, String)]) -> Result<Table, Fault> {
    for (old, new) in renames {
        table.column(old)?;
        for field in table.fields.iter_mut().filter(|field| same_name(&field.name, old)) {
            field.name.clone_from(new);
        }
    }
    Ok(table)
}

/// Moves columns. They keep their relative order.
fn move_columns(table: Table, columns: &[String], to: &Target) -> Result<Table, Fault> {
    let mut moved = Vec::with_capacity(columns.len());
    for column in columns {
        moved.push(table.column(column)?);
    }
    moved.sort_unstable();
    moved.dedup();
    let mut order: Vec<_> = (0..table.fields.len()).filter(|at| !moved.contains(at)).collect();
    let index_of = |target: &str| {
        let target = table.column(target)?;
        Ok::<_, Fault>(order.iter().position(|at| *at == target).unwrap_or(order.len()))
    };
    let index = match to {
        Target::Start => 0,
        Target::End => order.len(),
        Target::Index(index) if *index < table.fields.len() => order.len().min(*index),
        Target::Index(index) => {
            let last = table.fields.len() - 1;
            let problem =
                format!("the index {index} is too large; the last column has index {last}");
            return Err(Fault::Problem(problem));
        }
        Target::After(target) => index_of(target)? + 1,
        Target::Before(target) => index_of(target)?,
    };
    order.splice(index..index, moved);
    Ok(table.select(&order))
}
