//! The grammar of the text format.

use std::collections::BTreeSet;

/// Follows the grammar of the text format 0.0.4, one line at a time.
pub(crate) fn check_line(line: &str, known: &BTreeSet<&str>) -> Result<(), String> {
    if let Some(rest) = line.strip_prefix("# ") {
        let words: Vec<&str> = rest.splitn(3, ' ').collect();
        return match words[..] {
            ["HELP", name, _] if known.contains(name) => Ok(()),
            ["TYPE", name, "counter" | "gauge" | "histogram"] if known.contains(name) => Ok(()),
            _ => Err("comment".to_owned()),
        };
    }
    let (series, value) = line.rsplit_once(' ').ok_or("no value")?;
    value.parse::<f64>().map_err(|error| error.to_string())?;
    let (name, labels) = series
        .split_once('{')
        .map_or((series, None), |(n, l)| (n, Some(l)));
    let base = ["_bucket", "_sum", "_count"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix));
    if !known.contains(name) && !base.is_some_and(|base| known.contains(base)) {
        return Err("unknown name".to_owned());
    }
    labels.map_or(Ok(()), check_labels)
}

fn check_labels(labels: &str) -> Result<(), String> {
    let mut rest = labels;
    loop {
        let (label, after) = rest.split_once("=\"").ok_or("label without value")?;
        if !label
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter == '_')
        {
            return Err(format!("label name {label}"));
        }
        rest = after_quoted(after).ok_or("open quote")?;
        match rest {
            "}" => return Ok(()),
            _ => rest = rest.strip_prefix(',').ok_or("neither comma nor brace")?,
        }
    }
}

fn after_quoted(text: &str) -> Option<&str> {
    let mut escaped = false;
    for (index, letter) in text.char_indices() {
        match letter {
            '"' if !escaped => return text.get(index + 1..),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}
