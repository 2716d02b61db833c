//! In which order requests are sent: seeded, so that a study can be repeated, and balanced, so that none is always first.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

/// Who sends in four turns: the baseline (`false`) and the scheme (`true`), as A B B A or as B A A B by a coin.
pub(super) fn quad(rng: &mut StdRng) -> [bool; 4] {
    let first: bool = rng.random();
    [first, !first, !first, first]
}

/// The contenders in the order in which one round visits them.
pub(super) fn round(count: usize, rng: &mut StdRng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(rng);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn each_side_is_as_often_first_as_second_and_both_orders_occur() {
        let mut rng = StdRng::seed_from_u64(1);
        let quads: Vec<[bool; 4]> = (0..100).map(|_| quad(&mut rng)).collect();
        for turns in &quads {
            assert!(turns[0] != turns[1] && turns[2] != turns[3] && turns[0] == turns[3], "{turns:?}");
        }
        let baseline_first = quads.iter().filter(|turns| !turns[0]).count();
        assert!((30..=70).contains(&baseline_first), "{baseline_first}");
    }

    #[test]
    fn a_round_visits_everybody_once() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut order = round(5, &mut rng);
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2, 3, 4]);
    }
}
