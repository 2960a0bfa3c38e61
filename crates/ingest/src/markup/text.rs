//! HTML to plain text: what a person would read, and where its links go. No markup remains.

use super::token::{Token, Tokens, attribute};
use htmlize::unescape;

/// Tags dropped, paragraphs and line breaks kept as such, entities decoded. A link whose text
/// does not tell where it goes is followed by its address in brackets.
pub(crate) fn html_to_text(html: &str) -> String {
    let mut writer = Writer::default();
    let mut tokens = Tokens::new(html);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => writer.text(&unescape(text)),
            Token::Cdata(text) => writer.text(text),
            Token::Open {
                name,
                attributes,
                is_empty,
            } => {
                if is_raw(&name) && !is_empty {
                    tokens.skip_raw(&name);
                } else {
                    writer.open(&name, &attributes);
                }
            }
            Token::Close { name } => writer.close(&name),
        }
    }
    writer.finish()
}

/// Elements whose content nobody reads.
fn is_raw(name: &str) -> bool {
    matches!(
        name,
        "script" | "style" | "template" | "noscript" | "textarea" | "title"
    )
}

/// How much room an element takes around itself, in line breaks.
fn breaks_of(name: &str) -> usize {
    match name {
        "p" | "blockquote" | "pre" | "ul" | "ol" | "table" | "h1" | "h2" | "h3" | "h4" | "h5"
        | "h6" => 2,
        "br" | "div" | "li" | "tr" | "hr" | "section" | "article" | "header" | "footer"
        | "figure" | "figcaption" | "dt" | "dd" => 1,
        _ => 0,
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Line breaks owed before the next word.
    breaks: usize,
    /// A space is owed before the next word.
    space: bool,
    preformatted: usize,
    link: Option<Link>,
}

struct Link {
    href: String,
    /// Where its text begins in the output.
    start: usize,
    /// A name or tag of the platform, which its text says already.
    is_reference: bool,
}

impl Writer {
    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            self.settle();
            self.out.push_str(text);
            return;
        }
        let collapses = |character: char| matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{c}');
        for (index, word) in text.split(collapses).enumerate() {
            self.space |= index > 0;
            if !word.is_empty() {
                self.settle();
                self.out.push_str(word);
            }
        }
    }

    /// Pays what is owed.
    fn settle(&mut self) {
        if !self.out.is_empty() {
            if self.breaks > 0 {
                self.out.extend(std::iter::repeat_n('\n', self.breaks));
            } else if self.space {
                self.out.push(' ');
            }
        }
        (self.breaks, self.space) = (0, false);
    }

    fn owe(&mut self, name: &str) {
        let breaks = breaks_of(name);
        self.breaks = if name == "br" {
            (self.breaks + 1).min(2)
        } else {
            self.breaks.max(breaks)
        };
    }

    fn open(&mut self, name: &str, attributes: &[(String, String)]) {
        self.owe(name);
        match name {
            "pre" => self.preformatted += 1,
            "a" => {
                self.end_link();
                let href = attribute(attributes, "href").unwrap_or_default().trim();
                let class = attribute(attributes, "class").unwrap_or_default();
                self.link = Some(Link {
                    href: href.to_owned(),
                    start: self.out.len(),
                    is_reference: class
                        .split(' ')
                        .any(|one| matches!(one, "mention" | "hashtag")),
                });
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "pre" => self.preformatted = self.preformatted.saturating_sub(1),
            "a" => self.end_link(),
            _ => {}
        }
        if name != "br" {
            self.owe(name);
        }
    }

    fn end_link(&mut self) {
        let Some(link) = self.link.take() else { return };
        let is_address = ["http://", "https://", "mailto:"].iter().any(|scheme| {
            link.href
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        let shown = self
            .out
            .get(link.start..)
            .unwrap_or_default()
            .trim()
            .to_owned();
        if link.is_reference || !is_address || shown.is_empty() || says(&shown, &link.href) {
            return;
        }
        let cut = shown
            .strip_suffix("...")
            .or_else(|| shown.strip_suffix('…'));
        if cut.is_some_and(|cut| bare(&link.href).starts_with(bare(cut))) {
            let kept = self.out.trim_end().len() - shown.len();
            self.out.truncate(kept);
            self.out.push_str(&link.href);
        } else {
            self.out.extend([" (", &link.href, ")"]);
        }
    }

    fn finish(mut self) -> String {
        self.end_link();
        let trimmed = self.out.trim().len();
        let start = self.out.len() - self.out.trim_start().len();
        self.out[start..start + trimmed].to_owned()
    }
}

/// Whether a link's text is its address, but for the scheme and a slash at the end.
fn says(shown: &str, href: &str) -> bool {
    bare(shown).trim_end_matches('/') == bare(href).trim_end_matches('/')
}

fn bare(address: &str) -> &str {
    let schemes = ["https://", "http://", "mailto:"];
    let bare = schemes
        .iter()
        .find_map(|scheme| address.strip_prefix(scheme));
    let bare = bare.unwrap_or(address);
    bare.strip_prefix("www.").unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("late again", "late again")]
    #[case::paragraphs("<p>one</p><p>two</p>", "one\n\ntwo")]
    #[case::unclosed_paragraphs("one<p>two<p>three", "one\n\ntwo\n\nthree")]
    #[case::line_breaks("one<br>two<br/>three<BR />four", "one\ntwo\nthree\nfour")]
    #[case::empty_line("one<br><br>two", "one\n\ntwo")]
    #[case::entities("caf&eacute; &amp; &#x2F;&#39;&nbsp;&lt;b&gt;", "café & /'\u{a0}<b>")]
    #[case::naked("AT&T < Acme & 3<4", "AT&T < Acme & 3<4")]
    #[case::script("a<script>alert('<p>')</script>b<style>p{}</style>c", "abc")]
    #[case::unclosed_script("a<script>alert(1)", "a")]
    #[case::comment("a<!-- <b> -->b", "ab")]
    #[case::unclosed_comment("a<!-- b> c", "a c")]
    #[case::quoted_end(
        "<a title=\"x>y\" href='https://a.example/'>a.example</a>",
        "a.example"
    )]
    #[case::handler("<img src=x onerror=alert(1)>hello", "hello")]
    #[case::list("<ul><li>one</li><li>two</li></ul>end", "one\ntwo\n\nend")]
    #[case::preformatted("<pre><code>a  b\n  c</code></pre>", "a  b\n  c")]
    #[case::space("one <b>two</b> three\n  four", "one two three four")]
    #[case::hashtag(
        "<a href=\"https://m.example/tags/late\" class=\"mention hashtag\">#<span>late</span></a>",
        "#late"
    )]
    #[case::invisible(
        "<a href=\"https://www.acme.example/a/b\"><span class=\"invisible\">https://www.</span><span class=\"ellipsis\">acme.example/a</span><span class=\"invisible\">/b</span></a>",
        "https://www.acme.example/a/b"
    )]
    #[case::cut(
        "see <a href=\"https://acme.example/a/long/path\">https://acme.example/a/lo...</a> now",
        "see https://acme.example/a/long/path now"
    )]
    #[case::named(
        "read <a href=\"https://acme.example/x\">the post</a>.",
        "read the post (https://acme.example/x)."
    )]
    #[case::no_address("<a href=\"javascript:alert(1)\">press</a>", "press")]
    #[case::declaration("<!DOCTYPE html [<!ENTITY a \"b\">]><p>x", "x")]
    #[case::cut_off("one <a href=\"https://acme.exam", "one")]
    fn what_a_person_reads(#[case] html: &str, #[case] want: &str) {
        assert_eq!(html_to_text(html), want);
    }

    proptest! {
        #[test]
        fn no_tag_survives(html in "(<[/!a-z=\"'> ]{0,6}|[a-z &;\n]{0,4}|</?(p|a|br|script)( href='https://x')?>){0,40}") {
            let text = html_to_text(&html);
            for tag in ["<p>", "<a>", "<br>", "</p>", "<script>"] {
                prop_assert!(!text.contains(tag), "{html:?} gave {text:?}");
            }
        }

        #[test]
        fn plain_words_stay(words in "[a-z]{1,8}( [a-z]{1,8}){0,6}") {
            prop_assert_eq!(html_to_text(&words), words);
        }
    }
}
