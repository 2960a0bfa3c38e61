//! Which language a post is written in.
//!
//! Posts are short, and on a dozen words the small words of a language (`the`, `und`, `que`)
//! say more than its letter groups. They are counted first; only when they leave it open is
//! the slower statistical detector asked, and only on texts long enough for it.

use crate::normalise::NormalizedText;
use crate::rules::{LanguageSet, RULE_LANGUAGES};
use std::borrow::Cow;
use std::sync::LazyLock;
use whatlang::{Detector, Lang};

/// The language is not known.
pub const UNDETERMINED: &str = "und";

/// Letters below which the statistical detector guesses; measured on posts it is then wrong
/// more often than right between neighbouring languages.
const STATISTICS_LETTERS_MIN: usize = 24;

/// Words read: after these the language of a post does not change its mind.
const WORDS_MAX: usize = 60;

/// Small words that must speak for a language, and how far it must lead the next.
const SMALL_WORDS_MIN: u16 = 2;
const SMALL_WORDS_LEAD: u16 = 2;

const SMALL_WORDS: [(&str, &str); 5] = [
    (
        "en",
        "the and to of is it you for my that with have was are this your not be but i'm can what \
         i we they will just from so get at how don't it's when there would been has had were he \
         she his her them our us their which who if an by about out up",
    ),
    (
        "es",
        "el los las una del por con para pero esta este muy mas como todo mi tu sus les nos ya \
         hay ser son fue yo lo porque cuando donde desde sin sobre tengo gracias y hace han hola \
         alguien nunca siempre quiero puedo al",
    ),
    (
        "fr",
        "le les des une est et pour pas vous je dans sur avec qui ce cette mon ma mes votre vos \
         nous au aux du ne il elle mais ou plus tout bien bonjour merci c'est j'ai depuis sans \
         chez suis avez etes quand toujours jamais fait sont",
    ),
    (
        "de",
        "der die das und ist nicht ich zu den mit ein eine einen auf fur von dem im es sich auch \
         wie bei noch nur aber oder wenn ihr wir mir mich euch eure sie hat habe haben war wird \
         sind kein keine mal schon jetzt heute seit nach aus uber wieder zum zur danke bitte",
    ),
    (
        "pt",
        "os as um uma do da dos das no na nos nas por com para mas nao muito mais como meu minha \
         voces voce esta isso ja foi ser sao eu ele ela porque quando onde desde sem sobre tenho \
         obrigado obrigada e ao ta pra faz alguem nunca sempre quero posso ola",
    ),
];

/// Places in the table of small words: some three hundred words in it rarely meet.
const TABLE_BITS: u32 = 10;

/// Longer words are no small words.
const SMALL_WORD_BYTES_MAX: usize = 8;

/// A small word as one number, and the languages it is one of, one bit each in the order
/// above; at the place its hash gives, or the next free one.
static WORD_TABLE: LazyLock<Vec<(u64, u8)>> = LazyLock::new(|| {
    let mut table = vec![(0, 0); 1 << TABLE_BITS];
    for (bit, (_, words)) in SMALL_WORDS.iter().enumerate() {
        for word in words.split_whitespace() {
            let number = number_of(word.as_bytes());
            let place = place_of(number, &table);
            if let Some((known, languages)) = table.get_mut(place) {
                *known = number;
                *languages |= 1 << bit;
            }
        }
    }
    table
});

/// Whether some language counts the word among its small ones.
pub(crate) fn is_small_word(word: &[u8]) -> bool {
    let number = number_of(word);
    let table: &[(u64, u8)] = &WORD_TABLE;
    let known = table.get(place_of(number, table));
    number != 0 && known.is_some_and(|(known, _)| *known == number)
}

/// The bytes of a short word as one number; 0 for a longer one.
fn number_of(word: &[u8]) -> u64 {
    if word.len() > SMALL_WORD_BYTES_MAX {
        return 0;
    }
    word.iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Where the word stands in the table, or would.
fn place_of(number: u64, table: &[(u64, u8)]) -> usize {
    let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - TABLE_BITS);
    let mut place = usize::try_from(hash).unwrap_or(0);
    while table
        .get(place)
        .is_some_and(|(known, _)| *known != 0 && *known != number)
    {
        place = (place + 1) % table.len();
    }
    place
}

/// The languages told apart: those of the rules, and the ones most often mistaken for them
/// or most often seen beside them.
static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    Detector::with_allowlist(vec![
        Lang::Eng,
        Lang::Spa,
        Lang::Fra,
        Lang::Deu,
        Lang::Por,
        Lang::Ita,
        Lang::Nld,
        Lang::Cat,
        Lang::Pol,
        Lang::Tur,
        Lang::Swe,
        Lang::Rus,
        Lang::Ukr,
        Lang::Ara,
        Lang::Heb,
        Lang::Hin,
        Lang::Jpn,
        Lang::Kor,
        Lang::Cmn,
    ])
});

/// The language of a post as ISO 639-1, or `und`. `hint` is the platform's own guess; it
/// decides where the words do not.
pub fn detect(text: &NormalizedText, hint: Option<&str>) -> Cow<'static, str> {
    let hinted = || hint.and_then(short_code);
    if text.is_wordless() {
        return hinted().unwrap_or(Cow::Borrowed(UNDETERMINED));
    }
    by_small_words(text.as_str())
        .map(Cow::Borrowed)
        .or_else(hinted)
        .or_else(|| by_statistics(text).map(Cow::Borrowed))
        .unwrap_or(Cow::Borrowed(UNDETERMINED))
}

/// The rules to try: those of the language when there are some for it, all of them when not.
pub fn rule_languages(language: &str) -> LanguageSet {
    LanguageSet::of(language).unwrap_or(LanguageSet::ANY)
}

fn by_small_words(text: &str) -> Option<&'static str> {
    let table: &[(u64, u8)] = &WORD_TABLE;
    let mut counts = [0u16; SMALL_WORDS.len()];
    let (mut words, mut length, mut number) = (0, 0, 0_u64);
    // A sign after the end closes the last word.
    for byte in text.bytes().chain([b' ']) {
        if byte.is_ascii_alphabetic() || byte == b'\'' {
            length += 1;
            number = number << 8 | u64::from(byte);
            continue;
        }
        if length == 0 {
            continue;
        }
        if length <= SMALL_WORD_BYTES_MAX {
            let place = place_of(number, table);
            let languages = table.get(place).map_or(0, |(_, languages)| *languages);
            for (bit, count) in counts.iter_mut().enumerate() {
                *count += u16::from(languages >> bit & 1);
            }
        }
        (length, number) = (0, 0);
        words += 1;
        if words == WORDS_MAX {
            break;
        }
    }
    let (best, &most) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let next = counts
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != best)
        .map(|(_, count)| *count)
        .max()?;
    let clear = most >= SMALL_WORDS_MIN && most >= next + SMALL_WORDS_LEAD;
    if clear {
        SMALL_WORDS.get(best).map(|(code, _)| *code)
    } else {
        None
    }
}

fn by_statistics(text: &NormalizedText) -> Option<&'static str> {
    if text.shape.letters < STATISTICS_LETTERS_MIN {
        return None;
    }
    let info = DETECTOR.detect(text.as_str())?;
    if !info.is_reliable() {
        return None;
    }
    iso_639_1(info.lang())
}

/// `pt-BR` and `PT` are `pt`; `und`, three-letter codes and nonsense are nothing.
fn short_code(hint: &str) -> Option<Cow<'static, str>> {
    let code = hint.split(['-', '_']).next().unwrap_or_default();
    if let Some(known) = RULE_LANGUAGES.into_iter().find(|&known| known == code) {
        return Some(Cow::Borrowed(known));
    }
    let usable = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    usable.then(|| Cow::Owned(code.to_ascii_lowercase()))
}

const fn iso_639_1(lang: Lang) -> Option<&'static str> {
    Some(match lang {
        Lang::Eng => "en",
        Lang::Spa => "es",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Nld => "nl",
        Lang::Cat => "ca",
        Lang::Pol => "pl",
        Lang::Tur => "tr",
        Lang::Swe => "sv",
        Lang::Rus => "ru",
        Lang::Ukr => "uk",
        Lang::Ara => "ar",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Cmn => "zh",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::normalise;
    use rstest::rstest;

    #[rstest]
    #[case::english("why is my order not here yet", None, "en")]
    #[case::spanish("hola, mi pedido no llega y nadie contesta por teléfono", None, "es")]
    #[case::french("bonjour, je ne reçois pas mon colis depuis lundi", None, "fr")]
    #[case::german("wo bleibt eigentlich mein Paket, ich warte seit Montag", None, "de")]
    #[case::portuguese("meu pedido não chegou e ninguém responde no chat", None, "pt")]
    #[case::russian(
        "Почему мой заказ ещё не приехал? Я жду его уже целую неделю и никто не отвечает",
        None,
        "ru"
    )]
    #[case::words_beat_the_hint("why is my order not here yet", Some("de"), "en")]
    #[case::hint_where_words_are_silent("Supi", Some("de-AT"), "de")]
    #[case::short("ok", None, "und")]
    #[case::empty("", None, "und")]
    #[case::empty_with_hint("😡", Some("fr"), "fr")]
    #[case::useless_hint("ok", Some("und"), "und")]
    fn detects(#[case] text: &str, #[case] hint: Option<&str>, #[case] want: &str) {
        assert_eq!(detect(&normalise(text), hint), want);
    }
}
