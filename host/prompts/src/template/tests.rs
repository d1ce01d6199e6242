use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Rendering, check, render};
use crate::fence::Fence;

fn refused(body: &str) -> String {
    check(body).map_or_else(|error| format!("{}: {error}", error.line), |()| "accepted".to_owned())
}

#[test]
fn the_language() {
    for body in [
        "",
        "plain { text } with # and % and }} and %}",
        "{# a comment with {{ x ~ y }} #}{##}{#- trim -#}{#-#}after",
        "{{ goal }} {{- args.focus -}} {{ facts[0].value }} {{ facts|length }} {{ a.b|default(\"}} %}\")|upper }}",
        "{% if a == 'x' and not (b or c > 1.5) %}y{% elif d is not defined %}{% else %}n{% endif %}",
        "{%- for fact in facts if fact.cited -%}{{ loop.index }}{% else %}none{% endfor %}",
        "{% for area, score in scores %}{{ \"x\" if score < 0.5 else 'y' }}{% endfor %}",
        "{{ goal[:100] }}{{ -1 }}",
    ] {
        assert_eq!(refused(body), "accepted", "{body:?}");
    }
}

#[test]
fn what_is_outside_the_language_is_refused_with_its_line() {
    insta::assert_snapshot!(
        [
            "\n\n{{ a ~ a }}", "{{ a * 9 }}", "{{ [a, a] }}", "{{ {'a': 1} }}", "{{ (a, a) }}", "{{ a + a }}",
            "{% set x = goal %}", "{% include 'x' %}", "{% macro m() %}{% endmacro %}", "{% raw %}{% endraw %}",
            "{% filter upper %}{% endfilter %}", "{% for a in b recursive %}{% endfor %}", "{{ range(9) }}",
            "{{ a|safe }}", "{{ a is string }}", "{{ }}", "{{ a", "{% if a %}", "{% endif %}", "{% for a in b %}{% endif %}",
            "{# open", "{{ 'open }}", "{% else %}", "{% endif x %}", "{{ a.b() }}", "{{ ((((((((( a ))))))))) }}",
            "{# {{ \" #}{{ a ~ a }}{# \" }} #}", "{{ '}}' ~ a }}", "{{ a|default('\\'}}') ~ a }}",
            "{% for x in a, b %}{% endfor %}",
        ]
        .map(refused)
        .join("\n"),
        @r#"
        3: `~` is not part of the language here
        1: `*` is not part of the language here
        1: `[` is not part of the language here
        1: `{` is not part of the language here
        1: `,` is not part of the language here
        1: `+` is not part of the language here
        1: `{% set %}` is not part of the language: only `if`, `elif`, `else` and `for`
        1: `{% include %}` is not part of the language: only `if`, `elif`, `else` and `for`
        1: `{% macro %}` is not part of the language: only `if`, `elif`, `else` and `for`
        1: `{% raw %}` is not part of the language: only `if`, `elif`, `else` and `for`
        1: `{% filter %}` is not part of the language: only `if`, `elif`, `else` and `for`
        1: `recursive` is not part of the language
        1: functions cannot be called
        1: there is no filter `safe`; there are length, first, last, default, upper, lower
        1: there is no test `string`; there are defined, none
        1: `{{ }}` is empty
        1: a tag is not closed
        1: `if` has no `endif`
        1: `endif` without `if`
        1: `endif` without `if`
        1: `{#` has no `#}`
        1: a string is not closed
        1: `else` outside `if` and `for`
        1: `endif` without `if`
        1: functions cannot be called
        1: more than 8 brackets inside one another
        1: `~` is not part of the language here
        1: `~` is not part of the language here
        1: `~` is not part of the language here
        1: `,` is not part of the language here
        "#
    );
}

fn run(body: &str) -> Option<String> {
    let values = BTreeMap::from([("goal", "Q")]).into();
    render(body, Rendering { values, fence: &Fence::around("", [body]), limit: 1 << 20 }).ok()
}

#[test]
fn long_lines_and_many_lines_are_no_danger() {
    let long = format!("{}{{{{ goal }}}}", "x".repeat(300_000));
    assert!(check(&long).is_ok() && run(&long).is_some());
    let many = "\n".repeat(19_000) + "{{ goal }}";
    assert!(check(&many).is_ok() && run(&many).is_some());
    assert!(check(&"\n".repeat(20_001)).is_err());
    assert!(check(&"{{ goal }}".repeat(50_000)).is_ok());
    assert!(check(&format!("{{{{ {} }}}}", "not ".repeat(300))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    // Were a body read differently here and in the engine, a `~` could slip through: then two Q would stand in one mark.
    #[test]
    fn what_is_accepted_cannot_concatenate(
        body in "(\\{\\{|\\}\\}|\\{%|%\\}|\\{#|#\\}|-|\\+|'|\"|\\\\| goal | ~ goal |\\|upper|\\|default\\('|'\\)|\\(|\\)|\\[|\\]|\\{|\\}| raw | endraw | if goal | endif | for x in goal | endfor |\n|.){0,24}"
    ) {
        if check(&body).is_ok() && let Some(text) = run(&body) {
            prop_assert!(!text.contains(">QQ<") && !text.to_lowercase().contains(">qq"), "{body:?} gives {text:?}");
        }
    }
}
