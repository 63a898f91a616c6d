//! Law 7: intersection is commutative, idempotent and agrees with `matches`.

use gwapi_core::{Hostname, RequestHost};
use proptest::{prelude::*, sample::select};

/// Few labels, so that names nest, meet and miss each other.
fn hostname() -> impl Strategy<Value = Hostname> {
    let label = select(&["a", "b", "ab", "example", "a-b", "1"][..]);
    let labels = proptest::collection::vec(label, 1..5).prop_map(|labels| labels.join("."));
    let text = (any::<bool>(), labels).prop_map(|(wildcard, labels)| if wildcard { format!("*.{labels}") } else { labels });
    text.prop_filter_map("an address is no hostname", |text| Hostname::parse(&text).ok())
}

/// A hostname's own labels with something in front, so that wildcards often match.
fn host() -> impl Strategy<Value = String> {
    let front = select(&["", "a.", "b.a.", "x.", "a", "x"][..]);
    (front, hostname()).prop_map(|(front, name)| format!("{front}{}", name.as_str().trim_start_matches("*.")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn law_7_intersection_is_commutative(one in hostname(), other in hostname()) {
        prop_assert_eq!(one.intersection(&other), other.intersection(&one));
    }

    #[test]
    fn law_7_intersection_is_idempotent(one in hostname(), other in hostname()) {
        prop_assert_eq!(one.intersection(&one), Some(&one));
        if let Some(both) = one.intersection(&other) {
            prop_assert_eq!(one.intersection(both), Some(both));
            prop_assert_eq!(other.intersection(both), Some(both));
        }
    }

    #[test]
    fn law_7_intersection_matches_what_both_match(one in hostname(), other in hostname(), host in host()) {
        let both = one.intersection(&other).is_some_and(|both| both.matches(&host));
        prop_assert_eq!(both, one.matches(&host) && other.matches(&host), "{} {} {}", one, other, host);
    }

    #[test]
    fn law_7_intersection_is_the_narrower_of_the_two(one in hostname(), other in hostname()) {
        // Pitfall 2: the broader name would take requests that the narrower one does not allow.
        match one.intersection(&other) {
            Some(both) => prop_assert!(one.covers(both) && other.covers(both) && (both == &one || both == &other)),
            None => prop_assert!(!one.covers(&other) && !other.covers(&one)),
        }
    }

    #[test]
    fn law_7_covering_is_matching_everything_that_is_matched(one in hostname(), other in hostname(), host in host()) {
        if one.covers(&other) {
            prop_assert!(!other.matches(&host) || one.matches(&host));
        }
    }

    #[test]
    fn matches_does_not_depend_on_how_a_host_is_written(name in hostname(), host in host(), port in 0_u32..70_000) {
        let other = format!("{}.:{port}", host.to_ascii_uppercase());
        let read = RequestHost::parse(&other).expect("a host with a port");
        prop_assert_eq!(name.matches(&host), name.matches(read.as_str()));
    }

    #[test]
    fn specificity_agrees_with_covering(one in hostname(), other in hostname()) {
        // B-022: of two hostnames that match the same host the narrower one is preferred.
        if one != other && one.covers(&other) {
            prop_assert!(Hostname::specificity(Some(&other)) < Hostname::specificity(Some(&one)));
        }
        prop_assert!(Hostname::specificity(Some(&one)) < Hostname::specificity(None));
    }
}

#[test]
fn pitfall_2_the_intersection_of_nested_wildcards_is_the_inner_one() {
    let hostname = |text: &str| Hostname::parse(text).unwrap();
    let (outer, inner) = (hostname("*.foo.example"), hostname("*.bar.foo.example"));
    assert_eq!(outer.intersection(&inner), Some(&inner));
    assert_eq!(inner.intersection(&outer), Some(&inner));
}

#[test]
fn the_table_of_the_requirements() {
    // E-005 to E-008.
    for (one, other, both) in [
        ("a.example", "a.example", Some("a.example")),
        ("a.example", "b.example", None),
        ("a.example", "*.example", Some("a.example")),
        ("a.b.example", "*.example", Some("a.b.example")),
        ("example", "*.example", None),
        ("*.example", "*.a.example", Some("*.a.example")),
        ("*.example", "*.other", None),
        ("*.example", "*.badexample", None),
        ("a.badexample", "*.example", None),
        ("badexample", "*.example", None),
    ] {
        let (one, other) = (Hostname::parse(one).unwrap(), Hostname::parse(other).unwrap());
        assert_eq!(one.intersection(&other).map(Hostname::as_str), both, "{one} {other}");
        assert_eq!(other.intersection(&one).map(Hostname::as_str), both, "{other} {one}");
    }
}
