//! The network of a folder: numbers of word pieces in, one vector for the post out.

use super::EncoderError;
use super::frame::is_whole;
use rten::{Model, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use std::sync::Arc;

/// What a sentence encoder may want to be told of each piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Numbers,
    /// 1 where a piece counts: everywhere, for posts run one at a time and are never padded.
    Mask,
    /// 0 everywhere: there is one sentence.
    Sentence,
}

/// A loaded network.
pub(super) struct Network {
    model: Model,
    inputs: Vec<(NodeId, Input)>,
    output: NodeId,
    threads: Arc<ThreadPool>,
}

impl Network {
    /// Reads a `model.onnx`. It will run on so many threads.
    pub(super) fn parse(onnx: Vec<u8>, threads: usize) -> Result<Self, EncoderError> {
        if !is_whole(&onnx) {
            return Err(unfit("it is no network, or was cut off on its way"));
        }
        let model = Model::load(onnx).map_err(|error| unfit(&error.to_string()))?;
        let inputs = inputs(&model)?;
        let output = *model
            .output_ids()
            .first()
            .ok_or_else(|| unfit("it has no output"))?;
        Ok(Self {
            inputs,
            output,
            threads: Arc::new(ThreadPool::with_num_threads(threads)),
            model,
        })
    }

    /// The mean of the pieces' vectors, of length one.
    pub(super) fn run(&self, numbers: Vec<i32>) -> Result<Vec<f32>, EncoderError> {
        let length = numbers.len();
        let shape = [1, length];
        let numbers = NdTensor::from_data(shape, numbers);
        let ones = NdTensor::full(shape, 1_i32);
        let zeros = NdTensor::full(shape, 0_i32);
        let told = |&(node, input): &(NodeId, Input)| -> (NodeId, ValueOrView<'_>) {
            let values = match input {
                Input::Numbers => &numbers,
                Input::Mask => &ones,
                Input::Sentence => &zeros,
            };
            (node, values.view().into())
        };
        let inputs = self.inputs.iter().map(told).collect();
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.threads));
        let outputs = self
            .model
            .run(inputs, &[self.output], Some(options))
            .map_err(|error| unfit(&error.to_string()))?;
        let output = outputs.into_iter().next();
        mean(&output.ok_or_else(|| unfit("it gave nothing"))?, length)
    }
}

fn inputs(model: &Model) -> Result<Vec<(NodeId, Input)>, EncoderError> {
    let mut inputs = Vec::new();
    for &node in model.input_ids() {
        let info = model.node_info(node);
        let name = info.as_ref().and_then(rten::NodeInfo::name).unwrap_or("");
        let input = match name {
            "input_ids" => Input::Numbers,
            "attention_mask" => Input::Mask,
            "token_type_ids" => Input::Sentence,
            _ => return Err(unfit(&format!("it wants an input `{name}`"))),
        };
        inputs.push((node, input));
    }
    if inputs.iter().all(|&(_, input)| input != Input::Numbers) {
        return Err(unfit("it wants no `input_ids`"));
    }
    Ok(inputs)
}

fn mean(output: &Value, pieces: usize) -> Result<Vec<f32>, EncoderError> {
    let shape = output.shape().to_vec();
    let width = match shape.as_slice() {
        &[1, found, width] if found == pieces && width > 0 => width,
        _ => {
            return Err(unfit(&format!(
                "its output has the shape {shape:?} where [1, {pieces}, width] is wanted"
            )));
        }
    };
    let vectors: NdTensor<f32, 3> = output
        .clone()
        .try_into()
        .map_err(|error: rten::TryFromValueError| unfit(&error.to_string()))?;
    let mut sum = vec![0.0_f32; width];
    for vector in vectors.to_vec().chunks_exact(width) {
        for (sum, value) in sum.iter_mut().zip(vector) {
            *sum += value;
        }
    }
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    if !length.is_finite() || length <= 0.0 {
        return Err(unfit("what it gives is no number, or nothing"));
    }
    Ok(sum.into_iter().map(|value| value / length).collect())
}

fn unfit(why: &str) -> EncoderError {
    EncoderError::Network(why.to_owned())
}
