//! A request as users tell it: a URL, or its parts one by one.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

/// The request to ask about.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
pub struct RequestArgs {
    /// Method
    #[cfg_attr(feature = "clap", arg(short = 'X', long, default_value = "GET", value_name = "METHOD"))]
    pub method: String,
    /// A header, `name: value`; may be given several times
    #[cfg_attr(feature = "clap", arg(short = 'H', long = "header", value_name = "HEADER"))]
    pub headers: Vec<String>,
    /// The host, in place of that of the URL
    #[cfg_attr(feature = "clap", arg(long, value_name = "HOST"))]
    pub host: Option<String>,
    /// The path and query, in place of those of the URL
    #[cfg_attr(feature = "clap", arg(long, value_name = "PATH"))]
    pub path: Option<String>,
    /// The port of the Gateway, in place of that of the URL
    #[cfg_attr(feature = "clap", arg(long, value_name = "PORT"))]
    pub port: Option<u16>,
    /// The scheme, in place of that of the URL
    #[cfg_attr(feature = "clap", arg(long, value_enum, value_name = "SCHEME"))]
    pub scheme: Option<Scheme>,
    /// The server name of the TLS handshake, in place of the host
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    pub sni: Option<String>,
}

impl Default for RequestArgs {
    fn default() -> Self {
        Self { method: "GET".into(), headers: Vec::new(), host: None, path: None, port: None, scheme: None, sni: None }
    }
}

/// The scheme of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Scheme {
    /// In clear text
    Http,
    /// Over TLS that the Gateway ends
    Https,
    /// A connection with TLS in it, whoever ends it
    Tls,
    /// A connection
    Tcp,
    /// Datagrams
    Udp,
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Tls => "tls",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

impl Scheme {
    /// Whether requests are what is asked about.
    #[must_use]
    pub fn has_requests(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }

    fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    fn default_port(self) -> Option<u16> {
        match self {
            Self::Http => Some(80),
            Self::Https | Self::Tls => Some(443),
            Self::Tcp | Self::Udp => None,
        }
    }
}

/// A request that can be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What was asked for, for headings.
    pub text: String,
    /// Method.
    pub method: String,
    /// The port of the Gateway.
    pub port: u16,
    /// What it comes over.
    pub scheme: Scheme,
    /// The host without its port.
    pub host: Option<String>,
    /// The server name of the handshake.
    pub sni: Option<String>,
    /// Path and query, as typed.
    pub path: String,
    /// Headers, Host among them.
    pub headers: HeaderMap,
}

impl RequestArgs {
    /// The requests of several URLs; without any, the one that the options tell.
    ///
    /// # Errors
    /// If one is none that can be sent to a Gateway.
    pub fn targets(&self, urls: &[String]) -> Result<Vec<Target>, String> {
        if urls.is_empty() {
            let told = self.host.is_some() || self.path.is_some() || self.port.is_some() || self.scheme.is_some();
            return if told {
                Ok(vec![self.target(None)?])
            } else {
                Err("a URL is missing, such as http://shop.example.com/cart".into())
            };
        }
        urls.iter().map(|url| self.target(Some(url))).collect()
    }

    fn target(&self, url: Option<&str>) -> Result<Target, String> {
        let parts = url.map(UrlParts::of).transpose()?.unwrap_or_default();
        let scheme = self.scheme.or(parts.scheme).unwrap_or(Scheme::Http);
        let asked = self.port.or(parts.port).or_else(|| scheme.default_port());
        let port = asked.ok_or_else(|| format!("{scheme} has no usual port; name one, such as {scheme}://gateway:5000"))?;
        let default_port = scheme.default_port().unwrap_or(port);
        let host = self.host.as_deref().or(parts.host).filter(|host| !host.is_empty());
        let path = self.path.as_deref().or(parts.path).unwrap_or("/");
        let path = if path.starts_with('/') || path == "*" { path.to_owned() } else { format!("/{path}") };
        let authority = host.map(|host| authority(host, port, default_port));
        let text = match url {
            Some(url) => url.to_owned(),
            None => format!("{scheme}://{}{path}", authority.as_deref().unwrap_or_default()),
        };
        Ok(Target {
            method: self.method.clone(),
            port,
            scheme,
            host: host.map(|host| bare(host).to_owned()),
            sni: self.sni.clone().or_else(|| server_name(host?)).filter(|_| scheme.is_tls()),
            headers: self.header_map(authority)?,
            path,
            text,
        })
    }

    /// A Host that is written as a header counts before the one of the URL, as it does for curl.
    fn header_map(&self, authority: Option<String>) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for header in &self.headers {
            let (name, value) = header.split_once(':').ok_or_else(|| format!("header `{header}` is not `name: value`"))?;
            let name: HeaderName = name.trim().parse().map_err(|_| format!("header `{header}`: `{name}` is no header name"))?;
            let value =
                HeaderValue::from_str(value.trim()).map_err(|_| format!("header `{header}`: the value cannot be sent"))?;
            headers.append(name, value);
        }
        if let (Some(authority), false) = (authority, headers.contains_key("host")) {
            let value = HeaderValue::from_str(&authority).map_err(|_| format!("`{authority}` is no host"))?;
            headers.insert("host", value);
        }
        Ok(headers)
    }
}

/// A URL taken apart by hand: a URL parser would resolve the dot segments and escapes that one may want to ask about.
#[derive(Clone, Copy, Debug, Default)]
pub struct UrlParts<'a> {
    /// Scheme.
    pub scheme: Option<Scheme>,
    /// Host and port, as typed.
    pub authority: Option<&'a str>,
    /// The host without its port.
    pub host: Option<&'a str>,
    /// Port.
    pub port: Option<u16>,
    /// Path and query, without a fragment.
    pub path: Option<&'a str>,
}

impl<'a> UrlParts<'a> {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// If it is none that can be asked about.
    pub fn of(url: &'a str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| format!("`{url}` is no URL"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "tls" => Scheme::Tls,
            "tcp" => Scheme::Tcp,
            "udp" => Scheme::Udp,
            _ => return Err(format!("`{url}`: scheme `{scheme}` is not supported; `http`, `https`, `tls`, `tcp` and `udp` are")),
        };
        // A fragment is never sent.
        let rest = rest.split_once('#').map_or(rest, |(sent, _)| sent);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(format!("`{url}`: credentials in a URL are sent as a header; give the header `authorization: …`"));
        }
        let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| format!("`{url}`: `{port}` is no port"))?)),
            None => (authority, None),
        };
        Ok(Self { scheme: Some(scheme), authority: Some(authority), host: Some(host), port, path: Some(path) })
    }
}

/// The Host header as clients write it.
fn authority(host: &str, port: u16, default_port: u16) -> String {
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    if port == default_port || has_port { host.to_owned() } else { format!("{host}:{port}") }
}

/// A host without its port.
fn bare(host: &str) -> &str {
    host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(host, |(name, _)| name)
}

/// Clients send no server name for an address.
fn server_name(host: &str) -> Option<String> {
    let name = bare(host);
    let is_address = name.starts_with('[') || name.parse::<std::net::IpAddr>().is_ok();
    (!is_address).then(|| name.to_owned())
}
