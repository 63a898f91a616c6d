//! `gwapi echo` as users run it.

use serde_json::json;

mod process;

use process::{Gwapi, address, get, send};

#[test]
fn it_answers_what_it_received() {
    let echo = Gwapi::start(&["echo", "--bind", "127.0.0.1:0", "--name", "cart"]);
    let ready = echo.lines_until("ready http://127.0.0.1:");
    let address = address(&ready[0]);
    let body = "four";
    let answer = send(
        address,
        &format!(
            "POST /a/b?c=d HTTP/1.1\r\nhost: shop.example.com\r\nX-Twice: 1\r\nx-twice: 2\r\nconnection: close\r\ncontent-length: 4\r\n\r\n{body}"
        ),
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let expected = json!({
        "name": "cart", "method": "POST", "path": "/a/b?c=d", "host": "shop.example.com", "protocol": "HTTP/1.1", "bodyLength": 4,
        "headers": {"host": ["shop.example.com"], "x-twice": ["1", "2"], "connection": ["close"], "content-length": ["4"]},
    });
    assert_eq!(answer.json(), expected);
}

#[test]
fn a_request_says_which_headers_the_answer_has() {
    let echo = Gwapi::start(&["echo", "--bind", "127.0.0.1:0"]);
    let address = address(&echo.lines_until("ready")[0]);
    let answer = get(address, "/", "x-echo-set-header: x-one:1,x-two: 2\r\n");
    assert_eq!((answer.header("x-one"), answer.header("x-two")), (Some("1"), Some("2")));
    assert_eq!(answer.json()["name"], "echo");
}

#[cfg(unix)]
#[test]
fn it_ends_with_zero() {
    let echo = Gwapi::start(&["echo", "--bind", "127.0.0.1:0"]);
    echo.lines_until("ready");
    echo.signal("TERM");
    assert_eq!(echo.end(), Some(0));
}

#[test]
fn an_address_that_is_taken_is_a_usage_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let echo = Gwapi::start(&["echo", "--bind", &taken.local_addr().unwrap().to_string()]);
    echo.message(&taken.local_addr().unwrap().to_string());
    assert_eq!(echo.end(), Some(2));
}
