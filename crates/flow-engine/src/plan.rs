//! A flow, checked and ready to run.

use std::collections::HashMap;

use super::operators::{Operator, build};
use super::parameters::Block;
use super::source_plan::read_source;
use super::unsupported::{Unsupported, UnsupportedFlow};
use data_wrangler_flow::{Flow, Graph, OutputName};
use data_wrangler_flow::{Node, NodeKind};

pub use super::source_plan::{Encoding, SourceFormat, SourcePlan};

/// How to plan.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// Train again although the flow has trained parameters.
    pub refit: bool,
}

/// What makes one output of a flow, ready to run.
#[derive(Debug)]
pub struct Plan {
    pub(super) steps: Vec<Step>,
    sources: Vec<SourcePlan>,
    destinations: Vec<Destination>,
}

/// One node's work.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) node_id: String,
    pub(super) operator: String,
    pub(super) work: Work,
}

/// What a node does, and to which step's rows.
#[derive(Debug)]
pub(super) enum Work {
    /// Reads the source of this number.
    Read(usize),
    /// Gives the rows of an earlier step another name.
    Pass(usize),
    Apply(usize, Box<dyn Operator>),
}

/// An S3 destination node that takes the wanted output. The engine does not write there; this is
/// what the flow says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// The node.
    pub node_id: String,
    /// Where to: `s3://bucket/prefix`.
    pub uri: String,
    /// As the flow says it, such as `CSV` or `PARQUET`.
    pub content_type: String,
    /// Of a CSV file.
    pub delimiter: Option<String>,
    /// As the flow says it, such as `none` or `gzip`.
    pub compression: Option<String>,
}

impl Plan {
    /// Plans what makes `output`, which must be an output of this flow. Only the nodes on the way to
    /// it count.
    ///
    /// # Errors
    ///
    /// [`UnsupportedFlow`] lists everything that the engine does not do exactly as Spark does.
    pub fn new(
        flow: &Flow,
        output: &OutputName,
        options: &PlanOptions,
    ) -> Result<Self, UnsupportedFlow> {
        let graph = Graph::new(flow).map_err(|error| foreign(output, &error.to_string()))?;
        if graph.node(output.node_id()).is_none() {
            return Err(foreign(output, "the flow has no such node"));
        }
        let mut plan = Self { steps: Vec::new(), sources: Vec::new(), destinations: Vec::new() };
        let mut unsupported = Vec::new();
        let mut by_id = HashMap::new();
        for node in graph.nodes_of(output) {
            match plan.work(node, &by_id, options) {
                Ok(work) => {
                    let (node_id, operator) = (node.id().to_owned(), node.operator().to_owned());
                    plan.steps.push(Step { node_id, operator, work });
                }
                Err(problem) => unsupported.push(Unsupported {
                    node_id: node.id().to_owned(),
                    operator: node.operator().to_owned(),
                    problem,
                }),
            }
            by_id.insert(node.id(), plan.steps.len().saturating_sub(1));
        }
        if !unsupported.is_empty() {
            return Err(UnsupportedFlow(unsupported));
        }
        plan.destinations = destinations(&graph, output);
        Ok(plan)
    }

    fn work(
        &mut self,
        node: &Node,
        by_id: &HashMap<&str, usize>,
        options: &PlanOptions,
    ) -> Result<Work, String> {
        if *node.kind() == NodeKind::Source {
            self.sources.push(read_source(node)?);
            return Ok(Work::Read(self.sources.len() - 1));
        }
        // Whatever is refused by its name is refused before its inputs are looked at.
        let operator = match node.operator() {
            "sagemaker.dataset.identity_0.1" => None,
            _ => Some(build(node, options.refit)?),
        };
        let [input] = node.inputs() else {
            return Err(format!("the node has {} inputs, and must have one", node.inputs().len()));
        };
        let from = by_id.get(input.node_id.as_str()).copied().unwrap_or_default();
        Ok(operator.map_or(Work::Pass(from), |operator| Work::Apply(from, operator)))
    }

    /// The datasets to read.
    #[must_use]
    pub fn sources(&self) -> &[SourcePlan] {
        &self.sources
    }

    /// The S3 destinations that take the output.
    #[must_use]
    pub fn destinations(&self) -> &[Destination] {
        &self.destinations
    }
}

/// An output is made by a graph, so this one was made by the graph of another flow.
fn foreign(output: &OutputName, problem: &str) -> UnsupportedFlow {
    UnsupportedFlow(vec![Unsupported {
        node_id: output.node_id().to_owned(),
        operator: "unknown".to_owned(),
        problem: format!("`{output}` is not an output of this flow: {problem}"),
    }])
}

fn destinations(graph: &Graph, output: &OutputName) -> Vec<Destination> {
    let takes = |node: &&&Node| {
        let mut inputs = node.inputs().iter();
        *node.kind() == NodeKind::Destination
            && inputs.any(|i| i.node_id == output.node_id() && i.output_name == output.output())
    };
    graph.nodes().iter().filter(takes).filter_map(|node| Destination::of(node)).collect()
}

impl Destination {
    fn of(node: &Node) -> Option<Self> {
        if node.operator() != "sagemaker.spark.s3_destination_0.1" {
            return None;
        }
        let config = Block::of(node).and_then(|block| block.block("output_config")).ok()?;
        let text = |name: &str| config.optional(name).ok().flatten();
        Some(Self {
            node_id: node.id().to_owned(),
            uri: text("output_path")?,
            content_type: text("output_content_type")?,
            delimiter: text("delimiter"),
            compression: text("compression"),
        })
    }
}
