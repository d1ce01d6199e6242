use super::*;
use certus_store::{CostLine as Line, Costs, Removed};

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
    let said = report(7, costs(vec![Line { gained: 0.2, ..line("a", 3, 900) }, failing]), &Prices::bundled(), 0);
    insta::assert_snapshot!(said.suggestions.join("\n"), @r"
    a takes 99 % of the cost: see whether a model of a lower tier does for it.
    b gave no usable reply in 2 of 4 runs: another model, or more output tokens, may pay off.
    0 of 2000 tokens were read from a cache: chains that are worked on in one go read more of it.
    ");
    assert!(report(7, Costs::default(), &Prices::bundled(), 0).suggestions.is_empty());
}

#[test]
fn what_the_cache_saved_follows_from_the_prices() {
    let prices =
        "[[price]]\nmodel = \"m\"\ninput = 3.0\noutput = 9.0\ncache-read = 0.3\n".replace("cache-read", "cache_read");
    let prices = Prices::parse("test", &prices).expect("prices");
    let costs = Costs { by_model: vec![Line { cached_tokens: 1_000_000, ..line("p/m", 1, 1) }], ..costs(vec![]) };
    let report = report(7, costs, &prices, 0);
    assert!((report.cache_saved_usd - 2.7).abs() < 1e-9, "{}", report.cache_saved_usd);
}

#[test]
fn a_name_stays_one_cell_and_no_formula() {
    let report = report(7, costs(vec![line("a,\"b\"", 1, 1), line("=1+1", 1, 1)]), &Prices::bundled(), 0);
    insta::assert_snapshot!(report.csv().expect("it is written"), @r#"
    by,name,runs,failed,tokens,cached_tokens,usd,gained,unpriced_tokens,closed,blockers
    prompt,"a,""b""",1,0,1000,0,0.000001,0.0000,0,,
    prompt,'=1+1,1,0,1000,0,0.000001,0.0000,0,,
    "#);
    let nothing = super::report(7, Costs::default(), &Prices::bundled(), 0);
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
    let report = report(7, Costs { removed, ..costs(vec![line("a", 1, 9_000)]) }, &Prices::bundled(), 0);
    assert_eq!((report.uncertainties_closed, report.blockers_closed), (3, 2));
    assert!(report.usd_per_uncertainty.is_some_and(|usd| (usd - 0.001).abs() < 1e-9), "{report:?}");
    let each: Vec<(&str, f64)> = report.by_uncertainty.iter().map(|line| (line.area.as_str(), line.usd_each)).collect();
    assert_eq!(each, [("storage", 0.0015), ("scope", 0.0)]);
    let none = super::report(7, costs(vec![line("a", 1, 9_000)]), &Prices::bundled(), 0);
    assert_eq!(none.usd_per_uncertainty, None);
}
