use super::*;
use certus_store::{CachedRun, CostLine as Line, Costs, Removed};

fn line(name: &str, runs: u64, usd_micros: u64) -> Line {
    Line { name: name.to_owned(), runs, usd_micros, tokens: 1000, ..Line::default() }
}

fn costs(by_prompt: Vec<Line>) -> Costs {
    let usd_micros = by_prompt.iter().map(|line| line.usd_micros).sum();
    let (runs, tokens) = (by_prompt.iter().map(|line| line.runs).sum(), 1000 * by_prompt.len() as u64);
    Costs { chains: 1, runs, tokens, usd_micros, by_prompt, ..Costs::default() }
}

#[test]
fn what_is_dear_or_in_vain_is_said() {
    let failing = Line { failed: 2, gained: 0.5, ..line("b", 4, 10) };
    let said = report(7, costs(vec![Line { gained: 0.2, ..line("a", 3, 900) }, failing]), &Prices::bundled());
    insta::assert_snapshot!(said.suggestions.join("\n"), @r"
    a takes 99 % of the cost: see whether a model of a lower tier does for it.
    b gave no usable reply in 2 of 4 runs: another model, or more output tokens, may pay off.
    0 of 2000 tokens were read from a cache: chains that are worked on in one go read more of it.
    ");
    assert!(report(7, Costs::default(), &Prices::bundled()).suggestions.is_empty());
}

#[test]
fn what_cut_calls_can_have_cost_is_never_added_without_a_word() {
    let cut = Line { lost_usd_micros: 8_000, possible_usd_micros: 8_000, possible_tokens: 600, ..line("a", 4, 9_000) };
    let made = report(7, Costs { by_chain: vec![cut.clone()], ..costs(vec![cut]) }, &Prices::bundled());
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    near(made.usd, 0.009);
    near(made.spent_usd, 0.001);
    near(made.possible_usd, 0.008);
    near(made.usd_per_chain, 0.001);
    assert_eq!(made.possible_tokens, 600);
    let line = made.csv().expect("it is written").lines().last().map(str::to_owned);
    assert_eq!(line.as_deref(), Some("prompt,a,4,0,1000,0,0.009000,0.0000,0,,,0.001000,0.008000,600"));
    let lost = made.suggestions.iter().find(|said| said.contains("without an answer"));
    assert_eq!(lost, None, "nobody said that it was spent");
}

#[test]
fn what_the_cache_saved_follows_from_the_prices() {
    let prices = "[[price]]\nmodel = \"m\"\ninput = 3.0\noutput = 9.0\ncache_read = 0.3\n\
                  above = { tokens = 200000, input = 6.0, output = 18.0, cache_read = 0.6 }\n\
                  [[price]]\nmodel = \"m\"\nfrom = \"2026-01-02\"\ninput = 1.0\noutput = 9.0\ncache_read = 0.5\n";
    let prices = Prices::parse("test", prices).expect("prices");
    let saved = |runs: &[(i64, u64, u64)]| {
        let run = |&(at, input_tokens, cached_tokens): &(i64, u64, u64)| CachedRun {
            model: "m".to_owned(),
            at,
            input_tokens,
            cached_tokens,
        };
        report(7, Costs { cached: runs.iter().map(run).collect(), ..costs(vec![]) }, &prices).cache_saved_usd
    };
    let near = |saved: f64, is: f64| assert!((saved - is).abs() < 1e-9, "{saved} is not {is}");
    near(saved(&[(0, 100_000, 100_000)]), 0.27);
    // Each by itself: together they would be dear, as one that is large is.
    near(saved(&[(0, 100_000, 100_000); 10]), 2.7);
    near(saved(&[(0, 300_000, 100_000)]), 0.54);
    // At the price of its own day.
    near(saved(&[(0, 100_000, 100_000), (1_767_400_000_000, 100_000, 100_000)]), 0.27 + 0.05);
}

#[test]
fn a_name_stays_one_cell_and_no_formula() {
    let report = report(7, costs(vec![line("a,\"b\"", 1, 1), line("=1+1", 1, 1)]), &Prices::bundled());
    insta::assert_snapshot!(report.csv().expect("it is written"), @r#"
    by,name,runs,failed,tokens,cached_tokens,usd,gained,unpriced_tokens,closed,blockers,spent_usd,possible_usd,possible_tokens
    prompt,"a,""b""",1,0,1000,0,0.000001,0.0000,0,,,0.000001,0.000000,0
    prompt,'=1+1,1,0,1000,0,0.000001,0.0000,0,,,0.000001,0.000000,0
    "#);
    let nothing = super::report(7, Costs::default(), &Prices::bundled());
    assert_eq!(nothing.csv().expect("it is written").lines().count(), 1, "the head alone");
}

#[test]
fn removing_uncertainties_has_its_cost() {
    let area = |area: &str, closed, blockers, usd_micros| Removed {
        area: area.to_owned(),
        closed,
        blockers,
        tokens: 100,
        usd_micros,
        unpriced_tokens: 0,
    };
    let removed = vec![area("storage", 2, 1, 3_000), area("scope", 1, 1, 0)];
    let report = report(7, Costs { removed, ..costs(vec![line("a", 1, 9_000)]) }, &Prices::bundled());
    assert_eq!((report.uncertainties_closed, report.blockers_closed), (3, 2));
    assert!(report.usd_per_uncertainty.is_some_and(|usd| (usd - 0.001).abs() < 1e-9), "{report:?}");
    let each: Vec<(&str, f64)> = report.by_uncertainty.iter().map(|line| (line.area.as_str(), line.usd_each)).collect();
    assert_eq!(each, [("storage", 0.0015), ("scope", 0.0)]);
    let none = super::report(7, costs(vec![line("a", 1, 9_000)]), &Prices::bundled());
    assert_eq!(none.usd_per_uncertainty, None);
}
