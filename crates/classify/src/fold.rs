//! One character as the rules see it.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// One character gives at most this many: enough for every ligature in real use; the few
/// longer ones of the standard are Arabic phrases that no rule reads.
pub(crate) const MAX_FOLDED: usize = 4;

/// Lower case, no accent, plain quotes, nothing invisible.
pub(crate) fn fold_character(character: char, mut emit: impl FnMut(char)) {
    if spelled_out(character, &mut emit) {
        return;
    }
    // A part can be a sign of the list itself: a small dash falls apart into a dash.
    decompose_compatible(character, |part| {
        if !is_combining_mark(part) && !spelled_out(part, &mut emit) {
            part.to_lowercase()
                .filter(|lower| !is_combining_mark(*lower))
                .for_each(&mut emit);
        }
    });
}

/// Gives what stands for a character that has no decomposition of our kind, if it is one.
fn spelled_out(character: char, emit: &mut impl FnMut(char)) -> bool {
    match character {
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{b4}' => emit('\''),
        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{2033}' => emit('"'),
        '\u{2010}'..='\u{2015}' => emit('-'),
        'ß' | 'ẞ' => {
            emit('s');
            emit('s');
        }
        'æ' | 'Æ' => {
            emit('a');
            emit('e');
        }
        'œ' | 'Œ' => {
            emit('o');
            emit('e');
        }
        'ø' | 'Ø' => emit('o'),
        _ if is_invisible(character) => {}
        _ if character.is_whitespace() || character.is_control() => emit(' '),
        _ => return false,
    }
    true
}

/// Characters that change what a person sees but not what a word is.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
