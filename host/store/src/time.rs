//! A time in a file name: UTC, to the second. Everything else that people read is written by the caller.

use certus_engine::Millis;

/// `2026-11-20-11-05-59`; sorts as it reads.
pub(crate) fn stamp(at: Millis) -> String {
    let seconds = at.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The civil calendar counted from 1 March of year 0, where the leap day is the last of its year.
    let day = days + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let date = of_year - (153 * shifted + 2) / 5 + 1;
    format!("{year:04}-{month:02}-{date:02}-{:02}-{:02}-{:02}", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(stamp(0), "1970-01-01-00-00-00");
        assert_eq!(stamp(951_782_399_999), "2000-02-28-23-59-59");
        assert_eq!(stamp(951_782_400_000), "2000-02-29-00-00-00");
        assert_eq!(stamp(1_709_251_200_000), "2024-03-01-00-00-00");
        assert_eq!(stamp(-1), "1969-12-31-23-59-59");
        assert_eq!(stamp(4_107_542_400_000), "2100-03-01-00-00-00");
    }

    #[test]
    fn no_time_panics() {
        for at in [i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1] {
            assert!(!stamp(at).is_empty());
        }
    }
}
