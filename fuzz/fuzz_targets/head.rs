//! Request heads of any bytes: the normal form is one, and holds nothing that the policy refuses.
#![no_main]

use gwapi_core::{Choices, model::Scheme};
use gwapi_match::head::{HeadParts, RequestHead};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let choices = Choices::default();
    let headers: [(&[u8], &[u8]); 0] = [];
    let parts = |path_and_query| HeadParts {
        method: "GET",
        scheme: Scheme::Http,
        authority: None,
        path_and_query,
        headers: &headers[..],
    };
    let Ok(head) = RequestHead::new(parts(text), &choices) else { return };
    let forwarded = head.forward_path_and_query();
    let again = RequestHead::new(parts(&forwarded), &choices).expect("a normal form is accepted");
    assert_eq!(head.path, again.path, "what is forwarded is what was matched");
    assert!(!head.path.contains("//"));
});
