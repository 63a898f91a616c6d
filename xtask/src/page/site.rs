//! One folder on loopback, as any web server would serve it.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    thread,
};

/// A folder that is served until the program ends.
pub(super) struct Site {
    pub(super) address: SocketAddr,
}

impl Site {
    pub(super) fn start(folder: &Path) -> Result<Self, String> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| format!("loopback: {error}"))?;
        let address = listener.local_addr().map_err(|error| format!("loopback: {error}"))?;
        let folder = folder.to_owned();
        // A thread for each connection: browsers open some that they never use.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let folder = folder.clone();
                thread::spawn(move || answer(&stream, &folder));
            }
        });
        Ok(Self { address })
    }
}

fn answer(stream: &TcpStream, folder: &Path) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next()?.ok()?;
    // What is left unread when a connection is closed would reset it.
    lines.map_while(Result::ok).find(|line| line.is_empty());
    let (head, body) = match file(folder, request.split(' ').nth(1)?) {
        Some((kind, body)) => (format!("200 OK\r\ncontent-type: {kind}"), body),
        None => ("404 Not Found".to_owned(), Vec::new()),
    };
    let mut writer = stream;
    write!(writer, "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len()).ok()?;
    writer.write_all(&body).ok()
}

/// A file of the folder, never of one below or beside it.
fn file(folder: &Path, target: &str) -> Option<(&'static str, Vec<u8>)> {
    let name = match target.split('?').next()? {
        "/" => "index.html",
        path => path.strip_prefix('/')?,
    };
    let path: PathBuf = folder.join(Path::new(name).file_name().filter(|last| *last == name)?);
    let kind = match path.extension()?.to_str()? {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        _ => return None,
    };
    Some((kind, fs::read(path).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_folder_are_served_and_no_others() {
        let folder = crate::shell::root().join("docs/explain");
        let kind = |target| file(&folder, target).map(|(kind, _)| kind);
        assert_eq!(kind("/"), Some("text/html; charset=utf-8"));
        assert_eq!(kind("/explain.js?a=b"), Some("text/javascript; charset=utf-8"));
        for other in ["/../requirements.md", "/../explain/explain.js", "//etc/hosts", "/gone.js", "/.", "explain.js", ""] {
            assert_eq!(kind(other), None, "{other}");
        }
    }
}
