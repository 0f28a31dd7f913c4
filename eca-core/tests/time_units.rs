//! Conversions: worked values and round trips.

use eca_core::unit;
use proptest::prelude::*;

#[test]
fn worked_values() {
    assert_eq!(unit::mw_h_to_mwh(3.4, 0.5), 1.7);
    assert_eq!(unit::mwh_h_to_mw(1.7, 0.5), 3.4);
    assert_eq!(unit::pence_per_kwh_to_gbp_per_mwh(20.475), 204.75);
    assert_eq!(unit::gbp_per_kwh_to_gbp_per_mwh(0.25), 250.0);
    assert_eq!(unit::carbon_kg(1.5, 200.0), 300.0);
    assert_eq!(unit::carbon_g_per_kwh(300.0, 1.5), 200.0);
    assert_eq!(unit::min_to_h(15.0), 0.25);
    assert_eq!(unit::s_to_h(900.0), 0.25);
    assert_eq!(unit::percent_to_frac(72.5), 0.725);
    assert_eq!((unit::w_to_mw(2.5e6), unit::kw_to_mw(2.5e3)), (2.5, 2.5));
    assert_eq!((unit::mwh_to_wh(1.0), unit::kwh_to_wh(1.0), unit::mwh_to_kwh(1.0)), (1e6, 1e3, 1e3));
    assert_eq!((unit::gbp_to_ugbp(1.25), unit::ugbp_to_gbp(1.25e6)), (1.25e6, 1.25));
}

#[test]
fn rounding_gives_the_shortest_decimal() {
    assert_eq!(unit::round_to(0.1 + 0.2, 1e-6), 0.3);
    assert_eq!(unit::round_to(1.005, 0.01).to_string(), "1");
    assert_eq!(unit::round_to(-2.5, 1.0), -3.0);
    assert_eq!(unit::round_to(7.4, 5.0), 5.0);
    assert_eq!(unit::round_to(1.3, 0.4), 1.2000000000000002);
    assert!(unit::round_to(-1e-9, 1e-6).is_sign_positive());
    assert_eq!(unit::round_to(1.234, 0.0), 1.234);
}

proptest! {
    #[test]
    fn there_and_back(x in -1e9_f64..1e9) {
        let near = |y: f64| (y - x).abs() <= 1e-9 * x.abs().max(1.0);
        prop_assert!(near(unit::wh_to_mwh(unit::mwh_to_wh(x))));
        prop_assert!(near(unit::kwh_to_mwh(unit::mwh_to_kwh(x))));
        prop_assert!(near(unit::wh_to_kwh(unit::kwh_to_wh(x))));
        prop_assert!(near(unit::w_to_mw(unit::mw_to_w(x))));
        prop_assert!(near(unit::kw_to_mw(unit::mw_to_kw(x))));
        prop_assert!(near(unit::ugbp_to_gbp(unit::gbp_to_ugbp(x))));
        prop_assert!(near(unit::gbp_per_mwh_to_pence_per_kwh(unit::pence_per_kwh_to_gbp_per_mwh(x))));
        prop_assert!(near(unit::g_to_kg(unit::kg_to_g(x))));
        prop_assert!(near(unit::h_to_min(unit::min_to_h(x))) && near(unit::h_to_s(unit::s_to_h(x))));
    }

    #[test]
    fn rounding_moves_by_at_most_half_a_quantum_and_is_idempotent(x in -1e6_f64..1e6) {
        let once = unit::round_to(x, 1e-6);
        // Beside half a quantum, what a double can tell apart there.
        prop_assert!((once - x).abs() <= 0.5e-6 + f64::EPSILON * x.abs());
        prop_assert_eq!(unit::round_to(once, 1e-6), once);
    }
}
