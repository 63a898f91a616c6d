//! What hangs in the gallery: cases where the spec is not what one would guess.

/// A case under a title, and what is asked of the program about it.
pub(super) struct Picture {
    pub(super) title: &'static str,
    pub(super) case: &'static str,
    pub(super) commands: &'static [&'static [&'static str]],
}

const fn picture(title: &'static str, case: &'static str, commands: &'static [&'static [&'static str]]) -> Picture {
    Picture { title, case, commands }
}

/// From the connection to the backend, and then the kinds beside HTTPRoute.
pub(super) const PICTURES: &[Picture] = &[
    picture(
        "A request belongs to one listener",
        "listener/isolation",
        &[&["explain", "http://www.shop.example/any", "http://v1.api.shop.example/v1"]],
    ),
    picture(
        "A request for another listener's host is misdirected",
        "tls/misdirected",
        &[&["explain", "https://api.example/", "--sni", "shop.example"], &["explain", "https://two.apps.example/"]],
    ),
    picture("Listeners that cannot be told apart serve nothing", "gateway/hostname-conflict", &[&["status"]]),
    picture(
        "Hostnames with nothing in common",
        "attachment/no-common-hostname",
        &[&["explain", "--route", "shop/cart"], &["check"]],
    ),
    picture(
        "The labels that count are those of the Namespace",
        "attachment/selector-reads-namespace-labels",
        &[&["explain", "--route", "guest/bad"], &["explain", "http://shop.example/good"]],
    ),
    picture(
        "Where intersections tie, what the route wrote decides",
        "hostname/own-name-decides-on-a-wildcard-listener",
        &[&["explain", "http://www.shop.example/"]],
    ),
    picture(
        "A narrow hostname hides no wider one",
        "hostname/fall-through",
        &[&["explain", "http://www.shop.example/help", "-H", "X-B: 1"], &["explain", "http://www.shop.example/"]],
    ),
    picture(
        "Prefixes go by elements",
        "matching/prefix-goes-by-elements",
        &[&["explain", "http://shop.example/items/42", "http://shop.example/items:publish"]],
    ),
    picture(
        "A method outranks two headers",
        "precedence/method-before-two-headers",
        &[&["explain", "http://shop.example/a", "-H", "X-A: 1", "-H", "X-B: 1"]],
    ),
    picture(
        "Of equals of one age the name decides, read as a whole",
        "precedence/name-on-equal-age",
        &[&["explain", "http://shop.example/cart"]],
    ),
    picture(
        "Nobody takes traffic over by adding an object",
        "safety/newcomer-takes-nothing-over",
        &[&["explain", "http://pay.example/pay"]],
    ),
    picture(
        "One bad match spoils its rule, and no other",
        "matching/one-bad-match-spoils-its-rule",
        &[&["explain", "--route", "shop/cart"], &["explain", "http://shop.example/cart"], &["status"]],
    ),
    picture(
        "What is not understood admits nobody",
        "safety/unknown-namespace-policy",
        &[&["explain", "--route", "shop/cart"], &["check"]],
    ),
    picture("Two halves of a grant are no grant", "grants/halves-do-not-add-up", &[&["explain", "--route", "shop/cart"]]),
    picture(
        "A missing backend keeps its share",
        "backends/a-part-is-invalid",
        &[&["explain", "http://shop.example/a"], &["route", "http://shop.example/a", "--sample", "0.1"]],
    ),
    picture(
        "Filters of a backend follow that backend",
        "filters/backend-filters-follow-the-backend",
        &[&["route", "http://shop.example/", "--sample", "0.25"], &["route", "http://shop.example/", "--sample", "0.75"]],
    ),
    picture(
        "The port of a redirect",
        "redirect/ports-on-80",
        &[&["route", "http://shop.example/c"], &["route", "http://shop.example/d"], &["route", "http://shop.example/e"]],
    ),
    picture(
        "A prefix is replaced where it ends",
        "rewrite/prefix-stops-at-the-element",
        &[&["explain", "http://shop.example/items/42", "http://shop.example/items2/42"]],
    ),
    picture(
        "The gateway answers preflights itself",
        "cors/preflight",
        &[
            &[
                "route",
                "http://shop.example/",
                "-X",
                "OPTIONS",
                "-H",
                "Origin: https://app.example",
                "-H",
                "Access-Control-Request-Method: PUT",
            ],
            &["route", "http://shop.example/", "-H", "Origin: https://app.example"],
        ],
    ),
    picture(
        "Calls of gRPC ask the GRPCRoute first",
        "grpc/beside-an-httproute",
        &[
            &["explain", "http://shop.example/s/M", "-X", "POST", "-H", "Content-Type: application/grpc"],
            &["explain", "http://shop.example/cart"],
        ],
    ),
    picture("TLS that goes through as it is", "tlsroute/passthrough", &[&["explain", "tls://a.example", "tls://b.example"]]),
    picture(
        "TCP and UDP ports are different ports",
        "udproute/tcp-on-the-same-port",
        &[&["explain", "tcp://edge:53", "udp://edge:53"]],
    ),
    picture("What the Gateway lists comes before what a ListenerSet adds", "listenerset/gateway-wins", &[&["status"]]),
    picture("The older of two BackendTLSPolicies", "backendtls/older-of-two", &[&["status"]]),
    picture("Default Gateways claim who asks for one", "default-gateway/claims", &[&["route", "http://x.example/"]]),
    picture(
        "Consumers have their own routes, and only those",
        "mesh/consumer-does-not-fall-back",
        &[
            &["explain", "http://web.shop:8080/else", "--from", "team"],
            &["explain", "http://web.shop:8080/else", "--from", "rest"],
        ],
    ),
];
