use proptest::prelude::*;

use super::*;

const NOW: Millis = 1_795_000_000_000; // 2026-11-18

fn day(text: &str) -> Millis {
    first_moment(text).expect("a day")
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input_tokens: input, output_tokens: output, ..Usage::default() }
}

fn own(text: &str) -> Prices {
    Prices::parse("mine.toml", text).expect("prices")
}

#[test]
fn the_bundled_prices_are_those_of_the_services() {
    let prices = Prices::parse("bundled", BUNDLED).expect("they can be read");
    let million = |model: &str| prices.cost(model, &usage(1_000_000, 1_000_000), NOW);
    assert_eq!(million("claude-opus-5-5"), Some(24_000_000));
    assert_eq!(million("claude-opus-5"), Some(30_000_000));
    assert_eq!(million("claude-sonnet-5-5-20261001"), Some(12_000_000));
    assert_eq!(million("gpt-6.1-sol"), Some(19_000_000), "more than 272,000 tokens cost more");
    assert_eq!(prices.cost("gpt-6.1-sol", &usage(272_000, 0), NOW), Some(544_000));
    assert_eq!(prices.cost("claude-haiku-5-5", &usage(100_000, 1000), NOW), Some(10_500));
    assert_eq!(prices.cost("claude-haiku-5-5", &usage(100_001, 1000), NOW), Some(52_501));
    // Every row has its own line in the table: none hides another.
    assert_eq!(prices.tables[0].len(), BUNDLED.matches("\n[[price]]").count());
}

#[test]
fn a_model_without_a_price_costs_nothing_that_is_known() {
    let prices = Prices::bundled();
    for model in ["", "claude-opus-5-9", "claude-opus-5-5-fast", "anthropic/claude-opus-5-5", "gpt-7", "qwen4:8b"] {
        assert_eq!(prices.cost(model, &usage(1, 1), NOW), None, "{model}");
        assert_eq!(prices.upper_bound(model, 1, 1, NOW), None, "{model}");
    }
    assert_eq!(prices.cost("claude-opus-5-5", &Usage::default(), NOW), Some(0));
}

#[test]
fn a_price_holds_from_its_day_on() {
    let prices = Prices::bundled();
    let cached = Usage { cached_tokens: 1_000_000, ..usage(1_000_000, 0) };
    let read = |at| prices.cost("claude-sonnet-5-5", &cached, at);
    assert_eq!(read(day("2026-10-07") - 1), Some(200_000));
    assert_eq!(read(day("2026-10-07")), Some(100_000));
    let later = own("[[price]]\nmodel = \"m\"\nfrom = \"2026-06-01\"\ninput = 1\noutput = 1");
    assert_eq!(later.cost("m", &usage(1, 0), day("2026-05-31")), None);
}

#[test]
fn every_kind_of_token_has_its_price() {
    let mixed = Usage {
        input_tokens: 1111,
        cached_tokens: 100,
        cache_write_tokens: 10,
        cache_write_1h_tokens: 1,
        output_tokens: 1,
        usd_micros: 0,
        unpriced_tokens: 0,
    };
    // 1000 × 4 + 100 × 0.2 + 10 × 5 + 1 × 8 + 1 × 20
    assert_eq!(Prices::bundled().cost("claude-opus-5-5", &mixed, NOW), Some(4098));
    // A fraction is rounded up, once.
    let cheap = Usage { cached_tokens: 1, ..usage(1, 0) };
    assert_eq!(Prices::bundled().cost("claude-opus-5-5", &cheap, NOW), Some(1));
}

#[test]
fn own_prices_come_first_and_may_name_families() {
    let mine = own(
        "[[price]]\nmodel = \"qwen*\"\ninput = 0\noutput = 0\n[[price]]\nmodel = \"qwen4*\"\ninput = 1\noutput = 1\n\
         [[price]]\nmodel = \"qwen4:8b\"\ninput = 2\noutput = 2\n[[price]]\nmodel = \"gpt-6.1-sol\"\ninput = 0.5\noutput = 1",
    );
    let prices = Prices::bundled().extended(mine);
    let million = |model: &str| prices.cost(model, &usage(1_000_000, 0), NOW);
    assert_eq!(million("qwen3"), Some(0));
    assert_eq!(million("qwen4:30b"), Some(1_000_000));
    assert_eq!(million("qwen4:8b"), Some(2_000_000));
    assert_eq!(million("gpt-6.1-sol"), Some(500_000));
    assert_eq!(million("claude-sonnet-5"), Some(2_000_000));
}

#[test]
fn windows_are_of_whoever_knows_them() {
    let mine = own(
        "[[price]]\nmodel = \"qwen4*\"\ninput = 0\noutput = 0\nwindow = 8192\n[[price]]\nmodel = \"claude-opus-4-5\"\ninput = 1\noutput = 1",
    );
    let prices = Prices::bundled().extended(mine);
    let window = |model: &str| prices.window(model, NOW);
    assert_eq!((window("qwen4:8b"), window("qwen3")), (Some(8_192), None));
    assert_eq!(window("claude-opus-4-5-20251101"), Some(200_000), "an own price does not hide what is known");
    assert_eq!(window("gpt-4o"), Some(128_000));
}

#[test]
fn what_is_no_price_list_is_named() {
    let said = |text: &str| Prices::parse("mine.toml", text).expect_err(text).to_string();
    insta::assert_snapshot!(said("[[price]]\nmodel = \"m\"\ninput = 1\n"), @"mine.toml: line 1: missing field `output`; write [[price]] with model, input and output, in US dollars for a million tokens");
    insta::assert_snapshot!(said("[[price]]\nmodel = \"m\"\ninput = -1\noutput = 1"), @"mine.toml: the price of `m` is -1 dollars; it must lie in 0..1000000; write [[price]] with model, input and output, in US dollars for a million tokens");
    for wrong in [
        "[[prices]]",
        "[[price]]\nmodel = \"*\"\ninput = 1\noutput = 1",
        "[[price]]\nmodel = \"m\"\ninput = nan\noutput = 1",
        "[[price]]\nmodel = \"m\"\ninput = inf\noutput = 1",
        "[[price]]\nmodel = \"m\"\nfrom = \"soon\"\ninput = 1\noutput = 1",
        "[[price]]\nmodel = \"m\"\ninput = 1\noutput = 1\n[[price]]\nmodel = \"m\"\ninput = 2\noutput = 2",
        "[[price]]\nmodel = \"m\"\ninput = 1\noutput = 1\ncache_reed = 1",
        "[[price]]\nmodel = \"m\"\ninput = 1\noutput = 1\nwindow = 0",
    ] {
        assert!(said(wrong).starts_with("mine.toml: "), "{wrong}");
    }
}

fn any_usage(most: u64) -> impl Strategy<Value = Usage> {
    (0..most, 0.0..1.0, 0.0..1.0, 0.0..1.0, 0..most).prop_map(|(input, read, short, hour, output)| {
        let share = |of: u64, part: f64| (of as f64 * part) as u64;
        let cached = share(input, read);
        let cache_write_tokens = share(input - cached, short);
        Usage {
            input_tokens: input,
            cached_tokens: cached,
            cache_write_tokens,
            cache_write_1h_tokens: share(input - cached - cache_write_tokens, hour),
            output_tokens: output,
            usd_micros: 0,
            unpriced_tokens: 0,
        }
    })
}

fn any_model() -> impl Strategy<Value = String> {
    let models: Vec<String> = Prices::bundled().tables[0].iter().map(|price| price.model.clone()).collect();
    prop::sample::select(models)
}

proptest! {
    #[test]
    fn the_upper_bound_is_one(
        model in any_model(), used in any_usage(1_000_000), more_in in 0u64..1_000_000, more_out in 0u64..1000
    ) {
        let prices = Prices::bundled();
        let cost = prices.cost(&model, &used, NOW).expect("it has a price");
        let bound = prices.upper_bound(&model, used.input_tokens + more_in, used.output_tokens + more_out, NOW);
        prop_assert!(Some(cost) <= bound);
    }

    #[test]
    fn more_tokens_never_cost_less(model in any_model(), used in any_usage(1_000_000), more in any_usage(1000)) {
        let prices = Prices::bundled();
        let cost = |usage: &Usage| prices.cost(&model, usage, NOW);
        prop_assert!(cost(&used) <= cost(&used.plus(more)));
    }

    #[test]
    fn the_border_of_a_tier_is_exact(tokens in 1u64..1_000_000, low in 1u32..1000, high in 1u32..1000) {
        let prices = own(&format!(
            "[[price]]\nmodel = \"m\"\ninput = {low}\noutput = 0\nabove = {{ tokens = {tokens}, input = {high}, output = 0 }}"
        ));
        let cost = |input| prices.cost("m", &usage(input, 0), NOW);
        prop_assert_eq!(cost(tokens), Some(tokens * u64::from(low)));
        prop_assert_eq!(cost(tokens + 1), Some((tokens + 1) * u64::from(high)));
    }

    #[test]
    fn nothing_overflows(model in any_model(), input in any::<u64>(), output in any::<u64>()) {
        let prices = Prices::bundled();
        let cost = prices.cost(&model, &usage(input, output), NOW);
        prop_assert!(cost <= prices.upper_bound(&model, input, output, NOW));
    }
}

#[test]
fn a_familys_short_name_is_its_newest_model() {
    const DAY: Millis = 24 * 60 * 60 * 1000;
    let rows = |rows: &[(&str, f64)]| -> String {
        rows.iter()
            .map(|(model, input)| format!("[[price]]\nmodel = \"{model}\"\ninput = {input}\noutput = 0\n"))
            .collect()
    };
    let table =
        [("claude-opus-4-10", 1.0), ("claude-opus-5", 2.0), ("claude-opus-5-5", 3.0), ("claude-opus-next", 9.0)];
    let later = "[[price]]\nmodel = \"claude-opus-6\"\nfrom = \"1970-01-03\"\ninput = 4\noutput = 0\n";
    let prices = Prices::parse("t", &(rows(&table) + later)).expect("prices");
    let million = |prices: &Prices, model: &str, at| prices.upper_bound(model, 1_000_000, 0, at);
    assert_eq!(million(&prices, "opus", DAY), Some(3_000_000), "not one of tomorrow");
    assert_eq!(million(&prices, "opus", 2 * DAY), Some(4_000_000));
    assert_eq!(million(&prices, "sonnet", DAY), None);
    assert_eq!(million(&prices, "opu", DAY), None);
    // The user's own row of that name, or of a newer model, says more.
    let extended = |own: &[(&str, f64)]| prices.clone().extended(Prices::parse("u", &rows(own)).expect("prices"));
    assert_eq!(million(&extended(&[("opus", 7.0)]), "opus", DAY), Some(7_000_000));
    assert_eq!(million(&extended(&[("claude-opus-7", 8.0)]), "opus", DAY), Some(8_000_000));
    assert_eq!(million(&extended(&[("claude-opus-5-5", 6.0)]), "opus", DAY), Some(6_000_000));
    for name in ["haiku", "sonnet", "opus"] {
        assert!(million(&Prices::bundled(), name, i64::MAX).is_some(), "{name}");
    }
}
