use super::*;
use certus_store::RecordedRuns;

const PRICES: &str = "[[price]]\nmodel = \"m\"\ninput = 1.0\noutput = 10.0\ncache_read = 0.1\n";

fn ahead(prompt: &str, input: Option<u64>) -> Ahead {
    Ahead {
        prompt: prompt.to_owned(),
        model: "m".to_owned(),
        input,
        bound: input.map(|input| input * 3),
        class: Cost::Low,
        answers: 1.0,
    }
}

fn runs(prompt: &str, runs: u64, tokens: u64) -> RecordedRuns {
    let usage = Usage { input_tokens: tokens * 9, output_tokens: tokens, ..Usage::default() };
    let lost = Amount::default();
    RecordedRuns { prompt: prompt.to_owned(), model: "m-20261001".to_owned(), runs, usage, lost }
}

fn estimate(recorded: &Recorded, ran: &[(&str, u64)], prices: &Prices) -> Estimate {
    let known = Known {
        at_hand: vec![ahead("a", Some(4_000)), ahead("b", Some(2_000))],
        usually: vec![ahead("first", None), ahead("a", None), ahead("later", None)],
        recorded,
        ran: ran.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        answers: BTreeMap::new(),
        prices,
        most_output: 1_000,
        at: 0,
    };
    known.estimate("work".to_owned(), 1)
}

fn prices() -> Prices {
    Prices::parse("test", PRICES).expect("prices")
}

fn close(a: Option<f64>, b: f64) {
    assert!(a.is_some_and(|a| (a - b).abs() < 1e-9), "{a:?} is not {b}");
}

#[test]
fn without_records_it_is_what_is_at_hand_and_what_the_methodology_names() {
    let made = estimate(&Recorded::default(), &[("first", 1)], &prices());
    let names: Vec<(&str, f64)> = made.prompts.iter().map(|one| (one.prompt.as_str(), one.runs)).collect();
    assert_eq!(names, [("a", 1.0), ("b", 1.0), ("later", 1.0)], "what ran already does not run again");
    // 3,000 + 1,500 + 3,000 of input, 550 of output each; what is not rendered is as large as the largest.
    assert_eq!(made.probably.tokens, 3_000 + 1_500 + 3_000 + 3 * 550);
    close(made.probably.usd, 0.0075 + 3.0 * 0.0055);
    // At most is what is set aside, whatever tokeniser counts.
    assert_eq!(made.at_most.tokens, 3 * (4_000 + 2_000 + 4_000) + 3 * 1_000);
    close(made.at_most.usd, 0.030 + 0.030);
}

#[test]
fn recorded_runs_say_how_often_and_how_much() {
    // Two visits: `a` ran in both, `rare` in one, `first` three times in all.
    let recorded = Recorded { visits: 2, runs: vec![runs("a", 2, 400), runs("rare", 1, 100), runs("first", 3, 30)] };
    let made = estimate(&recorded, &[("first", 1)], &prices());
    let ahead: Vec<(&str, f64, u64)> =
        made.prompts.iter().map(|one| (one.prompt.as_str(), one.runs, one.recorded)).collect();
    assert_eq!(ahead, [("a", 1.0, 2), ("b", 1.0, 0), ("first", 0.5, 3), ("rare", 0.5, 1)]);
    // `a`: (1,800 + 200 × 10) / 10^6, `b` by its size, half of `first` and of `rare`.
    close(made.probably.usd, 0.0038 + (0.0015 + 0.0055) + 0.5 * (0.00009 + 0.0001) + 0.5 * (0.0009 + 0.001));
    assert!(made.at_most.usd > made.probably.usd, "{made:?}");
    let nowhere: Vec<&PromptAhead> = made.prompts.iter().filter(|one| one.prompt == "later").collect();
    assert!(nowhere.is_empty(), "what other visits did says more than what the methodology names");
}

#[test]
fn what_recorded_runs_lost_on_repairs_is_expected_again() {
    let lost = Amount { tokens: 3_000, usd_micros: 6_000, ..Amount::default() };
    let without = Recorded { visits: 2, runs: vec![runs("a", 2, 400)] };
    let with = Recorded { visits: 2, runs: vec![RecordedRuns { lost, ..runs("a", 2, 400) }] };
    let [without, with] = [without, with].map(|recorded| estimate(&recorded, &[], &prices()));
    assert_eq!(with.probably.tokens, without.probably.tokens + 1_500);
    close(with.probably.usd.zip(without.probably.usd).map(|(with, without)| with - without), 0.003);
    assert_eq!(with.at_most, without.at_most, "it speaks of answers alone");
}

#[test]
fn a_price_that_nobody_knows_is_no_sum() {
    let made = estimate(&Recorded::default(), &[], &Prices::default());
    assert_eq!((made.probably.usd, made.at_most.usd), (None, None));
    assert!(made.probably.tokens > 0);
    assert!(made.said().contains("tokens, price unknown"), "{}", made.said());
}

#[test]
fn it_is_one_line() {
    let recorded = Recorded { visits: 2, runs: vec![runs("a", 2, 400), runs("rare", 1, 100)] };
    let caps = vec![
        CapAhead { scope: "chain".to_owned(), counts: None, usd: Some(2.0), tokens: None },
        CapAhead { scope: "day".to_owned(), counts: None, usd: Some(10.0), tokens: Some(5_000_000) },
    ];
    let lines = [
        Estimate { caps, ..estimate(&recorded, &[], &prices()) }.said(),
        estimate(&Recorded::default(), &[("first", 1), ("later", 1)], &prices()).said(),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    Estimate until the gate of work: probably $0.0118, at most $0.0600 without retries (3 prompts, by 3 recorded runs and their retries); caps: chain $2.0000, day $10.0000 and 5000000 tokens
    Estimate until the gate of work: probably $0.0155, at most $0.0380 without retries (2 prompts, by size); no cap is set
    ");
}

#[test]
fn what_is_shown_as_the_most_is_never_less() {
    let shown = |usd| Expected { tokens: 0, usd: Some(usd) }.up().said();
    assert_eq!([0.000_042, 0.000_101, 0.0412, 1.234_501].map(shown), ["$0.000042", "$0.0002", "$0.0412", "$1.2346"]);
}

#[test]
fn what_the_methodology_names_is_in_the_library() {
    let manifest: toml::Table =
        include_str!("../../../../../plugins/certainty/certus.toml").parse().expect("the manifest is TOML");
    let methodology: certus_engine::Methodology =
        manifest["methodology"].clone().try_into().expect("it is a methodology");
    methodology.check().expect("it makes sense");
    let library = certus_prompts::Library::bundled();
    for phase in methodology.phases {
        assert!(!phase.prompts.is_empty(), "{} names what it usually runs", phase.name);
        for name in phase.prompts {
            assert!(library.get(&name).is_ok(), "there is no prompt `{name}`");
        }
    }
}
