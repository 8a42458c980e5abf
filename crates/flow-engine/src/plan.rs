//! A flow, checked and ready to run.

use std::collections::HashMap;

use super::operators::{Operator, build};
use super::parameters::Block;
use super::source_plan::read_source;
use super::unsupported::{Unsupported, UnsupportedFlow};
use data_wrangler_flow::{Flow, Graph, OutputName};
use data_wrangler_flow::{Node, NodeKind};

pub use super::source_plan::{Encoding, SourceFormat, SourcePlan};

/// Options of a plan.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// Retrain the flow even if it has trained parameters.
    pub refit: bool,
}

/// The steps that compute one output of a flow.
#[derive(Debug)]
pub struct Plan {
    pub(super) steps: Vec<Step>,
    sources: Vec<SourcePlan>,
    destinations: Vec<Destination>,
}

/// The step of a node.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) node_id: String,
    pub(super) operator: String,
    pub(super) work: Work,
}

/// A step's work, with the index of its input step.
#[derive(Debug)]
pub(super) enum Work {
    /// Reads the source with this index.
    Read(usize),
    /// Passes on the rows of an earlier step.
    Pass(usize),
    Apply(usize, Box<dyn Operator>),
}

/// An S3 destination node that uses the requested output. The engine only describes it and does not
/// write to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// The node.
    pub node_id: String,
    /// The target: `s3://bucket/prefix`.
    pub uri: String,
    /// The content type in the flow, such as `CSV` or `PARQUET`.
    pub content_type: String,
    /// The delimiter of a CSV file.
    pub delimiter: Option<String>,
    /// The compression in the flow, such as `none` or `gzip`.
    pub compression: Option<String>,
}

impl Plan {
    /// Plans the computation of `output`, which must be an output of this flow. Ignores nodes that
    /// the output does not depend on.
    ///
    /// # Errors
    ///
    /// [`UnsupportedFlow`] lists every node for which the engine cannot match Spark exactly.
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
                Err(problem) => unsupported.push(Unsupported::of(node, problem)),
            }
            by_id.insert(node.id(), plan.steps.len().saturating_sub(1));
        }
        if !unsupported.is_empty() {
            return Err(UnsupportedFlow(unsupported));
        }
        plan.destinations = destinations(&graph, output);
        Ok(plan)
    }

    /// Plans to read Parquet files as the dataset `dataset`, and nothing else.
    #[must_use]
    pub fn of_parquet(dataset: &str) -> Self {
        let source = SourcePlan {
            node_id: dataset.to_owned(),
            dataset: dataset.to_owned(),
            uri: String::new(),
            format: SourceFormat::Parquet,
            nested: false,
            filename_column: false,
        };
        let step = Step {
            node_id: source.node_id.clone(),
            operator: "read".to_owned(),
            work: Work::Read(0),
        };
        Self { steps: vec![step], sources: vec![source], destinations: Vec::new() }
    }

    /// Returns the datasets that `output` depends on. The other nodes can be unsupported.
    ///
    /// # Errors
    ///
    /// [`UnsupportedFlow`] lists every source that the engine does not support.
    pub fn sources_of(
        flow: &Flow,
        output: &OutputName,
    ) -> Result<Vec<SourcePlan>, UnsupportedFlow> {
        let graph = Graph::new(flow).map_err(|error| foreign(output, &error.to_string()))?;
        let (mut sources, mut unsupported) = (Vec::new(), Vec::new());
        for node in graph.sources_of(output) {
            match read_source(node) {
                Ok(source) => sources.push(source),
                Err(problem) => unsupported.push(Unsupported::of(node, problem)),
            }
        }
        if unsupported.is_empty() { Ok(sources) } else { Err(UnsupportedFlow(unsupported)) }
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
        // An unsupported operator is reported before its inputs are checked.
        let operator = match node.operator() {
            "sagemaker.dataset.identity_0.1" => None,
            _ => Some(build(node, options.refit)?),
        };
        let [input] = node.inputs() else {
            return Err(format!("the node has {} inputs, but must have one", node.inputs().len()));
        };
        let from = by_id.get(input.node_id.as_str()).copied().unwrap_or_default();
        Ok(operator.map_or(Work::Pass(from), |operator| Work::Apply(from, operator)))
    }

    /// The datasets that the plan reads.
    #[must_use]
    pub fn sources(&self) -> &[SourcePlan] {
        &self.sources
    }

    /// The S3 destinations that use the output.
    #[must_use]
    pub fn destinations(&self) -> &[Destination] {
        &self.destinations
    }
}

/// Reports an output that belongs to another flow's graph.
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
