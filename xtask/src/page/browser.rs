//! A headless Chromium, driven over WebDriver: as much of it as the page needs.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::shell::Outcome;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The key of an element's id, a constant of WebDriver.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// No network but loopback, and nothing of what a browser does on its own.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--window-size=1400,1000",
];

/// The programs that are needed.
pub(super) struct Programs {
    driver: PathBuf,
    chromium: PathBuf,
}

impl Programs {
    /// Looks for them in PATH.
    pub(super) fn find() -> Result<Self, String> {
        let either = |names: [&str; 2]| names.iter().find_map(|name| in_path(name));
        Ok(Self {
            driver: either(["chromedriver", "chromium.chromedriver"]).ok_or("chromedriver is not installed")?,
            chromium: either(["chromium", "google-chrome"]).ok_or("chromium is not installed")?,
        })
    }
}

fn in_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// A browser with one window. It ends with this value.
pub(super) struct Browser {
    driver: Child,
    /// Kept open: the driver may go on to print.
    _printed: BufReader<ChildStdout>,
    port: u16,
    session: String,
    profile: PathBuf,
}

impl Browser {
    /// Starts one with an empty profile in a folder that is created for it.
    pub(super) fn start(programs: &Programs, profile: &Path) -> Result<Self, String> {
        let mut command = Command::new(&programs.driver);
        let mut driver = command
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", programs.driver.display()))?;
        let mut printed = BufReader::new(driver.stdout.take().ok_or("chromedriver has no output")?);
        let port = port(&mut printed);
        let mut browser = Self {
            driver,
            _printed: printed,
            port: port.unwrap_or_default(),
            session: String::new(),
            profile: profile.to_owned(),
        };
        port.ok_or("chromedriver does not say its port")?;
        let _ = fs::remove_dir_all(profile);
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.display()));
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "timeouts": {"script": 30_000, "pageLoad": 30_000},
            "goog:chromeOptions": {"binary": programs.chromium, "args": flags},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let session = browser.call("POST", "/session", &wanted)?;
        browser.session = session["sessionId"].as_str().ok_or("chromedriver gives no session")?.to_owned();
        Ok(browser)
    }

    pub(super) fn open(&self, url: &str) -> Outcome {
        self.post("/url", &json!({"url": url})).map(drop)
    }

    /// What a script returns.
    pub(super) fn run(&self, script: &str, arguments: Value) -> Result<Value, String> {
        self.post("/execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// Waits until an expression holds.
    pub(super) fn wait(&self, expression: &str) -> Outcome {
        let start = Instant::now();
        while self.run(&format!("return Boolean({expression})"), json!([]))? != true {
            if start.elapsed() > PATIENCE {
                return Err(format!("never true: {expression}"));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    pub(super) fn click(&self, selector: &str) -> Outcome {
        self.post(&format!("/element/{}/click", self.find(selector)?), &json!({})).map(drop)
    }

    /// Types into an empty field.
    pub(super) fn fill(&self, selector: &str, text: &str) -> Outcome {
        let element = self.find(selector)?;
        self.post(&format!("/element/{element}/clear"), &json!({}))?;
        if text.is_empty() {
            return Ok(());
        }
        self.post(&format!("/element/{element}/value"), &json!({"text": text})).map(drop)
    }

    /// Replaces the text of a field as pasting does.
    pub(super) fn paste(&self, selector: &str, text: &str) -> Outcome {
        let script = "const field = document.querySelector(arguments[0]); field.focus(); field.select();
            return document.execCommand('insertText', false, arguments[1])";
        match self.run(script, json!([selector, text]))? == true {
            true => Ok(()),
            false => Err(format!("nothing can be pasted into {selector}")),
        }
    }

    /// The text that one sees.
    pub(super) fn text(&self, selector: &str) -> Result<String, String> {
        let text = self.call("GET", &self.path(&format!("/element/{}/text", self.find(selector)?)), &Value::Null)?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// The name by which assistive technology calls an element.
    pub(super) fn label(&self, selector: &str) -> Result<String, String> {
        let path = format!("/element/{}/computedlabel", self.find(selector)?);
        Ok(self.call("GET", &self.path(&path), &Value::Null)?.as_str().unwrap_or_default().to_owned())
    }

    /// A command of the DevTools.
    pub(super) fn devtools(&self, command: &str, parameters: Value) -> Outcome {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters})).map(drop)
    }

    /// What the console has to complain about.
    pub(super) fn complaints(&self) -> Result<Vec<String>, String> {
        let log = self.post("/se/log", &json!({"type": "browser"}))?;
        let entries = log.as_array().into_iter().flatten();
        let severe = entries.filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        Ok(severe.map(|entry| entry["message"].to_string()).collect())
    }

    pub(super) fn screenshot(&self, file: &Path) -> Outcome {
        let image = self.call("GET", &self.path("/screenshot"), &Value::Null)?;
        let bytes = STANDARD.decode(image.as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
        fs::write(file, bytes).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn find(&self, selector: &str) -> Result<String, String> {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}))?;
        found[ELEMENT].as_str().map(str::to_owned).ok_or_else(|| format!("no element {selector}"))
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.call("POST", &self.path(path), body)
    }

    fn path(&self, path: &str) -> String {
        format!("/session/{}{path}", self.session)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let reply = exchange(self.port, method, path, body).map_err(|error| format!("chromedriver, {method} {path}: {error}"))?;
        let value = serde_json::from_slice::<Value>(&reply).map_err(|error| format!("chromedriver, {method} {path}: {error}"))?;
        match value["value"]["error"].as_str() {
            None => Ok(value["value"].clone()),
            Some(error) => Err(format!("{error}: {}", value["value"]["message"].as_str().unwrap_or_default())),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.call("DELETE", &self.path(""), &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}

/// The driver prints the port that it has got.
fn port(printed: &mut impl BufRead) -> Option<u16> {
    let lines = printed.lines().map_while(Result::ok);
    lines.filter_map(|line| line.split_once("on port ")?.1.trim_end_matches('.').parse().ok()).find(|port| *port != 0)
}

fn exchange(port: u16, method: &str, path: &str, body: &Value) -> std::io::Result<Vec<u8>> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n");
    write!(stream, "{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let header = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        length = header.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(length);
    }
    let mut reply = vec![0; length];
    reader.read_exact(&mut reply)?;
    Ok(reply)
}
