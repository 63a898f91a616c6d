//! `gwapi serve` as users run it, on the quickstart.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

mod process;

use process::{Answer, Gwapi, address, free_port, get};

/// What the contract says about changes.
const SECOND: Duration = Duration::from_secs(1);

/// A copy of the quickstart that can be edited.
struct Quickstart(PathBuf);

impl Quickstart {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("gwapi-serve-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/quickstart");
        for entry in fs::read_dir(original).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.0.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no `{from}`");
        fs::write(path, text.replace(from, to)).unwrap();
    }
}

impl Drop for Quickstart {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn start(quickstart: &Quickstart, more: &[&str]) -> (Gwapi, SocketAddr) {
    let offset = (free_port() - 8080).to_string();
    let gwapi = Gwapi::start(&[&["serve", quickstart.path(), "--port-offset", &offset], more].concat());
    let lines = gwapi.lines_until("ready");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("shop/edge http http://127.0.0.1:"), "{lines:?}");
    (gwapi, address(&lines[0]))
}

/// Asks until the answer fits. How long that took.
fn eventually(address: SocketAddr, path: &str, fits: impl Fn(&Answer) -> bool) -> Duration {
    let start = Instant::now();
    loop {
        let answer = get(address, path, "");
        if fits(&answer) {
            return start.elapsed();
        }
        assert!(start.elapsed() < process::PATIENCE, "{answer:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn location(answer: &Answer) -> &str {
    answer.header("location").unwrap_or_default()
}

#[test]
fn the_quickstart_redirects_forwards_and_refuses() {
    let echo = Gwapi::start(&["echo", "--bind", "127.0.0.1:0", "--name", "api"]);
    let backend = address(&echo.lines_until("ready")[0]);
    let quickstart = Quickstart::new("quickstart");
    let (_gwapi, address) = start(&quickstart, &["--backend", &format!("shop/api:80={backend}")]);
    let old = get(address, "/old", "");
    assert_eq!((old.status, location(&old)), (301, "http://shop.example:8080/old"));
    let api = get(address, "/api/cart?x=1", "");
    assert_eq!((api.status, &api.json()["name"], &api.json()["path"]), (200, &"api".into(), &"/api/cart?x=1".into()));
    assert_eq!(get(address, "/elsewhere", "").status, 404);
}

#[test]
fn endpoint_slices_say_where_backends_are() {
    let echo = Gwapi::start(&["echo", "--bind", "127.0.0.1:0"]);
    let backend = address(&echo.lines_until("ready")[0]);
    let quickstart = Quickstart::new("slices");
    quickstart.edit("api.yaml", "  port: 3000", &format!("  port: {}", backend.port()));
    let (_gwapi, address) = start(&quickstart, &[]);
    assert_eq!(get(address, "/api", "").status, 200);
    quickstart.edit("api.yaml", "ready: true", "ready: false");
    eventually(address, "/api", |answer| answer.status == 503);
}

/// Q-035 leaves thirty.
#[test]
fn a_change_takes_effect_within_a_second() {
    let quickstart = Quickstart::new("change");
    let (gwapi, address) = start(&quickstart, &[]);
    quickstart.edit("routes.yaml", "shop.example\n", "new.example\n");
    let took = eventually(address, "/old", |answer| location(answer).starts_with("http://new.example"));
    gwapi.message("reloaded");
    // A machine that is busy with other tests gets twice the time.
    assert!(took < 2 * SECOND, "{took:?}");
    fs::remove_file(quickstart.0.join("routes.yaml")).unwrap();
    eventually(address, "/old", |answer| answer.status == 404);
}

#[cfg(unix)]
#[test]
fn a_file_that_becomes_unreadable_keeps_its_last_good_objects() {
    let quickstart = Quickstart::new("broken");
    let (gwapi, address) = start(&quickstart, &[]);
    quickstart.edit("routes.yaml", "  rules:\n", "  rules: [\n");
    let line = gwapi.message("routes.yaml:");
    assert!(line.contains("error[yaml-syntax]") && line.contains("stays in use"), "{line}");
    // The other files are followed all the same.
    quickstart.edit("gateway.yaml", "name: http\n", "name: web\n");
    assert!(gwapi.message("now served").contains("shop/edge web http://"));
    assert_eq!(get(address, "/old", "").status, 301);
    quickstart.edit("routes.yaml", "  rules: [\n", "  rules:\n");
    gwapi.signal("HUP");
    gwapi.message("reloaded");
    assert_eq!(get(address, "/old", "").status, 301);
}

#[cfg(unix)]
#[test]
fn terminated_it_ends_with_zero() {
    let quickstart = Quickstart::new("term");
    for signal in ["TERM", "INT"] {
        let (gwapi, address) = start(&quickstart, &["--drain", "2s"]);
        assert_eq!(get(address, "/old", "").status, 301);
        gwapi.signal(signal);
        assert_eq!(gwapi.end(), Some(0), "SIG{signal}");
    }
}

#[test]
fn a_port_that_cannot_be_bound_is_told_and_the_rest_is_served() {
    let quickstart = Quickstart::new("taken");
    let port = free_port();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (taken, free) = ((port - 100).to_string(), free_port() - 100);
    let more = format!("  - name: taken\n    port: {taken}\n    protocol: HTTP\n");
    fs::write(
        quickstart.0.join("gateway.yaml"),
        fs::read_to_string(quickstart.0.join("gateway.yaml")).unwrap().replace("port: 8080", &format!("port: {free}")) + &more,
    )
    .unwrap();
    let gwapi = Gwapi::start(&["serve", quickstart.path(), "--port-offset", "100"]);
    let lines = gwapi.lines_until("ready");
    assert_eq!(lines[0], format!("shop/edge http http://127.0.0.1:{}", free + 100), "{lines:?}");
    assert_eq!(lines.len(), 2);
    let line = gwapi.message("shop/edge taken is not served");
    assert!(line.contains(&format!("127.0.0.1:{port} cannot be bound")), "{line}");
}

#[test]
fn what_cannot_be_served_at_all_ends_with_two() {
    let quickstart = Quickstart::new("usage");
    for (args, message) in [
        (vec!["serve", "/there/is/no/such/path"], "nothing in the input can be read"),
        (vec!["serve", quickstart.path(), "--gateway", "shop/other"], "Gateway shop/other is not in the input"),
        (vec!["serve", quickstart.path(), "--backend", "shop/api=127.0.0.1:1"], "NAMESPACE/NAME:PORT=HOST:PORT"),
        (vec!["serve", quickstart.path(), "--drain", "soon"], "such as 30s"),
    ] {
        let gwapi = Gwapi::start(&args);
        gwapi.message(message);
        assert_eq!(gwapi.end(), Some(2), "{args:?}");
    }
}

/// A Gateway whose HTTPS listener has this certificate and key.
fn https(quickstart: &Quickstart, port: u16, cert: &str, key: &str) {
    let indented = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    let listener = format!(
        "  - name: https\n    port: {port}\n    protocol: HTTPS\n    tls: {{certificateRefs: [{{name: cert}}]}}\n---\n\
         apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: {{namespace: shop, name: cert}}\nstringData:\n  tls.crt: |\n{}  tls.key: |\n{}",
        indented(cert),
        indented(key)
    );
    let gateway = fs::read_to_string(quickstart.0.join("gateway.yaml")).unwrap();
    fs::write(
        quickstart.0.join("gateway.yaml"),
        gateway.replace("port: 8080", &format!("port: {}", free_port() - 100)) + &listener,
    )
    .unwrap();
}

#[test]
fn a_certificate_is_served_and_a_key_that_does_not_fit_is_told_and_not_shown() {
    let pair = || {
        let pair = rcgen::generate_simple_self_signed(vec!["shop.example.com".to_owned()]).unwrap();
        (pair.cert.pem(), pair.signing_key.serialize_pem())
    };
    let ((cert, key), (_, other_key)) = (pair(), pair());
    let port = free_port() - 100;

    let good = Quickstart::new("https");
    https(&good, port, &cert, &key);
    let lines = Gwapi::start(&["serve", good.path(), "--port-offset", "100"]).lines_until("ready");
    assert!(lines.contains(&format!("shop/edge https https://127.0.0.1:{}", port + 100)), "{lines:?}");

    let bad = Quickstart::new("misfit");
    https(&bad, port, &cert, &other_key);
    let gwapi = Gwapi::start(&["serve", bad.path(), "--port-offset", "100"]);
    let messages = gwapi.messages_until("shop/edge https is not served");
    assert!(messages.iter().any(|line| line.contains("Secret shop/cert: the private key does not fit")), "{messages:?}");
    let secret = other_key.lines().nth(1).unwrap();
    assert!(!messages.concat().contains(secret), "{messages:?}");
    assert_eq!(gwapi.lines_until("ready").len(), 2, "the other listener is served");
}

// B-020: Gateways whose listeners are not compatible share no address. Elsewhere 127.0.0.2 may have to be set up first.
#[cfg(target_os = "linux")]
#[test]
fn gateways_that_want_one_port_get_addresses_of_their_own() {
    let quickstart = Quickstart::new("two");
    let gateway = fs::read_to_string(quickstart.0.join("gateway.yaml")).unwrap();
    fs::write(quickstart.0.join("second.yaml"), gateway.replace("name: edge", "name: second")).unwrap();
    let offset = (free_port() - 8080).to_string();
    let lines = Gwapi::start(&["serve", quickstart.path(), "--port-offset", &offset]).lines_until("ready");
    let addresses: Vec<_> = lines
        .iter()
        .filter(|line| *line != "ready")
        .map(|line| (line.split(' ').next().unwrap(), address(line).ip().to_string()))
        .collect();
    assert_eq!(addresses, [("shop/edge", "127.0.0.1".to_owned()), ("shop/second", "127.0.0.2".to_owned())]);
}
