//! A model folder of a few hundred bytes: one table of vectors, one per word piece. Written
//! byte by byte, so that no weights lie in the repository.

use std::path::Path;

/// Every piece the tiny tokenizer knows; a piece's number is its place.
pub(crate) const PIECES: [&str; 20] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "kettle", "leak", "##s", "late", "again", "broken",
    "refund", "lovely", "day", "sun", "music", "nice", "song", "!", "##ing",
];

/// Numbers in a vector.
pub(crate) const WIDTH: usize = 24;

/// What the network is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// One vector per piece.
    Sound,
    /// One number per piece.
    Flat,
    /// Wants an input that no sentence encoder has.
    Picture,
    /// Knows fewer pieces than the tokenizer.
    Short,
    /// One vector per piece, and all of them nothing.
    Silent,
}

/// Writes a model folder.
pub(crate) fn write(folder: &Path, network: Network) {
    std::fs::write(folder.join("model.onnx"), onnx(network)).unwrap();
    std::fs::write(folder.join("tokenizer.json"), tokenizer("WordPiece")).unwrap();
}

/// A `tokenizer.json` of this kind.
pub(crate) fn tokenizer(kind: &str) -> String {
    let vocabulary: serde_json::Map<String, serde_json::Value> = PIECES
        .iter()
        .enumerate()
        .map(|(number, piece)| ((*piece).to_owned(), number.into()))
        .collect();
    serde_json::json!({
        "normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": null},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": kind, "unk_token": "[UNK]", "vocab": vocabulary},
    })
    .to_string()
}

fn onnx(network: Network) -> Vec<u8> {
    let input = match network {
        Network::Picture => "pixels",
        _ => "input_ids",
    };
    let node = [
        text(1, "table"),
        text(1, input),
        text(2, "last_hidden_state"),
        text(4, "Gather"),
    ];
    let graph = [
        message(1, &node.concat()),
        text(2, "tiny"),
        message(5, &table(network)),
        message(11, &value(input, 7)),
        message(12, &value("last_hidden_state", 1)),
    ];
    let model = [
        number(1, 8),
        message(7, &graph.concat()),
        message(8, &number(2, 13)),
    ];
    model.concat()
}

/// The table of vectors, as an ONNX tensor.
fn table(network: Network) -> Vec<u8> {
    let rows = match network {
        Network::Short => PIECES.len() - 1,
        _ => PIECES.len(),
    };
    let (count, mut tensor) = match network {
        Network::Flat => (rows, number(1, rows)),
        _ => (rows * WIDTH, [number(1, rows), number(1, WIDTH)].concat()),
    };
    let mut state = 1_u64;
    let mut values = Vec::with_capacity(count * 4);
    for _ in 0..count {
        // Any numbers do, as long as rows differ.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let value = f32::from(u16::try_from(state >> 48).unwrap()) / 32768.0 - 1.0;
        let value = if network == Network::Silent {
            0.0
        } else {
            value
        };
        values.extend(value.to_le_bytes());
    }
    tensor.extend(number(2, 1));
    tensor.extend(text(8, "table"));
    tensor.extend(message(9, &values));
    tensor
}

/// An input or output of this element type, without a shape.
fn value(name: &str, element: usize) -> Vec<u8> {
    let tensor = message(1, &number(1, element));
    [text(1, name), message(2, &tensor)].concat()
}

fn number(field: usize, value: usize) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn text(field: usize, value: &str) -> Vec<u8> {
    message(field, value.as_bytes())
}

fn message(field: usize, bytes: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(bytes.len()), bytes.to_vec()].concat()
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 128 {
        bytes.push(u8::try_from(value & 127).unwrap() | 128);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}
