use super::*;
#[test]
fn small_sizes_have_a_decimal_and_large_ones_none() {
    let shown: Vec<String> =
        [0, 900, 49_999, 50_000, 1_840_000, 9_949_999, 9_950_000, 20_400_000, 1_234_000_000].map(megabytes).to_vec();
    assert_eq!(shown, ["0.0 kB", "0.9 kB", "50.0 kB", "0.1 MB", "1.8 MB", "9.9 MB", "10 MB", "20 MB", "1234 MB"]);
}
