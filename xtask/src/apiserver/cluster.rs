//! The API server: starting it, its CRDs, and requests to it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use serde_json::Value;

use crate::shell::run;

/// Groups whose CRDs are ours to change.
const GROUPS: [&str; 2] = ["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"];

/// A running cluster with a way in.
pub(super) struct Cluster {
    program: PathBuf,
    socket: PathBuf,
    proxy: Child,
    /// Whether it runs because of us.
    is_ours: bool,
}

impl Cluster {
    pub(super) fn start(program: PathBuf) -> Result<Self, String> {
        let is_ours =
            !Command::new(&program).arg("status").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
        if is_ours {
            run(Command::new(&program).arg("up"), "cluster up")?;
        }
        let socket = std::env::temp_dir().join(format!("gwapi-apiserver-{}.sock", std::process::id()));
        let mut command = Command::new(&program);
        command.args(["kubectl", "proxy", "--unix-socket"]).arg(&socket).stdout(Stdio::null());
        let proxy = command.spawn().map_err(|error| format!("kubectl proxy: {error}"))?;
        let cluster = Self { program, socket, proxy, is_ours };
        for _ in 0..100 {
            if UnixStream::connect(&cluster.socket).is_ok() {
                return Ok(cluster);
            }
            sleep(Duration::from_millis(100));
        }
        Err("kubectl proxy does not answer".into())
    }

    pub(super) fn client(&self) -> Result<Client, String> {
        Client::connect(&self.socket)
    }

    /// Takes away the CRDs that are there, and all objects with them.
    pub(super) fn clear(&self) -> Result<(), String> {
        let mut client = self.client()?;
        for _ in 0..100 {
            let all = client.send("GET", CRDS, None)?;
            let names = all.body["items"].as_array().into_iter().flatten().filter_map(|crd| crd["metadata"]["name"].as_str());
            let ours: Vec<&str> = names.filter(|name| GROUPS.iter().any(|group| name.ends_with(group))).collect();
            if ours.is_empty() {
                return Ok(());
            }
            for name in ours {
                client.send("DELETE", &format!("{CRDS}/{name}"), None)?;
            }
            sleep(Duration::from_millis(500));
        }
        Err("the CRDs that are there do not go away".into())
    }

    /// Creates CRDs or puts them in place of those of the same names, and waits until the server checks objects against them.
    pub(super) fn install(&self, crds: &[Crd]) -> Result<(), String> {
        let mut client = self.client()?;
        crds.iter().try_for_each(|crd| client.put_crd(&crd.value))?;
        // There is no condition for this: the handler follows its informer.
        sleep(Duration::from_secs(3));
        crds.iter().try_for_each(|crd| client.wait_for(crd))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
        let _ = fs::remove_file(&self.socket);
        if self.is_ours {
            let _ = Command::new(&self.program).arg("down").status();
        }
    }
}

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

// ---- CRDs ----

/// A CustomResourceDefinition.
pub(super) struct Crd {
    pub(super) value: Value,
}

pub(super) fn read_crds(folder: &Path) -> Result<Vec<Crd>, String> {
    let at = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files: Vec<_> = fs::read_dir(folder).map_err(at)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut crds = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
        let loaded = gwapi_manifest::parse_values(&file.display().to_string(), &fs::read(file).map_err(at)?);
        let values = loaded.documents.into_iter().map(|document| document.value);
        crds.extend(values.filter(|value| value["kind"] == "CustomResourceDefinition").map(|value| Crd { value }));
    }
    Ok(crds)
}

impl Crd {
    pub(super) fn kind(&self) -> &str {
        self.value["spec"]["names"]["kind"].as_str().unwrap_or_default()
    }

    fn group(&self) -> &str {
        self.value["spec"]["group"].as_str().unwrap_or_default()
    }

    /// The versions that are served, with their schemas.
    pub(super) fn versions(&self) -> impl Iterator<Item = (String, &Value)> {
        let versions = self.value["spec"]["versions"].as_array().into_iter().flatten();
        versions.filter(|version| version["served"] == true).map(|version| {
            let api_version = format!("{}/{}", self.group(), version["name"].as_str().unwrap_or_default());
            (api_version, &version["schema"]["openAPIV3Schema"])
        })
    }

    pub(super) fn serves(&self, object: &Value) -> bool {
        object["kind"] == self.kind() && self.versions().any(|(api_version, _)| object["apiVersion"] == api_version.as_str())
    }

    /// The CRD with types and list keys only.
    pub(super) fn without_checks(&self) -> Self {
        let mut value = self.value.clone();
        for version in value["spec"]["versions"].as_array_mut().into_iter().flatten() {
            loosen(&mut version["schema"]["openAPIV3Schema"]);
        }
        Self { value }
    }

    fn path(&self, object: &Value) -> String {
        let plural = self.value["spec"]["names"]["plural"].as_str().unwrap_or_default();
        let api_version = object["apiVersion"].as_str().unwrap_or_default();
        if self.value["spec"]["scope"] == "Cluster" {
            format!("/apis/{api_version}/{plural}")
        } else {
            format!("/apis/{api_version}/namespaces/default/{plural}")
        }
    }
}

fn loosen(schema: &mut Value) {
    const CHECKS: [&str; 17] = [
        "x-kubernetes-validations",
        "pattern",
        "enum",
        "format",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "minimum",
        "maximum",
        "oneOf",
        "anyOf",
        "allOf",
        "not",
        "default",
    ];
    let keys: Vec<Value> = schema["items"]["required"].as_array().cloned().unwrap_or_default();
    let Some(fields) = schema.as_object_mut() else { return };
    fields.retain(|name, _| !CHECKS.contains(&name.as_str()) && name != "required");
    if let Some(properties) = fields.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(loosen);
    }
    for inner in ["items", "additionalProperties"] {
        fields.get_mut(inner).into_iter().for_each(loosen);
    }
    // The keys of a list are required by the server.
    let map_keys: Vec<Value> = fields.get("x-kubernetes-list-map-keys").and_then(Value::as_array).cloned().unwrap_or_default();
    let required: Vec<Value> = keys.into_iter().filter(|key| map_keys.contains(key)).collect();
    if let (Some(items), false) = (fields.get_mut("items"), required.is_empty()) {
        items["required"] = required.into();
    }
}

// ---- requests ----

/// One connection to the API server.
pub(super) struct Client {
    socket: PathBuf,
    stream: BufReader<UnixStream>,
}

/// What the server says.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// The field paths of a refusal. Some stand in the message only, in quotes or at its end.
    pub(super) fn paths(&self) -> Vec<String> {
        let causes = self.body["details"]["causes"].as_array().into_iter().flatten();
        let path = |cause: &Value| {
            let (field, message) = (cause["field"].as_str().unwrap_or_default(), cause["message"].as_str().unwrap_or_default());
            if field != "<nil>" {
                return Some(field.to_owned());
            }
            let quoted = message.split('"').filter(|part| part.starts_with("spec")).map(str::to_owned).next();
            quoted.or_else(|| message.rsplit(" in ").next().filter(|part| part.starts_with("spec")).map(str::to_owned))
        };
        causes.filter_map(path).collect()
    }
}

impl Client {
    fn connect(socket: &Path) -> Result<Self, String> {
        let stream = UnixStream::connect(socket).map_err(|error| format!("{}: {error}", socket.display()))?;
        Ok(Self { socket: socket.to_owned(), stream: BufReader::new(stream) })
    }

    /// Another connection to the same server.
    pub(super) fn clone(&self) -> Result<Self, String> {
        Self::connect(&self.socket)
    }

    pub(super) fn create(&mut self, crd: &Crd, object: &Value, is_dry: bool) -> Result<Answer, String> {
        let dry = if is_dry { "&dryRun=All" } else { "" };
        self.send("POST", &format!("{}?fieldValidation=Ignore{dry}", crd.path(object)), Some(object))
    }

    pub(super) fn update(&mut self, crd: &Crd, object: &Value) -> Result<Answer, String> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.send("PUT", &format!("{}/{name}?fieldValidation=Ignore&dryRun=All", crd.path(object)), Some(object))
    }

    fn put_crd(&mut self, crd: &Value) -> Result<(), String> {
        let path = format!("{CRDS}/{}", crd["metadata"]["name"].as_str().unwrap_or_default());
        for _ in 0..50 {
            let mut crd = crd.clone();
            let there = self.send("GET", &path, None)?;
            let answer = if there.status == 404 {
                self.send("POST", CRDS, Some(&crd))?
            } else {
                crd["metadata"]["resourceVersion"] = there.body["metadata"]["resourceVersion"].clone();
                self.send("PUT", &path, Some(&crd))?
            };
            match answer.status {
                200 | 201 => return Ok(()),
                // It is on its way out, or somebody else has just written it.
                409 => sleep(Duration::from_millis(200)),
                _ => return Err(format!("{path}: {}", answer.message())),
            }
        }
        Err(format!("{path}: cannot be written"))
    }

    fn wait_for(&mut self, crd: &Crd) -> Result<(), String> {
        let Some((api_version, _)) = crd.versions().next() else { return Ok(()) };
        let path = crd.path(&serde_json::json!({"apiVersion": api_version}));
        for _ in 0..100 {
            if self.send("GET", &path, None)?.status == 200 {
                return Ok(());
            }
            sleep(Duration::from_millis(200));
        }
        Err(format!("{path} is not served"))
    }

    fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, String> {
        let body = body.map_or_else(String::new, Value::to_string);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).map_err(|error| error.to_string())?;
        let (status, body) = self.receive().map_err(|error| format!("{method} {path}: {error}"))?;
        Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or_default() })
    }

    fn receive(&mut self) -> std::io::Result<(u16, Vec<u8>)> {
        let status = self.line()?.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':') {
                None => break,
                Some(("content-length", value)) => length = value.trim().parse().unwrap_or_default(),
                Some(("transfer-encoding", value)) => is_chunked = value.contains("chunked"),
                Some(_) => {}
            }
        }
        if !is_chunked {
            return Ok((status, self.bytes(length)?));
        }
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).unwrap_or_default();
            body.extend(self.bytes(size)?);
            self.line()?;
            if size == 0 {
                return Ok((status, body));
            }
        }
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn bytes(&mut self, count: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
