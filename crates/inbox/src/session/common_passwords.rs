//! Passwords that are guessed first.
//!
//! A list of our own, of about two hundred stems: the usual words, keyboard rows, names and
//! numbers in the languages the product speaks. It stands for far more, because case, digits
//! and signs around a stem do not count. It is no list of leaked passwords; the limit on
//! guesses is what holds against those.

/// Stems, each as it stands after [`stem`].
#[rustfmt::skip]
const STEMS: &[&str] = &[
    // Words.
    "password", "passwort", "passw", "passwd", "pass", "passphrase", "motdepasse", "contrasena", "senha",
    "parola", "heslo", "haslo", "wachtwoord", "losenord", "salasana", "secret", "geheim", "secreto",
    "welcome", "willkommen", "bienvenue", "bienvenido", "benvenuto", "hello", "hallo", "bonjour", "hola", "ciao",
    "login", "logmein", "letmein", "letmeinnow", "open", "opensesame", "sesame", "access", "enter", "entry",
    "admin", "administrator", "root", "user", "username", "guest", "gast", "default", "standard", "system",
    "test", "tester", "testing", "testtest", "demo", "temp", "temporary", "changeme", "changeit", "change",
    "please", "bitte", "iloveyou", "ichliebedich", "tequiero", "jetaime", "lovely", "love", "lover", "loveme",
    "master", "boss", "king", "queen", "prince", "princess", "princesa", "prinzessin", "angel", "engel",
    "baby", "babygirl", "sweetheart", "schatz", "honey", "sunshine", "sonnenschein", "sunflower", "flower", "rainbow",
    "dragon", "monkey", "tiger", "lion", "eagle", "falcon", "panther", "wolf", "kitten", "puppy",
    "shadow", "ghost", "phantom", "killer", "ninja", "samurai", "warrior", "hunter", "ranger", "soldier",
    "football", "fussball", "futbol", "baseball", "basketball", "hockey", "soccer", "tennis", "golf", "chelsea",
    "liverpool", "arsenal", "barcelona", "realmadrid", "bayern", "juventus", "yankees", "cowboys", "lakers", "steelers",
    "superman", "batman", "spiderman", "ironman", "starwars", "pokemon", "pikachu", "naruto", "matrix", "minecraft",
    "computer", "internet", "google", "facebook", "instagram", "twitter", "youtube", "whatsapp", "samsung", "apple",
    "microsoft", "windows", "linux", "android", "server", "database", "office", "company", "firma", "business",
    "summer", "sommer", "winter", "spring", "autumn", "herbst", "monday", "montag", "friday", "freitag",
    "january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
    "whatever", "nothing", "something", "trustno", "freedom", "freiheit", "money", "cheese", "coffee", "kaffee",
    "chocolate", "banana", "orange", "cookie", "pepper", "ginger", "jesus", "heaven", "blessed", "forever",
    // Names.
    "michael", "michelle", "jennifer", "jessica", "jordan", "joshua", "andrew", "anthony", "ashley", "amanda",
    "charlie", "daniel", "david", "george", "matthew", "nicole", "patrick", "robert", "stephanie", "thomas",
    "alexander", "andreas", "christian", "sebastian", "stefan", "martin", "maria", "sophie", "carlos", "fernando",
    // Keyboard rows.
    "qwerty", "qwertyui", "qwertyuiop", "qwertz", "qwertzui", "qwertzuiop", "azerty", "azertyuiop", "asdf", "asdfgh",
    "asdfghjk", "asdfghjkl", "zxcvbn", "zxcvbnm", "yxcvbnm", "qazwsx", "qazwsxedc", "qweasd", "qweasdzxc", "qwer",
    "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh", "abcdefghi", "xyz", "aabbcc", "abcabc",
];

/// Words of our own that anybody would try here, wherever they stand.
const OWN_WORDS: [&str; 2] = ["switchboard", "swb"];

/// Whether the password would be among the first guesses at that user's.
pub(crate) fn is_common(password: &str, user: &str) -> bool {
    let stem = stem(password);
    let user = self::stem(user);
    let is_own = OWN_WORDS.iter().any(|word| stem == *word);
    let is_name = !user.is_empty() && stem == user;
    is_monotonous(password) || is_own || is_name || STEMS.contains(&stem.as_str())
}

/// What is left without case, digits and signs at its ends, with the usual disguises undone.
fn stem(password: &str) -> String {
    let lower = password.to_lowercase();
    let bare = lower.trim_matches(|letter: char| !letter.is_alphabetic());
    let undisguised = bare.chars().filter_map(|letter| match letter {
        '0' => Some('o'),
        '1' | '!' => Some('i'),
        '3' => Some('e'),
        '4' | '@' => Some('a'),
        '5' | '$' => Some('s'),
        letter if letter.is_alphabetic() => Some(letter),
        _ => None,
    });
    undisguised.collect()
}

/// Only digits and signs, or the same few letters over and over.
fn is_monotonous(password: &str) -> bool {
    /// `12341234`, `abababab`: fewer different letters than this are a pattern.
    const DIFFERENT_MIN: usize = 4;
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    different.len() < DIFFERENT_MIN || is_run_of_digits(password)
}

/// Dates, telephone numbers and keyboard rows: short ones are guessed by counting.
fn is_run_of_digits(password: &str) -> bool {
    /// Twelve random digits take as long to guess as eight random letters.
    const DIGITS_MIN: usize = 12;
    let only_digits = password.chars().all(|letter| !letter.is_alphabetic());
    let is_row =
        "01234567890123456789".contains(password) || "98765432109876543210".contains(password);
    only_digits && (password.chars().count() < DIGITS_MIN || is_row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::stem("monkey123", true)]
    #[case::disguised("p@ssw0rd!", true)]
    #[case::keyboard_row("Qwertzuiop1", true)]
    #[case::date("24.12.1999", true)]
    #[case::counted("1234567890123", true)]
    #[case::twelve_digits("590173628401", false)]
    #[case::two_letters("abababab", true)]
    #[case::two_words("monkey lamp", false)]
    #[case::with_a_stem_in_it("my coffee is cold", false)]
    fn guessed_first(#[case] password: &str, #[case] want: bool) {
        assert_eq!(is_common(password, "ann"), want);
    }

    #[test]
    fn every_stem_is_one() {
        for word in STEMS {
            assert_eq!(stem(word), *word);
        }
    }
}
