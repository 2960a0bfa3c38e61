//! "Did you mean": the nearest of the known names.

/// Longer names are not compared: nobody mistypes them by a letter, and the comparison's cost
/// grows with the square of the length.
const COMPARED_CHARACTERS_MAX: usize = 64;

/// A message lists the known names up to this many; more would bury the line.
const LISTED_NAMES_MAX: usize = 8;

/// The known name a typing mistake or two away from `name`, if there is one.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let length = name.chars().count();
    if length > COMPARED_CHARACTERS_MAX {
        return None;
    }
    let folded = fold(name);
    let distances = known.iter().map(|known| (distance(&folded, known), *known));
    let (distance, known) = distances.min()?;
    (distance <= 1 + length / 4).then_some(known)
}

/// The message for a name that is not known: the nearest one, and all of them when they fit
/// a line. `what` says what kind of name it is: "key", "platform".
pub fn unknown_name(what: &str, name: &str, known: &[&str]) -> String {
    format!("unknown {what} `{name}`{}", hints(name, known))
}

/// What follows an unknown name, in brackets; empty when there is nothing to say.
pub(crate) fn hints(name: &str, known: &[&str]) -> String {
    let mut hints = Vec::new();
    if let Some(near) = nearest(name, known) {
        hints.push(format!("did you mean `{near}`?"));
    }
    if !known.is_empty() && known.len() <= LISTED_NAMES_MAX {
        hints.push(format!("known: {}", known.join(", ")));
    }
    if hints.is_empty() {
        String::new()
    } else {
        format!(" ({})", hints.join(" "))
    }
}

/// The form in which names of the file and of the environment are the same.
pub(crate) fn fold(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

fn distance(folded: &str, known: &str) -> usize {
    strsim::damerau_levenshtein(folded, &fold(known))
}
