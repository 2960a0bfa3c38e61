//! What is said about a rule file that is not right.

use switchboard_classify::RuleSet;

fn problems(text: &str) -> String {
    let problems = RuleSet::parse(text).err().unwrap_or_default();
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn every_problem_is_told_at_once_and_at_its_place() {
    let text = "
colour = 1
[[rule]]
name = 'late'
label = 'complaints'
weight = 99
languages = ['en', 'xx']
any = ['ok', '(open']
unless = ['headlines']
match = []
no_match = ['b']
[[rule]]
name = 'late'
any = ['a*']
match = ['a']
no_match = ['b']
[[rule]]
name = 'typo'
anny = ['a']
";
    insta::assert_snapshot!(problems(text), @r#"
2:1: unknown key `colour` (known: version, guard, rule)
4:8: the rule needs at least one example under `match`
5:9: unknown label `complaints` (known: complaint, lead, pr_risk, general)
6:10: must be above 0 and at most 10
7:20: unknown language `xx` (known: en, es, fr, de, pt)
8:14: not a usable pattern: unclosed group
9:11: no guard named `headlines` (known: )
13:8: a rule named `late` stands above already
13:8: the rule does nothing; give it a `label`, `topic`, `severity` or `answer`
14:8: the pattern matches nothing at all, so it would hit every post
19:1: unknown field `anny`, expected one of `name`, `label`, `weight`, `topic`, `severity`, `answer`, `languages`, `any`, `with`, `not`, `unless`, `match`, `no_match`
"#);
}

#[test]
fn a_broken_example_is_a_problem() {
    let text = "
[[rule]]
name = 'late'
label = 'complaint'
weight = 1
any = ['\\blate\\b']
match = ['it is later']
no_match = ['too late']
";
    insta::assert_snapshot!(problems(text), @r#"
7:10: rule `late` does not match this example
8:13: rule `late` matches this example
"#);
}

#[test]
fn a_pattern_that_would_explode_is_refused_quickly() {
    let text = "
[[rule]]
name = 'bomb'
label = 'complaint'
weight = 1
any = ['(?:a{1,900}){1,900}x']
match = ['ax']
no_match = ['b']
";
    let said = problems(text);
    assert!(said.contains("6:8: not a usable pattern"), "{said}");
}

#[test]
fn accents_in_a_pattern_match_with_and_without() {
    let text = "
[[rule]]
name = 'spat'
label = 'complaint'
weight = 1
any = ['\\bverspätung\\b']
match = ['Verspätung', 'verspatung']
no_match = ['pünktlich']
";
    assert_eq!(problems(text), "");
}
